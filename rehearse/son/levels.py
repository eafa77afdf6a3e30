"""The five levels of openness in words, and the numbers of the rule that moves him between them."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rehearse import data, settings
from rehearse.errors import DataError
from rehearse.kinds import kinds
from rehearse.scenario import TEMPERAMENTS
from rehearse.turn import Openness


@dataclass(frozen=True, slots=True)
class Level:
    """One level of openness: ``name`` is told to the voice, ``label`` and ``sentence`` to her."""

    value: Openness
    name: str
    label: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Rule:
    """The numbers of the rule; :mod:`rehearse.son.mood` says how they are used."""

    down: float
    far_down: float
    up: dict[int, float]
    relapse: float
    most_warmth: float
    weight: dict[str, float]
    closes: dict[str, float]
    opens: dict[str, float]
    reason: dict[str, str]


_REASONS = frozenset("down far_down up holds_flagged holds_gentle holds_plain lowest highest".split())


@cache
def _read(path: Path) -> tuple[dict[Openness, Level], Rule]:
    tables: dict[str, Any] = data.read_toml(path)
    try:
        levels = {
            Openness(table["value"]): Level(Openness(table["value"]), table["name"], table["label"], table["sentence"])
            for table in tables["level"]
        }
        rule = Rule(
            down=tables["rule"]["down"],
            far_down=tables["rule"]["far_down"],
            up={int(level): value for level, value in tables["rule"]["up"].items()},
            relapse=tables["rule"]["relapse"],
            most_warmth=tables["rule"]["most_warmth"],
            weight=tables["weight"],
            closes={name: table["closes"] for name, table in tables["temperament"].items()},
            opens={name: table["opens"] for name, table in tables["temperament"].items()},
            reason=tables["reason"],
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise DataError(path, f"a field is missing or impossible ({error})") from error
    if set(levels) != set(Openness) or set(rule.up) != {1, 2, 3, 4}:
        raise DataError(path, "it needs the five levels and what it takes to leave the first four")
    if set(rule.weight) != set(kinds()) or set(rule.closes) != {*TEMPERAMENTS, "unknown"} or set(rule.reason) != _REASONS:
        raise DataError(path, "it needs every kind, every temperament and every reason, and no others")
    return levels, rule


def levels() -> dict[Openness, Level]:
    """Return the words for each level.

    :raises DataError: if ``prompts/openness.toml`` is not as it should be.
    """
    return _read(settings.prompts_folder() / "openness.toml")[0]


def rule() -> Rule:
    """Return the numbers of the rule."""
    return _read(settings.prompts_folder() / "openness.toml")[1]
