"""The real app, running in a process of its own on a port of its own."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def running_app(home: Path, log: Path, *, port: int | None = None, wait: float = 90.0) -> Iterator[str]:
    """Start ``python app.py`` and yield its address once it answers; stop it afterwards.

    Beside the log lies ``outside.txt``: every look-up and connection that was not to this machine; it should be empty.
    """
    port = port or free_port()
    address = f"http://127.0.0.1:{port}"
    settled = {**os.environ, "REHEARSE_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            [
                sys.executable,
                str(ROOT / "tests" / "watched.py"),
                str(log.with_name("outside.txt")),
                "--no-browser",
                "--port",
                str(port),
            ],
            cwd=log.parent,
            env=settled,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(process, address, log, wait)
            yield address
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: "subprocess.Popen[bytes]", address: str, log: Path, wait: float) -> None:
    until = time.monotonic() + wait
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the app did not come up:\n{log.read_text(encoding='utf-8')}")
