"""The keeper and what it keeps: what falls is started again, what ends has ended, and nobody is left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr
import psutil
import pytest

from rehearse import keeper, settings
from rehearse.keeper import Keeper
from rehearse.lifeline import Lifeline
from rehearse.transcripts import Transcripts
from rehearse.ui.lock import Lock
from rehearse.ui.room import Room

pytestmark = [
    pytest.mark.timeout(100),
    pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX"),
]

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 40.0
SECRET = "a-key-for-nobody-else-73"

# An app that is small: it holds the port, tells of each life in a file, and does what it is told there.
APP = f"""
import json, os, socket, sys, time
from pathlib import Path
from rehearse.lifeline import Lifeline
line, place = Lifeline.taken(), Path(sys.argv[1])
if os.environ.get("EARLY", "") in ("all", str(line.life)):
    sys.exit(7)
if not line.listening.getsockname()[1]:
    line.listening.bind(("127.0.0.1", 0))
line.listening.listen()
line.ends(lambda: (place / "ended").write_text("by the keeper"))
if line.life == 1:
    line.leave(key={SECRET!r}, port=line.listening.getsockname()[1])
else:
    line.leave()
told = {{"life": line.life, "pid": os.getpid(), "key": line.left("key"), "port": line.listening.getsockname()[1]}}
(place / "writing").write_text(json.dumps(told))
(place / "writing").rename(place / f"life-{{line.life}}")
if line.life <= int(os.environ.get("FALLS", "0")):
    os.abort()
if status := os.environ.get("STATUS"):
    sys.exit(int(status))
while True:
    if (place / "ended").exists():
        sys.exit(0)
    line.listening.settimeout(0.05)
    try:
        other, _ = line.listening.accept()
    except TimeoutError:
        continue
    other.sendall(str(line.life).encode())
    other.close()
"""
KEEPER = "import sys; from rehearse import keeper; keeper.PAUSES = (0, 0, 0); sys.exit(keeper.Keeper(sys.argv[1:]).keep())"


class Kept:
    """A small app with its keeper, in processes of their own."""

    def __init__(self, place: Path, **settings: str) -> None:
        self.place = place
        command = [sys.executable, "-c", KEEPER, sys.executable, "-c", APP, str(place)]
        self.process = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def life(self, number: int) -> dict[str, Any]:
        path = self.place / f"life-{number}"
        until(path.exists)
        return dict(json.loads(path.read_text()))

    def said(self) -> tuple[int, str]:
        """Wait for its end; return the exit status, and what it said."""
        _, said = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, said


def until(true: Callable[[], object]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < give_up, "it did not come to that"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def refused(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def kept(place: Path, **settings: str) -> Iterator[Kept]:
    found = Kept(place, **settings)
    try:
        yield found
    finally:
        for each in psutil.Process(found.process.pid).children() if found.process.poll() is None else []:
            each.kill()
        found.process.kill()
        found.process.communicate()


@pytest.mark.parametrize("blow", ["SIGKILL", "SIGSEGV", "SIGABRT"])
def test_what_falls_is_started_again_with_its_key_and_its_port(tmp_path: Path, blow: str) -> None:
    with kept(tmp_path) as app:
        first = app.life(1)
        os.kill(first["pid"], getattr(signal, blow))
        second = app.life(2)
        assert second == {**first, "life": 2, "pid": second["pid"]} and second["pid"] != first["pid"]
        assert second["key"] == SECRET
        with socket.create_connection(("127.0.0.1", second["port"]), timeout=PATIENCE) as asked:
            assert asked.recv(9) == b"2"
        app.process.terminate()
        status, said = app.said()
        assert status == -signal.SIGTERM
        assert said == "rehearse stopped unexpectedly and is starting again. What was sent is kept.\n"


def test_nobody_else_gets_the_port_meanwhile(tmp_path: Path) -> None:
    """Whoever asks between two lives is answered by the next one; another program cannot step in."""
    with kept(tmp_path) as app:
        first = app.life(1)
        # Stopped, so that the moment between two lives lasts.
        os.kill(app.process.pid, signal.SIGSTOP)
        os.kill(first["pid"], signal.SIGKILL)
        until(lambda: gone(first["pid"]))
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", first["port"]))
        with socket.create_connection(("127.0.0.1", first["port"]), timeout=PATIENCE) as asked:
            os.kill(app.process.pid, signal.SIGCONT)
            assert asked.recv(9) == b"2"


def test_what_is_left_stands_in_no_argument_environment_or_file(tmp_path: Path) -> None:
    with kept(tmp_path) as app:
        os.kill(app.life(1)["pid"], signal.SIGKILL)
        second = app.life(2)
        told = b"".join(
            Path(f"/proc/{pid}/{name}").read_bytes() if Path("/proc").exists() else b""
            for pid in (app.process.pid, second["pid"])
            for name in ("environ",)
        )
        arguments = [each for pid in (app.process.pid, second["pid"]) for each in psutil.Process(pid).cmdline()]
        # The small app's own text holds the secret that it makes; what it is handed on with does not.
        assert SECRET.encode() not in told and not any(SECRET in each for each in arguments if each != APP)


def test_nothing_is_held_by_what_the_app_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that the app opened lives on; it must not hold the port, nor the line."""
    down, up = os.pipe(), os.pipe()
    with socket.socket() as listening:
        ends = (down[0], up[1], os.dup(listening.fileno()))
        for each in ends:
            os.set_inheritable(each, True)
        os.write(down[1], b"\n")
        monkeypatch.setenv("_REHEARSE_LIFELINE", " ".join(map(str, ends)))
        line = Lifeline.taken()
        assert not any(os.get_inheritable(each) for each in ends)
        assert "_REHEARSE_LIFELINE" not in os.environ
        assert line.kept and line.life == 1 and line.left("key") is None
        line.leave(key="k")
        assert json.loads(os.read(up[0], 999)) == {"life": 1, "key": "k"}
        ended: list[str] = []
        # It stays in there: the thread would end this process, as it should an app.
        line.ends(lambda: ended.append("ended") or threading.Event().wait())  # type: ignore[func-returns-value]
        os.close(down[1])
        until(lambda: ended)
        assert line.listening is not None
        line.listening.close()


def test_an_app_that_nobody_keeps_has_a_line_too() -> None:
    line = Lifeline.taken()
    line.leave(key="k")
    assert (line.kept, line.life, line.left("key"), line.listening) == (False, 1, "k", None)


def test_a_passphrase_is_asked_for_once(home: Path) -> None:
    """What she gave in one life opens the next, as long as it is the one."""
    path, given = settings.database_path(), "four words that open"
    with Transcripts(path) as store:
        store.set_passphrase(given)
    first = Lifeline()
    room = Room.open(line=first)
    assert room.locked
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Room, "load", lambda self: None)
        room.unlock(given)
    assert first.left("passphrase") == given
    room.close()

    second = Lifeline()
    second.leave(passphrase=given)
    room = Room.open(line=second)
    assert not room.locked
    with gr.Blocks():
        lock = Lock(room)
    lock.change("change", given, "four other words now", "four other words now")
    assert second.left("passphrase") == "four other words now"
    room.close()

    third = Lifeline()
    third.leave(passphrase=given)
    room = Room.open(line=third)
    assert room.locked, "one that is wrong by now is asked for anew"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Room, "load", lambda self: None)
        room.begin_anew()
    assert third.left("passphrase") is None
    room.close()


@pytest.mark.parametrize(
    ("to", "by", "status"),
    [
        ("keeper", "SIGTERM", -signal.SIGTERM),
        ("keeper", "SIGHUP", -signal.SIGHUP),
        ("keeper", "SIGINT", 130),
        ("both", "SIGINT", 130),
        ("both", "SIGHUP", -signal.SIGHUP),
        ("app", "SIGTERM", 128 + signal.SIGTERM),
    ],
)
def test_both_end_at_once(tmp_path: Path, to: str, by: str, status: int) -> None:
    """Ctrl+C and a window that is closed reach both; a service manager asks the keeper alone."""
    number = getattr(signal, by)
    with kept(tmp_path) as app:
        first = app.life(1)
        if to == "both":
            os.killpg(app.process.pid, number)
        else:
            os.kill(app.process.pid if to == "keeper" else first["pid"], number)
        assert app.said() == (status, "") or by == "SIGINT", "more was said than need be"
        assert app.process.returncode == status
        assert gone(first["pid"])
        assert not (tmp_path / "life-2").exists()
        if to == "keeper":
            assert (tmp_path / "ended").exists(), "the app was not asked to end by itself"


def test_a_keeper_that_is_killed_leaves_nobody_behind(tmp_path: Path) -> None:
    with kept(tmp_path) as app:
        first = app.life(1)
        os.kill(app.process.pid, signal.SIGKILL)
        app.process.wait(timeout=PATIENCE)
        until(lambda: gone(first["pid"]))
        until(lambda: refused(first["port"]))


@pytest.mark.parametrize(("given", "status"), [("0", 0), ("130", 130)])
def test_an_app_that_ends_has_ended(tmp_path: Path, given: str, status: int) -> None:
    with kept(tmp_path, STATUS=given) as app:
        assert app.said() == (status, "")
        assert not (tmp_path / "life-2").exists()


def test_an_app_that_ends_in_failure_after_it_was_up_is_started_again(tmp_path: Path) -> None:
    with kept(tmp_path, STATUS="3") as app:
        app.life(4)
        status, said = app.said()
        assert status == 3 and said.count("starting again") == 3


def test_an_app_that_cannot_begin_is_not_tried_again(tmp_path: Path) -> None:
    with kept(tmp_path, EARLY="all") as app:
        assert app.said() == (7, "")


def test_an_app_that_cannot_begin_again_says_why_itself(tmp_path: Path) -> None:
    with kept(tmp_path, EARLY="2") as app:
        os.kill(app.life(1)["pid"], signal.SIGKILL)
        status, said = app.said()
        assert status == 7 and said.count("\n") == 1


def test_falling_again_and_again_stops_with_a_sentence(tmp_path: Path) -> None:
    with kept(tmp_path, FALLS="99") as app:
        status, said = app.said()
        assert status == 128 + signal.SIGABRT, "what a shell reports of such an end"
        assert not (tmp_path / f"life-{keeper.FALLS + 2}").exists()
        *starting, last = said.splitlines()
        assert len(starting) == keeper.FALLS
        assert last.startswith("rehearse stopped unexpectedly 4 times within a few minutes, so it is not started again.")
        assert "What was sent is kept." in last and "“rehearse doctor”" in last


def test_falls_that_are_long_ago_are_forgotten(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Once in a while is no reason to give up."""
    now = [0.0]
    lives = iter([(-signal.SIGSEGV, True)] * 8 + [(0, True)])

    def an_hour() -> tuple[int, bool]:
        now[0] += 3600
        return next(lives)

    patient = Keeper(["unused"])
    patient._left = b"{}\n"
    monkeypatch.setattr(keeper, "PAUSES", (0, 0, 0))
    monkeypatch.setattr(keeper.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(patient, "_live", an_hour)
    monkeypatch.setattr(keeper.signal, "signal", lambda *given: None)
    assert patient.keep() == 0
    assert capsys.readouterr().err.count("starting again") == 8


@pytest.mark.parametrize(
    ("status", "told"), [(-signal.SIGSEGV, 139), (-signal.SIGKILL, 137), (0xC0000005, -1073741819), (0, 0), (130, 130), (3, 3)]
)
def test_how_an_end_is_told(status: int, told: int) -> None:
    assert Keeper(["unused"])._ended(status) == told


def test_the_keeper_is_small() -> None:
    """What stays beside the app all the time is a bare Python and little else, and the page does not wait for it."""
    code = "import sys, rehearse.keeper; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], text=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    loaded = set(done.stdout.split())
    assert "rehearse.keeper" in loaded
    assert not loaded & {
        "argparse",
        "subprocess",
        "typing",
        "dataclasses",
        "inspect",
        "asyncio",
        "platformdirs",
        "gradio",
        "starlette",
    }


def test_no_word_of_a_talk_is_in_what_a_fall_leaves(tmp_path: Path) -> None:
    """The system would write the whole memory beside the program."""
    code = (
        "import os, resource, sys; from rehearse.ui.quiet import keep_quiet\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)\n"
        "keep_quiet(); print(resource.getrlimit(resource.RLIMIT_CORE)[0], flush=True); os.abort()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, text=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == -signal.SIGABRT
    assert done.stdout == "0\n"
    assert list(tmp_path.iterdir()) == []
