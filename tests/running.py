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
def running_app(home: Path, log: Path, *, wait: float = 90.0, **environment: str) -> Iterator[str]:
    """Start ``python app.py`` on an empty home and yield its address once it answers; stop it afterwards."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    settled = {**os.environ, "REHEARSE_HOME": str(home), "PYTHONUNBUFFERED": "1", **environment}
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "app.py"), "--no-browser", "--port", str(port)],
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
