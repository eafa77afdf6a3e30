"""Portable lines of his, each fitting many talks, from ``models/son/bank``."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rehearse import settings
from rehearse.errors import DataError
from rehearse.kinds import kinds
from rehearse.turn import Openness


@dataclass(frozen=True, slots=True)
class Portable:
    """A line he may say to many: how open it sounds, after which kinds of hers it fits, and to whom it is like."""

    text: str
    openness: frozenset[Openness]
    answers: frozenset[str]
    temperaments: frozenset[str]


@cache
def _read(folder: Path) -> tuple[Portable, ...]:
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                row = json.loads(line)
                portable = Portable(
                    row["text"],
                    frozenset(Openness(level) for level in row["openness"]),
                    frozenset(row["answers"]),
                    frozenset(row.get("temperaments", ())),
                )
            except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
                raise DataError(path, f"line {number} is not a portable line") from error
            if not portable.text.strip() or not portable.answers <= set(kinds()):
                raise DataError(path, f"line {number} is empty or names an unknown kind")
            found.append(portable)
    return tuple(found)


def portable_lines() -> tuple[Portable, ...]:
    """Return the whole bank.

    :raises DataError: if a line of it is not as it should be.
    """
    return _read(settings.models_folder() / "son" / "bank")


def fitting(openness: Openness, heard: frozenset[str], temperament: str) -> list[str]:
    """Return the lines that fit after kinds of hers at an openness; those of another temperament are left out.

    :param heard: the kinds of her line; one in common is enough.
    :param temperament: his; empty if it is not known.
    """
    return [
        each.text
        for each in portable_lines()
        if openness in each.openness
        and heard & each.answers
        and (not temperament or not each.temperaments or temperament in each.temperaments)
    ]
