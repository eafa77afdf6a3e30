"""The line between the app and its keeper: what one life of the app leaves to the next, and whether the keeper is there.

Two pipes. Down comes one line with what the life before left, then nothing; that it ends says that the keeper is gone or wants
the app to end. Up goes a line once the page answers, and another whenever there is more to leave. They carry the page's keys, its
port and, where there is one, the passphrase: none of that may stand in an argument or in a file.
"""

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from rehearse import LIFELINE

# So long after a fall, whoever comes to the page comes because of it.
SECONDS_AFTER_A_FALL = 120.0
SECONDS_FOR_A_SIGNAL = 0.3
# How long the app may take to end by itself once the line is cut.
SECONDS_TO_END = 10.0


class Lifeline:
    """The app's end of the line. An app that nobody keeps has one too, which leads nowhere."""

    def __init__(self, down: int | None = None, up: int | None = None, listening: socket.socket | None = None) -> None:
        """Read what the life before left, and begin to watch for the keeper.

        :param down: the pipe from the keeper.
        :param up: the pipe to the keeper.
        :param listening: a socket that outlives this app; not bound yet in its first life.
        """
        self.listening = listening
        self.kept = up is not None
        self._up = up
        self._since = time.monotonic()
        self._left: dict[str, Any] = {}
        self._end: Callable[[], None] = lambda: os._exit(1)
        if down is not None:
            self._left = json.loads(_line(down).strip() or b"{}")
            threading.Thread(target=self._watch, args=(down,), name="lifeline", daemon=True).start()
        self._left["life"] = int(self._left.get("life", 0)) + 1

    @classmethod
    def taken(cls) -> "Lifeline":
        """Return the line that this process was started with, and take it from the environment of what is started in turn."""
        given = os.environ.pop(LIFELINE, "").split()
        if not given:
            return cls()
        down, up, *listening = map(int, given)
        if sys.platform == "win32":
            import msvcrt

            return cls(msvcrt.open_osfhandle(down, os.O_RDONLY), msvcrt.open_osfhandle(up, 0))
        # What the app starts in its turn, such as a browser, must not hold on to them.
        for each in (down, up, *listening):
            os.set_inheritable(each, False)
        return cls(down, up, socket.socket(fileno=listening[0]))

    @property
    def life(self) -> int:
        """Which life of the app this is; the first is 1."""
        return int(self._left["life"])

    @property
    def fell(self) -> bool:
        """Whether the app has just been started again after it fell."""
        return self.life > 1 and time.monotonic() - self._since < SECONDS_AFTER_A_FALL

    def left(self, name: str) -> Any:
        """Return what an earlier life left under a name, ``None`` if nothing."""
        return self._left.get(name)

    def leave(self, **what: Any) -> None:
        """Leave something to the next life. The first time this says that the app is up."""
        self._left |= what
        if self._up is None:
            return
        # A keeper that is gone needs nothing more; whoever watches the other pipe ends the app.
        with suppress(OSError):
            os.write(self._up, json.dumps(self._left).encode() + b"\n")

    def ends(self, end: Callable[[], None]) -> None:
        """Have this called, in a thread, when the keeper is gone or wants the app to end."""
        self._end = end

    def _watch(self, down: int) -> None:
        with suppress(OSError):
            while os.read(down, 1024):
                pass
        # Ctrl+C reaches the app by itself too, and who is told twice takes it that there is a hurry.
        time.sleep(SECONDS_FOR_A_SIGNAL)
        self._end()
        # Never an app without its keeper: it would go on holding the port and her talks, and nobody would know.
        time.sleep(SECONDS_TO_END)
        os._exit(1)


def _line(pipe: int) -> bytes:
    found = b""
    while not found.endswith(b"\n") and (more := os.read(pipe, 1)):
        found += more
    return found
