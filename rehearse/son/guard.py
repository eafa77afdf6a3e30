"""What he never says: yes/no rules tried on his answer while it grows, from ``prompts/guard.toml``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rehearse import data, settings
from rehearse.errors import DataError
from rehearse.turn import Openness

_WORD = re.compile(r"[\w’']+")
# Marks an answer may begin with before its first word has come.
_BEFORE_WORDS = " .…\"“‘'’—-"
_END = re.compile(r"(?:[.!?…]+[\"”’']?)(?=\s|$)")


@dataclass(frozen=True, slots=True)
class GuardRule:
    """One rule: an answer that matches is refused."""

    name: str
    why: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Rules:
    """All of it: the patterns, the limits of length and repetition, and a few safe lines for each openness."""

    patterns: tuple[GuardRule, ...]
    longest_words: int
    most_sentences: int
    repeat_words: int
    safe: dict[Openness, tuple[str, ...]]


@cache
def _read(path: Path) -> Rules:
    tables = data.read_toml(path)
    try:
        patterns = tuple(
            GuardRule(table["name"], table["why"], re.compile(table["pattern"], re.IGNORECASE)) for table in tables["rule"]
        )
        safe = {Openness(int(level)): tuple(lines) for level, lines in tables["safe"].items()}
        found = Rules(patterns, tables["longest_words"], tables["most_sentences"], tables["repeat_words"], safe)
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

    def __init__(self, mother: Sequence[str], son: Sequence[str]) -> None:
        """Remember what was said before.

        :param mother: her lines of the talk; an answer that repeats one of them whole is refused.
        :param son: his lines of the talk.
        """
        self.rules = rules()
        self._hers = {_bare(line) for line in mother}
        self._his = [_WORD.findall(line.lower()) for line in son]
        self._his_lines = {_bare(line) for line in son if len(line.split()) > 3}

    def broken(self, text: str, *, whole: bool = False) -> str | None:
        """Return the name of the rule that an answer, or the beginning of one, breaks; ``None`` if it breaks none.

        :param whole: whether the answer is finished: one of marks alone is then refused, silence (“…”) is not.
        """
        plain = text.replace("’", "'").replace("‘", "'")
        for rule in self.rules.patterns:
            if rule.pattern.search(plain):
                return rule.name
        bare = _bare(text)
        if bare in self._hers and len(bare.split()) > 3:
            return "speaks for her"
        if bare in self._his_lines or self._repeats(text):
            return "repeat"
        if not bare and text.strip(" .…" if whole else _BEFORE_WORDS):
            return "form"
        return None

    def full(self, text: str) -> bool:
        """Whether he has said enough: as many sentences or words as he may."""
        return len(_END.findall(text)) >= self.rules.most_sentences or len(text.split()) >= self.rules.longest_words

    def safe(self, openness: Openness) -> str:
        """Return a short safe line for this openness that he has not said lately; the longest unsaid if all were."""
        lines = self.rules.safe[openness]
        said = self._his_lines | {" ".join(words) for words in self._his}
        return next((line for line in lines if _bare(line) not in said), lines[len(self._his) % len(lines)])

    def _repeats(self, text: str) -> bool:
        words = _WORD.findall(text.lower())
        length = self.rules.repeat_words
        runs = {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}
        return any(tuple(line[i : i + length]) in runs for line in self._his for i in range(len(line) - length + 1))


def finished_sentences(text: str) -> str:
    """Return the part of a growing answer that ends with a finished sentence; empty if none is finished."""
    ends = [match.end() for match in _END.finditer(text)]
    return text[: ends[-1]] if ends else ""


def _bare(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))
