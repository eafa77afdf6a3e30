"""Deleting is for good: no file of the store holds a word of it afterwards."""

import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from rehearse.errors import NotFound, TranscriptError
from rehearse.scenario import Scenario, Son
from rehearse.transcripts import Transcripts, to_json
from rehearse.turn import Openness, Turn, new_id

# Read in another process: closing a database file here would take away the locks that SQLite holds on it.
_COUNT = """
import sys
from pathlib import Path
print(sum(file.read_bytes().count(sys.argv[2].encode()) for file in Path(sys.argv[1]).rglob("*") if file.is_file()))
"""


def traces(folder: Path, marker: str) -> int:
    """Return how often a marker stands in any file of a folder."""
    return int(subprocess.run([sys.executable, "-c", _COUNT, folder, marker], capture_output=True, check=True, text=True).stdout)


def fill(store: Transcripts, marker: str, turns: int, chance: random.Random) -> str:
    """Save a rehearsal that holds the marker everywhere it can, with answers that grew."""
    scene = Scenario(Son(f"{marker}n"), f"{marker} situation", f"{marker} hope", title=f"{marker} title")
    rehearsal = store.create(scene).id
    parent = None
    for _ in range(turns):
        text = f"{marker} {new_id()} " * chance.randrange(1, 30)
        ask = Turn(
            "mother", text, Openness.WARY, parent, reason=f"{marker} reason", report={"text": text}, label=f"{marker} label"
        )
        answer = Turn("son", "", Openness.WARY, ask.id, state="partial")
        store.append(rehearsal, ask)
        store.append(rehearsal, answer)
        for part in range(1, 4):
            store.grow(answer.id, text[: part * len(text) // 4])
        store.finish(answer.id, text, "complete")
        parent = answer.id
    return rehearsal


def test_no_byte_is_left_while_another_connection_is_open(tmp_path: Path) -> None:
    path = tmp_path / "home" / "rehearsals.db"
    chance = random.Random(5)
    with Transcripts(path) as store, Transcripts(path) as other:
        kept = [fill(store, "KEPTWORDS", 2, chance)]
        gone = [fill(store, "GONEWORDS", 4, chance) for _ in range(2)]
        kept.append(fill(other, "KEPTWORDS", 2, chance))
        before = [other.export(name) for name in kept]
        assert traces(path.parent, "GONEWORDS") > 30
        for name in gone:
            store.delete(name)
        assert traces(path.parent, "GONEWORDS") == 0
        assert [other.export(name) for name in kept] == before
        assert other.count("gonewords") == 0
        with pytest.raises(NotFound):
            other.get(gone[0])
    assert traces(path.parent, "GONEWORDS") == 0
    assert traces(path.parent, "KEPTWORDS") > 0


def test_stale_copies_that_secure_delete_leaves_are_erased(tmp_path: Path) -> None:
    """Rows that moved between pages leave copies behind which deleting them does not blank."""
    path = tmp_path / "home" / "rehearsals.db"
    chance = random.Random(1)  # with this seed, 13 such copies are left unless the file is rewritten
    with Transcripts(path) as store:
        store._database._connection.execute("PRAGMA synchronous = OFF")  # hundreds of writes, and no power cut to fear here
        names = [store.create(Scenario(Son("Daniel"))).id for _ in range(40)]
        # Answers of all rehearsals grow in turn, so that rows of the one that goes lie between rows of those that stay.
        growing = []
        for _ in range(800):
            name = chance.randrange(40)
            turn = Turn("son", "", Openness.WARY, state="partial")
            store.append(names[name], turn)
            growing.append((turn.id, f"MARK{name % 2}x" * chance.randrange(1, 60)))
            if chance.random() < 0.7:
                turn_id, text = growing.pop(chance.randrange(len(growing)))
                for length in range(10, len(text) + 10, max(10, len(text) // 5)):
                    store.grow(turn_id, text[:length])
        store._database._connection.executemany("DELETE FROM rehearsal WHERE id = ?", [(name,) for name in names[2::2]])
        store.delete(names[0])
        assert traces(path.parent, "MARK0x") == 0
        assert traces(path.parent, "MARK1x") > 0


def test_a_reader_in_the_way_is_said_and_finished_later(tmp_path: Path) -> None:
    path = tmp_path / "home" / "rehearsals.db"
    reader = None
    with Transcripts(path, patience=0.2) as store:
        rehearsal = fill(store, "GONEWORDS", 2, random.Random(2))
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM turn").fetchone()
        with pytest.raises(TranscriptError, match="deleted, but") as raised:
            store.delete(rehearsal)
        assert "GONEWORDS" not in str(raised.value)
        assert store.count() == 0
        assert traces(path.parent, "GONEWORDS") > 0
        with pytest.raises(TranscriptError):
            store.erase_leftovers()
        reader.execute("COMMIT")
        store.erase_leftovers()
        assert traces(path.parent, "GONEWORDS") == 0
    reader.close()


def test_the_next_start_finishes_a_deletion_that_was_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "home" / "rehearsals.db"
    with Transcripts(path, patience=0.2) as store:
        rehearsal = fill(store, "GONEWORDS", 2, random.Random(3))
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM turn").fetchone()
        with pytest.raises(TranscriptError):
            store.delete(rehearsal)
        with Transcripts(path, patience=0.1):
            assert traces(path.parent, "GONEWORDS") > 0
        reader.execute("COMMIT")
        with Transcripts(path):
            assert traces(path.parent, "GONEWORDS") == 0
        reader.close()


def test_what_passed_through_the_page_is_gone_too(home: Path) -> None:
    """A copy that was brought back lay in the page's own folder for a moment."""
    from rehearse import settings
    from rehearse.ui.room import Room
    from rehearse.ui.shelf import Shelf

    shelf = Shelf.__new__(Shelf)  # the handlers alone, without the page round them
    shelf.room = Room.open()
    store = shelf.room.parts.transcripts
    gone = fill(store, "GONEWORDS", 2, random.Random(4))
    upload = settings.private_folder(settings.temporary_folder()) / "0a1b" / "talk.json"
    upload.parent.mkdir()
    upload.write_text(to_json(store.export(gone)), encoding="utf-8")
    (upload.parent.parent / "copy.json").write_bytes(upload.read_bytes())
    shelf.imported(str(upload), "", "")
    assert store.count() == 2
    assert traces(settings.temporary_folder(), "GONEWORDS") == 0
    for summary in store.list():
        store.delete(summary.id)
    assert traces(home, "GONEWORDS") == 0
    store.close()
    assert traces(home, "GONEWORDS") == 0
