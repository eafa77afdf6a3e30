"""Talks that leave no trace, as the page keeps them: with the visit in which they were begun, and not a moment longer."""

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from doubles import parts
from rehearse.errors import NotFound
from rehearse.parts import Parts
from rehearse.rehearsal import Rehearsal
from rehearse.ui import unkept
from rehearse.ui.answer import answering
from rehearse.ui.leaving import Leaving
from rehearse.ui.loading import Loading
from rehearse.ui.lookback import lookback
from rehearse.ui.page import Page
from rehearse.ui.room import Room
from test_transcripts_delete import traces

WORDS = "the violet kettle"


@pytest.fixture
def given(home: Path) -> Iterator[Parts]:
    made = parts(home, *[f"Yes, {WORDS}."] * 9)
    with made.transcripts:
        yield made


@pytest.fixture
def page(given: Parts, home: Path) -> Page:
    return Page(Room(given, Leaving(given.transcripts, home / "leaving"), Loading("ready"), Loading("ready")))


def asked_in(visit: str | None) -> Any:
    return SimpleNamespace(session_hash=visit, query_params={})


def begin(page: Page, visit: str | None, *, leave_no_trace: bool = True) -> Rehearsal:
    fields = ("Daniel", "", "", "", WORDS, "", 2, "mother", "")
    id, _, problem = page._begin("own", leave_no_trace, asked_in(visit), *fields)
    assert problem == ""
    return page.room.rehearsal(id)


def test_without_the_choice_a_talk_is_kept(page: Page) -> None:
    talk = begin(page, "visit", leave_no_trace=False)
    assert talk.written and page.room.unkept.of("visit") == []
    assert unkept.mark(talk) == ""
    assert page._address(talk.id) == talk.id


@pytest.mark.parametrize("visit", ["visit", "", None])
def test_with_it_nothing_is_written_whatever_the_visit_is_called(page: Page, visit: str | None, home: Path) -> None:
    talk = begin(page, visit)
    list(talk.say(f"I still have {WORDS}."))
    assert not talk.written and page._address(talk.id) == ""
    assert "This talk is not kept." in unkept.mark(talk) and "This talk is not kept." in page.talk.show(talk.id).mark
    page._end(talk.id)
    assert traces(home, WORDS) == 0 and page.room.shelf() == []
    page._left(asked_in(visit))
    with pytest.raises(NotFound):
        page.room.rehearsal(talk.id)
    assert traces(home, WORDS) == 0


def test_a_visit_takes_its_own_talks_along_and_no_others(page: Page) -> None:
    one, other = begin(page, "one"), begin(page, "other")
    kept, still_kept = begin(page, "one"), begin(page, "one", leave_no_trace=False)
    page.room.keep(kept.id)
    # Even if it were still thought to go with the visit.
    page.room.unkept.add(still_kept.id, "one")
    page._left(asked_in("one"))
    with pytest.raises(NotFound):
        page.room.rehearsal(one.id)
    assert all(page.room.rehearsal(each.id) for each in (other, kept, still_kept))


def test_leaving_in_the_middle_of_his_answer_ends_it_and_takes_it_along(page: Page) -> None:
    talk = begin(page, "visit")
    told: list[Any] = []

    def listen() -> None:
        for each in answering(page.room, talk, lambda stop: slowly(talk, stop)):
            told.append(each)
            if len(told) == 2:
                leaving.start()

    def slowly(talk: Rehearsal, stop: Any) -> Iterator[str]:
        for piece in talk.say(f"I still have {WORDS}.", stop=stop):
            yield piece
            stop.wait(5)

    leaving = Thread(target=page._left, args=(asked_in("visit"),))
    began = time.monotonic()
    listen()
    leaving.join(timeout=20)
    assert not leaving.is_alive() and time.monotonic() - began < 20
    with pytest.raises(NotFound):
        page.room.rehearsal(talk.id)


def test_as_long_as_she_stays_there_is_a_way_back_to_it(page: Page) -> None:
    earlier = begin(page, "visit", leave_no_trace=False)
    list(earlier.say("Hello."))
    talk = begin(page, "visit")
    visible, label, id, _ = page.scene.latest(asked_in("visit"))
    assert (visible["visible"], id) == (True, talk.id) and "without a trace" in label["value"]
    assert page.scene.latest(asked_in("another"))[2] == earlier.id
    page._left(asked_in("visit"))
    assert page.scene.latest(asked_in("visit"))[2] == earlier.id


def test_its_end_says_what_is_so_and_offers_no_file(page: Page) -> None:
    talk = begin(page, "visit")
    list(talk.say(f"I still have {WORDS}."))
    told = lookback(talk)
    assert "it is gone for good" in told and "/copy/" not in told and "is kept under" not in told
    assert unkept.words(talk) == f"You: I still have {WORDS}.\n\nDaniel: Yes, {WORDS}.\n"
    page.room.keep(talk.id)
    told = lookback(talk)
    assert "it is gone for good" not in told and "/copy/" in told and "is kept under" in told


def test_keeping_it_writes_it_and_what_is_not_asked_for_is_not_done(page: Page, home: Path) -> None:
    talk = begin(page, "visit")
    list(talk.say(f"I still have {WORDS}."))
    page._keep(talk.id, SimpleNamespace(_data={"act": "again", "value": talk.id}))
    page._keep("", SimpleNamespace(_data={"act": "keep", "value": talk.id}))
    assert traces(home, WORDS) == 0
    mark, note, back, address = page._keep(talk.id, SimpleNamespace(_data={"act": "keep", "value": talk.id}))
    assert (mark, address) == ("", talk.id) and "This talk is kept now." in note and note in back
    assert traces(home, WORDS) > 0 and [each.id for each in page.room.shelf()] == [talk.id]


def test_stepping_away_says_that_it_is_not_kept(page: Page) -> None:
    for leave_no_trace, words in ((True, "This talk is not kept"), (False, "The talk is kept")):
        talk = begin(page, "visit", leave_no_trace=leave_no_trace)
        *_, last = page.beside.act(talk.id, "", SimpleNamespace(_data={"act": "back", "value": "out"}))
        assert words in last[-1]


def test_of_a_server_it_is_not_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "server" not in unkept.no_trace()
    monkeypatch.setenv("REHEARSE_VOICE", "http://127.0.0.1:8080/v1")
    assert "what that server keeps is not in the hands of rehearse" in unkept.no_trace()


def test_a_scene_that_cannot_be_used_begins_nothing(page: Page) -> None:
    id, _, problem = page._begin("own", True, asked_in("visit"), "", "", "", "", "", "", 2, "mother", "")
    assert not isinstance(id, str) and problem and page.room.unkept.of("visit") == []
