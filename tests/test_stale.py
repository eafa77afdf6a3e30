"""A tab whose talk was deleted or went on elsewhere: its handlers, without a browser."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from doubles import parts, scenario
from rehearse.errors import NotFound
from rehearse.parts import Parts
from rehearse.rehearsal import Rehearsal
from rehearse.transcripts import Transcripts
from rehearse.turn import Openness, Turn
from rehearse.ui.leaving import Leaving
from rehearse.ui.loading import Loading
from rehearse.ui.page import Page
from rehearse.ui.room import Room
from rehearse.ui.screen import Screen
from rehearse.ui.stale import watched

GONE = "This talk is no longer here"
MOVED = "This talk has gone on since it was shown here"


@pytest.fixture
def given(home: Path) -> Iterator[Parts]:
    made = parts(home, *["Hm."] * 20)
    with made.transcripts:
        yield made


@pytest.fixture
def page(given: Parts, home: Path) -> Page:
    return Page(Room(given, Leaving(given.transcripts, home / "leaving"), Loading("ready"), Loading("ready")))


@pytest.fixture
def talk(given: Parts) -> Rehearsal:
    made = Rehearsal.start(scenario(), parts=given)
    list(made.say("Hello."))
    return made


def clicked(act: str, value: str = "") -> Any:
    return SimpleNamespace(_data={"act": act, "value": value})


def events(page: Page) -> dict[str, Any]:
    """Return the handlers of the page as they are connected, by name."""
    return {each.fn.__qualname__: each.fn for each in page.blocks.fns.values() if each.fn is not None}


def elsewhere(home: Path, id: str, words: str) -> None:
    """Say a line in the same talk through another connection, as another process does."""
    with Transcripts(home / "rehearsals.db") as other:
        other.append(id, Turn("mother", words, Openness.WARY, other.get(id).leaf_id))


def all_of(handler: Any, *given: Any) -> list[Any]:
    made = handler(*given)
    return list(made) if isinstance(made, Iterator) else [made]


ASKED: dict[str, tuple[Any, ...]] = {
    "Talk.say": ("A line.", "", ""),
    "Talk.act": (clicked("again"),),
    "Talk.look": ("",),
    "Draft.read": ("A line.",),
    "Draft.reword": ("You never call.",),
    "Draft.act": ("You never call.", SimpleNamespace(_data={"act": "take", "value": "0", "text": "I miss you."})),
    "Beside.step_out": (),
    "Beside.open_doors": ("You never call.", None),
    "Beside.what_he_heard": (),
    "Beside._changing.<locals>.<lambda>": (None,),
    "Beside.act": ("A line.", clicked("choose", "that one"), None),
    "Beside.after": (),
    "Page._open": (),
    "Page._end": (),
    "Page._look_back": (),
    "Page._keep": (clicked("keep"),),
}


def test_whatever_she_does_in_a_talk_that_is_gone_she_is_told(page: Page, talk: Rehearsal) -> None:
    talk.parts.transcripts.delete(talk.id)
    for name, given in ASKED.items():
        shown = str(all_of(events(page)[name], talk.id, *given))
        # Two of them have nowhere of their own to say it; the event that comes with them does.
        assert (GONE in shown) == (name not in ("Draft.reword", "Beside.after")), name
        assert "Hello." not in shown


def test_no_event_of_the_talk_is_left_out(page: Page) -> None:
    of_the_talk = {
        each.fn.__qualname__
        for each in page.blocks.fns.values()
        if each.fn is not None and each.inputs and each.inputs[0] is page.current
    }
    # These ask nothing of the store, or tell their failures themselves.
    assert of_the_talk - set(ASKED) == {
        "Beside.wire.<locals>.<lambda>",
        "Page._address",
        "Page._choose",
        "Page._return",
        "Talk.stop_answer",
    }


def test_one_that_may_come_back_is_told_as_that(page: Page, talk: Rehearsal) -> None:
    page.room.leaving.add(talk.id, "another visit")
    with pytest.raises(NotFound):
        page.room.rehearsal(talk.id)
    (shown,) = all_of(events(page)["Talk.say"], talk.id, "A line.", "", None)
    assert "it can be brought back there, under “Your talks”" in shown.talk
    assert "draft" not in {name for name, value in shown._asdict().items() if value == ""}
    page.room.leaving.undo(talk.id)
    assert "Hm." in page.talk.show(talk.id).talk


def test_a_talk_that_went_on_is_shown_and_nothing_is_sent(page: Page, talk: Rehearsal, home: Path) -> None:
    before = page.talk.show(talk.id).seen
    elsewhere(home, talk.id, "Said elsewhere.")
    for name, rest in (
        ("say", ("My line.", "My line.", before)),
        ("act", (clicked("back", talk.path[0].id), before)),
        ("act", (clicked("again"), before)),
        ("look", (before,)),
    ):
        (shown,) = all_of(getattr(page.talk, name), talk.id, *rest)
        assert MOVED in shown.note and "Said elsewhere." in shown.talk
        assert shown.seen == talk.saved.leaf_id
        assert "value" not in shown.draft, "her words stay in the field"
    for made in (
        all_of(page.beside.open_doors, talk.id, "You never call.", before),
        all_of(page.beside.change_seats, talk.id, True, before),
        all_of(page.beside.act, talk.id, "My line.", clicked("go_on", "distress"), before),
    ):
        assert MOVED in Screen(*made[0][:-1]).note
    assert [turn.text for turn in talk.path] == ["Hello.", "Hm.", "Said elsewhere."]
    *_, last = page.talk.say(talk.id, "My line.", "My line.", shown.seen)
    assert last.seen == talk.saved.leaf_id
    assert [turn.text for turn in talk.path][-2:] == ["My line.", "Hm."]


def test_what_she_does_herself_is_never_taken_for_another_window(page: Page, talk: Rehearsal) -> None:
    """Through answers, other tries, changed seats and two doors: the end that is shown is the end that is kept."""
    seen = page.talk.show(talk.id).seen
    for handler, rest in (
        (page.talk.say, ("One.", "One.")),
        (page.talk.act, (clicked("again"),)),
        (page.beside.open_doors, ("You never call.",)),
        (page.talk.act, (clicked("back", talk.path[0].id),)),
        (page.talk.say, ("Another way.", "Another way.")),
        (page.talk.act, (clicked("return", talk.path[-1].id),)),
        (page.beside.change_seats, (False,)),
        (page.talk.say, ("As he might.", "")),
        (page.beside.change_seats, (False,)),
        (page.beside.act, ("I want to die.", clicked("unsent", "distress"))),
    ):
        for each in all_of(handler, talk.id, *rest, seen):
            shown = Screen(*each[: len(Screen._fields)])
            assert MOVED not in str(shown.note)
            seen = shown.seen if isinstance(shown.seen, str) else seen
        assert seen == (talk.saved.leaf_id or "")


def test_while_he_answers_the_end_is_known_as_soon_as_he_begins(page: Page, talk: Rehearsal) -> None:
    steps = iter(page.talk.say(talk.id, "One.", "One.", None))
    next(steps)
    assert next(steps).seen == talk.saved.leaf_id
    assert page.talk.look(talk.id, "long ago").note == gr.skip(), "not while he answers: it is about to change anyway"
    list(steps)


def test_another_failure_is_told_too_and_leaves_the_talk_where_it_is(page: Page, talk: Rehearsal) -> None:
    def broken(id: str) -> Screen:
        raise NotFound("That line is no longer there.", "Refresh the page.")

    shown = watched(page.room, broken, lambda told: told.screen)(talk.id)
    assert "That line is no longer there." in shown.note
    assert shown.talk == gr.skip()
