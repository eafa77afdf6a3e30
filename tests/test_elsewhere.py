"""A server as his voice, on the page: what she is told where her words leave this computer, and many talks at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from doubles import parts, scenario
from rehearse.errors import VoiceError
from rehearse.rehearsal import Rehearsal
from rehearse.ui import render
from rehearse.ui.leaving import Leaving
from rehearse.ui.loading import Loading
from rehearse.ui.page import Page
from rehearse.ui.room import Room
from rehearse.ui.screen import SERVED
from rehearse.voice.scripted import ScriptedVoice
from running import running_app
from states import barriers, begin, opened, send

if TYPE_CHECKING:
    from playwright.sync_api import Browser

AWAY = "https://ann:violetkettle@voices.example/v1?key=violetkettle"
HERE = "http://127.0.0.1:8080/v1"


@pytest.fixture
def room(home: Path) -> Iterator[Room]:
    given = parts(home)
    with given.transcripts:
        yield Room(given, Leaving(given.transcripts, home / "leaving"), Loading("ready"), Loading("ready"))


@pytest.mark.parametrize(
    ("voice", "may", "leaves"), [(AWAY, "1", True), (AWAY, "", False), (HERE, "1", False), ("embedded", "1", False)]
)
@pytest.mark.parametrize("language", ["en", "es"])
def test_she_is_told_where_her_words_leave_and_nowhere_else(
    room: Room, monkeypatch: pytest.MonkeyPatch, voice: str, may: str, leaves: bool, language: str
) -> None:
    monkeypatch.setenv("REHEARSE_VOICE", voice)
    monkeypatch.setenv("REHEARSE_LET_WORDS_LEAVE", may)
    monkeypatch.setenv("REHEARSE_LANGUAGE", language)
    stays = {"en": "Everything stays on this computer.", "es": "Todo se queda en este ordenador."}[language]
    away = {"en": "on another computer", "es": "en otro ordenador"}[language]
    warning = Page._leaving()
    assert ("voices.example" in warning) is leaves
    assert (stays in Page._header()) is not leaves
    assert "violetkettle" not in warning + Page._header()
    about = render.about(Rehearsal.start(scenario(), parts=room.parts))
    assert (away in about) is leaves


@pytest.mark.parametrize(("voice", "at_once"), [("embedded", 1), ("/models/some.gguf", 1), (HERE, SERVED)])
def test_one_voice_speaks_in_one_talk_at_a_time_and_a_server_in_many(
    room: Room, monkeypatch: pytest.MonkeyPatch, voice: str, at_once: int
) -> None:
    monkeypatch.setenv("REHEARSE_VOICE", voice)
    blocks = Page(room).blocks
    line = blocks._queue
    for event in blocks.fns.values():
        line.create_event_queue_for_fn(event)
    assert line.event_queue_per_concurrency_id["voice"].concurrency_limit == at_once


def test_a_server_that_takes_his_place_lets_many_talk_at_once_and_the_small_voice_one_again(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rehearse.voice.choice.open_voice", lambda name: ScriptedVoice("Hm."))
    blocks = Page(room).blocks
    line = blocks._queue
    for event in blocks.fns.values():
        line.create_event_queue_for_fn(event)

    def at_once() -> int | None:
        # What Gradio takes from the line by, and what a line that it makes later begins with.
        limits = {event.concurrency_limit for event in blocks.fns.values() if event.concurrency_id == "voice"}
        assert limits == {line.event_queue_per_concurrency_id["voice"].concurrency_limit}
        return limits.pop()

    assert at_once() == 1
    room.speaking.change(HERE)
    assert at_once() == SERVED and room.speaking.name == HERE
    room.speaking.change("embedded")
    assert at_once() == 1


def test_a_server_that_cannot_be_had_changes_nothing(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(name: str) -> ScriptedVoice:
        raise VoiceError("Nobody answers.", "Start it.")

    monkeypatch.setattr("rehearse.voice.choice.open_voice", fails)
    blocks = Page(room).blocks
    room.speaking.change(HERE)
    assert room.speaking.problem
    assert {event.concurrency_limit for event in blocks.fns.values() if event.concurrency_id == "voice"} == {1}


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_the_warning_stays_in_sight(chromium: "Browser", tmp_path: Path) -> None:
    told = {"REHEARSE_VOICE": AWAY, "REHEARSE_LET_WORDS_LEAVE": "1"}
    with running_app(tmp_path / "home", tmp_path / "log.txt", toy=True, **told) as address:
        page = opened(chromium, address, viewport={"width": 1440, "height": 700})
        begin(page, address)
        send(page, "I miss our talks.")
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 700})
            page.evaluate("() => window.scrollTo(0, document.body.scrollHeight)")
            page.wait_for_timeout(300)
            assert page.evaluate("() => window.scrollY") > 200, "there was nothing to scroll"
            box = page.locator("#leaves p").bounding_box()
            assert box is not None and -1 <= box["y"] < 40, "it went out of sight with the page"
            assert box["x"] >= 0 and box["x"] + box["width"] <= width
            assert barriers(page) == []
        assert "voices.example" in page.inner_text("#leaves")
        assert "violetkettle" not in page.content()
        page.context.close()
