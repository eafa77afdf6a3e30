"""The corner of the voices and who speaks in an app: their handlers, without a browser."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import psutil
import pytest

from doubles import parts, scenario
from hub import Hub, serving
from rehearse import catalog, settings
from rehearse.errors import VoiceError
from rehearse.lifeline import Lifeline
from rehearse.parts import Parts
from rehearse.rehearsal import Rehearsal
from rehearse.turn import voice_of
from rehearse.ui import words
from rehearse.ui.leaving import Leaving
from rehearse.ui.loading import Loading
from rehearse.ui.page import Page
from rehearse.ui.room import Room
from rehearse.ui.speaking import title
from rehearse.ui.voices import Voices
from rehearse.voice import download
from rehearse.voice.scripted import ScriptedVoice
from test_download import BYTES, VOICE

BIG = replace(VOICE, name="big", title="Big", file="big.gguf", ram=4000)


@pytest.fixture(autouse=True)
def offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "offered", lambda: (VOICE, BIG))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the voices that were loaded; each is a scripted one of that name, and “broken” cannot be loaded."""
    asked: list[str] = []

    def open_voice(name: str = settings.EMBEDDED) -> ScriptedVoice:
        asked.append(name)
        if name == "broken" or (name == "small" and not download.path_of(VOICE).is_file()):
            raise VoiceError(f"The voice {name} has not been downloaded yet.", "Fetch it.")
        voice = ScriptedVoice(*["Hm."] * 20)
        voice.name = name
        return voice

    monkeypatch.setattr("rehearse.voice.choice.open_voice", open_voice)
    return asked


@pytest.fixture
def given(home: Path) -> Iterator[Parts]:
    made = parts(home, *["Fine."] * 5)
    with made.transcripts:
        yield made


@pytest.fixture
def room(given: Parts, home: Path, opened: list[str]) -> Room:
    return Room(given, Leaving(given.transcripts, home / "leaving"), Loading("ready"), Loading("ready"))


@pytest.fixture
def corner(room: Room) -> Voices:
    with gr.Blocks():
        return Voices(room)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serving(Hub(BYTES)) as found:
        monkeypatch.setenv("HF_ENDPOINT", found.address)
        yield found


class Shown:
    """What a handler puts out, by name."""

    def __init__(self, made: tuple[Any, ...]) -> None:
        told, self.asked, self.progress, self.stop, self.note, listed, self.clock, self.open = made
        self.told = told if told == gr.skip() else told + listed


def act(corner: Voices, asked: str, name: str = "", *, open_: bool = True) -> list[Shown]:
    event = SimpleNamespace(_data={"act": asked, "value": name})
    return [Shown(each) for each in corner.act(open_, event)]  # type: ignore[arg-type]


def lay(name: str = "small.gguf") -> Path:
    path = settings.private_folder(settings.voices_folder()) / name
    path.write_bytes(BYTES)
    return path


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


# -- the corner ----------------------------------------------------------------------------------------------------------------


def test_it_is_closed_until_she_looks(corner: Voices) -> None:
    shown = Shown(corner.shown())
    assert "Now he is played by: the small voice that came along." in shown.told and "Small" not in shown.told
    (shown,) = act(corner, "more", open_=False)
    assert "Small" in shown.told and "1 MB · for a computer with 1 GB of memory · licence Apache-2.0" in shown.told
    assert "For a test." in shown.told and shown.open is True and "This computer has" in shown.told
    assert act(corner, "fewer")[0].open is False


def test_one_that_does_not_fit_is_shown_with_the_reason_and_no_button(corner: Voices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=8_000_000_000, available=4_000_000_000))
    (shown,) = act(corner, "more")
    assert "Big is made for a computer with 4000 GB of memory, and this one has 8.0 GB." in shown.told
    assert shown.told.count('data-act="fetch"') == 1 and 'data-value="big"' not in shown.told


def test_before_going_online_she_is_told_what_is_asked_of_whom_and_asked(corner: Voices, hub: Hub) -> None:
    (shown,) = act(corner, "fetch", "small")
    assert "asks 127.0.0.1 for one file: small.gguf, 1 MB, from maker/small" in shown.asked
    assert "None of your words go along" in shown.asked and 'data-act="yes"' in shown.asked and hub.asked == []
    (shown,) = act(corner, "leave")
    assert shown.asked == "" and not corner.room.speaking.busy and hub.asked == []


def test_nothing_is_done_for_a_name_that_is_not_offered(corner: Voices, opened: list[str], hub: Hub) -> None:
    for asked in ("fetch", "yes", "use", "remove", "gone", "forget"):
        (shown,) = act(corner, asked, "../small")
        assert shown.asked == ""
    assert opened == [] and hub.asked == []


def test_it_is_fetched_and_plays_him_from_then_on(corner: Voices, room: Room, given: Parts, hub: Hub) -> None:
    hub.pause = 0.02
    talk = Rehearsal.start(scenario(), parts=given)
    list(talk.say("Hello."))
    (shown,) = act(corner, "yes", "small")
    assert shown.stop["visible"] is True and shown.clock.active
    until(lambda: room.speaking.fetching.progress.done)
    looked = Shown(corner.look(True))
    assert "Fetching Small" in looked.progress and "<progress" in looked.progress and looked.told == gr.skip()
    until(lambda: not room.speaking.busy)
    ended = Shown(corner.look(True))
    assert "From now on he is played by: Small." in ended.note and not ended.clock.active and ended.stop["visible"] is False
    assert "speaks now" in ended.told and ended.progress == ""
    list(talk.say("How are you?"))
    assert [voice_of(turn) for turn in talk.path if turn.speaker == "son"] == ["scripted", "small"]
    assert settings.voice() == "small", "at the next start another would speak"


def test_cancelled_it_stays_until_she_goes_on_or_throws_it_away(corner: Voices, room: Room, hub: Hub) -> None:
    hub.pause = 0.05
    act(corner, "yes", "small")
    until(lambda: download.arrived(VOICE))
    corner.cancel(True)
    until(lambda: not room.speaking.busy)
    shown = Shown(corner.look(True))
    assert "Stopped. 1 MB of 1 MB are here" in shown.note and "Go on fetching it" in shown.told
    assert room.speaking.name == settings.EMBEDDED
    (shown,) = act(corner, "forget", "small")
    assert "What had arrived of Small is thrown away" in shown.note and download.arrived(VOICE) == 0
    assert "Fetch this voice" in shown.told


def test_a_download_that_fails_says_what_to_do(corner: Voices, room: Room, hub: Hub) -> None:
    hub.status = 404
    act(corner, "yes", "small")
    until(lambda: not room.speaking.busy)
    shown = Shown(corner.look(True))
    assert 'class="error"' in shown.note and "does not have Small any more" in shown.note and "Choose another voice" in shown.note
    assert "Fetch this voice" in shown.told


def test_she_goes_back_and_removes_it(corner: Voices, room: Room) -> None:
    path = lay()
    first, shown = act(corner, "use", "small")
    assert "Small is waking up" in first.progress and "From now on he is played by: Small." in shown.note
    assert "Go back to the small voice" in shown.told
    shown = act(corner, "use", settings.EMBEDDED)[-1]
    assert "played by: the small voice that came along" in shown.note and settings.chosen_voice() == settings.EMBEDDED
    (shown,) = act(corner, "remove", "small")
    assert "Remove Small?" in shown.asked and path.exists()
    shown = act(corner, "gone", "small")[-1]
    assert not path.exists() and "Small is removed" in shown.note


def test_removing_the_one_that_speaks_lets_the_small_one_speak_first(corner: Voices, room: Room) -> None:
    path = lay()
    act(corner, "use", "small")
    act(corner, "gone", "small")
    assert not path.exists() and room.speaking.name == settings.EMBEDDED == settings.voice()
    assert room.parts.son is not None and room.parts.son.voice.name == settings.EMBEDDED


def test_one_that_cannot_be_loaded_leaves_him_as_he_was(corner: Voices, room: Room) -> None:
    shown = act(corner, "use", "small")[-1]
    assert 'class="error"' in shown.note and "has not been downloaded yet" in shown.note
    assert room.speaking.name == settings.EMBEDDED and room.parts.son is not None and room.parts.son.voice.name == "scripted"
    assert settings.chosen_voice() == settings.EMBEDDED


def test_a_start_with_another_voice_is_told(home: Path, given: Parts, opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSE_VOICE", "/home/ann/models/own.gguf")
    room = Room(given, Leaving(given.transcripts, home / "leaving"))
    with gr.Blocks():
        corner = Voices(room)
    told = Shown(corner.shown()).told
    assert "played by: own.gguf." in told and "/home/ann" not in told and "rehearse was started with this voice" in told
    lay()
    act(corner, "use", "small")
    # Whatever asks which voice it is is told the one that speaks.
    assert settings.voice() == "small"


# -- who speaks ----------------------------------------------------------------------------------------------------------------


def woken(home: Path, line: Lifeline | None = None) -> Room:
    made = parts(home)
    made.son = made.check = None
    room = Room(made, Leaving(made.transcripts, home / "leaving"), line=line or Lifeline())
    room.speaking.wake()
    return room


def test_the_one_she_chose_is_loaded_at_the_start(home: Path, opened: list[str]) -> None:
    lay()
    settings.choose_voice("small")
    room = woken(home)
    assert opened == ["small"] and room.speaking.name == "small" and room.voice.state == "ready" and not room.speaking.warning
    room.parts.transcripts.close()


def test_one_that_is_gone_gives_way_and_it_is_told_at_the_top(home: Path, opened: list[str]) -> None:
    settings.choose_voice("small")
    room = woken(home)
    assert opened == ["small", "embedded"] and room.speaking.name == settings.EMBEDDED and room.voice.state == "ready"
    room.check.state = "ready"
    status = Page(room)._status()
    assert "The voice you chose, Small, could not speak" in status and "has not been downloaded yet" in status
    room.parts.transcripts.close()


def test_one_that_was_asked_for_at_the_start_does_not_give_way(
    home: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REHEARSE_VOICE", "broken")
    room = woken(home)
    assert opened == ["broken"] and room.voice.state == "failed"
    # She chooses another one, and he speaks.
    room.speaking.change(settings.EMBEDDED)
    assert room.voice.state == "ready" and room.parts.son is not None
    room.parts.transcripts.close()


def test_what_was_chosen_outlives_a_fall_but_not_many(home: Path, opened: list[str]) -> None:
    lay()
    lay("big.gguf")
    settings.choose_voice("small")
    line = Lifeline()
    line.leave(voice="big")
    woken(home, line).parts.transcripts.close()
    assert opened == ["big"]
    line._left["life"] = 3
    room = woken(home, line)
    assert opened == ["big", "embedded"] and "stopped unexpectedly several times with the voice Big" in room.speaking.warning
    room.parts.transcripts.close()


def test_a_voice_is_called_by_what_people_read() -> None:
    assert title("small") == "Small" and title("C:\\Models\\own.gguf") == "own.gguf"
    assert title("https://ann:secret@voices.example/v1") == "a model on a server"


@pytest.mark.parametrize("language", settings.LANGUAGES)
def test_of_each_real_voice_the_page_says_what_to_expect(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("REHEARSE_LANGUAGE", language)
    for each in catalog.offered():
        told = words.say(f"expect.{each.name}")
        assert told and (told == each.expect) == (language == "en"), each.name
