"""What counts: from readings to a verdict on a draft.

A draft is read twice over. Read sentence by sentence it tells *which* words carry blame; read in one piece it tells *whether*
it blames at all, and better: the highest of many sentences is high by chance sooner or later, and what a sentence means
often hangs on its neighbours. So the passage decides, and the sentences say where; only a sentence that is as good as sure
decides for itself, because three kind ones round it do not undo it.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from rehearse.kinds import kinds
from rehearse.tone.heard import Heard, Reader, Reading
from rehearse.tone.sentences import Sentence, sentences, whole

# Readings kept so that a keystroke re-reads only what it changed.
REMEMBERED = 512
# Sentences in a row are one passage up to this many characters: what the encoder can read at once, with room to spare.
PASSAGE = 400
# No probability is as high as this.
NEVER_SURE = 2.0


@dataclass(frozen=True, slots=True)
class Passage:
    """Some sentences in a row: what each reads like alone, and whether together they may land as blame.

    ``flagged`` are the positions of those that carry it; empty if the passage is let through.
    """

    sentences: tuple[Sentence, ...]
    readings: tuple[Reading, ...]
    score: float
    flagged: tuple[int, ...]


class Judge:
    """Decides whether drafts may land as blame, and which of their sentences carry it. Safe to call from several threads."""

    def __init__(
        self, reader: Reader, thresholds: Mapping[str, float], sentence_share: float = 0.0, sure: float = NEVER_SURE
    ) -> None:
        """Use a reader.

        :param thresholds: for each flagged kind the score (0 to 1) from which it counts.
        :param sentence_share: how much the strongest sentence counts in the score of its passage (0 to 1).
        :param sure: the score from which one sentence is enough, however kind its passage is otherwise.
        """
        self.reader = reader
        self.thresholds = dict(thresholds)
        self.sentence_share = sentence_share
        self.sure = sure
        self._readings: OrderedDict[Heard, Reading] = OrderedDict()
        self._lock = Lock()

    def passages(self, draft: str, before: str = "") -> list[Passage]:
        """Judge one draft.

        :param draft: her words.
        :param before: his last line, if there is one.
        """
        return self.judged([(draft, before)])[0]

    def lets_through(self, texts: Sequence[str]) -> list[bool]:
        """Whether each text may be said as it is; all are read at once."""
        return [not any(each.flagged for each in passages) for passages in self.judged([(text, "") for text in texts])]

    def judged(self, drafts: Sequence[tuple[str, str]]) -> list[list[Passage]]:
        """Return the passages of each draft, given with his last line."""
        plans = [[_Plan.of(group, draft, lead) for group, lead in _grouped(draft, before)] for draft, before in drafts]
        readings = self._read([heard for plan in plans for each in plan for heard in (*each.alone, each.together)])
        return [[self._passage(each, readings) for each in plan] for plan in plans]

    def _passage(self, plan: "_Plan", known: Mapping[Heard, Reading]) -> Passage:
        readings = tuple(known[heard] for heard in plan.alone)
        strongest = max(range(len(readings)), key=lambda index: readings[index].score)
        together = known[plan.together]
        score = (1 - self.sentence_share) * together.score + self.sentence_share * readings[strongest].score
        if readings[strongest].score >= self.sure:
            score = max(score, readings[strongest].score)
        elif score < self.thresholds[likeliest(together, flagged=True)]:
            return Passage(plan.sentences, readings, score, ())
        own = [i for i, each in enumerate(readings) if each.score >= self.thresholds[likeliest(each, flagged=True)]]
        return Passage(plan.sentences, readings, score, tuple(own) or (strongest,))

    def _read(self, heard: Sequence[Heard]) -> dict[Heard, Reading]:
        with self._lock:
            wanted = dict.fromkeys(heard)
            fresh = [each for each in wanted if each not in self._readings]
            if fresh:
                self._readings.update(zip(fresh, self.reader.read(fresh), strict=True))
            for each in wanted:
                self._readings.move_to_end(each)
            found = {each: self._readings[each] for each in wanted}
            while len(self._readings) > REMEMBERED:
                self._readings.popitem(last=False)
            return found


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is read of one passage."""

    sentences: tuple[Sentence, ...]
    alone: tuple[Heard, ...]
    together: Heard

    @classmethod
    def of(cls, group: Sequence[Sentence], draft: str, lead: str) -> "_Plan":
        alone = []
        before = lead
        for each in group:
            alone.append(Heard(each.text, before))
            before = each.text
        return cls(tuple(group), tuple(alone), Heard(draft[group[0].start : group[-1].end], lead))


def _grouped(draft: str, before: str) -> list[tuple[list[Sentence], str]]:
    """Return the passages of a draft as sentences, each with the line before it."""
    readable = whole(draft)
    groups: list[list[Sentence]] = []
    for each in sentences(readable):
        if groups and each.end - groups[-1][0].start <= PASSAGE:
            groups[-1].append(each)
        else:
            groups.append([each])
    leads = [f"him: {whole(before)}" if before else "", *(group[-1].text for group in groups[:-1])]
    return list(zip(groups, leads, strict=False))


def likeliest(reading: Reading, *, flagged: bool) -> str:
    """Return the likeliest of the flagged kinds, or of the gentle ones."""
    known = kinds()
    return max((name for name in reading.kinds if known[name].flagged == flagged), key=lambda name: reading.kinds[name])
