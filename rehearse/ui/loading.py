"""What is loaded once the page is up: the voice, the check, its second look, and what makes them faster."""

import ctypes
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rehearse import look
from rehearse.errors import RehearseError, VoiceError
from rehearse.listener import Listener
from rehearse.son.bank import portable_lines
from rehearse.ui.words import trouble
from rehearse.voice import middle

if TYPE_CHECKING:
    from rehearse.ui.room import Room

Progress = Literal["loading", "ready", "failed"]


@dataclass(slots=True)
class Loading:
    """How far a part is, and if it failed, the sentence that says why and what to do."""

    state: Progress = "loading"
    failure: str = ""


def load(room: "Room") -> None:
    """Load everything into a room, what she needs first; takes some seconds, in a thread of its own."""
    # The voice first: it is up in a second, while the check waits for torch to be imported.
    room.speaking.wake()
    try:
        _check(room)
    except RehearseError as error:
        room.check.failure, room.check.state = trouble(error), "failed"
    if not room.ending.is_set():
        room.speaking.quicken()
    give_back()


def give_back() -> bool:
    """Give memory that was only needed for loading back to the system, where the C library does not do so by itself.

    :return: whether there was something to give back; glibc keeps some 50 MB of it otherwise.
    """
    if not sys.platform.startswith("linux"):
        return False
    # Other C libraries than glibc have no such call, and need none.
    with suppress(AttributeError, OSError):
        return bool(ctypes.CDLL(None).malloc_trim(0))
    return False


def _check(room: "Room") -> None:
    from rehearse.tone import ToneCheck

    tone = ToneCheck.load()
    tone.check("Hello.")
    if room.parts.son is not None:
        room.parts.son.bring(tone.embedder)
    room.parts.listener = Listener.load(tone.embedder)
    room.parts.bring(tone)
    room.check.state = "ready"
    # What is read only now is waited for only if her first line, seconds from here, has a finding.
    tone.prepare()
    if room.parts.son is not None and room.parts.son.ranker is not None:
        room.parts.son.ranker.prepare([line.text for line in portable_lines()])

    def make(blocks: int) -> Path:
        made = middle.apart(blocks)
        # Nothing native is begun while the app ends: the process would not end cleanly.
        if room.ending.is_set():
            raise VoiceError("The app is ending.", "Start it again.")
        return made

    # Until it is there, and where it cannot be had, the check reads once.
    if not room.ending.is_set():
        room.parts.look_twice(look.bring(tone, make=make))
