"""What SQLite or the disk refuses becomes a sentence on what happened and what to do."""

import os
import sqlite3
import sys
from pathlib import Path

import pytest

from rehearse.errors import RehearseError, TranscriptError
from rehearse.scenario import Scenario, Son
from rehearse.transcripts import Transcripts
from rehearse.transcripts.database import sentences
from rehearse.turn import Openness, Turn

SCENE = Scenario(Son("Daniel"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "rehearsals.db"


def test_locked_by_another_writer_then_free_again(path: Path) -> None:
    with Transcripts(path, patience=0.1) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(TranscriptError, match="Another program is using"):
            store.create(SCENE)
        other.execute("ROLLBACK")
        other.close()
        assert store.create(SCENE)


def test_a_full_disk_keeps_what_was_saved(path: Path) -> None:
    with Transcripts(path) as store:
        rehearsal = store.create(SCENE).id
        connection = store._database._connection
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(TranscriptError, match="no room left"):
            store.append(rehearsal, Turn("mother", "x" * 100_000, Openness.WARY))
        assert store.turns(rehearsal) == []
        assert store.get(rehearsal).leaf_id is None


def test_a_file_that_is_no_database(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is not a database at all " * 100)
    with pytest.raises(TranscriptError, match="damaged"):
        Transcripts(path)


def test_a_damaged_database(path: Path) -> None:
    with Transcripts(path) as store:
        rehearsal = store.create(SCENE).id
        for _ in range(40):
            store.append(rehearsal, Turn("mother", "x" * 2000, Openness.WARY))
    body = bytearray(path.read_bytes())
    body[3 * 4096 :] = b"\xa5" * (len(body) - 3 * 4096)
    path.write_bytes(body)
    with pytest.raises(TranscriptError, match="damaged"), Transcripts(path) as store:
        store.turns(rehearsal)


def test_a_row_that_cannot_be_read(path: Path) -> None:
    with Transcripts(path) as store:
        rehearsal = store.create(SCENE).id
        other = sqlite3.connect(path)
        other.execute("UPDATE rehearsal SET scenario = '{'")
        other.commit()
        other.close()
        with pytest.raises(TranscriptError, match="damaged"):
            store.get(rehearsal)
        store.delete(rehearsal)
        assert store.list() == []


def test_a_folder_in_the_place_of_the_file(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(TranscriptError):
        Transcripts(path)


def test_a_file_in_the_place_of_the_folder(path: Path) -> None:
    path.parent.write_text("x")
    with pytest.raises(RehearseError):
        Transcripts(path)


@pytest.mark.skipif(sys.platform == "win32" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anything")
def test_a_folder_that_may_not_be_written(path: Path) -> None:
    path.parent.mkdir()
    path.parent.parent.chmod(0o500)
    try:
        with pytest.raises(RehearseError):
            Transcripts(path.parent / "deeper" / "rehearsals.db")
    finally:
        path.parent.parent.chmod(0o700)


def test_a_closed_store(path: Path) -> None:
    store = Transcripts(path)
    store.close()
    store.close()
    with pytest.raises(TranscriptError, match="have been closed"):
        store.list()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (sqlite3.OperationalError("attempt to write a readonly database"), "may only be read"),
        (sqlite3.OperationalError("unable to open database file"), "cannot be opened"),
        (sqlite3.OperationalError("disk I/O error"), "disk could not be read"),
        (sqlite3.DatabaseError("database disk image is malformed"), "damaged"),
        (sqlite3.IntegrityError("something SECRET"), "IntegrityError"),
        (OSError(13, "Permission denied"), "Permission denied"),
    ],
)
def test_every_error_is_a_sentence_without_what_was_said(error: Exception, said: str) -> None:
    with pytest.raises(TranscriptError, match=said) as raised, sentences():
        raise error
    assert raised.value.remedy.endswith(".")
    assert "SECRET" not in str(raised.value)
