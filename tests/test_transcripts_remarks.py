"""What she says of single sentences: kept with her talks, backed up with them, in no export, and erased from every file."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from rehearse.errors import NotFound, TranscriptError
from rehearse.scenario import Scenario, Son
from rehearse.transcripts import Transcripts
from rehearse.transcripts.migrations import MIGRATIONS, applied, migrate
from test_transcripts_backups import first_version
from test_transcripts_delete import traces

GONE, KEPT = "GONEWORDS", "KEPTWORDS"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "rehearsals.db"


@pytest.fixture
def quick_key() -> Iterator[None]:
    with closing(dbapi2.connect(":memory:")) as connection:
        (rounds,) = connection.execute("PRAGMA cipher_default_kdf_iter").fetchone()
        connection.execute("PRAGMA cipher_default_kdf_iter = 1000")
        yield
        connection.execute(f"PRAGMA cipher_default_kdf_iter = {rounds}")


def said(store: Transcripts) -> list[tuple[int, str, bool]]:
    return [(each.number, each.text, each.stung) for each in store.remarks.all()]


def test_they_are_there_at_the_next_start_oldest_first(path: Path) -> None:
    with Transcripts(path) as store, Transcripts(path) as other:
        store.remarks.add(" You clown! ", stung=False)
        other.remarks.add("Suit yourself.", stung=True)
        assert said(store) == said(other) == [(1, "You clown!", False), (2, "Suit yourself.", True)]
    with Transcripts(path) as store:
        assert said(store) == [(1, "You clown!", False), (2, "Suit yourself.", True)]
        assert store.remarks.all()[0].made


def test_of_a_sentence_of_the_same_words_the_later_counts_under_the_same_number(path: Path) -> None:
    with Transcripts(path) as store:
        store.remarks.add("You don’t call, you clown!", stung=False)
        store.remarks.add("You do call.", stung=False)
        again = store.remarks.add("you don't call you clown", stung=True)
        assert said(store) == [(1, "you don't call you clown", True), (2, "You do call.", False)]
        assert again == store.remarks.all()[0]


@pytest.mark.parametrize("text", ["", " \n", "?!", "…", "😀"])
def test_what_has_no_words_is_refused(path: Path, text: str) -> None:
    with Transcripts(path) as store:
        with pytest.raises(TranscriptError, match="no words"):
            store.remarks.add(text, stung=True)
        with pytest.raises(TranscriptError, match="4000"):
            store.remarks.add("a " * 2001, stung=True)
        assert said(store) == []


def test_half_a_character_is_kept_as_a_mark(path: Path) -> None:
    with Transcripts(path) as store:
        assert store.remarks.add("you \ud83d clown", stung=False).text == "you \ufffd clown"


def test_taking_back_leaves_no_byte_in_any_file(path: Path) -> None:
    first_version(path)
    with Transcripts(path) as store, Transcripts(path) as other:
        gone = store.remarks.add(f"{GONE} one", stung=True)
        store.remarks.add(f"{KEPT} two", stung=False)
        store.back_up()
        # Said again otherwise: the copies hold the first wording, the file the second.
        store.remarks.add(f"{GONE}, one!", stung=False)
        store.back_up()
        assert traces(path.parent / "backups", GONE) == 2 and traces(path.parent, GONE) > 2
        assert [each.kind for each in store.backups()].count("before-update") == 1, "a copy without the table is among them"
        other.remarks.take_back(gone.number)
        assert traces(path.parent, GONE) == 0
        assert traces(path.parent / "backups", KEPT) == 2
        assert said(store) == [(2, f"{KEPT} two", False)]
        with pytest.raises(NotFound):
            store.remarks.take_back(gone.number)
        for backup in store.backups():
            store.restore(backup.path.name)
            assert GONE not in str(said(store))
    assert traces(path.parent, GONE) == 0


def test_a_number_given_twice_takes_nothing_else_out_of_a_copy(path: Path) -> None:
    """After an older copy is put back, numbers go on from there, and newer copies have other sentences under them."""
    with Transcripts(path) as store:
        older = store.back_up()
        store.remarks.add(f"{KEPT} one", stung=True)
        newer = store.back_up()
        store.restore(older.name)
        assert store.remarks.add("another", stung=True).number == 1
        store.remarks.take_back(1)
        store.restore(newer.name)
        assert said(store) == [(1, f"{KEPT} one", True)]


def test_a_reader_in_the_way_is_said_and_the_next_start_finishes(path: Path) -> None:
    with Transcripts(path, patience=0.2) as store:
        store.remarks.add(GONE, stung=True)
        store.back_up()
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM remark").fetchone()
        with pytest.raises(TranscriptError, match="taken back, but") as raised:
            store.remarks.take_back(1)
        assert GONE not in str(raised.value)
        assert said(store) == [] and traces(path.parent, GONE) > 0
        reader.execute("COMMIT")
        reader.close()
    Transcripts(path).close()
    assert traces(path.parent, GONE) == 0


def test_they_go_into_no_export(path: Path) -> None:
    with Transcripts(path) as store:
        rehearsal = store.create(Scenario(Son("Daniel"))).id
        store.remarks.add(GONE, stung=True)
        documents = list(store.export_all())
        assert [each["id"] for each in documents] == [rehearsal]
        assert GONE not in json.dumps(documents)
        store.delete(rehearsal)
        assert said(store) == [(1, GONE, True)], "they belong to no talk"


def test_a_passphrase_covers_them(path: Path, quick_key: None) -> None:
    with Transcripts(path) as store:
        store.remarks.add(GONE, stung=True)
        store.set_passphrase("four good words here")
        assert traces(path.parent, GONE) == 0
        store.remarks.add("another", stung=False)
        store.back_up()
        store.remarks.take_back(1)
    with Transcripts(path, passphrase="four good words here") as store:
        assert said(store) == [(2, "another", False)]
        store.restore(store.backups()[0].path.name)
        assert said(store) == [(2, "another", False)]


def test_a_file_from_before_gains_them_and_keeps_its_rows(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, MIGRATIONS[:4])
        connection.execute(
            "INSERT INTO rehearsal (id, title, son, situation, scenario, created, touched, touch, number)"
            """ VALUES ('one', '', 'Ben', '', '{"son": {"name": "Ben"}}', '2026-01-01', '2026-01-01', 1, 1)"""
        )
        connection.execute("INSERT INTO erasure (owed_since, rehearsal_id) VALUES ('2026-01-01', 'two')")
    with Transcripts(path) as store:
        assert [each.id for each in store.list()] == ["one"]
        assert store.remarks.add("You clown.", stung=False).number == 1
    with closing(sqlite3.connect(path)) as connection:
        assert applied(connection)[4:] == ["m005_remarks"]
        assert connection.execute("SELECT * FROM erasure").fetchall() == [], "what was owed before is erased"
