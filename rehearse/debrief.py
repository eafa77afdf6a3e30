"""What she sees when she ends: her own lines, his openness over the talk, and one thing to try."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rehearse import article, data, settings
from rehearse.errors import DataError
from rehearse.kinds import kinds
from rehearse.scenario import Scenario, scenarios
from rehearse.tone.report import entries
from rehearse.turn import Openness, Turn


@dataclass(frozen=True, slots=True)
class Line:
    """One line of hers in the talk: its number among hers (from 1), where he was before and after it, and why."""

    number: int
    turn_id: str
    text: str
    before: Openness
    after: Openness
    reason: str
    flagged: tuple[str, ...]
    strengths: tuple[str, ...]

    @property
    def moved(self) -> int:
        """By how much he opened (positive) or closed (negative)."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Remark:
    """One sentence of the debrief, the line of hers it is about (quoted exactly) and the practice it rests on."""

    sentence: str
    line: Line | None = None
    practice: int | None = None


@dataclass(frozen=True, slots=True)
class Debrief:
    """The look back. ``start`` is where he was before her first line.

    ``hardest`` is the flagged line that closed him most, and ``elsewhere`` the id of another scenario to try it in, because
    what is practised in one place only stays there.
    """

    start: Openness
    lines: tuple[Line, ...]
    opened: Remark
    closed: Remark
    next: Remark
    ending: str
    hardest: Line | None = None
    elsewhere: str | None = None

    @classmethod
    def of(cls, scenario: Scenario, path: Sequence[Turn]) -> "Debrief":
        """Look back on a path.

        :raises DataError: if ``prompts/debrief.toml`` is not as it should be.
        """
        told = _told(settings.prompts_folder() / "debrief.toml", settings.language())
        lines = _lines(scenario, path)
        name = scenario.son.name
        last = path[-1].openness if path else scenario.openness
        if not lines:
            empty = Remark(told["empty"])
            return cls(scenario.openness, (), empty, empty, empty, told["empty"])
        return cls(
            scenario.openness,
            lines,
            _opened(lines, name, told),
            _closed(lines, name, told),
            _next(lines, name, told),
            told["ending"][str(int(last))].format(name=name),
            hardest := _hardest(lines),
            None if hardest is None else _elsewhere(scenario, hardest),
        )


@cache
def _told(path: Path, language: str) -> dict[str, Any]:
    tables = data.read_words(path, language)
    words = {"opened", "nearly", "nothing_opened", "closed", "landed_hard", "nothing_closed", "try_again", "try_new", "empty"}
    if not words <= set(tables) or set(tables.get("ending", {})) != {"1", "2", "3", "4", "5"}:
        raise DataError(path, "a sentence is missing")
    if sorted(tables.get("next", {}).get("order", [])) != list(range(1, 11)):
        raise DataError(path, "next.order must name the ten practices")
    return tables


def _lines(scenario: Scenario, path: Sequence[Turn]) -> tuple[Line, ...]:
    found: list[Line] = []
    before = scenario.openness
    for turn in path:
        if turn.speaker == "mother":
            found.append(
                Line(
                    number=len(found) + 1,
                    turn_id=turn.id,
                    text=turn.text,
                    before=before,
                    after=turn.openness,
                    reason=turn.reason,
                    flagged=tuple(kind for kind, _ in entries(turn.report, "findings")),
                    strengths=tuple(kind for kind, _ in entries(turn.report, "strengths")),
                )
            )
            before = turn.openness
    return tuple(found)


def _remark(sentence: str, line: Line, kind: str, name: str) -> Remark:
    return Remark(sentence.format(name=name, kind=kinds()[kind].label), line, kinds()[kind].practice)


def _opened(lines: Sequence[Line], name: str, told: Mapping[str, Any]) -> Remark:
    rising = [line for line in lines if line.moved > 0 and line.strengths]
    if rising:
        best = max(rising, key=lambda line: (line.moved, line.number))
        return _remark(told["opened"], best, best.strengths[0], name)
    kind_lines = [line for line in lines if line.strengths and not line.flagged]
    if kind_lines:
        best = max(kind_lines, key=lambda line: (len(line.strengths), line.number))
        return _remark(told["nearly"], best, best.strengths[0], name)
    return Remark(told["nothing_opened"].format(name=name))


def _closed(lines: Sequence[Line], name: str, told: Mapping[str, Any]) -> Remark:
    falling = [line for line in lines if line.moved < 0 and line.flagged]
    if falling:
        worst = min(falling, key=lambda line: (line.moved, line.number))
        return _remark(told["closed"], worst, worst.flagged[0], name)
    flagged = [line for line in lines if line.flagged]
    if flagged:
        worst = max(flagged, key=lambda line: len(line.flagged))
        return _remark(told["landed_hard"], worst, worst.flagged[0], name)
    return Remark(told["nothing_closed"].format(name=name))


def _hardest(lines: Sequence[Line]) -> Line | None:
    flagged = [line for line in lines if line.flagged]
    return min(flagged, key=lambda line: (line.moved, -len(line.flagged), -line.number), default=None)


def _elsewhere(scenario: Scenario, line: Line) -> str | None:
    """Return the carried scenario after this one that rests on the practice of the line, or simply the one after this."""
    known = scenarios()
    ids = [each.id for each in known]
    after = ids.index(scenario.id) + 1 if scenario.id in ids else 0
    others = [each for each in (*known[after:], *known[:after]) if each.id != scenario.id]
    practice = kinds()[line.flagged[0]].practice
    fitting = [each for each in others if each.practice == practice]
    return next((each.id for each in (*fitting, *others)), None)


def _next(lines: Sequence[Line], name: str, told: Mapping[str, Any]) -> Remark:
    flagged = Counter(kind for line in lines for kind in line.flagged)
    if flagged:
        kind = kinds()[flagged.most_common(1)[0][0]]
        practice = article.practice(kind.practice)
        return Remark(told["try_again"].format(name=name, kind=kind.label, in_talk=practice.in_talk), None, practice.number)
    used = {kinds()[kind].practice for line in lines for kind in line.strengths}
    number = next((number for number in told["next"]["order"] if number not in used), told["next"]["order"][0])
    return Remark(told["try_new"].format(name=name, in_talk=article.practice(number).in_talk), None, number)
