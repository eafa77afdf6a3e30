"""Many talks at once through a real server: one over llama.cpp, in a process of its own, with the voice that comes along."""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import httpx
import psutil
import pytest

from doubles import scenario, toy_check
from rehearse import catalog
from rehearse.errors import ModelMissing, VoiceError
from rehearse.parts import Parts
from rehearse.rehearsal import Rehearsal
from rehearse.son import Son
from rehearse.transcripts import Transcripts
from rehearse.voice.endpoint import EndpointVoice
from rehearse.voice.server import Patience
from rehearse.voice.voice import Message, Sampling
from running import free_port

pytestmark = pytest.mark.model
TALKS = 8
# Plain words, which the voice can say after one.
MARKS = ("bottle", "pepper", "harbor", "violin", "meadow", "copper", "window", "garden")


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator["subprocess.Popen[bytes]"]:
    try:
        model = catalog.verified("voice")
    except ModelMissing as error:
        pytest.skip(str(error))
    port, log = free_port(), tmp_path_factory.mktemp("served") / "log.txt"
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(model), "--model_alias", "small", "--n_ctx", "1024"]
    # Without the last of these it breaks an answer off as soon as somebody else asks.
    command += ["--port", str(port), "--n_threads", "1", "--n_threads_batch", "1", "--interrupt_requests", "false"]
    with log.open("wb") as stream:
        started = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT)
    started.address = f"http://127.0.0.1:{port}"  # type: ignore[attr-defined]
    try:
        until = time.monotonic() + 60
        while True:
            assert started.poll() is None and time.monotonic() < until, log.read_text(encoding="utf-8", errors="replace")
            try:
                if httpx.get(f"{started.address}/v1/models", trust_env=False).status_code == 200:  # type: ignore[attr-defined]
                    break
            except httpx.HTTPError:
                time.sleep(0.2)
        yield started
    finally:
        started.kill()
        started.wait()


@pytest.fixture(autouse=True)
def _as_the_server_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSE_CONTEXT", "1024")


@pytest.fixture
def voice(process: "subprocess.Popen[bytes]") -> EndpointVoice:
    return EndpointVoice(process.address)  # type: ignore[attr-defined]


class Brief(EndpointVoice):
    """Says little, so that eight of it take seconds."""

    def stream(self, prompt: Sequence[Message], sampling: Sampling, stop: Event) -> Iterator[str]:
        return super().stream(prompt, replace(sampling, most=8), stop)


def asking(mark: str) -> list[Message]:
    """Return a prompt to which there is one answer."""
    shown = [(f"Say {word}.", word) for word in ("apple", "river")]
    turns = [message for hers, his in shown for message in (Message("user", hers), Message("assistant", his))]
    return [Message("system", "Say the word."), *turns, Message("user", f"Say {mark}.")]


def test_each_of_eight_at_once_gets_its_own_answer(voice: EndpointVoice) -> None:
    def talk(mark: str) -> list[str]:
        drawn = Sampling(temperature=0.0, most=5, seed=1)
        return ["".join(voice.stream(asking(mark), drawn, Event())).lower() for _ in range(2)]

    with ThreadPoolExecutor(TALKS) as pool:
        answers = dict(zip(MARKS, pool.map(talk, MARKS), strict=True))
    for mark, said in answers.items():
        assert all(mark in each for each in said), answers
        assert not [other for other in MARKS if other != mark and any(other in each for each in said)], answers
    assert voice.name.startswith("small at ")


def test_eight_rehearsals_at_once_in_one_store(process: "subprocess.Popen[bytes]", tmp_path: Path) -> None:
    son = Son(Brief(process.address))  # type: ignore[attr-defined]
    with Transcripts(tmp_path / "rehearsals.db") as store:
        parts = Parts(store, toy_check(), son)

        def talk(mark: str) -> Rehearsal:
            rehearsal = Rehearsal.start(scenario(), parts=parts)
            assert "".join(rehearsal.say(f"Do you remember the {mark}?", seed=1)).strip()
            return rehearsal

        with ThreadPoolExecutor(TALKS) as pool:
            talks = dict(zip(MARKS, pool.map(talk, MARKS), strict=True))
        for mark, rehearsal in talks.items():
            path = rehearsal.path
            assert [(turn.speaker, turn.state) for turn in path] == [("mother", "complete"), ("son", "complete")]
            told = " ".join(turn.text.lower() for turn in path)
            assert mark in told
            assert not [other for other in MARKS if other != mark and other in told], told


def test_a_stop_in_one_talk_leaves_the_others_speaking(voice: EndpointVoice) -> None:
    stop = Event()
    long = [Message("system", "Tell a long story."), Message("user", "Begin.")]
    with ThreadPoolExecutor(2) as pool:
        first = voice.stream(long, Sampling(most=400, seed=1), stop)
        assert next(first)
        other = pool.submit(lambda: "".join(voice.stream(asking("violin"), Sampling(temperature=0.0, most=5), Event())))
        stop.set()
        assert list(first) == []
        # The server answers one at a time: it only comes to this one because the other connection was closed.
        assert "violin" in other.result(30).lower()


def test_a_server_that_is_killed_in_the_middle_leaves_what_was_said(process: "subprocess.Popen[bytes]", tmp_path: Path) -> None:
    """The last of this module: nothing can be asked afterwards."""
    son = Son(EndpointVoice(process.address, patience=Patience(pauses=(0.1,))))  # type: ignore[attr-defined]
    with Transcripts(tmp_path / "rehearsals.db") as store:
        rehearsal = Rehearsal.start(scenario(), parts=Parts(store, toy_check(), son))
        answer = rehearsal.say("Tell me all about your week, from Monday on.", seed=3)
        first = next(answer)
        psutil.Process(process.pid).kill()
        with pytest.raises(VoiceError, match="broke off in the middle|cannot be reached"):
            list(answer)
        his = rehearsal.path[-1]
        assert his.state == "partial" and his.text.startswith(first.strip())
        with pytest.raises(VoiceError, match="cannot be reached.*embedded"):
            list(rehearsal.say("Are you there?"))
        assert rehearsal.path[-1].state == "partial" and rehearsal.path[-2].text == "Are you there?"
