"""The ledger of one talk: what was told about him, what he assumed himself, and what is therefore unknown.

Told is the scene and whatever she has said; assumed is whatever he has said and was let through. A sentence of his that says
otherwise contradicts the ledger; one that brings in a father, a sibling, a family of his own or a place that nobody spoke of is
invented. A small voice does both, and a mother notices at once. The patterns are in ``prompts/ledger.toml``.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rehearse import data, settings
from rehearse.errors import DataError
from rehearse.scenario import Scenario
from rehearse.turn import Turn

CONTRADICTS, INVENTS = "contradicts what was told", "invents"

_WORD = re.compile(r"[^\W_]+(?:[’'-][^\W_]+)*")
# The last word of a growing answer may not be whole yet.
_UNFINISHED = re.compile(r"\S+$")


@dataclass(frozen=True, slots=True)
class _Rules:
    people: dict[str, frozenset[str]]
    claims: dict[str, re.Pattern[str]]
    dead: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]
    place: re.Pattern[str]
    no_place: frozenset[str]
    age: re.Pattern[str]
    ages: dict[str, int]
    name: re.Pattern[str]
    no_name: frozenset[str]
    named: re.Pattern[str]


@cache
def _read(path: Path) -> _Rules:
    tables: dict[str, Any] = data.read_toml(path)
    try:
        himself = tables["self"]
        found = _Rules(
            {name: frozenset(words) for name, words in tables["people"].items()},
            {name: _pattern(each) for name, each in tables["claims"].items()},
            tuple((_pattern(each["gone"]), _pattern(each["alive"])) for each in tables["dead"]),
            _pattern(tables["places"]["pattern"]),
            frozenset(tables["places"]["no_place"].split()),
            _pattern(himself["age"].replace("{numbers}", "|".join(sorted(himself["numbers"], key=len, reverse=True)))),
            {word: number for number, word in enumerate(himself["numbers"], 13)},
            _pattern(himself["name"]),
            frozenset(himself["no_name"].split()),
            _pattern(tables["named"]["pattern"]),
        )
    except (KeyError, TypeError, AttributeError, re.error) as error:
        raise DataError(path, f"a rule cannot be used ({error})") from error
    if set(found.people) != set(found.claims):
        raise DataError(path, "people and claims must name the same")
    return found


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


class Ledger:
    """What is told and what is assumed in one talk."""

    def __init__(self, scenario: Scenario, told: Iterable[str] = (), assumed: Iterable[str] = ()) -> None:
        """Enter the scene, her lines and his.

        :param told: her lines.
        :param assumed: his lines.
        :raises DataError: if ``prompts/ledger.toml`` is not as it should be.
        """
        self.scenario = scenario
        self.rules = _read(settings.prompts_folder() / "ledger.toml")
        who = scenario.son
        scene = (who.name, who.stage, scenario.situation, scenario.opening)
        self.told = tuple(straight(text) for text in (*scene, *told) if text)
        self.assumed = tuple(straight(text) for text in assumed if text)
        everything = " \n ".join((*self.told, *self.assumed))
        self._words = frozenset(word.lower().removesuffix("'s") for word in _WORD.findall(everything))
        self._phrases = f" {' '.join(word.lower() for word in _WORD.findall(everything))} "
        self._names = self._named(everything)

    @classmethod
    def of(cls, scenario: Scenario, path: Sequence[Turn]) -> "Ledger":
        """Return the ledger of a talk so far."""
        return cls(
            scenario,
            [turn.text for turn in path if turn.speaker == "mother"],
            [turn.text for turn in path if turn.speaker == "son"],
        )

    def knows(self, person: str) -> bool:
        """Whether anybody has spoken of such a person (a name of ``[people]`` in the data)."""
        return any(word in self._words if " " not in word else f" {word} " in self._phrases for word in self.rules.people[person])

    def broken(self, text: str, *, whole: bool = False) -> str | None:
        """Return :data:`CONTRADICTS` or :data:`INVENTS` if an answer, or the beginning of one, does so; otherwise ``None``.

        :param whole: whether the answer is finished; otherwise its last word may not be, and is not looked at.
        """
        said = straight(text)
        if not whole:
            said = _UNFINISHED.sub("", said)
        if self._contradicted(said):
            return CONTRADICTS
        return INVENTS if self._invented(said) else None

    def _contradicted(self, said: str) -> bool:
        return self._other_age(said) or self._other_name(said) or self._other_names(said) or self._alive_again(said)

    def _other_age(self, said: str) -> bool:
        age = self.scenario.son.age
        if age is None:
            return False
        given = [match["number"].lower() for match in self.rules.age.finditer(said)]
        return any((int(each) if each.isdigit() else self.rules.ages[each]) != age for each in given)

    def _other_name(self, said: str) -> bool:
        own = {word.lower() for word in _WORD.findall(self.scenario.son.name)}
        # A short form of his name is his; another name after “I’m” is not, unless somebody used it for him.
        given = [match[1].lower() for match in self.rules.name.finditer(said)]
        return any(
            name not in own
            and name not in self.rules.no_name
            and name not in self._words
            and not any(each.startswith(name[:3]) for each in own)
            for name in given
        )

    def _other_names(self, said: str) -> bool:
        return any(name != self._names.get(who, name) for who, name in self._named(said).items())

    def _named(self, text: str) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for match in self.rules.named.finditer(text):
            # The first name given stays; two brothers would both be told before he speaks of the second.
            found.setdefault(match[1].lower(), match[2].lower())
        return found

    def _alive_again(self, said: str) -> bool:
        told = " \n ".join(self.told).lower()
        return any(gone.search(told) and alive.search(said) for gone, alive in self.rules.dead)

    def _invented(self, said: str) -> bool:
        if any(claim.search(said) and not self.knows(person) for person, claim in self.rules.claims.items()):
            return True
        for match in self.rules.place.finditer(said):
            words = [word.lower().removesuffix("'s") for word in _WORD.findall(match[1])]
            if words and not any(word in self._words or word in self.rules.no_place for word in words):
                return True
        return False


def straight(text: str) -> str:
    """Return a text with straight apostrophes, as the patterns have them."""
    return text.replace("’", "'").replace("‘", "'")
