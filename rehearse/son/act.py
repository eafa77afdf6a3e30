"""What a line of hers does: whether it asks, and what; whether it thanks, tells, invites or gives an order.

Told by rules that are data (``prompts/acts.toml``), from the last sentence of hers that asks or does something, and where the
second look is there, above all by what was heard with it (:mod:`rehearse.hearer`). He chooses among lines that can answer it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from rehearse import data, settings
from rehearse.errors import DataError
from rehearse.tone.grammar import spelled_out
from rehearse.tone.sentences import sentences as cut

ROUNDS = ("asks", "does", "shows", "tells")


@dataclass(frozen=True, slots=True)
class Act:
    """One thing a line of hers may do, and the rules that tell it in each round."""

    name: str
    what: str
    rules: dict[str, tuple[re.Pattern[str], ...]]
    form: re.Pattern[str] | None


class Hearer(Protocol):
    """Whatever hears what a line does; :class:`rehearse.hearer.Hearer` does."""

    def acts(self, line: str, his: str) -> Mapping[str, float]:
        """Return the probability of each act of a line of hers, which answers one of his."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """All acts in their order, and how a sentence is made ready for them.

    Where an act was heard to be likely too, the one that the rules tell counts as ``rules`` times as likely, and those at least
    ``beside`` as likely as the likeliest are taken into account.
    """

    acts: tuple[Act, ...]
    leads: re.Pattern[str]
    asking: re.Pattern[str]
    tags: re.Pattern[str]
    whole: re.Pattern[str]
    unknown: dict[str, str]
    rules: float
    beside: float


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


@cache
def _read(path: Path) -> Rules:
    table = data.read_toml(path)
    try:
        acts = tuple(
            Act(
                str(row["name"]),
                str(row["what"]),
                {each: tuple(_compiled(pattern) for pattern in row.get(each, ())) for each in ROUNDS},
                _compiled(row["form"]) if "form" in row else None,
            )
            for row in table["act"]
        )
        unknown = {key: str(table["unknown"][key]) for key in ("asks", "other")}
        leads, asking, tags, whole = (_compiled(table[key]) for key in ("leads", "asking", "tags", "whole"))
        found = Rules(acts, leads, asking, tags, whole, unknown, float(table["heard"]["rules"]), float(table["heard"]["beside"]))
        known = {key for row in table["act"] for key in row} <= {"name", "what", "form", *ROUNDS}
    except (KeyError, TypeError, ValueError, AttributeError, re.error) as error:
        raise DataError(path, "an act or a rule of it is not as it should be") from error
    names = [each.name for each in acts]
    if not known or len(set(names)) != len(names) or not all(any(each.rules.values()) and each.what for each in acts):
        raise DataError(path, "an act stands there twice, has no rule, or has a key that is not known")
    if found.rules <= 0 or not 0 < found.beside <= 1:
        raise DataError(path, "what was heard is weighed by numbers that cannot be")
    return found


def rules() -> Rules:
    """Return the rules that tell the act of a line.

    :raises DataError: if ``prompts/acts.toml`` is not as it should be.
    """
    return _read(settings.prompts_folder() / "acts.toml")


def names() -> frozenset[str]:
    """Return the names of all acts."""
    found = rules()
    return frozenset(each.name for each in found.acts) | frozenset(found.unknown.values())


def told(line: str) -> str:
    """Return the name of what a line of hers does."""
    return pointed(line)[0]


def pointed(line: str) -> tuple[str, str]:
    """Return the name of what a line of hers does, and the sentence that does it; the whole line if no one sentence does."""
    found = rules()
    sentences = [_bare(text, found) for text in _sentences(line)]
    last = len(sentences) - 1
    asked = [
        text
        for number, text in enumerate(sentences)
        if (text.endswith("?") or found.asking.match(text))
        and not (number and found.tags.fullmatch(text))
        # Words with a question mark that are no question by themselves count where the line ends with them.
        and (number == last or found.whole.match(text))
    ]
    others = [text for text in sentences if text not in asked]
    for each in ROUNDS:
        name, text = _first(asked if each == "asks" else others, each, found)
        if name:
            return name, text
        if each == "asks" and asked:
            return found.unknown["asks"], asked[-1]
    return found.unknown["other"], line


def likely(line: str, heard: Mapping[str, float]) -> tuple[str, ...]:
    """Return what a line of hers may do, the likeliest first; what the rules tell where nothing was heard.

    :param heard: the probability of each act, from a :class:`Hearer`; empty without one.
    """
    found, by_rule = rules(), told(line)
    weighed = {name: heard[name] * (found.rules if name == by_rule else 1.0) for name in names() & heard.keys()}
    if not weighed:
        return (by_rule,)
    least = max(weighed.values()) * found.beside
    return tuple(sorted((name for name in weighed if weighed[name] >= least), key=lambda name: -weighed[name]))


def answered(name: str, answer: str) -> bool:
    """Return whether an answer of his has the form that a question for a fact asks for: a number, a time, a place, somebody.

    :param name: the act of her line; false for acts that ask for no such fact.
    """
    return any(each.name == name and each.form and each.form.search(answer.replace("’", "'")) for each in rules().acts)


def _first(sentences: list[str], which: str, found: Rules) -> tuple[str, str]:
    pairs = [(text, act) for text in reversed(sentences) for act in found.acts]
    if which == "tells":
        # Whom a line is about is no matter of its last sentence: one that speaks of him anywhere speaks of him.
        pairs.sort(key=lambda pair: found.acts.index(pair[1]))
    return next(((act.name, text) for text, act in pairs if any(rule.search(text) for rule in act.rules[which])), ("", ""))


def _sentences(line: str) -> list[str]:
    return [spelled_out(each.text) for each in cut(line)] or [line]


def _bare(sentence: str, found: Rules) -> str:
    """Return a sentence without what only leads up to it, or only underlines it."""
    text = sentence.strip()
    before, comma, end = text.rpartition(",")
    if comma and found.tags.fullmatch(end.strip()):
        text = f"{before}."
    while (lead := found.leads.match(text)) and lead.end() < len(text):
        text = text[lead.end() :]
    return text
