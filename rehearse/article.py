"""The article she read, as data: its ten practices, the wordings it offers and those it warns against.

Read from ``prompts/article.toml`` when it is first asked for, checked once, and kept per folder.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rehearse import data, settings
from rehearse.errors import DataError
from rehearse.kinds import Kind, kinds

PRACTICES = 10


@dataclass(frozen=True, slots=True)
class Offer:
    """A wording the article itself offers, word for word, and the kinds it shows."""

    text: str
    kinds: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The wording as a sentence to say: with a full stop where the article quotes it without one."""
        return self.text if self.text.endswith((".", "?", "!")) else f"{self.text}."


@dataclass(frozen=True, slots=True)
class Caution:
    """A wording the article warns against, word for word, and its kind."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Practice:
    """One of the article's ten sections: its heading, our words for it, and every wording it quotes."""

    number: int
    section: str
    short: str
    summary: str
    in_talk: str
    offers: tuple[Offer, ...] = ()
    warns: tuple[Caution, ...] = ()


@dataclass(frozen=True, slots=True)
class _Article:
    title: str
    practices: tuple[Practice, ...]


def title() -> str:
    """Return the title of the article.

    :raises DataError: if the file is not as it should be.
    """
    return _article(settings.prompts_folder()).title


def practices() -> tuple[Practice, ...]:
    """Return the ten practices in the order of the article.

    :raises DataError: if the file is not as it should be.
    """
    return _article(settings.prompts_folder()).practices


def practice(number: int) -> Practice:
    """Return one practice.

    :raises ValueError: if there is none of this number.
    """
    if not 1 <= number <= PRACTICES:
        raise ValueError(f"there is no practice {number}, only 1 to {PRACTICES}")
    return practices()[number - 1]


def text_of(table: Mapping[str, Any], key: str, path: Path, where: str) -> str:
    """Return the text under a key of a data file.

    :raises DataError: if it is missing, empty or no text.
    """
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise DataError(path, f"{where} needs “{key}”")
    return value.strip()


def practice_of(table: Mapping[str, Any], key: str, path: Path, where: str) -> int:
    """Return the number of a practice under a key of a data file.

    :raises DataError: if it is not a whole number from 1 to 10.
    """
    value = table.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= PRACTICES:
        raise DataError(path, f"{where} needs “{key}”, a number from 1 to {PRACTICES}")
    return value


def tables_of(table: Mapping[str, Any], key: str, path: Path) -> list[Mapping[str, Any]]:
    """Return the list of tables under a key of a data file; an absent key is an empty list.

    :raises DataError: if it is something else.
    """
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
        raise DataError(path, f"“{key}” must be a list of tables")
    return value


def kinds_of(table: Mapping[str, Any], path: Path, where: str, known: Mapping[str, Kind], *, flagged: bool) -> tuple[str, ...]:
    """Return the kinds listed under ``kinds`` in a data file, each of them known and all flagged or none.

    :raises DataError: if there is none, one twice, or one that does not belong.
    """
    names = table.get("kinds")
    if not isinstance(names, list) or not names:
        raise DataError(path, f"{where} needs “kinds”")
    for name in names:
        if not isinstance(name, str) or name not in known or known[name].flagged != flagged:
            raise DataError(path, f"{where} has the kind “{name}”, which does not belong there")
    refuse_twice(names, path, f"{where} has the kind")
    return tuple(names)


def refuse_twice(values: Iterable[str], path: Path, what: str) -> None:
    """Check that no text stands twice in a data file, whatever its capitals and spaces.

    :raises DataError: if one does.
    """
    seen = set()
    for value in values:
        plain = " ".join(value.casefold().split())
        if plain in seen:
            raise DataError(path, f"{what} “{value}” twice")
        seen.add(plain)


@cache
def _article(folder: Path) -> _Article:
    path = folder / "article.toml"
    known = kinds()
    table = data.read_toml(path)
    found = tuple(_practice(entry, path, known) for entry in tables_of(table, "practice", path))
    if [one.number for one in found] != list(range(1, PRACTICES + 1)):
        raise DataError(path, f"it needs the practices 1 to {PRACTICES}, in this order")
    refuse_twice((one.section for one in found), path, "it has the section")
    refuse_twice((one.short for one in found), path, "it has the name")
    offered = [offer.text for one in found for offer in one.offers]
    refuse_twice(offered + [caution.text for one in found for caution in one.warns], path, "it quotes")
    return _Article(text_of(table, "title", path, "it"), found)


def _practice(table: Mapping[str, Any], path: Path, known: Mapping[str, Kind]) -> Practice:
    number = practice_of(table, "number", path, "a practice")
    where = f"practice {number}"
    return Practice(
        number=number,
        section=text_of(table, "section", path, where),
        short=text_of(table, "short", path, where),
        summary=text_of(table, "summary", path, where),
        in_talk=text_of(table, "in_talk", path, where),
        offers=tuple(
            Offer(text_of(entry, "text", path, f"an offer of {where}"), kinds_of(entry, path, where, known, flagged=False))
            for entry in tables_of(table, "offers", path)
        ),
        warns=tuple(_caution(entry, number, path, known) for entry in tables_of(table, "warns", path)),
    )


def _caution(table: Mapping[str, Any], number: int, path: Path, known: Mapping[str, Kind]) -> Caution:
    where = f"a warning of practice {number}"
    kind = text_of(table, "kind", path, where)
    if kind not in known or not known[kind].flagged:
        raise DataError(path, f"{where} has the kind “{kind}”, which is not a flagged one")
    if known[kind].practice != number:
        raise DataError(path, f"{where} has the kind “{kind}”, which rests on practice {known[kind].practice}")
    return Caution(text_of(table, "text", path, where), kind)
