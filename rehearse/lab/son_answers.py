"""What he says at held-out moments, made by the very parts that answer her, and the figures of it."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean, median
from threading import Event

from rehearse.lab.evaluation import Result
from rehearse.lab.kept_voice import KeptVoice
from rehearse.lab.openness_judge import Sounds, ordered
from rehearse.lab.son_moments import Moment
from rehearse.son import Son
from rehearse.son.act import Hearer
from rehearse.son.choice import Source
from rehearse.son.guard import Guard
from rehearse.son.ledger import Ledger
from rehearse.tone.encoder import Embedder

RAW, SHOWN, TWICE = 0.05, 0.005, 0.01
GENTLER_MORE_OPEN = 0.9
ENDS = (".", "!", "?", "…", "”", '"', "’", ")")


@dataclass(frozen=True, slots=True)
class Answer:
    """What he said at a moment: what was drawn from the voice, the rule each of that breaks, and what she is shown of it."""

    moment: Moment
    drawn: tuple[str, ...]
    broken: tuple[str | None, ...]
    shown: str
    shown_broken: str | None
    source: Source


def answers(voice: KeptVoice, asked: Sequence[Moment], embedder: Embedder | None, hearer: Hearer | None = None) -> list[Answer]:
    """Return what he says at each moment.

    Both doors of a moment are drawn with one seed, as the app does. What was drawn is judged whole; in the app it is cut where a
    rule breaks.

    :param embedder: what the app finds his answers by; without it he says what the voice says.
    :param hearer: what hears what her lines do; rules tell if left out.
    """
    son = Son.with_choice(voice, embedder)
    son.hearer = hearer
    found = []
    for moment in asked:
        voice.drawn.clear()
        shown = "".join(son.reply(moment.scene, moment.path, Event(), seed=seed_of(moment), keep=True)).strip()
        guard = guard_of(moment)
        drawn = tuple(text.strip() for text in voice.drawn)
        # One that was cut off by its greatest length may end within a word.
        broken = tuple(guard.broken(text, whole=text.endswith(ENDS)) for text in drawn)
        found.append(Answer(moment, drawn, broken, shown, guard.broken(shown, whole=True), son.source))
    return found


def seed_of(moment: Moment) -> int:
    """Return the seed of a moment, the same for both of its doors."""
    return zlib.crc32(moment.place.encode())


def guard_of(moment: Moment) -> Guard:
    """Return the guard of a moment, as the app has it."""
    hers = [turn.text for turn in moment.path if turn.speaker == "mother"]
    his = [turn.text for turn in moment.path if turn.speaker == "son"]
    return Guard(hers, his, ledger=Ledger.of(moment.scene, moment.path), openness=moment.path[-1].openness)


# -- figures ----------------------------------------------------------------------------------------------------------------


def results(ours: Sequence[Answer], beside: Sequence[Answer]) -> list[Result]:
    """Return the figures of his answers, those of the untuned voice's beside them.

    :param beside: the untuned voice's answers at some of the same moments; may be empty.
    """
    figures: tuple[tuple[str, str, Callable[[Sequence[Answer]], float], float | None, bool], ...] = (
        ("answers", "", lambda given: float(len(given)), None, False),
        ("draws from the voice that break a rule", "", raw_breaks, RAW, True),
        (
            "answers that break a rule as she sees them",
            "",
            lambda given: _share([bool(a.shown_broken) for a in given]),
            SHOWN,
            True,
        ),
        ("answers that are lines of the bank", "", lambda given: _share([each.source == "bank" for each in given]), None, True),
        (
            "answers written for what she said",
            "",
            lambda given: _share([each.source == "everyday" for each in given]),
            None,
            True,
        ),
        ("length of an answer", "words", lambda given: median(len(each.shown.split()) for each in given), None, True),
        ("answers said before, in any talk", "", repeated, None, True),
        ("distinct-2", "", distinct_2, None, False),
    )
    return [
        Result(name, figure(ours), unit, bar, {"untuned": figure(beside)} if beside else None, lower)
        for name, unit, figure, bar, lower in figures
    ]


def raw_breaks(given: Sequence[Answer]) -> float:
    """Return the share of what was drawn from the voice that breaks a rule of the guard or the ledger."""
    return _share([broken is not None for each in given for broken in each.broken])


def repeated(given: Sequence[Answer]) -> float:
    """Return the share of answers that are the same as an earlier one."""
    texts = [" ".join(each.shown.lower().split()) for each in given]
    return round(1 - len(set(texts)) / len(texts), 4)


def distinct_2(given: Sequence[Answer]) -> float:
    """Return how many of all pairs of neighbouring words are different ones (Li et al., 2016); 1 is no repetition at all."""
    pairs = []
    for each in given:
        words = each.shown.lower().split()
        pairs += list(zip(words, words[1:], strict=False))
    return round(len(set(pairs)) / len(pairs), 4) if pairs else 0.0


def door_results(ours: Sequence[Answer], sounds: Sounds, other: Sounds | None) -> list[Result]:
    """Return how often the answer to the gentler line of a moment sounds more open than that to the blaming one.

    :param sounds: the scorer he chooses by; its word is worth less here than that of one he does not know.
    :param other: the judge of words alone, if there is one.
    """
    places: dict[str, dict[bool, Answer]] = {}
    for each in ours:
        places.setdefault(each.moment.place, {})[each.moment.flagged] = each
    both = [(place[True], place[False]) for place in places.values() if len(place) == 2]
    if not both:
        return []
    moved = [pair for pair in both if pair[1].moment.path[-1].openness > pair[0].moment.path[-1].openness]

    def told(name: str, pairs: Sequence[tuple[Answer, Answer]], bar: float | None = None) -> Result:
        texts = [(first.shown, last.shown) for first, last in pairs]
        beside = {"words alone": ordered(texts, other)} if other else None
        return Result(f"the gentler door sounds more open{name}", ordered(texts, sounds), bar=bar, beside=beside)

    return [
        Result("moments with a blaming and a gentler line", len(both)),
        Result("of them, the check moves him apart", _share([pair in moved for pair in both])),
        told("", both, GENTLER_MORE_OPEN),
        told(", where the check moves him apart", moved),
    ]


def _share(hits: Sequence[bool]) -> float:
    return round(mean(hits), 4) if hits else 0.0
