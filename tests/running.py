"""The real app, running in a process of its own on a port of its own."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Address(str):
    """Where the app is. ``key`` is what it printed for whoever started it, ``cookie`` what the door gives for it."""

    key: str
    # The process that was started: the keeper.
    pid: int
    process: "subprocess.Popen[bytes]"

    @property
    def app(self) -> int:
        """The process of the app itself, the keeper's child."""
        (found,) = psutil.Process(self.pid).children()
        return int(found.pid)

    @property
    def open(self) -> str:
        """The address as it was printed."""
        return f"{self}/?key={self.key}"

    @property
    def port(self) -> int:
        return int(self.rpartition(":")[2])

    @property
    def cookie(self) -> str:
        """Come in by the door, as a browser does, and return the cookie as a client sends it."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", f"/?key={self.key}")
        given = connection.getresponse().getheader("set-cookie") or ""
        assert given, "the key the app printed does not open it"
        return given.partition(";")[0]


def admitted(browser: Any, address: Address, **options: Any) -> Any:
    """Return a fresh window of a browser that has already come in by the door."""
    context = browser.new_context(**options)
    name, _, value = address.cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": str(address), "httpOnly": True, "sameSite": "Strict"}])
    return context


# What Gradio says on the console when it stops listening, and when a page is left while it still does. Nobody sees it.
_STOPPED = "AbortError: "
_CUT_SHORT = "Unexpected error Connection errored out"


def console_errors(page: Any) -> list[str]:
    """Return a list that fills with every error on the console of a page, but for those that come of leaving it."""
    said: list[str] = []

    def left(frame: Any) -> None:
        if frame == page.main_frame:
            said[:] = [each for each in said if not each.startswith(_CUT_SHORT)]

    def heard(words: str) -> None:
        if not words.startswith(_STOPPED):
            said.append(words)

    page.on("pageerror", lambda error: heard(str(error)))
    page.on("console", lambda line: heard(line.text) if line.type == "error" else None)
    page.on("framenavigated", left)
    return said


@contextmanager
def running_app(
    home: Path,
    log: Path,
    *,
    port: int | None = None,
    wait: float = 240.0,
    toy: bool = False,
    answers: Path | None = None,
    offered: Path | None = None,
    **more: str,
) -> Iterator[Address]:
    """Start ``python app.py`` and yield its address once it answers; stop it afterwards.

    :param answers: with ``toy``, a file of what the son says, a line of JSON each.
    :param offered: with ``toy``, a file of the voices that are offered, as JSON.
    :param more: what stands in its environment beside what stands in ours.

    :param toy: start the page over the doubles instead; it is ready at once.

    Beside the log lies ``outside.txt``: every look-up and connection that was not to this machine; it should be empty.
    """
    port = port or free_port()
    address = Address(f"http://127.0.0.1:{port}")
    tests = ROOT / "tests"
    settled = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(tests / "watching"))), **more}
    settled |= {"REHEARSE_HOME": str(home), "PYTHONUNBUFFERED": "1", "WATCHED_NOTES": str(log.with_name("outside.txt"))}
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            [
                *(sys.executable, str(tests / "toy_app.py" if toy else ROOT / "app.py"), "--no-browser", "--port", str(port)),
                *(["--answers", str(answers)] if answers else []),
                *(["--offered", str(offered)] if offered else []),
            ],
            cwd=log.parent,
            env=settled,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        try:
            address.pid, address.process = process.pid, process
            address.key = _key(process, log, wait)
            yield address
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _key(process: "subprocess.Popen[bytes]", log: Path, wait: float) -> str:
    """Wait until the app has printed its address, and return the key in it."""
    until = time.monotonic() + wait
    while process.poll() is None and time.monotonic() < until:
        found = re.search(r"/\?key=(\S+)", log.read_text(encoding="utf-8"))
        if found:
            return found[1]
        time.sleep(0.1)
    raise AssertionError(f"the app did not come up:\n{log.read_text(encoding='utf-8')}")
