"""What he never says: yes/no rules tried on his answer while it grows, from ``prompts/guard.toml``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rehearse import data, settings
from rehearse.errors import DataError
from rehearse.son.ledger import Ledger, straight
from rehearse.turn import Openness

_WORD = re.compile(r"[\w’']+")
# Marks an answer may begin with before its first word has come.
_BEFORE_WORDS = " .…\"“‘'’—-"
_END = re.compile(r"(?:[.!?…]+[\"”’']?)(?=\s|$)")


@dataclass(frozen=True, slots=True)
class GuardRule:
    """One rule: an answer that matches is refused, at every openness or only up to one."""

    name: str
    why: str
    pattern: re.Pattern[str]
    up_to: Openness = Openness.OPEN


@dataclass(frozen=True, slots=True)
class Rules:
    """All of it: the patterns, the limits of length and repetition, and a few safe lines for each openness."""

    patterns: tuple[GuardRule, ...]
    longest_words: int
    most_sentences: int
    repeat_words: int
    repeat_share: float
    safe: dict[Openness, tuple[str, ...]]


@cache
def _read(path: Path) -> Rules:
    tables = data.read_toml(path)
    try:
        patterns = tuple(
            GuardRule(
                table["name"],
                table["why"],
                re.compile(table["pattern"], re.IGNORECASE),
                Openness(table.get("up_to", Openness.OPEN)),
            )
            for table in tables["rule"]
        )
        safe = {Openness(int(level)): tuple(lines) for level, lines in tables["safe"].items()}
        found = Rules(
            patterns, tables["longest_words"], tables["most_sentences"], tables["repeat_words"], tables["repeat_share"], safe
        )
    except (KeyError, ValueError, TypeError, re.error) as error:
        raise DataError(path, f"a rule cannot be used ({error})") from error
    if set(safe) != set(Openness) or not all(safe.values()):
        raise DataError(path, "it needs safe lines for every openness")
    return found


def rules() -> Rules:
    """Return the rules.

    :raises DataError: if ``prompts/guard.toml`` is not as it should be.
    """
    return _read(settings.prompts_folder() / "guard.toml")


class Guard:
    """Watches one answer in one talk."""

    def __init__(
        self, mother: Sequence[str], son: Sequence[str], *, ledger: Ledger | None = None, openness: Openness | None = None
    ) -> None:
        """Remember what was said before.

        :param mother: her lines of the talk; an answer that repeats one of them whole is refused.
        :param son: his lines of the talk.
        :param ledger: what is told and assumed; without it nothing counts as made up.
        :param openness: where he speaks from; without it the rules for a shut son are left out.
        """
        self.rules = rules()
        self._ledger = ledger
        self._patterns = [rule for rule in self.rules.patterns if (openness or Openness.OPEN) <= rule.up_to]
        self._hers = {_bare(line) for line in mother}
        self._his = [_WORD.findall(line.lower()) for line in son]
        self._grams = [_grams(words) for words in self._his]
        length = self.rules.repeat_words
        # Asked at every word of every answer he thinks of: the talk may be long by then.
        self._runs = {tuple(line[i : i + length]) for line in self._his for i in range(len(line) - length + 1)}
        self._his_lines = {_bare(line) for line in son if len(line.split()) > 3}

    def broken(self, text: str, *, whole: bool = False) -> str | None:
        """Return the name of the rule that an answer, or the beginning of one, breaks; ``None`` if it breaks none.

        :param whole: whether the answer is finished: one of marks alone is then refused, silence (“…”) is not.
        """
        plain = straight(text)
        for rule in self._patterns:
            if rule.pattern.search(plain):
                return rule.name
        bare = _bare(text)
        if bare in self._hers and len(bare.split()) > 3:
            return "speaks for her"
        if bare in self._his_lines or self._repeats(text):
            return "repeat"
        if not bare and text.strip(" .…" if whole else _BEFORE_WORDS):
            return "form"
        return self._ledger.broken(text, whole=whole) if self._ledger else None

    def full(self, text: str, most_sentences: int | None = None) -> bool:
        """Whether he has said enough: as many sentences or words as he may.

        :param most_sentences: fewer sentences than the rules allow.
        """
        return (
            len(_END.findall(text)) >= (most_sentences or self.rules.most_sentences)
            or len(text.split()) >= self.rules.longest_words
        )

    def safe(self, openness: Openness) -> str:
        """Return a short safe line for this openness that he has not said lately; the longest unsaid if all were."""
        lines = self.rules.safe[openness]
        said = self._his_lines | {" ".join(words) for words in self._his}
        return next((line for line in lines if _bare(line) not in said), lines[len(self._his) % len(lines)])

    def _repeats(self, text: str) -> bool:
        """Whether an answer says again what he said: a long run of it, most of its threes of words, or itself over and over."""
        words = _WORD.findall(text.lower())
        length = self.rules.repeat_words
        grams = _grams(words)
        if len(words) > length + 1 and any(len(grams & said) >= self.rules.repeat_share * len(grams) for said in self._grams):
            return True
        if len(words) - 2 > 2 * len(grams) and len(words) > 5:
            return True
        return any(tuple(words[i : i + length]) in self._runs for i in range(len(words) - length + 1))


def finished_sentences(text: str) -> str:
    """Return the part of a growing answer that ends with a finished sentence; empty if none is finished."""
    ends = [match.end() for match in _END.finditer(text)]
    return text[: ends[-1]] if ends else ""


def first_sentence(text: str) -> str:
    """Return the first finished sentence of an answer; empty if none is finished."""
    end = _END.search(text)
    return text[: end.end()].strip() if end else ""


def _grams(words: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(words[i : i + 3]) for i in range(len(words) - 2)}


def _bare(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))
