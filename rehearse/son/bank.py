"""Portable lines of his, each fitting many talks, and what lines of hers they can answer, from ``models/son/bank``."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rehearse import data, settings
from rehearse.errors import DataError
from rehearse.kinds import kinds
from rehearse.son import act as acts_of
from rehearse.turn import Openness

# Names for all kinds that are flagged, and for all that are not.
GROUPS = {"blaming": True, "gentle": False}
# So many lines are enough to choose from among those that can answer everything her line may do.
ENOUGH = 8
# What the lines of the bank call her, and what sons do.
_OURS = re.compile(r"\b(?:Mom|Mum)\b")
_NAMES = re.compile(
    r"\b(?:[Mm]om(?:my)?|[Mm]um(?:my)?|[Mm]am(?:my|ma|á|o|i)?|[Mm]ama|[Mm]a|[Mm]other|[Mm]aman|[Aa]mm[aiu]|[Ee]omma)\b"
)


@dataclass(frozen=True, slots=True)
class Portable:
    """A line he may say to many: how open it sounds, after which kinds and acts of hers it fits, and to whom it is like.

    Without ``acts`` it can answer any; without ``temperaments`` it is like anybody.
    """

    text: str
    openness: frozenset[Openness]
    answers: frozenset[str]
    temperaments: frozenset[str]
    acts: frozenset[str]

    @property
    def gentle(self) -> bool:
        """Return whether it answers only lines that do not blame."""
        return not any(kinds()[name].flagged for name in self.answers)


@cache
def _read(folder: Path) -> tuple[Portable, ...]:
    return data.read_rows(folder, _portable, "is not a portable line")


def _portable(row: dict[str, Any]) -> Portable:
    found = Portable(
        row["text"],
        frozenset(Openness(level) for level in row["openness"]),
        _answered(row["answers"]),
        frozenset(row.get("temperaments", ())),
        frozenset(row.get("acts", ())),
    )
    if not found.text.strip() or not found.answers <= set(kinds()):
        raise ValueError("it is empty or names an unknown kind")
    if not found.acts <= acts_of.names():
        raise ValueError("it names an act that prompts/acts.toml does not have")
    return found


def _answered(names: Sequence[str]) -> frozenset[str]:
    """Return the kinds that are named, a group of kinds being spelled out."""
    found = {name for name in names if name not in GROUPS}
    for group in GROUPS.keys() & set(names):
        found |= {name for name, kind in kinds().items() if kind.flagged == GROUPS[group]}
    return frozenset(found)


def portable_lines() -> tuple[Portable, ...]:
    """Return the whole bank.

    :raises DataError: if a line of it is not as it should be.
    """
    return _read(settings.models_folder() / "son" / "bank")


@cache
def _texts(folder: Path) -> frozenset[str]:
    return frozenset(each.text for each in _read(folder))


def texts() -> frozenset[str]:
    """Return the words of all lines of the bank.

    :raises DataError: if a line of it is not as it should be.
    """
    return _texts(settings.models_folder() / "son" / "bank")


# What is counted over all that she may do.
ALL = "all"


@cache
def _verdicts(path: Path) -> tuple[dict[str, dict[str, tuple[int, int]]], float]:
    """Return how often each line held and was read, in all and after each act, and in what share of all verdicts a line held."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        found = {line: {of: (int(held), int(read)) for of, (held, read) in rows.items()} for line, rows in told.items()}
    except (OSError, json.JSONDecodeError, AttributeError, TypeError, ValueError) as error:
        raise DataError(path, "it does not say how often the lines of the bank held") from error
    if not found or any(not 0 <= held <= read for rows in found.values() for held, read in rows.values()):
        raise DataError(path, "a line of the bank held more often than it was read, or none was read")
    if any(ALL not in rows for rows in found.values()):
        raise DataError(path, "a line of the bank was not counted over all that she may do")
    held, read = (sum(rows[ALL][place] for rows in found.values()) for place in (0, 1))
    return found, (held + 1) / (read + 2)


def holds(line: str, doubt: float) -> float:
    """Return how much likelier than others a line is to be one that a real son could have said where he might say it.

    What readers found at moments of the training dialogues and of ordinary talk (``rehearse.lab.bank_reading``), as the
    logarithm of the odds beside those of all lines together; 0 for a line that nobody read.

    :param doubt: how many verdicts of the usual sort each line is taken to have had besides; more than none.
    :raises DataError: if ``models/son/bank/holds.json`` is not as it should be.
    """
    share, usual = _held(line, doubt)
    return _odds(share) - _odds(usual)


def holds_after(line: str, act: str, doubt: float, act_doubt: float) -> float:
    """Return how much likelier a line is to hold after what hers does than it is anyway, as logarithms of odds; 0 if nobody read
    it there.

    :param act: what her line does.
    :param doubt: as for :func:`holds`.
    :param act_doubt: how many verdicts of its own usual sort it is taken to have had besides after that act; more than none.
    :raises DataError: if ``models/son/bank/holds.json`` is not as it should be.
    """
    share, _ = _held(line, doubt)
    held, read = _counts().get(line, {}).get(act, (0, 0))
    return _odds((held + act_doubt * share) / (read + act_doubt)) - _odds(share)


def _counts() -> dict[str, dict[str, tuple[int, int]]]:
    return _verdicts(settings.models_folder() / "son" / "bank" / "holds.json")[0]


def _held(line: str, doubt: float) -> tuple[float, float]:
    """Return the share in which a line held, doubted, and that of all lines."""
    found, usual = _verdicts(settings.models_folder() / "son" / "bank" / "holds.json")
    held, read = found.get(line, {}).get(ALL, (0, 0))
    return (held + doubt * usual) / (read + doubt), usual


def _odds(share: float) -> float:
    return math.log(share / (1 - share))


def fitting(openness: Openness, heard: frozenset[str], temperament: str, acts: Sequence[str] = ()) -> list[str]:
    """Return the lines that fit after kinds of hers at an openness; those of another temperament are left out.

    :param heard: the kinds of her line; one in common is enough.
    :param temperament: his; empty if it is not known.
    :param acts: what her line may do, the likeliest first. Lines that cannot answer all of it are left out, or if too few are
        left then, those that cannot answer the likeliest. Empty for any.
    """
    blamed = any(kinds()[name].flagged for name in heard)

    def answers(each: Portable, does: Sequence[str]) -> bool:
        # Which warmth the check heard matters less than what the line does: thanks are thanks, whatever else is in them.
        named = bool(does) and each.acts.issuperset(does)
        return bool(heard & each.answers) or (bool(heard) and named and not blamed and each.gentle)

    def found(does: Sequence[str]) -> list[str]:
        return [
            each.text
            for each in portable_lines()
            if openness in each.openness
            and answers(each, does)
            and (not temperament or not each.temperaments or temperament in each.temperaments)
            and (not each.acts or each.acts.issuperset(does))
        ]

    lines = found(acts)
    return list(dict.fromkeys(lines if len(lines) >= ENOUGH else found(acts[:1])))


@cache
def meant_for(act: str, few: int) -> frozenset[str]:
    """Return the lines that were written for an act: those that name it among a few.

    :param few: of how many acts at most.
    """
    return frozenset(each.text for each in portable_lines() if act in each.acts and len(each.acts) <= few)


def addresses(line: str) -> bool:
    """Return whether a line of the bank calls her something."""
    return bool(_OURS.search(line))


def called(his: Sequence[str]) -> str:
    """Return what he last called her, with a capital letter; empty if he has called her nothing.

    :param his: his lines so far.
    """
    return next((found[0][:1].upper() + found[0][1:] for said in reversed(his) if (found := _NAMES.search(said))), "")


def addressed(line: str, his: Sequence[str]) -> str:
    """Return a line of the bank with what he calls her in this talk, if he has called her anything.

    :param his: his lines so far.
    """
    name = called(his) if addresses(line) else ""
    return _OURS.sub(name, line) if name else line
