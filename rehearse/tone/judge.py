"""What counts: from readings to a verdict on a draft.

A draft is read twice over. Read sentence by sentence it tells *which* words carry blame; read in one piece it tells *whether*
it blames at all, and better: the highest of many sentences is high by chance sooner or later, and what a sentence means
often hangs on its neighbours. So the passage decides, and the sentences say where; only a sentence that is as good as sure
decides for itself, because three kind ones round it do not undo it.
"""

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock

from rehearse.errors import VoiceError
from rehearse.kinds import kinds
from rehearse.tone.heard import HIM, Glance, Heard, Looker, Reader, Reading, Weights
from rehearse.tone.reader import EDGE, logit
from rehearse.tone.sentences import Sentence, sentences, whole

# Readings kept so that a keystroke re-reads only what it changed.
REMEMBERED = 512
# Sentences in a row are one passage up to this many characters: what the encoder can read at once, with room to spare.
PASSAGE = 400
# No probability is as high as this.
NEVER_SURE = 2.0
# What is offered stays below the score that counts by this much: read again among other texts, the last digits may differ.
HAIR = 0.005
# Beyond this many logits nothing changes any more.
_FAR = 30.0
# The gentle kind that nothing is said of.
PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Passage:
    """Some sentences in a row: what each reads like alone, and whether together they may land as blame.

    ``flagged`` are the positions of those that carry it; empty if the passage is let through. ``warm`` is for each sentence the
    gentle kind that it would be named for; empty if it is plain.
    """

    sentences: tuple[Sentence, ...]
    readings: tuple[Reading, ...]
    score: float
    flagged: tuple[int, ...]
    warm: tuple[str, ...]


class Judge:
    """Decides whether drafts may land as blame, and which of their sentences carry it. Safe to call from several threads."""

    def __init__(
        self,
        reader: Reader,
        thresholds: Mapping[str, float],
        sentence_share: float = 0.0,
        sure: float = NEVER_SURE,
        warm: float = 0.5,
    ) -> None:
        """Use a reader.

        :param thresholds: for each flagged kind the score (0 to 1) from which it counts.
        :param sentence_share: how much the strongest sentence counts in the score of its passage (0 to 1).
        :param sure: the score from which one sentence is enough, however kind its passage is otherwise.
        :param warm: how much of the gentle kinds together has to be other than plain (0 to 1) for a sentence to be named.
        """
        self.reader = reader
        self.thresholds = dict(thresholds)
        self.sentence_share = sentence_share
        self.sure = sure
        self.warm = warm
        self._second: tuple[Looker, Weights] | None = None
        self._readings: OrderedDict[Heard, Reading] = OrderedDict()
        self._lock = Lock()

    def bring(self, looker: Looker, weights: Weights) -> None:
        """Look a second time from now on, wherever one does not ask for a quick answer."""
        self._second = looker, weights

    @property
    def second(self) -> tuple[Looker, Weights] | None:
        """What looks a second time, and how much it counts; ``None`` while nothing does."""
        return self._second

    def passages(self, draft: str, before: str = "", *, quick: bool = False) -> list[Passage]:
        """Judge one draft.

        :param draft: her words.
        :param before: his last line, if there is one.
        :param quick: without the second look.
        """
        return self.judged([(draft, before)], quick=quick)[0]

    def lets_through(self, texts: Sequence[str], *, quick: bool = True) -> list[bool]:
        """Whether each text may be said as it is, and by more than a hair; all are read at once.

        :param quick: without the second look, which is slow for many texts.
        """
        judged = self.judged([(text, "") for text in texts], quick=quick)
        return [not any(each.flagged or self._borders(each, quick=quick) for each in passages) for passages in judged]

    def _borders(self, passage: Passage, *, quick: bool) -> bool:
        """Whether a passage that was let through scores hardly less than what counts."""
        least = min(self.thresholds.values()) if quick or self._second is None else self._second[1].threshold
        return least - HAIR < passage.score

    def calm(self, text: str, most: float, *, quick: bool = True) -> bool:
        """Whether a text is let through, and neither a passage of it nor a sentence is read as more blaming than this.

        :param quick: without the second look, which is slow for many texts.
        """
        passages = self.passages(text, quick=quick)
        heard = [each.score for each in passages] + [each.score for passage in passages for each in passage.readings]
        return not any(each.flagged for each in passages) and max(heard, default=0.0) <= most

    def judged(self, drafts: Sequence[tuple[str, str]], *, quick: bool = False) -> list[list[Passage]]:
        """Return the passages of each draft, given with his last line.

        :param quick: without the second look.
        """
        plans = [[_Plan.of(group, draft, lead) for group, lead in _grouped(draft, before)] for draft, before in drafts]
        readings = self._read([heard for plan in plans for each in plan for heard in (*each.alone, each.together)])
        glances = {} if quick else self._looked([each.together for plan in plans for each in plan])
        return [[self._passage(each, readings, glances.get(each.together)) for each in plan] for plan in plans]

    def _looked(self, heard: Sequence[Heard]) -> dict[Heard, Glance]:
        """Return a glance at each text; none while nothing looks a second time, or where it cannot look now."""
        if self._second is None:
            return {}
        wanted = list(dict.fromkeys(heard))
        try:
            return dict(zip(wanted, self._second[0].at(wanted), strict=True))
        except VoiceError:
            return {}

    def _passage(self, plan: "_Plan", known: Mapping[Heard, Reading], glance: Glance | None) -> Passage:
        readings = tuple(known[heard] for heard in plan.alone)
        strongest = max(range(len(readings)), key=lambda index: readings[index].score)
        together = known[plan.together]
        score = (1 - self.sentence_share) * together.score + self.sentence_share * readings[strongest].score
        least, share = self.thresholds[likeliest(together, flagged=True)], self.warm
        if glance is not None and self._second is not None:
            weights = self._second[1]
            least, share = weights.threshold, weights.warm
            score = joined(score, glance, weights)
            readings = tuple(leaning(each, glance, weights) for each in readings)
        warm = tuple(warmth(each, share) for each in readings)
        # Who looked a second time heard the sentence too, and what stands round it.
        if glance is None and readings[strongest].score >= self.sure:
            score = max(score, readings[strongest].score)
        elif score < least:
            return Passage(plan.sentences, readings, score, (), warm)
        own = [i for i, each in enumerate(readings) if each.score >= self.thresholds[likeliest(each, flagged=True)]]
        return Passage(plan.sentences, readings, score, tuple(own) or (strongest,), warm)

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
    leads = [f"{HIM}{whole(before)}" if before else "", *(group[-1].text for group in groups[:-1])]
    return list(zip(groups, leads, strict=False))


def last_passage(draft: str, before: str) -> Heard:
    """Return the last passage of a draft with what stands before it, as it is read here."""
    readable = whole(draft)
    plans = [_Plan.of(group, readable, lead) for group, lead in _grouped(draft, before)]
    return plans[-1].together if plans else Heard(readable, f"{HIM}{whole(before)}" if before else "")


def joined(score: float, glance: Glance, weights: Weights) -> float:
    """Return the score of a passage (0 to 1) once it was looked at a second time."""
    total = weights.reading * logit(score) + weights.glance * glance.blame + weights.bias
    return round(1 / (1 + math.exp(-max(-_FAR, min(_FAR, total)))), 4)


def leaning(reading: Reading, glance: Glance, weights: Weights) -> Reading:
    """Return a reading whose kinds lean to what the second look hears; what the flagged ones have together stays the same, and
    so do the gentle ones.

    A gentle kind becomes the weighted geometric mean of the two, a flagged one is multiplied by a power of what was seen.
    """
    found = dict(reading.kinds)
    for flagged, own, seen in ((True, 1.0, weights.kind), (False, 1.0 - weights.gentle, weights.gentle)):
        names = [name for name in reading.kinds if kinds()[name].flagged == flagged]
        leant = {name: max(found[name], EDGE) ** own * math.exp(seen * glance.kinds.get(name, 0.0)) for name in names}
        scale = sum(found[name] for name in names) / max(sum(leant.values()), EDGE * EDGE)
        found |= {name: round(scale * value, 4) for name, value in leant.items()}
    return replace(reading, kinds=found)


def warmth(reading: Reading, share: float) -> str:
    """Return the gentle kind that a text is named for; empty if it is plain.

    :param share: how much of the gentle kinds together has to be other than plain (0 to 1).
    """
    gentle = {name: value for name, value in reading.kinds.items() if not kinds()[name].flagged}
    plain = gentle.pop(PLAIN, 0.0)
    warm = sum(gentle.values())
    return max(gentle, key=lambda name: gentle[name]) if warm > 0 and warm >= share * (warm + plain) else ""


def likeliest(reading: Reading, *, flagged: bool) -> str:
    """Return the likeliest of the flagged kinds, or of the gentle ones."""
    known = kinds()
    return max((name for name in reading.kinds if known[name].flagged == flagged), key=lambda name: reading.kinds[name])
