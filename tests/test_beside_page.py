"""The page's part of what stands beside the talk: its handlers, without a browser."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from doubles import parts, scenario
from rehearse.parts import Parts
from rehearse.rehearsal import Rehearsal
from rehearse.ui.beside import Beside
from rehearse.ui.leaving import Leaving
from rehearse.ui.loading import Loading
from rehearse.ui.room import Room
from rehearse.ui.screen import Screen
from rehearse.ui.talk import Talk

BLAMING = "It is your fault that you never call."


@pytest.fixture
def given(home: Path) -> Iterator[Parts]:
    made = parts(home, "One answer.", "Another answer.", "A third one.")
    with made.transcripts:
        yield made


@pytest.fixture
def beside(given: Parts, home: Path) -> Beside:
    room = Room(given, Leaving(given.transcripts, home / "leaving"), Loading("ready"), Loading("ready"))
    with gr.Blocks():
        current = gr.Textbox()
        return Beside(room, current, Talk(room, current))


@pytest.fixture
def talk(given: Parts) -> Rehearsal:
    return Rehearsal.start(scenario(), parts=given)


def clicked(act: str, value: str = "") -> Any:
    return SimpleNamespace(_data={"act": act, "value": value})


def test_distress_is_shown_outside_and_only_her_own_word_goes_on(beside: Beside, talk: Rehearsal) -> None:
    shown = list(beside.talk.say(talk.id, "I want to die.", ""))
    assert len(shown) == 1 and 'data-met="distress"' in shown[0].note and talk.turns == []
    assert [*beside.act(talk.id, "I want to die.", clicked("go_on", "out"))] and talk.turns == []
    list(beside.act(talk.id, "I want to die.", clicked("go_on", "distress")))
    assert [turn.text for turn in talk.path] == ["I want to die.", "One answer."]


def test_a_wish_for_no_contact_is_written_down_and_not_sent(beside: Beside, talk: Rehearsal) -> None:
    draft = "You asked me never to contact you again, but I miss you."
    (shown,) = beside.talk.say(talk.id, draft, "")
    assert 'data-act="unsent"' in shown.note
    list(beside.act(talk.id, draft, clicked("unsent", "no_contact")))
    assert talk.path == [] and [turn.label for turn in talk.turns] == ["Not sent"]


def test_stepping_out_stops_him(beside: Beside, talk: Rehearsal) -> None:
    stop = beside.room.begin_answer(talk.id)
    panel = beside.step_out(talk.id)
    assert stop.is_set() and 'data-met="out"' in panel and "Daniel is quiet" in panel
    assert "<details open" not in panel, "a pause is no emergency: the lines are one click away"


def test_two_doors_side_by_side(beside: Beside, talk: Rehearsal, given: Parts) -> None:
    assert given.son is not None
    # The first four are rewordings the voice is asked for; none of them keeps what she said, so a written one is taken.
    given.son.voice.enqueue("A fourth one.", "Behind the first door.", "Behind the second door.")  # type: ignore[attr-defined]
    *_, (*last, panel) = beside.open_doors(talk.id, BLAMING)
    assert panel.count('<section class="door">') == 2 and panel.count('data-act="choose"') == 2
    assert "Behind the first door." in panel and "Behind the second door." in panel and BLAMING in panel
    assert Screen(*last).draft["value"] == ""
    second = talk.tries(talk.path[0].id)[1]
    list(beside.act(talk.id, "", clicked("choose", second.id)))
    assert talk.path[0].id == second.id


@pytest.mark.parametrize(("draft", "words"), [("", "Write a line first"), ("Hello Daniel.", "no gentler wording")])
def test_doors_that_cannot_open_say_why(beside: Beside, talk: Rehearsal, draft: str, words: str) -> None:
    *_, (*_, panel) = beside.open_doors(talk.id, draft)
    assert words in panel and talk.turns == []


def test_what_he_may_have_heard(beside: Beside, talk: Rehearsal) -> None:
    *_, none = beside.what_he_heard(talk.id)
    assert "Say a line first" in none
    list(talk.say(BLAMING))
    *_, shown = beside.what_he_heard(talk.id)
    assert "Another answer." in shown and "A guess" in shown


def test_seats_are_changed_and_changed_back(beside: Beside, talk: Rehearsal) -> None:
    list(talk.say("Hello Daniel."))
    left = talk.path
    *shown, panel = beside.change_seats(talk.id, gentle=False)
    assert "What would Daniel say?" in str(Screen(*shown).draft["label"]) and "in Daniel’s seat" in panel
    (answered,) = beside.talk.say(talk.id, "Hi. I am busy.", "")
    assert "Hi. I am busy." in answered.talk and "all the lines" in beside.after(talk.id)
    beside.change_seats(talk.id, gentle=False)
    assert talk.path == left


def test_silence_is_answered_with_patience(beside: Beside, talk: Rehearsal) -> None:
    list(talk.say(BLAMING))
    list(talk.say(BLAMING))
    told = beside.after(talk.id)
    assert "A pause is an answer too" in told
    assert "<strong>Practice 10: Stay near, stay patient.</strong> " in told, "a title ends where the text begins"


def test_what_is_said_of_a_silence_goes_once_he_says_more(beside: Beside, talk: Rehearsal) -> None:
    list(talk.say(BLAMING))
    list(talk.say(BLAMING))
    told = beside.after(talk.id)
    list(talk.say("I am sorry. How are you?"))
    assert talk.silent is None
    assert beside.after(talk.id, told) == ""
    doors = '<div class="doors">…</div>'
    assert beside.after(talk.id, doors) == gr.skip(), "whatever else stands there stays"
