"""A turn of the talk, and how open he is after it."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from enum import IntEnum
from typing import Any, Literal

Speaker = Literal["mother", "son"]
State = Literal["complete", "partial", "stopped"]


class Openness(IntEnum):
    """Where the son is after hearing a turn. Words for each level are data, in ``prompts/openness.toml``."""

    SHUT = 1
    GUARDED = 2
    WARY = 3
    WARMING = 4
    OPEN = 5


def new_id() -> str:
    """Return a fresh random identifier of 32 hexadecimal digits."""
    return uuid.uuid4().hex


def now() -> str:
    """Return this moment in UTC, as ISO 8601 with milliseconds."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


# Under this name a turn's report says, where seats were changed, who really spoke.
SEATS = "seats"
# And under this one, on a turn of his, the name of the voice that spoke it.
VOICE = "voice"
LONGEST_VOICE = 120


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance by mother or son, never changed or removed by a later one.

    ``openness`` is where he is after hearing her turn, and on a turn of his where he spoke from; ``reason`` says in one
    sentence why it moved. ``report`` is what the check said of her line then, in the form of ``rehearse check``;
    where seats were changed it also says who spoke (:func:`seat`), and on a turn of his which voice did (:func:`voice_of`).
    ``state`` is ``partial`` while his answer still grows (and stays so if the app died, or the voice broke off), ``stopped`` if
    she stopped it.
    ``label`` is a name she may give to a try.
    """

    speaker: Speaker
    text: str
    openness: Openness
    parent_id: str | None = None
    reason: str = ""
    report: Mapping[str, Any] | None = None
    state: State = "complete"
    label: str = ""
    id: str = field(default_factory=new_id)
    created: str = field(default_factory=now)


def spoken(turn: Turn, voice: str) -> Turn:
    """Return a turn of his that says which voice speaks it."""
    return replace(turn, report={**(turn.report or {}), VOICE: voice})


def voice_of(turn: Turn) -> str:
    """Return the name of the voice that spoke a turn of his; empty where none did, or none was noted."""
    found = (turn.report or {}).get(VOICE) if turn.speaker == "son" else None
    return found[:LONGEST_VOICE] if isinstance(found, str) else ""


def voices(path: Iterable[Turn]) -> dict[str, str]:
    """Return, by the id of a turn of his, the voice that speaks from there on, wherever it is another than before."""
    found: dict[str, str] = {}
    before = ""
    for turn in path:
        name = voice_of(turn)
        if name and before and name != before:
            found[turn.id] = name
        before = name or before
    return found


def seat(turn: Turn) -> str:
    """Return who spoke a turn where seats were changed: ``her`` for a line of his that she said, ``own`` or ``gentle`` for a line
    of hers that the app played, empty for every other turn.
    """
    told = (turn.report or {}).get(SEATS)
    found = told.get("spoken") if isinstance(told, Mapping) else None
    return found if isinstance(found, str) and found in ("her", "own", "gentle") else ""
