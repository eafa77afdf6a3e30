"""The download beside the app: a process of its own, followed, stopped, gone on with, and never the app itself online."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from hub import Hub, serving
from rehearse.voice import download
from rehearse.voice.fetching import Fetching
from rehearse.voice.progress import Progress
from test_download import BYTES, VOICE

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    with serving(Hub(BYTES)) as found:
        monkeypatch.setenv("HF_ENDPOINT", found.address)
        # Whatever the process looks up or reaches that is not this machine is written down.
        monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests" / "watching"))
        monkeypatch.setenv("WATCHED_NOTES", str(tmp_path / "outside.txt"))
        yield found
    notes = tmp_path / "outside.txt"
    assert not notes.exists() or notes.read_text(encoding="utf-8") == ""


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def fetched(fetching: Fetching) -> Progress:
    ended: list[Progress] = []
    fetching.begin(VOICE, ended.append)
    until(lambda: ended)
    return ended[0]


def test_it_goes_online_in_a_process_of_its_own_though_the_app_is_offline(hub: Hub) -> None:
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    fetching = Fetching()
    assert fetched(fetching).state == "done" and not fetching.ongoing
    assert download.path_of(VOICE).read_bytes() == BYTES
    assert os.environ["HF_HUB_OFFLINE"] == "1" and "HF_HOME" not in os.environ


def test_it_is_stopped_and_goes_on_where_it_was(hub: Hub) -> None:
    hub.pause = 0.05
    fetching, ended = Fetching(), []
    fetching.begin(VOICE, ended.append)
    until(lambda: fetching.progress.state == "fetching" and download.arrived(VOICE))
    # A second one does nothing.
    fetching.begin(VOICE, ended.append)
    fetching.stop()
    until(lambda: ended)
    here = download.arrived(VOICE)
    assert [each.state for each in ended] == ["stopped"] and 0 < here < len(BYTES) and fetching.progress.done == here
    hub.pause = 0.0
    assert fetched(fetching).state == "done"
    assert hub.ranged == [f"bytes={here}-"]


def test_what_arrived_of_a_stopped_one_can_be_thrown_away(hub: Hub) -> None:
    hub.pause = 0.05
    fetching = Fetching()
    fetching.begin(VOICE)
    until(lambda: download.arrived(VOICE))
    fetching.forget()
    assert fetching.ongoing, "it is never thrown away under the hands of whoever writes it"
    fetching.stop()
    until(lambda: not fetching.ongoing)
    fetching.forget()
    assert download.arrived(VOICE) == 0 and fetching.offered is None


def test_why_it_failed_is_told(hub: Hub) -> None:
    hub.status = 404
    ended = fetched(Fetching())
    assert ended.state == "failed" and "127.0.0.1 does not have Small any more" in ended.problem.happened
    assert ended.problem.remedy.startswith("Choose another voice")


def test_one_that_is_killed_is_told_and_goes_on(hub: Hub) -> None:
    hub.pause = 0.05
    fetching, ended = Fetching(), []
    fetching.begin(VOICE, ended.append)
    until(lambda: download.arrived(VOICE))
    (child,) = [each for each in psutil.Process().children() if "rehearse.voice.download" in each.cmdline()]
    # None of her words could stand there: only what Python is to run.
    assert child.cmdline()[1:] == ["-m", "rehearse.voice.download"]
    child.kill()
    until(lambda: ended)
    assert ended[0].state == "failed" and "ended from outside" in ended[0].problem.happened and ended[0].done > 0
    hub.pause = 0.0
    assert fetched(fetching).state == "done"


def test_it_ends_with_whoever_wanted_it(hub: Hub) -> None:
    hub.pause = 0.05
    process = subprocess.Popen(
        [sys.executable, "-m", "rehearse.voice.download"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), os.environ["PYTHONPATH"]))},
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(json.dumps(asdict(VOICE)).encode() + b"\n")
    process.stdin.flush()
    threading.Thread(target=process.stdout.read, daemon=True).start()
    until(lambda: download.arrived(VOICE))
    process.stdin.close()
    assert process.wait(10) == 130
    assert not download.path_of(VOICE).exists()
