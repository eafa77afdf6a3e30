"""What was said is never changed; only an answer that still grows, and the name of a try."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearse.errors import NotFound, TranscriptError
from rehearse.scenario import Scenario, Son
from rehearse.transcripts import Transcripts
from rehearse.turn import Openness, Turn

HERS = Turn("mother", "Hello", Openness.GUARDED, id="hers", report={"flagged": False})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "rehearsals.db"


def fill(store: Transcripts) -> None:
    rehearsal = store.create(Scenario(Son("Daniel"))).id
    store.append(rehearsal, HERS)
    store.append(rehearsal, Turn("son", "", Openness.GUARDED, "hers", state="partial", id="his"))


@pytest.fixture
def store(path: Path) -> Iterator[Transcripts]:
    with Transcripts(path) as opened:
        fill(opened)
        yield opened


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("immutable") / "home" / "rehearsals.db"
    with Transcripts(path) as opened:
        fill(opened)
    return path


def his(store: Transcripts) -> Turn:
    return store.turns(store.list()[0].id)[1]


def test_an_answer_grows_and_is_finished(store: Transcripts) -> None:
    store.grow("his", "I was")
    assert (his(store).text, his(store).state) == ("I was", "partial")
    store.grow("his", "I was busy")
    store.finish("his", "I was busy.", "complete", Openness.WARY)
    assert (his(store).text, his(store).state, his(store).openness) == ("I was busy.", "complete", Openness.WARY)


def test_a_stopped_answer_keeps_its_openness(store: Transcripts) -> None:
    store.finish("his", "I w", "stopped")
    assert (his(store).state, his(store).openness) == ("stopped", Openness.GUARDED)


@pytest.mark.parametrize("state", ["complete", "stopped"])
def test_a_finished_answer_neither_grows_nor_finishes_again(store: Transcripts, state: str) -> None:
    store.finish("his", "Done.", state)  # type: ignore[arg-type]
    before = his(store)
    with pytest.raises(TranscriptError, match="finished"):
        store.grow("his", "More")
    with pytest.raises(TranscriptError, match="finished"):
        store.finish("his", "More", "complete", Openness.OPEN)
    with pytest.raises(TranscriptError):
        store.grow("hers", "More")
    assert his(store) == before


def test_an_answer_does_not_finish_as_partial(store: Transcripts) -> None:
    with pytest.raises(TranscriptError):
        store.finish("his", "x", "partial")
    assert his(store).text == ""


def test_a_turn_that_is_not_there(store: Transcripts) -> None:
    for ask in (store.grow, store.label):
        with pytest.raises(NotFound):
            ask("nothing", "x")
    with pytest.raises(NotFound):
        store.finish("nothing", "x", "complete")


def test_a_try_can_be_named(store: Transcripts) -> None:
    store.label("hers", " the soft\nway ")
    first = store.turns(store.list()[0].id)[0]
    assert first.label == "the soft way"
    assert first.text == HERS.text and first.report == HERS.report
    with pytest.raises(TranscriptError, match="longer"):
        store.label("hers", "x" * 500)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE turn SET text = 'other' WHERE id = 'hers'",
        "UPDATE turn SET openness = 5 WHERE id = 'hers'",
        "UPDATE turn SET state = 'partial' WHERE id = 'hers'",
        "UPDATE turn SET parent_id = 'his' WHERE id = 'hers'",
        "UPDATE turn SET speaker = 'son' WHERE id = 'hers'",
        "UPDATE turn SET reason = 'other' WHERE id = 'hers'",
        "UPDATE turn SET created = 'other' WHERE id = 'hers'",
        "UPDATE turn SET seq = 99 WHERE id = 'hers'",
        "UPDATE turn SET id = 'other' WHERE id = 'his'",
        "UPDATE turn SET parent_id = NULL WHERE id = 'his'",
        "DELETE FROM turn WHERE id = 'his'",
        "UPDATE turn_report SET body = '{}'",
        "DELETE FROM turn_report",
        "INSERT INTO turn_report VALUES ('his', '{}')",
    ],
)
def test_the_database_itself_refuses(filled: Path, statement: str) -> None:
    other = sqlite3.connect(filled)
    other.execute("PRAGMA foreign_keys = ON")
    before = list(other.iterdump())
    with pytest.raises(sqlite3.IntegrityError, match="never changes"):
        other.execute(statement)
    assert list(other.iterdump()) == before
    other.close()


def test_the_database_itself_refuses_a_foreign_parent(store: Transcripts, path: Path) -> None:
    second = store.create(Scenario(Son("Ben"))).id
    other = sqlite3.connect(path)
    other.execute("PRAGMA foreign_keys = ON")
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        other.execute(
            "INSERT INTO turn (id, rehearsal_id, parent_id, speaker, text, openness, reason, state, label, created)"
            " VALUES ('x', ?, 'hers', 'son', '', 1, '', 'complete', '', '')",
            (second,),
        )
    other.close()
