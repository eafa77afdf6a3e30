"""Turns form a tree: trying another way keeps every earlier one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearse.errors import NotFound, ScenarioError, TranscriptError
from rehearse.scenario import Scenario, Son
from rehearse.transcripts import Transcripts
from rehearse.turn import Openness, Turn

SCENE = Scenario(Son("Daniel", 24), "He has not called since spring.", title="Missed calls")


def hers(text: str, parent: str | None = None, **more: object) -> Turn:
    return Turn("mother", text, Openness.GUARDED, parent, **more)  # type: ignore[arg-type]


def his(text: str, parent: str | None = None, **more: object) -> Turn:
    return Turn("son", text, Openness.WARY, parent, **more)  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Transcripts]:
    with Transcripts(tmp_path / "home" / "rehearsals.db") as opened:
        yield opened


def test_a_new_rehearsal_is_empty_and_takes_the_title_of_its_scene(store: Transcripts) -> None:
    saved = store.create(SCENE)
    assert store.get(saved.id) == saved
    assert (saved.title, saved.scenario, saved.leaf_id, saved.ended) == ("Missed calls", SCENE, None, None)
    assert store.turns(saved.id) == [] == store.path(saved.id, None)
    assert store.create(SCENE, "  Sunday \n talk ").title == "Sunday talk"


def test_turns_come_back_as_they_went_in(store: Transcripts) -> None:
    rehearsal = store.create(SCENE).id
    first = hers(
        "You never call.",
        report={"flagged": True, "findings": [{"start": 0, "score": 0.5}]},
        reason="He heard blame.",
        label="blunt",
    )
    second = his("I do.", first.id, state="stopped")
    store.append(rehearsal, first)
    store.append(rehearsal, second)
    assert store.turns(rehearsal) == [first, second]
    assert store.get(rehearsal).leaf_id == second.id


def test_another_try_stands_beside_the_first(store: Transcripts) -> None:
    rehearsal = store.create(SCENE).id
    root = hers("Hello")
    answer = his("Hi", root.id)
    harsh, soft = hers("You never call.", answer.id), hers("I miss you.", answer.id)
    reply = his("I miss you too.", soft.id)
    for turn in (root, answer, harsh, soft, reply):
        store.append(rehearsal, turn)
    assert store.path(rehearsal, harsh.id) == [root, answer, harsh]
    assert store.path(rehearsal, reply.id) == [root, answer, soft, reply]
    assert store.turns(rehearsal) == [root, answer, harsh, soft, reply]


def test_the_end_of_the_screen_is_chosen(store: Transcripts) -> None:
    rehearsal = store.create(SCENE).id
    one = hers("One")
    two = hers("Two")
    store.append(rehearsal, one)
    store.append(rehearsal, two, select=False)
    assert store.get(rehearsal).leaf_id == one.id
    store.select(rehearsal, two.id)
    assert store.get(rehearsal).leaf_id == two.id
    store.select(rehearsal, None)
    assert store.get(rehearsal).leaf_id is None


def test_a_long_talk_has_a_path(store: Transcripts) -> None:
    rehearsal = store.create(SCENE).id
    document = store.export(rehearsal)
    turns = [{"id": f"t{n}", "parent": f"t{n - 1}" if n else None, "speaker": "mother", "text": str(n)} for n in range(3000)]
    document["turns"] = [{**turn, "openness": 2, "created": document["created"]} for turn in turns]
    long = store.import_(document).id
    assert [turn.text for turn in store.path(long, "t2999")] == [str(n) for n in range(3000)]


def test_a_parent_of_another_rehearsal_is_refused(store: Transcripts) -> None:
    mine, other = store.create(SCENE).id, store.create(SCENE).id
    turn = hers("Hello")
    store.append(other, turn)
    with pytest.raises(NotFound):
        store.append(mine, his("Hi", turn.id))
    for ask in (store.select, store.path):
        with pytest.raises(NotFound):
            ask(mine, turn.id)
    assert store.turns(mine) == []


def test_the_same_turn_is_saved_once(store: Transcripts) -> None:
    rehearsal = store.create(SCENE).id
    turn = hers("Hello")
    store.append(rehearsal, turn)
    with pytest.raises(TranscriptError, match="already saved"):
        store.append(rehearsal, turn)


def test_ending_is_undone_by_going_on(store: Transcripts) -> None:
    rehearsal = store.create(SCENE).id
    store.end(rehearsal)
    assert store.get(rehearsal).ended
    store.append(rehearsal, hers("One more thing"))
    assert store.get(rehearsal).ended is None


def test_broken_characters_are_replaced(store: Transcripts) -> None:
    rehearsal = store.create(SCENE).id
    store.append(rehearsal, hers("a \ud83d b\0c", report={"text": "a \ud83d b"}))
    (turn,) = store.turns(rehearsal)
    assert turn.text == "a \ufffd b\0c"
    assert turn.report == {"text": "a \ufffd b"}


def test_a_turn_that_is_not_one_is_refused_whole(store: Transcripts) -> None:
    rehearsal = store.create(SCENE).id
    for turn in (
        hers("x", id="no spaces"),
        hers("x", state="partial"),
        hers("x", created="yesterday"),
        hers("x", report={"score": float("nan")}),
        hers("x", report={"score": {1, 2}}),
        hers("x", label="x" * 500),
        Turn("father", "x", Openness.OPEN),  # type: ignore[arg-type]
        Turn("son", "x", 6),  # type: ignore[arg-type]
        Turn("son", None, Openness.OPEN),  # type: ignore[arg-type]
    ):
        with pytest.raises(TranscriptError):
            store.append(rehearsal, turn)
        assert store.turns(rehearsal) == []
        assert store.get(rehearsal).leaf_id is None


def test_what_is_not_there_is_said(store: Transcripts) -> None:
    asks = [store.get, store.turns, store.export, store.delete, store.end]
    for ask in asks:
        with pytest.raises(NotFound, match="no rehearsal"):
            ask("nothing")
    with pytest.raises(NotFound):
        store.rename("nothing", "x")
    with pytest.raises(NotFound):
        store.append("nothing", hers("x"))
    with pytest.raises(NotFound):
        store.select("nothing", None)
    with pytest.raises(NotFound):
        store.path("nothing", None)


def test_a_scene_that_could_not_be_read_back_is_refused(store: Transcripts) -> None:
    with pytest.raises(ScenarioError):
        store.create(Scenario(Son("")))
    with pytest.raises(TranscriptError, match="title"):
        store.create(SCENE, "x" * 121)
    assert store.count() == 0
