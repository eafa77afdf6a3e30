"""Stop and send, two hundred times, over a real context of llama.cpp: one caller at a time, and nothing that was said is lost."""

import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock
from types import SimpleNamespace
from typing import Any

import pytest

import tiny
from doubles import parts, scenario
from rehearse.rehearsal import Rehearsal
from rehearse.son import Son
from rehearse.ui.leaving import Leaving
from rehearse.ui.loading import Loading
from rehearse.ui.page import Page
from rehearse.ui.room import Room
from rehearse.voice.voice import Message, Sampling

pytestmark = pytest.mark.model

ROUNDS = 200
# Seconds for which his first word is waited for.
PATIENCE = 3.0
# Two tabs with a talk each: the context is shared by all.
TALKS = 2


class Worded:
    """The smallest model there is, which writes single letters: each one it writes is a word of a sentence here."""

    tuned = False

    def __init__(self, native: Any) -> None:
        self.native = native
        self.name, self.context, self.tokens = native.name, native.context, native.tokens
        self.inside, self.most, self.callers = 0, 0, 0
        self._guard, draw = Lock(), native._talks.draw

        def watched(*given: Any) -> Iterator[tuple[int, int]]:
            with self._guard:
                self.inside, self.callers = self.inside + 1, self.callers + 1
                self.most = max(self.most, self.inside)
            try:
                yield from draw(*given)
            finally:
                with self._guard:
                    self.inside -= 1

        native._talks.draw = watched

    def stream(self, prompt: Sequence[Message], sampling: Sampling, stop: Event) -> Iterator[str]:
        asked = prompt[-1].content.rstrip(".").split()[-1]
        words = f"I heard the thing about {asked}. We were out for a long walk today. Not now, please. ".split(" ")
        answer = self.native.stream(prompt, sampling, stop)
        try:
            for word, _ in zip(words, answer, strict=False):
                yield f"{word} "
        finally:
            answer.close()


class Asked:
    """One event of the page, in a thread of its own as Gradio runs it: to its end, or until the page is gone."""

    def __init__(self, event: Iterator[Any]) -> None:
        self.event = event
        self.left = Event()
        self.shown = ""

    def run(self) -> None:
        for screen in self.event:
            self.shown = screen.talk if isinstance(screen.talk, str) else self.shown
            if self.left.is_set():
                break
        self.event.close()  # type: ignore[attr-defined]


@pytest.fixture
def voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worded]:
    pytest.importorskip("llama_cpp")
    from rehearse.voice.llama import LlamaVoice

    monkeypatch.setenv("REHEARSE_THREADS", "1")
    native = LlamaVoice.load(tiny.write(tmp_path / "tiny.gguf"))
    yield Worded(native)
    native.close()


@pytest.fixture
def room(home: Path, voice: Worded) -> Iterator[Room]:
    made = parts(home)
    made.son = Son(voice)
    with made.transcripts:
        yield Room(made, Leaving(made.transcripts, home / "leaving"), Loading("ready"), Loading("ready"))


def clicked(act: str, value: str = "") -> Any:
    return SimpleNamespace(_data={"act": act, "value": value})


@pytest.mark.timeout(300)
def test_two_hundred_times(room: Room, voice: Worded, monkeypatch: pytest.MonkeyPatch) -> None:
    page, store, chance = Page(room), room.parts.transcripts, random.Random(5)
    events = {each.fn.__qualname__: each.fn for each in page.blocks.fns.values() if each.fn is not None}
    say, act = events["Talk.say"], events["Talk.act"]
    talks = [Rehearsal.start(scenario(), parts=room.parts).id for _ in range(TALKS)]
    heard: dict[str, str] = {}
    grow = store.grow
    monkeypatch.setattr(store, "grow", lambda id, text: (heard.update({id: text}), grow(id, text)))
    going: list[tuple[str, Asked, Future[None]]] = []
    done: Counter[str] = Counter()
    with ThreadPoolExecutor(64) as pool:

        def ask(line: str, id: str, event: Iterator[Any]) -> None:
            asked, before = Asked(event), len(heard)
            going.append((line, asked, pool.submit(asked.run)))
            # A moment that nobody chose: while it waits, reads, writes, or is done. And, on the slowest computer too, one while
            # he speaks.
            patience = time.monotonic() + (PATIENCE if chance.random() < 0.3 else 0)
            while len(heard) == before and not going[-1][-1].done() and time.monotonic() < patience:
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.04))
            how = chance.choice(("stop", "stop", "leave", "send on"))
            done[how] += 1
            if how == "stop":
                page.talk.stop_answer(id)
            elif how == "leave":
                asked.left.set()

        for number in range(ROUNDS):
            id = talks[number % TALKS]
            hers = [turn.id for turn in store.turns(id) if turn.speaker == "mother"]
            if hers and chance.random() < 0.2:
                list(act(id, clicked("back", chance.choice(hers))))
                done["back"] += 1
            if store.get(id).leaf_id and chance.random() < 0.2:
                ask("", id, act(id, clicked("again")))
                done["again"] += 1
            line = f"I thought of you, and of walk {number:03d}."
            ask(line, id, say(id, line, line))
        # Whatever is not stopped by now ends by itself.
        for _, _, future in going:
            future.result(120)
    assert min(done["stop"], done["leave"], done["send on"], done["again"], done["back"]) > 20, done
    assert (voice.most, voice.inside) == (1, 0)
    assert voice.callers > ROUNDS / 2, "hardly anything came as far as llama.cpp"
    turns = [turn for id in talks for turn in store.turns(id)]
    kept = Counter(turn.text for turn in turns if turn.speaker == "mother")
    assert set(kept.values()) == {1}
    assert not [line for line, asked, _ in going if line in asked.shown and line and not kept[line]]
    # On a busy computer some leave before their line is taken; it is then neither shown nor kept.
    assert len(kept) > ROUNDS / 2, "most were gone before they were taken"
    his = [turn for turn in turns if turn.speaker == "son"]
    assert {turn.state for turn in his} == {"complete", "stopped"}
    assert {turn.id: turn.text for turn in his if turn.id in heard} == {id: text.strip() for id, text in heard.items()}
    assert sum(turn.state == "stopped" and bool(turn.text) for turn in his) > 10, "hardly any was stopped while he spoke"
    list(say(talks[0], "Good night then.", "Good night then."))
    last = room.rehearsal(talks[0]).path[-1]
    assert (last.speaker, last.state) == ("son", "complete") and last.text
