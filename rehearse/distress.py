"""Words in her drafts that are met outside the role: acute distress, violence, abuse, and a wish for no contact.

Rules from ``prompts/distress.toml`` over a plain form of the draft; no model is asked, so that they work before one is loaded
and whatever one would say. :mod:`rehearse.listener` adds what the encoder hears. What
each is met with is in ``prompts/help.toml`` (:mod:`rehearse.helplines`).
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from rehearse import data, settings
from rehearse.errors import DataError

Met = Literal["distress", "violence", "abuse", "no_contact"]
# In the order in which they are met if a draft holds several: life first.
METS: tuple[Met, ...] = get_args(Met)

_SENTENCE = re.compile(r"[.!?…;\n]+")
_WORD = re.compile(r"[a-z0-9~]+")
_SHORT = (
    (re.compile(r"\bcan't\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"'m\b"), " am"),
    (re.compile(r"'re\b"), " are"),
    (re.compile(r"'ll\b"), " will"),
    (re.compile(r"'ve\b"), " have"),
    (re.compile(r"'d\b"), " would"),
    (re.compile(r"\b(he|she|it|that|who|there|what|where)'s\b"), r"\1 is"),
    (re.compile(r"'s\b"), ""),
)
_BEFORE = 3
_LONGEST = 8000


@dataclass(frozen=True, slots=True)
class _Rule:
    met: Met
    name: str
    patterns: tuple[re.Pattern[str], ...]
    unless: re.Pattern[str] | None
    negated: bool


@dataclass(frozen=True, slots=True)
class _Rules:
    plain: dict[str, str]
    ordinary: tuple[re.Pattern[str], ...]
    elsewhere: re.Pattern[str]
    unless_self: re.Pattern[str]
    negation: re.Pattern[str]
    rules: tuple[_Rule, ...]


@cache
def _read(path: Path) -> _Rules:
    tables = data.read_toml(path)
    try:
        words = tables["words"]
        ordinary = tables["ordinary"]
        found = _Rules(
            dict(tables["plain"]),
            tuple(re.compile(each) for each in ordinary["patterns"]),
            re.compile(ordinary["elsewhere"]),
            re.compile(ordinary["unless_self"]),
            re.compile(ordinary["negation"]),
            tuple(_rule(table, words) for table in tables["rule"]),
        )
    except (KeyError, TypeError, AttributeError, re.error) as error:
        raise DataError(path, f"a rule cannot be used ({error})") from error
    if {rule.met for rule in found.rules} != set(METS) or not all(rule.patterns for rule in found.rules):
        raise DataError(path, "it needs rules with patterns for everything that is met, and for nothing else")
    return found


def _rule(table: dict[str, Any], words: dict[str, str]) -> _Rule:
    unless = table.get("unless")
    return _Rule(
        table["met"],
        table["name"],
        tuple(re.compile(_filled(each, words)) for each in table["patterns"]),
        re.compile(unless) if unless else None,
        bool(table.get("negated", False)),
    )


def _filled(pattern: str, words: dict[str, str]) -> str:
    # Not str.format: braces are counts in a pattern.
    for name, value in words.items():
        pattern = pattern.replace("{" + name + "}", value)
    return pattern


def rules() -> tuple[_Rule, ...]:
    """Return the rules.

    :raises DataError: if ``prompts/distress.toml`` is not as it should be.
    """
    return _all().rules


def _all() -> _Rules:
    return _read(settings.prompts_folder() / "distress.toml")


def met(text: str) -> Met | None:
    """Return what a draft is to be met as outside the role, or ``None`` if it is ordinary talk, sadness among it.

    :param text: the draft; its words are kept nowhere.
    :raises DataError: if the rules are not as they should be.
    """
    every = _all()
    found = {rule.met for sentence in _sentences(text, every) for rule in every.rules if _holds(rule, sentence, every)}
    return next((each for each in METS if each in found), None)


def _sentences(text: str, every: _Rules) -> list[str]:
    """Return the sentences in plain form, figures of speech taken out."""
    text = text[:_LONGEST].lower().replace("’", "'").replace("‘", "'").replace("`", "'")
    for short, written in _SHORT:
        text = short.sub(written, text)
    found = []
    for piece in _SENTENCE.split(text):
        sentence = " ".join(part for word in _WORD.findall(piece) for part in every.plain.get(word, word).split())
        for each in every.ordinary:
            sentence = each.sub("~", sentence)
        if sentence and not (every.elsewhere.search(sentence) and not every.unless_self.search(sentence)):
            found.append(sentence)
    return found


def _holds(rule: _Rule, sentence: str, every: _Rules) -> bool:
    if rule.unless and rule.unless.search(sentence):
        return False
    for pattern in rule.patterns:
        for match in pattern.finditer(sentence):
            before = " ".join(sentence[: match.start()].split()[-_BEFORE:])
            if not (rule.negated and every.negation.search(before)):
                return True
    return False
