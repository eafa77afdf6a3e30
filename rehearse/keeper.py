"""The keeper: a small process that starts the app as its child, and starts it again if it falls.

What brings a process down from below (memory that is not there, a fault in native code) cannot be met in that process. So the
app runs in another one, and what was started stays, imports nothing heavy, and holds three things: the socket on which the page
listens, so that nobody else can take the port while the app is away; what the app left with it, so that the same key opens the
next life; and the terminal, where it says what happened.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from contextlib import suppress

from rehearse import LIFELINE

# Not taken from `typing`, whose import takes as long as Python's own start, and she waits for the page meanwhile.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from typing import Any

# So many falls within so many seconds are borne; one more, and whatever brings it down will do so again.
FALLS = 3
WITHIN_SECONDS = 300.0
# Memory that ran out needs a moment until it is free again.
PAUSES = (0.0, 2.0, 5.0)
# How an app ends that was told to: by itself, by Ctrl+C, or by a window or a system that is closed.
_ASKED = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_MEANT = {0, 130, 0xC000013A, *(-each for each in _ASKED), -getattr(signal, "SIGQUIT", signal.SIGINT)}
_CODE = "import sys; sys.path[0] = sys.argv.pop(1); from rehearse.cli import main; sys.exit(main(sys.argv[1:]))"


def start(chosen: argparse.Namespace) -> int:
    """Run ``rehearse start``: as the keeper, or, where one has started this, as the app."""
    if LIFELINE in os.environ:
        from rehearse.ui import serve

        return serve.start(chosen)
    port = [] if chosen.port is None else ["--port", str(chosen.port)]
    return main([*port, *(["--no-browser"] if chosen.no_browser else [])])


def main(arguments: Sequence[str]) -> int:
    """Keep ``rehearse start`` with these arguments until it has ended; return its exit status."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    return Keeper([sys.executable, "-c", _CODE, root, "start", *arguments]).keep()


class Keeper:
    """Keeps one app."""

    def __init__(self, command: Sequence[str]) -> None:
        """Keep what this command starts; it finds its end of the line in its environment."""
        self.command = list(command)
        self._left = b""
        self._asked = 0
        self._down: int | None = None
        # Windows has no way to hand a listening socket to a child that could then be served as it is; there the app binds the
        # port anew in each life.
        self._socket = None if sys.platform == "win32" else socket.socket(socket.AF_INET, socket.SOCK_STREAM)

    def keep(self) -> int:
        """Start the app, and again whenever it falls, until it ends or falls too often; return the exit status.

        It is what the app's would have been. Where a signal ended the app, it is the one a shell reports.
        """
        for each in _ASKED:
            # One that is ignored, as under nohup, stays so.
            if signal.getsignal(each) is not signal.SIG_IGN:
                signal.signal(each, self._end)
        falls: list[float] = []
        while True:
            status, up = self._live()
            if self._asked or not self._left or status in _MEANT or (status > 0 and not up):
                return self._ended(status)
            now = time.monotonic()
            falls = [each for each in falls if now - each < WITHIN_SECONDS] + [now]
            if len(falls) > FALLS:
                from rehearse.errors import KeepsFalling

                sys.stderr.write(f"{KeepsFalling(len(falls))}\n")
                return self._ended(status)
            sys.stderr.write("rehearse stopped unexpectedly and is starting again. What was sent is kept.\n")
            sys.stderr.flush()
            until = now + PAUSES[len(falls) - 1]
            while time.monotonic() < until and not self._asked:
                time.sleep(0.05)
            if self._asked:
                return self._ended(status)

    def _live(self) -> tuple[int, bool]:
        """Let the app live once; return how it ended, and whether its page ever answered."""
        down, self._down = os.pipe()
        told, up = os.pipe()
        wait = self._started(down, up)
        os.close(down)
        os.close(up)
        # Where it has fallen already, or is to end already, how it ended is looked at below.
        if self._down is not None:
            with suppress(OSError):
                os.write(self._down, self._left or b"\n")
        was_up = False
        with os.fdopen(told, "rb") as lines:
            for self._left in lines:
                was_up = True
        status = wait()
        self._let_go()
        return status, was_up

    def _started(self, down: int, up: int) -> Callable[[], int]:
        """Start the app with its ends of the line, and return what waits for its end."""
        if sys.platform == "win32":
            return self._started_on_windows(down, up)
        assert self._socket is not None
        ends = (down, up, self._socket.fileno())
        for each in ends:
            os.set_inheritable(each, True)
        # The ends alone: a number says nothing, and what goes through them stands nowhere. Not by `subprocess`, which takes as
        # long to import as all the rest of this.
        child = os.posix_spawn(self.command[0], self.command, {**os.environ, LIFELINE: " ".join(map(str, ends))})
        return lambda: os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def _started_on_windows(self, down: int, up: int) -> Callable[[], int]:
        import msvcrt
        import subprocess

        handles: Any = [msvcrt.get_osfhandle(each) for each in (down, up)]  # type: ignore[attr-defined, unused-ignore]
        for each in handles:
            os.set_handle_inheritable(each, True)  # type: ignore[attr-defined, unused-ignore]
        only: Any = subprocess.STARTUPINFO(lpAttributeList={"handle_list": handles})  # type: ignore[attr-defined, unused-ignore]
        settled = {**os.environ, LIFELINE: " ".join(map(str, handles))}
        return subprocess.Popen(self.command, env=settled, startupinfo=only).wait

    def _end(self, number: int, frame: object) -> None:
        """Let the app end: Ctrl+C in the terminal reaches it too, and being told twice does no harm."""
        self._asked = self._asked or number
        self._let_go()

    def _let_go(self) -> None:
        down, self._down = self._down, None
        if down is not None:
            os.close(down)

    def _ended(self, status: int) -> int:
        if self._asked == signal.SIGINT:
            return 130
        if self._asked:
            # Whoever waits for this process sees how it ended.
            signal.signal(self._asked, signal.SIG_DFL)
            os.kill(os.getpid(), self._asked)
        if status < 0:
            return 128 - status
        # Windows counts its own failures from the top, and takes them back as negative numbers only.
        return status - (1 << 32) if status >= 1 << 31 else status
