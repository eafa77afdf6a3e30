"""Gentle wordings of ours, written for the kinds of lines that may land as blame.

They are data, in ``prompts/phrasebook.toml``: read when first asked for, checked once, and kept per folder.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rehearse import data, settings
from rehearse.article import kinds_of, practice_of, refuse_twice, tables_of, text_of
from rehearse.errors import DataError
from rehearse.kinds import Kind, flagged_kinds, kinds

GENERAL = "general"
MOST_KINDS = 3
WORDS = (4, 30)

# Fewer than this, and she would see the same few words again and again.
LEAST_PER_KIND = 18
LEAST_GENERAL_PER_KIND = 6

# His name stands at the end of a clause, so that the phrase is whole without it too.
_NAME = ", {name}"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A gentle wording, the flagged kinds it can take the place of, what it is about, and the practice it follows."""

    text: str
    kinds: tuple[str, ...]
    concern: str
    practice: int

    def to(self, name: str = "") -> str:
        """Return the words as said to him; without a name, the few phrases that use it do without it."""
        return self.text.replace(_NAME, f", {name}" if name else "")


@dataclass(frozen=True, slots=True)
class _Phrasebook:
    concerns: Mapping[str, str]
    words: Mapping[str, frozenset[str]]
    phrases: tuple[Phrase, ...]


def phrases() -> tuple[Phrase, ...]:
    """Return every phrase, in the order of the file.

    :raises DataError: if the file is not as it should be.
    """
    return _read(settings.prompts_folder()).phrases


def concerns() -> Mapping[str, str]:
    """Return what phrases may be about: each concern and a few words that describe it.

    :raises DataError: if the file is not as it should be.
    """
    return _read(settings.prompts_folder()).concerns


def about(text: str) -> frozenset[str]:
    """Return the concerns that a line of hers names by one of their words.

    :raises DataError: if the file is not as it should be.
    """
    said = set(re.findall(r"[a-z']+", text.lower()))
    return frozenset(concern for concern, words in _read(settings.prompts_folder()).words.items() if said & words)


@cache
def _read(folder: Path) -> _Phrasebook:
    path = folder / "phrasebook.toml"
    table = data.read_toml(path)
    listed = table.get("concern")
    if not isinstance(listed, Mapping) or GENERAL not in listed:
        raise DataError(path, f"it needs a list of concerns, with “{GENERAL}” among them")
    known = {name: text_of(listed, name, path, "the list of concerns") for name in listed}
    known_kinds = kinds()
    words = table.get("words")
    if not isinstance(words, Mapping) or set(words) != set(known) - {GENERAL}:
        raise DataError(path, "it needs the words of each concern")
    named = {name: frozenset(text_of(words, name, path, "the words of the concerns").split()) for name in words}
    found = tuple(_phrase(entry, path, known, known_kinds) for entry in tables_of(table, "phrase", path))
    refuse_twice((phrase.text for phrase in found), path, "it has the phrase")
    _check_enough(found, path)
    return _Phrasebook(MappingProxyType(known), MappingProxyType(named), found)


def _phrase(table: Mapping[str, Any], path: Path, known: Mapping[str, str], known_kinds: Mapping[str, Kind]) -> Phrase:
    text = text_of(table, "text", path, "a phrase")
    where = f"the phrase “{text}”"
    if not WORDS[0] <= len(text.split()) <= WORDS[1]:
        raise DataError(path, f"{where} does not have {WORDS[0]} to {WORDS[1]} words")
    if "{" in text.replace(_NAME, "") or "}" in text.replace(_NAME, ""):
        raise DataError(path, f"{where} has braces other than “{_NAME}”")
    concern = table.get("concern")
    if not isinstance(concern, str) or concern not in known:
        raise DataError(path, f"{where} has the concern “{concern}”, which is not on the list")
    taken = kinds_of(table, path, where, known_kinds, flagged=True)
    if len(taken) > MOST_KINDS:
        raise DataError(path, f"{where} has more than {MOST_KINDS} kinds")
    return Phrase(text, taken, concern, practice_of(table, "practice", path, where))


def _check_enough(found: tuple[Phrase, ...], path: Path) -> None:
    everywhere = Counter(kind for phrase in found for kind in phrase.kinds)
    general = Counter(kind for phrase in found if phrase.concern == GENERAL for kind in phrase.kinds)
    for kind in sorted(flagged_kinds()):
        if everywhere[kind] < LEAST_PER_KIND:
            raise DataError(path, f"it has fewer than {LEAST_PER_KIND} phrases for “{kind}”")
        if general[kind] < LEAST_GENERAL_PER_KIND:
            raise DataError(path, f"it has fewer than {LEAST_GENERAL_PER_KIND} phrases for “{kind}” that fit any concern")
