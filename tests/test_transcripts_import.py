"""A rehearsal can be carried out and in again, and nothing that is not one gets in."""

import copy
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rehearse.errors import TranscriptError
from rehearse.scenario import TEMPERAMENTS, Scenario, Son
from rehearse.transcripts import Transcripts, read_document, to_json
from rehearse.turn import Openness, Turn

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
TURNS = st.lists(
    st.tuples(
        st.integers(-1, 30),
        st.sampled_from(["mother", "son"]),
        WORDS,
        st.sampled_from(Openness),
        WORDS,
        st.none() | st.dictionaries(WORDS, JSON, max_size=3),
        st.sampled_from(["complete", "partial", "stopped"]),
        WORDS,
    ),
    max_size=8,
)
SCENES = st.builds(
    Scenario,
    st.builds(
        Son,
        st.text("Dáníel ", min_size=1, max_size=10).filter(str.strip),
        st.none() | st.integers(5, 99),
        WORDS,
        st.sampled_from(("", *TEMPERAMENTS)),
    ),
    WORDS,
    WORDS,
    st.sampled_from(Openness),
    st.sampled_from(["mother", "son"]),
    WORDS,
    practice=st.none() | st.integers(1, 10),
)


# One store for the whole file: opening one waits for the disk, and most of what follows must leave it as it was.
@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Transcripts]:
    with Transcripts(tmp_path_factory.mktemp("import") / "home" / "rehearsals.db") as opened:
        yield opened


@pytest.fixture(scope="module")
def kept(store: Transcripts) -> dict[str, Any]:
    rehearsal = store.create(Scenario(Son("Daniel", 24)), "Sunday").id
    turns = [
        Turn("mother", "Hello", Openness.GUARDED, id="a", report={"findings": []}),
        Turn("son", "Hi", Openness.WARY, "a", id="b", state="stopped"),
        Turn("mother", "You never call", Openness.SHUT, "b", id="c"),
        Turn("mother", "I miss you", Openness.WARMING, "b", id="d", label="soft"),
    ]
    for turn in turns:
        store.append(rehearsal, turn)
    store.select(rehearsal, "c")
    store.end(rehearsal)
    return store.export(rehearsal)


@pytest.fixture
def document(kept: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(kept)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(SCENES, WORDS, TURNS, st.integers(-1, 30), st.booleans())
def test_out_and_in_is_the_same(scene: Scenario, title: str, given_turns: list[Any], leaf: int, ended: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with Transcripts(Path(folder) / "one" / "r.db") as store:
            rehearsal = store.create(scene, title).id
            ids: list[str] = []
            for parent, speaker, text, openness, reason, report, state, label in given_turns:
                above = ids[parent % len(ids)] if ids and parent >= 0 else None
                state = state if speaker == "son" else "complete"
                turn = Turn(speaker, text, openness, above, reason, report, state, label)
                store.append(rehearsal, turn)
                ids.append(turn.id)
            store.select(rehearsal, ids[leaf % len(ids)] if ids and leaf >= 0 else None)
            if ended:
                store.end(rehearsal)
            out = store.export(rehearsal)
            saved, turns = store.get(rehearsal), store.turns(rehearsal)
        with Transcripts(Path(folder) / "two" / "r.db") as other:
            assert other.import_(read_document(to_json(out).encode())) == saved
            assert other.export(rehearsal) == out
            assert other.turns(rehearsal) == turns


def test_ids_that_are_taken_are_replaced_and_the_tree_stays(store: Transcripts, document: dict[str, Any]) -> None:
    again = store.import_(document)
    assert again.id != document["id"]
    old, new = store.turns(document["id"]), store.turns(again.id)
    assert not {turn.id for turn in old} & {turn.id for turn in new}
    place = {turn.id: number for number, turn in enumerate(old)} | {turn.id: number for number, turn in enumerate(new)}

    def shape(turns: list[Turn]) -> list[tuple[str, int | None]]:
        return [(turn.text, turn.parent_id and place[turn.parent_id]) for turn in turns]  # type: ignore[misc]

    assert shape(new) == shape(old)
    assert place[again.leaf_id or ""] == place[document["leaf"]]
    assert store.export(document["id"]) == document


def test_a_file_with_a_mark_at_its_beginning_is_read(document: dict[str, Any]) -> None:
    text = to_json(document)
    assert read_document("\ufeff" + text) == document
    assert read_document(b"\xef\xbb\xbf" + text.encode()) == document


def change(**new: object) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.update(new)


def turn(number: int, **new: object) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["turns"][number].update(new)


def deep() -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(500):
        inner = {"x": inner}
    return inner


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (change(format="other"), "not an exported rehearsal"),
        (change(version=2), "another version"),
        (change(version=True), "another version"),
        (change(version=None), "another version"),
        (change(id=""), "no id"),
        (change(id=["a"]), "no id"),
        (change(title=3), "title"),
        (change(title="x" * 200), "title"),
        (change(created="long ago"), "when"),
        (change(ended=1), "when"),
        (change(leaf="nowhere"), "on the screen"),
        (change(leaf=["a"]), "on the screen"),
        (change(scenario={}), "scene"),
        (change(scenario=[1]), "scene"),
        (change(scenario={"son": {"name": "D"}, "openness": 9}), "scene"),
        (change(turns=None), "list of turns"),
        (change(turns={"a": 1}), "list of turns"),
        (change(turns=["a"]), "turn 1 is not one"),
        (turn(1, id="a"), "id of an earlier one"),
        (turn(1, parent="other"), "not in the file"),
        (turn(1, parent="b"), "itself or a later"),
        (turn(0, parent="d"), "itself or a later"),
        (turn(1, parent=["a"]), "turn 2"),
        (turn(1, id={"a": 1}), "turn 2"),
        (turn(1, speaker="father"), "who speaks"),
        (turn(1, speaker=["son"]), "who speaks"),
        (turn(1, openness=0), "openness"),
        (turn(1, openness=True), "openness"),
        (turn(1, openness="3"), "openness"),
        (turn(1, text=None), "words"),
        (turn(1, label=3), "words"),
        (turn(1, state="lost"), "state"),
        (turn(0, state="partial"), "only his"),
        (turn(1, report=[]), "check"),
        (turn(1, created=""), "time"),
        (turn(1, text="broken \ud83d"), "broken characters"),
        (turn(1, report={"\ud83d": 1}), "broken characters"),
        (turn(1, report={"x": float("inf")}), "number"),
        (turn(1, report=deep()), "deep"),
        (turn(1, report={"x": {1, 2}}), "plain data"),
        (turn(1, report={3: "x"}), "plain data"),
    ],
)
def test_what_is_not_as_it_should_be_is_refused_and_leaves_nothing(
    store: Transcripts, document: dict[str, Any], spoil: Callable[[dict[str, Any]], None], said: str
) -> None:
    before = store.count()
    spoilt = copy.deepcopy(document)
    spoil(spoilt)
    with pytest.raises(TranscriptError, match=said):
        store.import_(spoilt)
    assert store.count() == before
    assert store.export(document["id"]) == document


def test_a_failure_half_way_leaves_nothing(store: Transcripts, document: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from rehearse.transcripts import rows

    before = store.count()
    real, seen = rows.insert, []

    def fail_at_third(*arguments: Any) -> None:
        seen.append(1)
        if len(seen) == 3:
            raise OSError(28, "No space left on device")
        real(*arguments)

    monkeypatch.setattr(rows, "insert", fail_at_third)
    with pytest.raises(TranscriptError):
        store.import_(document)
    assert store.count() == before


@pytest.mark.parametrize(
    "text",
    [
        b"\xff\xfe\x00",
        "",
        "{",
        "[" * 200_000,
        '{"a":' * 200_000,
        "[]",
        "null",
        "3",
        '"text"',
        "9" * 10_000,
        json.dumps({"format": "rehearse-transcript", "version": 1})[:-1] + ', "x": NaN}',
        json.dumps({"format": "rehearse-transcript", "version": 1})[:-1] + ', "x": 1e999}',
    ],
)
def test_a_file_that_is_no_rehearsal_is_refused(text: str | bytes) -> None:
    with pytest.raises(TranscriptError):
        read_document(text)


def test_a_file_that_is_too_large_is_refused_unread() -> None:
    with pytest.raises(TranscriptError, match="50 MB"):
        read_document(b" " * 50_000_001)


def test_no_message_holds_words_of_the_talk(document: dict[str, Any]) -> None:
    document["turns"][1].update(text="SECRET", parent="SECRET", label="SECRET")
    with pytest.raises(TranscriptError) as raised:
        read_document(to_json(document))
    assert "SECRET" not in str(raised.value)
