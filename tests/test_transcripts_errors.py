"""What SQLite or the disk refuses becomes a sentence on what happened and what to do."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearse.errors import RehearseError, TranscriptError
from rehearse.scenario import Scenario, Son
from rehearse.transcripts import Transcripts
from rehearse.transcripts.trouble import sentences
from rehearse.turn import Openness, Turn

ROOT = Path(__file__).parent.parent
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


# As another user, because root may write anywhere. Everything is imported before, since that user may not read it.
AS_NOBODY = """
import os, sys
from pathlib import Path
from rehearse.errors import RehearseError
from rehearse.scenario import Scenario, Son
from rehearse.transcripts import Transcripts
import platformdirs
if os.geteuid() == 0:
    os.setgroups([])
    os.setegid(65534)
    os.seteuid(65534)
try:
    with Transcripts(Path(sys.argv[1])) as store:
        store.create(Scenario(Son("Daniel")))
    sys.stdout.write("saved")
except RehearseError as error:
    sys.stdout.write(str(error))
"""


def as_nobody(path: Path) -> str:
    code = [sys.executable, "-c", AS_NOBODY, str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "REHEARSE_HOME": str(path.parent)}
    return subprocess.run(code, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everyone can reach, as far up as it goes."""
    folder = Path(tempfile.mkdtemp(prefix="rehearse-test-"))
    folder.chmod(0o777)
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o700)
    shutil.rmtree(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such modes")
def test_a_folder_that_may_not_be_written(open_folder: Path) -> None:
    path = open_folder / "home" / "rehearsals.db"
    assert as_nobody(path) == "saved"
    before = path.read_bytes()
    for mode, folder_mode in ((0o400, 0o700), (0o400, 0o500)):
        path.chmod(mode)
        path.parent.chmod(folder_mode)
        os.chown(path, 0 if os.geteuid() == 0 else -1, -1)
        if os.geteuid() == 0:
            os.chown(path.parent, 0, -1)
            path.parent.chmod(0o755)
            path.chmod(0o444)
        said = as_nobody(path)
        assert "folder" in said and "REHEARSE_HOME" in said, said
        assert path.read_bytes() == before
        if os.geteuid() == 0:
            os.chown(path, 65534, -1)
            os.chown(path.parent, 65534, -1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such modes")
def test_a_place_where_no_folder_can_be_made(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    said = as_nobody(open_folder / "deeper" / "rehearsals.db")
    assert "cannot be used" in said and "REHEARSE_HOME" in said


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")
@pytest.mark.parametrize("how", ["removed", "moved", "replaced"])
def test_a_folder_that_vanishes_is_said_and_nothing_is_shown_as_saved(path: Path, how: str) -> None:
    with Transcripts(path) as store:
        rehearsal = store.create(SCENE).id
        turn = Turn("mother", "before", Openness.WARY)
        store.append(rehearsal, turn)
        elsewhere = path.parent.with_name("elsewhere")
        path.parent.rename(elsewhere)
        if how == "replaced":
            Transcripts(path).close()
        for act in (
            lambda: store.append(rehearsal, Turn("mother", "after", Openness.WARY)),
            lambda: store.turns(rehearsal),
            lambda: store.delete(rehearsal),
            lambda: store.back_up(),
            lambda: store.set_passphrase("four good words"),
        ):
            with pytest.raises(TranscriptError, match="no longer there") as raised:
                act()
            assert "after" not in str(raised.value)
        if how == "moved":
            elsewhere.rename(path.parent)
            assert store.turns(rehearsal) == [turn]
    with Transcripts((elsewhere if how != "moved" else path.parent) / path.name) as store:
        assert store.turns(rehearsal) == [turn]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes, where this system lets us make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not sys.platform.startswith("linux") or shutil.which("mount") is None:
        pytest.skip("no small disk can be made here")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("no small disk may be made here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_disk_that_fills_up_loses_nothing_and_goes_on_when_there_is_room(small_disk: Path) -> None:
    path = small_disk / "home" / "rehearsals.db"
    with Transcripts(path) as store:
        rehearsal = store.create(SCENE).id
        ballast = small_disk / "ballast"
        ballast.write_bytes(bytes(900_000))
        saved: list[Turn] = []
        with pytest.raises(TranscriptError, match="no room left"):
            for number in range(1000):
                turn = Turn("mother", f"{number} " * 4000, Openness.WARY)
                store.append(rehearsal, turn)
                saved.append(turn)
        assert saved and store.turns(rehearsal) == saved
        for act in (store.back_up, lambda: store.set_passphrase("four good words")):
            with pytest.raises(TranscriptError, match="no room left"):
                act()
        assert store.turns(rehearsal) == saved
        assert not store.locked
        ballast.unlink()
        store.append(rehearsal, Turn("mother", "and on", Openness.WARY))
        assert len(store.turns(rehearsal)) == len(saved) + 1
    with Transcripts(path) as store:
        assert store.turns(rehearsal)[:-1] == saved


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
