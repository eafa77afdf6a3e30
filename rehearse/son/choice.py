"""Choosing his answer: what he thought of himself, lines that fit many talks, and which of them to say."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from rehearse import data, settings
from rehearse.errors import DataError
from rehearse.kinds import kinds
from rehearse.son import act, bank
from rehearse.son.guard import Guard, first_sentence
from rehearse.son.ranker import Ranker
from rehearse.tone.report import entries
from rehearse.turn import Openness, Turn

_WORD = re.compile(r"[\w']+")
_PARTS: tuple[Literal["findings", "strengths"], ...] = ("findings", "strengths")


# His own thought, a line of the bank, or what is written for what she said (:mod:`rehearse.son.everyday`).
Source = Literal["thought", "bank", "everyday"]


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many answers are thought of, and how they and the lines of the bank are weighed against each other."""

    thoughts: int
    most_sentences: int
    bonus: dict[str, float]
    act: dict[str, float]
    holds: dict[str, float]
    seeming: frozenset[str]
    near: float
    everyday: float
    openness: dict[str, float]
    length: dict[str, float]
    echo: dict[str, float]


_TABLES = {
    "bank_bonus": {"other", "told"},
    "act": {"few", "each"},
    "holds": {"weight", "doubt", "act", "act_doubt"},
    "openness": {"weight", "middle", "spread", "blamed"},
    "length": {"words", "each"},
    "echo": {"run", "longer", "share", "above"},
}


@cache
def _read(path: Path) -> Numbers:
    try:
        table = data.read_toml(path)["choosing"]
        tables = {name: {key: float(value) for key, value in table[name].items()} for name in _TABLES}
        found = Numbers(
            int(table["thoughts"]),
            int(table["most_sentences"]),
            tables["bank_bonus"],
            tables["act"],
            tables["holds"],
            frozenset(table["seeming"]),
            float(table["near"]),
            float(table["everyday"]),
            tables["openness"],
            tables["length"],
            tables["echo"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(path, "its table choosing lacks a number") from error
    if any(set(tables[name]) != wanted for name, wanted in _TABLES.items()):
        raise DataError(path, "its table choosing lacks a number")
    if min(found.holds["doubt"], found.holds["act_doubt"]) <= 0:
        raise DataError(path, "its table choosing has no doubt of lines that nobody read")
    if not found.seeming <= act.names():
        raise DataError(path, "its table choosing names an unknown act")
    if found.thoughts < 1 or found.most_sentences < 1:
        raise DataError(path, "its table choosing leaves him no thought at all")
    return found


def numbers() -> Numbers:
    """Return the numbers of the choice.

    :raises DataError: if ``prompts/son.toml`` is not as it should be.
    """
    return _read(settings.prompts_folder() / "son.toml")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The answer to say, and where it is from; ``text`` is empty if there was nothing to choose from."""

    text: str
    source: Source = "thought"


def choose(
    ranker: Ranker,
    hers: Turn,
    temperament: str,
    thoughts: Sequence[str],
    guard: Guard,
    chance: random.Random,
    his: Sequence[str] = (),
    acts: Mapping[str, float] | None = None,
) -> Chosen:
    """Return the answer that fits her line best, and where he is.

    Each thought stands there twice, whole and as its first sentence: a small voice answers with its first and invents in its
    second. What counts is how well an answer fits, how near it sounds to his openness, how short it is, and that it does not
    give her own words back to her.

    :param hers: her turn, with its openness and report.
    :param temperament: his; empty if it is not known.
    :param thoughts: the answers he thought of, all passed by the guard.
    :param chance: draws among portable lines that fit about equally well.
    :param his: his lines so far, for what he calls her, and so that he finds another line.
    :param acts: what her line does, as it was heard (:class:`rehearse.son.act.Hearer`); told by rules if left out.
    """
    weights = numbers()
    heard = heard_in(hers)
    own = list(dict.fromkeys([*thoughts, *(first for each in thoughts if (first := _first(each, guard)))]))
    blamed = any(kinds()[name].flagged for name in heard)
    may_do = _done(hers.text, acts or {}, blamed, weights)
    does = may_do[0]
    named = {line: bank.addressed(line, his) for line in bank.fitting(hers.openness, heard, temperament, may_do)}
    portable = list(_sayable(named, guard, his))
    if not own and not portable:
        return Chosen("")
    scores = _scores(ranker, hers, [*own, *portable], weights, blamed=blamed)
    mine, plain = scores[: len(own)], scores[len(own) :]
    if not portable:
        return Chosen(max(zip(mine, own, strict=True))[1])
    others = sorted(zip(_raised(plain, portable, does, weights, blamed=blamed), portable, strict=True), reverse=True)
    # Asked for a fact, he knows it and the bank does not: a thought in the form of an answer has less against it.
    before = [others[0][0] + weights.bonus["told" if act.answered(does, thought) else "other"] for thought in own]
    best = max(((score - lead, thought) for score, lead, thought in zip(mine, before, own, strict=True)), default=(-1.0, ""))
    if best[0] >= 0:
        return Chosen(best[1])
    line = chance.choice([line for score, line in others if score >= others[0][0] - weights.near])
    return Chosen(named[line], "bank")


def choose_written(
    ranker: Ranker, hers: Turn, written: Sequence[str], guard: Guard, chance: random.Random, his: Sequence[str] = ()
) -> Chosen:
    """Return one of the answers that are written for her line, drawn among those that fit her words and his openness well.

    They answer what she said, as hardly anything else does, so nothing else stands beside them.

    :param written: from :meth:`rehearse.son.everyday.Everyday.answers`; the text is empty if none of them can be said now.
    :param his: his lines so far, for what he calls her, and so that he finds another line.
    """
    weights = numbers()
    ready = _sayable({line: bank.addressed(line, his) for line in written}, guard, his)
    if not ready:
        return Chosen("")
    blamed = any(kinds()[name].flagged for name in heard_in(hers))
    scores = _scores(ranker, hers, list(ready), weights, blamed=blamed)
    line = chance.choice([line for line, score in zip(ready, scores, strict=True) if score >= max(scores) - weights.everyday])
    return Chosen(ready[line], "everyday")


def _sayable(named: dict[str, str], guard: Guard, his: Sequence[str]) -> dict[str, str]:
    """Return those of his written lines that can be said now.

    :param named: each as it is written, and as it would be said.
    """
    found = {line: spoken for line, spoken in named.items() if not guard.broken(spoken, whole=True)}
    # Short ones may come twice in a talk, but not while there is another.
    found = {line: spoken for line, spoken in found.items() if spoken not in his} or found
    if not bank.called(his):
        # Whether she is his Mum or his Mom nobody has said.
        found = {line: spoken for line, spoken in found.items() if not bank.addresses(line)} or found
    return found


def _scores(ranker: Ranker, hers: Turn, answers: Sequence[str], weights: Numbers, *, blamed: bool) -> list[float]:
    """Return one score an answer: how well it fits, less how far it sounds from where he is and what its form loses."""
    fits = ranker.scores(hers.text, hers.openness, answers).tolist()
    return [
        fit - _astray(sound, hers.openness, weights, blamed=blamed) - _burden(answer, hers.text, weights)
        for answer, fit, sound in zip(answers, fits, ranker.sounds(answers).tolist(), strict=True)
    ]


def _done(line: str, acts: Mapping[str, float], blamed: bool, weights: Numbers) -> list[str]:
    """Return what her line may do, the likeliest first; praise that blames is no praise."""
    other = act.rules().unknown["other"]
    return list(dict.fromkeys(other if blamed and each in weights.seeming else each for each in act.likely(line, acts)))


def _raised(scores: Sequence[float], lines: Sequence[str], does: str, weights: Numbers, *, blamed: bool) -> Iterator[float]:
    """Yield the scores of portable lines, raised for those that mostly hold, above all after what her line does, and for those
    that were written for it.

    :param does: what her line does.
    """
    # A question that blames seldom wants an answer.
    meant = frozenset() if blamed else bank.meant_for(does, int(weights.act["few"]))
    numbers = weights.holds
    return (
        score
        + weights.act["each"] * (line in meant)
        + numbers["weight"] * bank.holds(line, numbers["doubt"])
        + numbers["act"] * bank.holds_after(line, does, numbers["doubt"], numbers["act_doubt"])
        for score, line in zip(scores, lines, strict=True)
    )


def _first(thought: str, guard: Guard) -> str:
    """Return the first sentence of a thought, if it can stand for the whole: no single word, and nothing the guard refuses."""
    first = first_sentence(thought)
    return first if len(first.split()) > 1 and not guard.broken(first, whole=True) else ""


def _astray(sound: float, openness: Openness, weights: Numbers, *, blamed: bool = False) -> float:
    """Return how far an answer sounds from where he is; right after blame he sounds a little less open than he is."""
    numbers = weights.openness
    wanted = numbers["middle"] + numbers["spread"] * (openness - numbers["middle"]) - numbers["blamed"] * blamed
    return numbers["weight"] * (sound - wanted) ** 2


def _burden(answer: str, line: str, weights: Numbers) -> float:
    """Return what an answer loses for being long, and for giving her words back to her."""
    length, echo = weights.length, weights.echo
    said, heard = _words(answer), _words(line)
    lost = length["each"] * max(0.0, len(said) - length["words"])
    run = int(echo["run"])
    runs = {tuple(heard[i : i + run]) for i in range(len(heard) - run + 1)}
    if any(tuple(said[i : i + run]) in runs for i in range(len(said) - run + 1)):
        lost += echo["longer"]
    shared = sum(word in set(heard) for word in said) / max(1, len(said))
    return lost + echo["share"] * max(0.0, shared - echo["above"])


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower().replace("’", "'"))


def heard_in(turn: Turn) -> frozenset[str]:
    """Return the kinds the check heard in a turn of hers: ordinary talk if it found nothing, none if it did not read it."""
    if turn.report is None:
        return frozenset()
    found = [kind for part in _PARTS for kind, _ in entries(turn.report, part)]
    return frozenset(found) or frozenset({"plain"})
