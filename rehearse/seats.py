"""Changed seats: she answers as her son, and the app plays her own lines, or those of a gentle mother.

It is the same transcript: a branch that begins where she first spoke, in which each turn says who really spoke it. Going back
shows the talk where she left it; the branch stays.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from rehearse import data, settings
from rehearse.errors import DataError, RehearseError
from rehearse.rehearsal import MetOutside, Rehearsal, line_of
from rehearse.tone.gentle import gentled
from rehearse.turn import SEATS, Turn, seat


class NoLines(RehearseError):
    """There is no line of hers to play."""


@dataclass(frozen=True, slots=True)
class _Told:
    label: str
    opening: tuple[str, ...]
    after_short: tuple[str, ...]
    after_question: tuple[str, ...]
    after_anger: tuple[str, ...]
    after_other: tuple[str, ...]
    ending: tuple[str, ...]
    anger: re.Pattern[str]
    short_words: int
    most_lines: int


@cache
def _read(path: Path, language: str) -> _Told:
    try:
        table: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in data.read_words(path, language)["seats"].items()
        }
        found = _Told(**{**table, "anger": re.compile(table["anger"], re.IGNORECASE)})
    except (KeyError, TypeError, re.error) as error:
        raise DataError(path, f"its table seats cannot be used ({error})") from error
    if not all((found.opening, found.after_short, found.after_question, found.after_anger, found.after_other, found.ending)):
        raise DataError(path, "its table seats lacks lines")
    return found


class Seats:
    """Who sits where in one rehearsal. It holds nothing: the turns say it."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        """Look at a rehearsal."""
        self.rehearsal = rehearsal

    @property
    def changed(self) -> bool:
        """Whether the talk on the screen is one in which she sits in his seat."""
        return any(seat(turn) for turn in self.rehearsal.path)

    @property
    def gentle(self) -> bool:
        """Whether it is a gentle mother who speaks in it."""
        return any(seat(turn) == "gentle" for turn in self.rehearsal.path)

    def change(self, *, gentle: bool = False) -> Turn:
        """Sit her in his seat, from her first line on, and return the line that is played to her.

        :param gentle: plays her lines as a gentle mother would say them, and goes on when they are used up.
        :raises NoLines: if her own lines are to be played and she has said none.
        """
        path = self.rehearsal.path if not self.changed else self._left()
        hers = [turn for turn in path if turn.speaker == "mother"]
        if not hers and not gentle:
            raise NoLines("You have not said a line yet that could be played.", "Say one first, or let a gentle mother begin.")
        # What he said before her first line (if he spoke first) belongs to both.
        before = path[: path.index(hers[0])] if hers else list(path)
        played = self._next(before, hers, gentle=gentle) or _told().opening[0]
        return self._play(played, before, path[-1].id if path else None, gentle=gentle)

    def answer(self, draft: str) -> Turn | None:
        """Keep what she answers in his seat, and return the next line that is played to her; ``None`` if there is none.

        :raises NothingSaid: if the answer is empty.
        :raises MetOutside: if it sounds as if somebody may be in danger; then nothing is kept.
        """
        text = line_of(draft)
        # In his seat she may well say that he wants no contact, or what was done to him: only danger to life is met here.
        if self.rehearsal.met(text) == "distress":
            raise MetOutside("distress")
        path = self.rehearsal.path
        his = Turn("son", text, self.rehearsal.openness, path[-1].id if path else None, report={SEATS: {"spoken": "her"}})
        self.rehearsal.parts.transcripts.append(self.rehearsal.id, his)
        path.append(his)
        gentle, left = self.gentle, self._left()
        own = [turn for turn in left if turn.speaker == "mother"]
        following = self._next(path, own, gentle=gentle)
        return None if following is None else self._play(following, path, left[-1].id if left else None, gentle=gentle)

    def back(self) -> None:
        """Sit her in her own seat again: the talk is shown where she left it. Does nothing if seats are not changed."""
        if self.changed:
            left = self._left()
            self.rehearsal.parts.transcripts.select(self.rehearsal.id, left[-1].id if left else None)

    # -- what is played --------------------------------------------------------------------------------------------------

    def _next(self, path: Sequence[Turn], own: Sequence[Turn], *, gentle: bool) -> str | None:
        """Return the next line to play: hers in their order, then, from a gentle mother, one that fits what was just said."""
        spoken = sum(turn.speaker == "mother" for turn in path)
        if spoken < len(own):
            return gentled(own[spoken].report or {}) or own[spoken].text if gentle else own[spoken].text
        return _gentle_line(path, spoken) if gentle else None

    def _play(self, text: str, path: list[Turn], left: str | None, *, gentle: bool) -> Turn:
        heard = self.rehearsal.hear(text, path)
        told = {"spoken": "gentle" if gentle else "own", "from": left}
        first = not any(seat(turn) for turn in path)
        label = _told().label if first else ""
        turn = replace(heard, report={**(heard.report or {}), SEATS: told}, label=label)
        self.rehearsal.parts.transcripts.append(self.rehearsal.id, turn)
        return turn

    def _left(self) -> list[Turn]:
        """Return the path she left: the one named when seats were changed, or if that is gone the newest that is hers."""
        turns = {turn.id: turn for turn in self.rehearsal.turns}
        for turn in self.rehearsal.path:
            told = (turn.report or {}).get(SEATS)
            left = told.get("from") if isinstance(told, dict) else None
            if isinstance(left, str) and left in turns:
                return self.rehearsal.parts.transcripts.path(self.rehearsal.id, left)
        own = [turn for turn in turns.values() if not seat(turn)]
        inner = {turn.parent_id for turn in own}
        leaf = next((turn for turn in reversed(own) if turn.id not in inner), None)
        return self.rehearsal.parts.transcripts.path(self.rehearsal.id, leaf.id if leaf else None)


def _told() -> _Told:
    return _read(settings.prompts_folder() / "beside.toml", settings.language())


def _gentle_line(path: Sequence[Turn], spoken: int) -> str | None:
    """Return a line of the gentle mother that fits what was just said and that she has not said; ``None`` once she has ended."""
    told = _told()
    said = {turn.text for turn in path if turn.speaker == "mother"}
    if said & set(told.ending):
        return None
    last = path[-1].text if path and path[-1].speaker == "son" else ""
    if not last:
        fitting = told.opening
    elif spoken + 1 >= told.most_lines:
        fitting = told.ending
    elif last.rstrip().endswith("?"):
        fitting = told.after_question
    elif told.anger.search(last):
        fitting = told.after_anger
    elif len(last.split()) <= told.short_words:
        fitting = told.after_short
    else:
        fitting = told.after_other
    unsaid = [line for line in (*fitting, *told.after_other, *told.ending) if line not in said]
    return unsaid[0] if unsaid else None
