"""Deleted talks that may still be brought back, and every rehearsal in one file."""

import io
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from disk import holding
from rehearse.errors import NotFound, TranscriptError
from rehearse.parts import Parts
from rehearse.scenario import Scenario, Son
from rehearse.transcripts import Transcripts, read_bundle, to_bundle
from rehearse.turn import Openness, Turn
from rehearse.ui.leaving import Leaving
from rehearse.ui.room import SHELF, Room
from rehearse.ui.shelf import Shelf

WORDS = "the green bicycle"


@pytest.fixture
def store(tmp_path: Path) -> Transcripts:
    return Transcripts(tmp_path / "home" / "rehearsals.db")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "leaving"


def talk(store: Transcripts, words: str = WORDS) -> str:
    saved = store.create(Scenario(Son("Daniel")))
    store.append(saved.id, Turn("mother", words, Openness.GUARDED))
    return saved.id


def test_what_is_deleted_can_be_brought_back_until_the_visit_ends(store: Transcripts, path: Path) -> None:
    leaving = Leaving(store, path)
    one, other = talk(store), talk(store)
    leaving.add(one, "visit")
    leaving.add(other, "visit")
    assert leaving.ids == {one, other}
    assert leaving.undo(one)
    assert not leaving.undo(one)
    leaving.finish("visit")
    assert [each.id for each in store.list()] == [one]
    assert not path.exists()


def test_the_end_of_another_visit_deletes_nothing(store: Transcripts, path: Path) -> None:
    leaving = Leaving(store, path)
    one = talk(store)
    leaving.add(one, "visit")
    leaving.finish("another")
    assert store.get(one)
    leaving.finish("visit")
    with pytest.raises(NotFound):
        store.get(one)


def test_one_may_go_at_once(store: Transcripts, path: Path) -> None:
    leaving = Leaving(store, path)
    one, other = talk(store), talk(store)
    leaving.add(one, "visit")
    leaving.add(other, "visit")
    leaving.finish(id=one)
    assert leaving.ids == {other}
    assert store.get(other)


def test_an_app_that_was_stopped_finishes_at_the_next_start(store: Transcripts, path: Path, tmp_path: Path) -> None:
    one = talk(store)
    Leaving(store, path).add(one, "visit")
    assert path.stat().st_mode & 0o077 == 0
    assert WORDS not in path.read_text(encoding="utf-8")
    assert Leaving(store, path).ids == frozenset()
    assert store.list() == []
    store.close()
    assert not holding(tmp_path / "home", WORDS)


def test_what_another_window_deleted_already_is_no_failure(store: Transcripts, path: Path) -> None:
    leaving = Leaving(store, path)
    one = talk(store)
    leaving.add(one, "visit")
    store.delete(one)
    leaving.finish()
    assert leaving.ids == frozenset()


def test_what_cannot_be_deleted_now_stays_off_the_shelf(store: Transcripts, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leaving = Leaving(store, path)
    one = talk(store)
    leaving.add(one, "visit")

    def busy(id: str) -> None:
        raise TranscriptError("Another window is in the way.", "Close it.")

    with monkeypatch.context() as patch:
        patch.setattr(store, "delete", busy)
        with pytest.raises(TranscriptError):
            leaving.finish("visit")
    assert leaving.ids == {one}
    assert path.exists()
    leaving.finish()
    assert store.list() == []


def test_nobody_can_be_deleted_who_is_not_there(store: Transcripts, path: Path) -> None:
    with pytest.raises(NotFound):
        Leaving(store, path).add("nobody", "visit")
    assert not path.exists()


# -- bundles ------------------------------------------------------------------------------------------------------------------


def test_a_bundle_brings_everything_back(store: Transcripts, tmp_path: Path) -> None:
    ids = [talk(store, f"line {number}") for number in range(3)]
    made = to_bundle(store.export(each) for each in ids)
    with Transcripts(tmp_path / "other" / "rehearsals.db") as other:
        for document in read_bundle(made):
            other.import_(document)
        assert {other.path(each.id, other.get(each.id).leaf_id)[0].text for each in other.list()} == {
            "line 0",
            "line 1",
            "line 2",
        }


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a zip at all", b"PK\x03\x04" + bytes(200)])
def test_what_is_no_bundle_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(TranscriptError):
        read_bundle(data)


def test_a_bundle_with_a_foreign_file_is_refused_whole() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("rehearsal-0001.json", "{}")
    with pytest.raises(TranscriptError):
        read_bundle(made.getvalue())


def test_a_bundle_that_would_fill_the_memory_is_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rehearsal-0001.json", b"0" * 60_000_000)
    assert len(made.getvalue()) < 1_000_000
    with pytest.raises(TranscriptError, match="too large"):
        read_bundle(made.getvalue())


# -- pins ---------------------------------------------------------------------------------------------------------------------


def test_pinned_ones_come_first_and_a_pin_makes_nothing_newer(store: Transcripts) -> None:
    old, new = talk(store), talk(store)
    touched = store.get(old).touched
    store.pin(old, True)
    assert [each.id for each in store.list()] == [old, new]
    assert store.get(old).touched == touched
    store.pin(old, False)
    assert [each.id for each in store.list()] == [new, old]
    with pytest.raises(NotFound):
        store.pin("nobody", True)


def test_the_shelf_shows_the_latest_and_carries_all(store: Transcripts, path: Path) -> None:
    ids = {talk(store) for _ in range(SHELF + 3)}
    room = Room(Parts(store), Leaving(store, path))
    assert len(room.shelf()) == SHELF and {each.id for each in room.shelf(most=None)} == ids
    assert f"{SHELF} you touched last" in Shelf.listed(SimpleNamespace(room=room))  # type: ignore[arg-type]
    room.leaving.add(ids.pop(), "visit")
    assert {each.id for each in room.shelf(most=None)} == ids
