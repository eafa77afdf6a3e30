"""What stands in the panel for her to say of a sentence, and what the page does when she does: without a browser."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from doubles import parts, scenario
from rehearse.parts import Parts
from rehearse.rehearsal import Rehearsal
from rehearse.tone.check import LONGEST_DRAFT
from rehearse.transcripts import Transcripts
from rehearse.ui.draft import Draft
from rehearse.ui.heeded import Heeded
from rehearse.ui.leaving import Leaving
from rehearse.ui.loading import Loading
from rehearse.ui.room import Room
from rehearse.ui.words import say

LINE = "You never change, you clown."
SKIPPED = gr.skip()


@pytest.fixture
def given(home: Path) -> Iterator[Parts]:
    made = parts(home, "Hm.")
    with made.transcripts:
        yield made


@pytest.fixture
def room(given: Parts, home: Path) -> Room:
    return Room(given, Leaving(given.transcripts, home / "leaving"), Loading("ready"), Loading("ready"))


@pytest.fixture
def talk(given: Parts) -> str:
    return Rehearsal.start(scenario(), parts=given).id


def clicked(act: str, text: str = "", value: object = "") -> Any:
    return SimpleNamespace(_data={"act": act, "value": value, "text": text})


def panel(room: Room, id: str, draft: str) -> str:
    *_, last = Draft(room).read(id, draft)
    return str(last[0])


def buttons(html: str) -> list[tuple[str, str]]:
    return re.findall(r'data-act="(fine|stung|unsay)"(?: data-value="(?:\d+)")?(?: data-text="([^"]*)")?', html)


def test_what_is_offered_fits_what_was_found(room: Room, talk: str) -> None:
    assert buttons(panel(room, talk, LINE)) == [("fine", LINE)]
    assert buttons(panel(room, talk, "It rains.")) == [("stung", "It rains.")]
    # Beside a strength too; where there are several sentences she chooses one.
    assert buttons(panel(room, talk, "I miss you.")) == [("stung", "I miss you.")]
    several = panel(room, talk, f"I miss you. It rains. {LINE}")
    assert buttons(several) == [("fine", LINE), ("stung", "I miss you."), ("stung", "It rains.")]
    assert "<details" in several and "<details" not in panel(room, talk, "I miss you.")
    assert buttons(panel(room, talk, "?!")) == []


def test_one_click_and_the_draft_is_read_again(room: Room, talk: str) -> None:
    draft, report, shown, note, send, _ = Draft(room).act(talk, LINE, clicked("fine", LINE))
    assert (draft, shown, note) == (SKIPPED, LINE, "") and send["value"] == say("talk.send")
    assert say("check.clear") in report and buttons(report) == [("unsay", "")]
    assert report.count("data-here") == 1
    # Every other window reads so too, and the panel there says why.
    other = panel(room, talk, "you never change you clown")
    assert "is fine between you two, you said" in other and "data-here" not in other
    assert buttons(panel(room, talk, "You never call.")) == [("fine", "You never call.")]
    _, report, _, note, send, spoken = Draft(room).act(talk, LINE, clicked("unsay", value="1"))
    assert buttons(report) == [("fine", LINE)] and send["value"] == say("talk.send_anyway")
    assert say("heeded.back_done") in note and spoken == say("heeded.back_done")
    assert room.parts.transcripts.remarks.all() == []


def test_a_line_that_stings_says_that_she_said_so(room: Room, talk: str) -> None:
    draft = "It rains. Suit yourself."
    _, report, _, _, send, _ = Draft(room).act(talk, draft, clicked("stung", "Suit yourself."))
    assert "This one stings, you said." in report and "You said so yourself" in report
    assert "Practice" not in report and "accusation" not in report
    assert buttons(report) == [("unsay", ""), ("stung", "It rains.")]
    assert send["value"] == say("talk.send_anyway"), "it can be sent as it is"


def test_a_line_that_stings_can_be_sent_at_once(room: Room, talk: str) -> None:
    room.parts.transcripts.remarks.add("Suit yourself.", stung=True)
    assert list(room.rehearsal(talk).say("Suit yourself.")) == ["Hm."]


def test_her_words_are_shown_and_never_run(room: Room, talk: str) -> None:
    draft = 'You never <img src=x onerror="alert(1)">${alert(1)}{{x}}'
    report = Draft(room).act(talk, draft, clicked("fine", draft))[1]
    listed = Heeded.__new__(Heeded)
    listed.room = room
    for html in (report, listed.listed()[0]):
        assert "<img" not in html and "${" not in html and "{{" not in html and "&lt;img" in html


@pytest.mark.parametrize("event", [clicked("fine", "?!"), clicked("stung", " "), clicked("stung", "a " * 3000)])
def test_what_cannot_be_kept_is_said(room: Room, talk: str, event: Any) -> None:
    note = Draft(room).act(talk, LINE, event)[3]
    assert 'class="error"' in note and room.parts.transcripts.remarks.all() == []


def test_taking_back_what_is_gone_is_said_and_reads_again(room: Room, talk: str) -> None:
    room.parts.transcripts.remarks.add(LINE, stung=False)
    assert "unsay" in panel(room, talk, LINE)
    with Transcripts(room.parts.transcripts._path) as elsewhere:
        elsewhere.remarks.take_back(1)
    _, report, _, note, _, _ = Draft(room).act(talk, LINE, clicked("unsay", value="1"))
    assert "already" in note and buttons(report) == [("fine", LINE)]


@pytest.mark.parametrize("event", [clicked("unsay", value="x"), clicked("nothing"), clicked("")])
def test_an_odd_event_does_nothing(room: Room, talk: str, event: Any) -> None:
    room.parts.transcripts.remarks.add(LINE, stung=False)
    Draft(room).act(talk, LINE, event)
    assert len(room.parts.transcripts.remarks.all()) == 1
    assert Draft(room).act("", LINE, clicked("fine", LINE)) == (SKIPPED,) * 6


def test_a_talk_that_leaves_no_trace_leaves_none_here(room: Room, given: Parts) -> None:
    given.transcripts.remarks.add("You never change.", stung=False)
    id = Rehearsal.start(scenario(), parts=given, written=False).id
    # What was said before is heeded; nothing can be added from here.
    assert buttons(panel(room, id, "You never change.")) == [("unsay", "")]
    assert buttons(panel(room, id, "You never call. It rains.")) == []
    Draft(room).act(id, "You never call.", clicked("fine", "You never call."))
    assert [each.text for each in given.transcripts.remarks.all()] == ["You never change."]


def test_a_huge_draft_offers_only_what_was_read(room: Room, talk: str) -> None:
    found = buttons(panel(room, talk, "It rains. " * 1000))
    assert 0 < sum(len(text) for _, text in found) <= LONGEST_DRAFT


def test_the_list_is_newest_first_and_empties(room: Room) -> None:
    view = Heeded.__new__(Heeded)
    view.room = room
    assert say("heeded.none") in view.listed()[0]
    room.parts.transcripts.remarks.add(LINE, stung=False)
    room.parts.transcripts.remarks.add("Suit yourself.", stung=True)
    listed = view.listed()[0]
    assert listed.index("Suit yourself.") < listed.index(LINE)
    assert [view.act(clicked(*odd)) for odd in (("fine", LINE), ("unsay",))] == [(SKIPPED, SKIPPED)] * 2
    left, note = view.act(clicked("unsay", value="2"))
    assert "Suit yourself." not in left and LINE in left and say("heeded.erased") in note
    assert "already" in view.act(clicked("unsay", value="2"))[1]
