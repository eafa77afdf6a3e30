"""Choosing his answer: what he thought of himself, lines that fit many talks, and which of them to say."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from rehearse import data, settings
from rehearse.errors import DataError
from rehearse.kinds import kinds
from rehearse.son import bank
from rehearse.son.guard import Guard
from rehearse.son.ranker import Ranker
from rehearse.tone.report import entries
from rehearse.turn import Turn

_PARTS: tuple[Literal["findings", "strengths"], ...] = ("findings", "strengths")


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many answers are thought of, and how lines of the bank are weighed against them."""

    thoughts: int
    concrete: frozenset[str]
    bonus_concrete: float
    bonus_other: float
    near: float


@cache
def _read(path: Path) -> Numbers:
    try:
        table = data.read_toml(path)["choosing"]
        found = Numbers(
            int(table["thoughts"]),
            frozenset(table["concrete"]),
            float(table["bank_bonus"]["concrete"]),
            float(table["bank_bonus"]["other"]),
            float(table["near"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(path, "its table choosing lacks a number") from error
    if not found.concrete <= set(kinds()) or found.thoughts < 1:
        raise DataError(path, "its table choosing names an unknown kind, or no thought at all")
    return found


def numbers() -> Numbers:
    """Return the numbers of the choice.

    :raises DataError: if ``prompts/son.toml`` is not as it should be.
    """
    return _read(settings.prompts_folder() / "son.toml")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The answer to say, and whether it is a line of the bank; ``text`` is empty if there was nothing to choose from."""

    text: str
    from_bank: bool = False


def choose(ranker: Ranker, hers: Turn, temperament: str, thoughts: Sequence[str], guard: Guard, chance: random.Random) -> Chosen:
    """Return the answer that fits her line best.

    :param hers: her turn, with its openness and report.
    :param temperament: his; empty if it is not known.
    :param thoughts: the answers he thought of, all passed by the guard.
    :param chance: draws among portable lines that fit about equally well.
    """
    weights = numbers()
    heard = heard_in(hers)
    portable = [line for line in bank.fitting(hers.openness, heard, temperament) if not guard.broken(line, whole=True)]
    if not thoughts and not portable:
        return Chosen("")
    scores = ranker.scores(hers.text, hers.openness, [*thoughts, *portable]).tolist()
    own = max(zip(scores, thoughts, strict=False), default=(float("-inf"), ""))
    bonus = weights.bonus_concrete if heard <= weights.concrete else weights.bonus_other
    others = sorted(zip(scores[len(thoughts) :], portable, strict=True), reverse=True)
    if not others or own[0] >= others[0][0] + bonus:
        return Chosen(own[1])
    return Chosen(chance.choice([line for score, line in others if score >= others[0][0] - weights.near]), from_bank=True)


def heard_in(turn: Turn) -> frozenset[str]:
    """Return the kinds the check heard in a turn of hers: ordinary talk if it found nothing, none if it did not read it."""
    if turn.report is None:
        return frozenset()
    found = [kind for part in _PARTS for kind, _ in entries(turn.report, part)]
    return frozenset(found) or frozenset({"plain"})
