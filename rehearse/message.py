"""Something real to take along: one short message in her own words, with when and how to send it.

Nothing here needs a model: the check may read the message while it is written, and is missed by nobody if it is off.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from rehearse import data, settings
from rehearse.errors import DataError, RehearseError

# Longer than this it is a letter, and a letter is a talk in which he cannot answer.
LONGEST = 600
WAYS = ("text", "call", "card", "visit")
MOMENTS = ("tomorrow", "weekend", "occasion", "open")


class NothingWritten(RehearseError):
    """There is no message yet."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as she will take it along: her words, how and when, what to do if no answer comes, and when to look again."""

    words: str
    name: str
    way: str
    moment: str
    if_silent: tuple[str, ...]
    not_before: date

    @classmethod
    def of(cls, words: str, name: str, way: str, moment: str, *, today: date | None = None) -> "Message":
        """Put a message together; it sleeps for one night in any case.

        :raises NothingWritten: if there are no words.
        :raises DataError: if ``prompts/message.toml`` is not as it should be.
        """
        words = " ".join(words.split())
        if not words:
            raise NothingWritten("There are no words to take along yet.", "Write one or two sentences first.")
        told = _told(settings.prompts_folder() / "message.toml")
        way, moment = way if way in WAYS else WAYS[0], moment if moment in MOMENTS else MOMENTS[0]
        name = " ".join(name.split())[:40]
        filled = {"name": name or told["him"]}
        return cls(
            words[:LONGEST],
            name,
            told["way"][way].format(**filled),
            told["moment"][moment].format(**filled),
            tuple(each.format(**filled) for each in told["silent"]),
            (today or date.today()) + timedelta(days=1),
        )


@cache
def _told(path: Path) -> dict[str, Any]:
    tables = data.read_toml(path)
    if set(tables.get("way", {})) != set(WAYS) or set(tables.get("moment", {})) != set(MOMENTS):
        raise DataError(path, "a way or a moment is missing")
    if not tables.get("silent") or not isinstance(tables.get("him"), str):
        raise DataError(path, "it needs what to do if no answer comes")
    return tables
