"""Backups: made before every update, few, reached by deleting, and put back without losing what is there."""

import os
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest

from rehearse.errors import NotFound, StoreDamaged, TranscriptError
from rehearse.scenario import Scenario, Son
from rehearse.transcripts import Transcripts, backups, migrations
from rehearse.turn import Openness, Turn
from test_transcripts_delete import traces

FIRST = Path(__file__).parent / "data" / "rehearsals-m001.sql"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "rehearsals.db"


def first_version(path: Path) -> None:
    """Leave a database as the first version did, with rows in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(FIRST.read_text(encoding="utf-8"))
        connection.execute("PRAGMA journal_mode = WAL")


def rows(path: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()


def said(store: Transcripts, text: str) -> str:
    rehearsal = store.create(Scenario(Son("Daniel")), text[:50]).id
    store.append(rehearsal, Turn("mother", text, Openness.WARY))
    return rehearsal


def test_a_file_of_the_first_version_is_copied_then_updated_with_its_rows(path: Path) -> None:
    first_version(path)
    before = rows(path, "turn")
    with Transcripts(path) as store:
        (copy,) = store.backups()
        assert copy.kind == "before-update"
        assert [summary.title for summary in store.list()] == ["Sunday", "Missed calls"]
        missed = store.list("strasse")[0]
        assert (missed.title, missed.turns, missed.openness) == ("Missed calls", 5, Openness.WARMING)
        turns = {turn.id: turn for turn in store.turns(missed.id)}
        assert turns["t4"].state == "partial" and turns["t4"].text == "It’s been ages, I kn"
        assert turns["t1"].report is not None and turns["t1"].report["kinds"] == ["absolute"]
        assert [turn.id for turn in store.path(missed.id, store.get(missed.id).leaf_id)] == ["t3", "t4"]
        assert store.count("ages") == store.count("spring") == store.count("ben") == 1
    assert rows(path, "turn") == rows(copy.path, "turn") == before
    with closing(sqlite3.connect(copy.path)) as connection:
        connection.row_factory = sqlite3.Row
        assert migrations.applied(connection) == ["m001_initial"]
    with Transcripts(path) as store:
        assert len(store.backups()) == 1  # an up-to-date file is not copied again


def test_deleting_reaches_a_copy_that_a_kill_cut_short(path: Path) -> None:
    with Transcripts(path) as store:
        rehearsal = said(store, "MARK-cut-short")
        folder = store.back_up().parent
        part = backups.files.unfinished(folder)
        part.write_bytes(path.read_bytes() + b"MARK-cut-short")
        store.delete(rehearsal)
        assert not part.exists() and not traces(path.parent, b"MARK-cut-short")


def test_a_copy_that_a_kill_cut_short_while_it_went_is_no_damaged_copy(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(handle: int) -> None:
        os.write(handle, bytes(100))
        raise KeyboardInterrupt

    with Transcripts(path) as store:
        said(store, "MARK-half-gone")
        for _ in range(backups.KEPT):
            store.back_up()
        with monkeypatch.context() as patch:
            patch.setattr(backups.files, "blank_open", half)
            with pytest.raises(KeyboardInterrupt):
                store.back_up()
        folder = path.parent / "backups"
        (part,) = folder.glob(f"{backups.files.UNFINISHED}*")
        assert part.read_bytes().startswith(bytes(100))
        for each in store.backups():
            assert rows(each.path, "turn") == rows(path, "turn")
        store.delete(store.list()[0].id)
        assert not part.exists() and not traces(path.parent, b"MARK-half-gone")


@pytest.mark.parametrize("times", [1, 99])
def test_a_copy_is_begun_again_when_a_deletion_takes_it_away(path: Path, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    settle, taken = backups.files.settle, []

    def take(part: Path) -> None:
        if len(taken) < times:
            taken.append(part)
            part.unlink()
        settle(part)

    with Transcripts(path) as store:
        said(store, "kept")
        monkeypatch.setattr(backups.files, "settle", take)
        if times > 1:
            with pytest.raises(TranscriptError, match="keeps removing"):
                store.back_up()
        else:
            assert rows(store.back_up(), "turn") == rows(path, "turn")
        assert not list((path.parent / "backups").glob(f"{backups.files.UNFINISHED}*"))


def test_no_room_for_the_copy_stops_the_update(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first_version(path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(backups.files, "settle", full)
        with pytest.raises(TranscriptError, match="no room"):
            Transcripts(path)
    with closing(sqlite3.connect(path)) as connection:
        assert migrations.applied(connection) == ["m001_initial"]
    with Transcripts(path) as store:
        assert store.count() == 2


def test_few_are_kept_of_each_kind(path: Path) -> None:
    first_version(path)
    with Transcripts(path) as store:
        made = [store.back_up() for _ in range(backups.KEPT + 2)]
        assert [each.path for each in store.backups() if each.kind == "by-hand"] == made[: -backups.KEPT - 1 : -1]
        assert [each.kind for each in store.backups()].count("before-update") == 1
    assert {file.name for file in path.parent.joinpath("backups").iterdir()} == {each.path.name for each in backups.listed(path)}


def test_deleting_reaches_every_backup(path: Path) -> None:
    first_version(path)
    with Transcripts(path) as store:
        gone, kept = said(store, "GONEWORDS"), said(store, "KEPTWORDS")
        store.back_up()
        missed = store.list("missed")[0].id
        assert traces(path.parent / "backups", "GONEWORDS") > 0
        assert traces(path.parent / "backups", "You never call me anymore") > 0
        store.delete(gone, missed)
        assert traces(path.parent, "GONEWORDS") == 0
        assert traces(path.parent, "You never call me anymore") == 0  # from the file of the first version too
        assert traces(path.parent / "backups", "KEPTWORDS") > 0
        for backup in store.backups():
            store.restore(backup.path.name)
            assert gone not in [each.id for each in store.list()]
        assert store.get(kept) if store.count("keptwords") else True


def test_a_backup_that_cannot_be_opened_does_not_outlive_a_deletion(path: Path) -> None:
    with Transcripts(path) as store:
        rehearsal = said(store, "GONEWORDS")
        copy = store.back_up()
        copy.write_bytes(b"GONEWORDS " * 1000)
        store.delete(rehearsal)
        assert traces(path.parent, "GONEWORDS") == 0
        assert not copy.exists()


def test_an_erasure_cut_short_reaches_the_backups_at_the_next_start(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Transcripts(path)
    rehearsal = said(store, "GONEWORDS")
    store.back_up()
    with monkeypatch.context() as patch:
        patch.setattr(store._database, "erase", lambda: None)
        store.delete(rehearsal)
    store.close()
    assert traces(path.parent / "backups", "GONEWORDS") > 0
    Transcripts(path).close()
    assert traces(path.parent, "GONEWORDS") == 0


def test_restoring_keeps_a_copy_of_what_was_there(path: Path) -> None:
    with Transcripts(path) as store, Transcripts(path) as other:
        first = said(store, "first")
        copy = store.back_up()
        second = said(store, "second")
        before = store.restore(copy.stem)
        assert [each.id for each in store.list()] == [each.id for each in other.list()] == [first]
        with pytest.raises(NotFound):
            store.get(second)
        store.restore(str(before))
        assert {each.id for each in other.list()} == {first, second}


def test_what_is_no_good_backup_is_refused_and_changes_nothing(path: Path, tmp_path: Path) -> None:
    with Transcripts(path) as store:
        rehearsal = said(store, "x" * 50_000)
        copy = store.back_up(tmp_path / "mine.db")
        document = store.export(rehearsal)
        body = copy.read_bytes()
        copy.write_bytes(body[:20_000] + bytes(4096) + body[24_096:])
        with pytest.raises(StoreDamaged, match="backup is damaged"):
            store.restore(str(copy))
        copy.write_bytes(b"")
        with pytest.raises(TranscriptError):
            store.restore(str(copy))
        copy.unlink()
        with closing(sqlite3.connect(copy)) as connection:
            connection.execute("CREATE TABLE x (y)")
        with pytest.raises(TranscriptError, match="not a backup"):
            store.restore(str(copy))
        with pytest.raises(NotFound):
            store.restore("no such name")
        with closing(sqlite3.connect(store.back_up(tmp_path / "newer.db"), isolation_level=None)) as connection:
            connection.execute("INSERT INTO migration (name, ran) VALUES ('m999_later', '')")
        with pytest.raises(TranscriptError, match="newer version"):
            store.restore(str(tmp_path / "newer.db"))
        assert store.export(rehearsal) == document
        assert store.backups() == []


def test_a_backup_goes_into_a_file_that_is_damaged_in_the_middle(path: Path) -> None:
    with Transcripts(path) as store:
        rehearsal = said(store, "words " * 20_000)
        document = store.export(rehearsal)
        copy = store.back_up()
    body = bytearray(path.read_bytes())
    page = next(start for start in range(0, len(body), 4096) if body[start + 10 : start + 4096].count(b"words ") > 600)
    body[page : page + 4096] = b"\xa5" * 4096
    path.write_bytes(body)
    with Transcripts(path) as store:
        with pytest.raises(StoreDamaged):
            store.export(rehearsal)
        aside = store.restore(copy.name)
        assert store.export(rehearsal) == document
        assert aside.read_bytes() == bytes(body)


def test_a_damaged_file_is_moved_aside_untouched(path: Path) -> None:
    path.parent.mkdir()
    body = b"SQLite format 3\x00" + b"and then nothing that fits " * 1000
    path.write_bytes(body)
    with pytest.raises(StoreDamaged, match="moved aside") as raised:
        Transcripts(path)
    (aside,) = backups.listed(path)
    assert (aside.kind, aside.path.read_bytes()) == ("damaged", body)
    assert aside.path.name in str(raised.value) and "restore" in raised.value.remedy
    assert not path.exists()
    with Transcripts(path) as store:
        rehearsal = said(store, "a new beginning")
        store.delete(rehearsal)  # the file set aside cannot be erased from, and is left alone
    assert aside.path.read_bytes() == body


def test_a_passphrase_tells_of_damaged_files_that_stay_readable(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"words " * 1000)
    with pytest.raises(StoreDamaged):
        Transcripts(path)
    with Transcripts(path) as store:
        assert store.set_passphrase("four good words") == [each.path for each in backups.listed(path)]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such modes")
@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_they_are_private_under_an_odd_umask(path: Path, tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with Transcripts(path) as store:
            store.back_up()
            own = store.back_up(tmp_path / "own.db")
    finally:
        os.umask(before)
    assert stat.S_IMODE((path.parent / "backups").stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in (*path.parent.joinpath("backups").iterdir(), own)} == {0o600}
