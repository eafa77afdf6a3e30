"""The schema comes in numbered steps, each whole or not at all."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rehearse.errors import TranscriptError
from rehearse.scenario import Scenario, Son
from rehearse.transcripts import Transcripts
from rehearse.transcripts.migrations import MIGRATIONS, applied, migrate
from rehearse.turn import Openness, Turn
from test_transcripts_backups import first_version, rows

NAMES = [step.__name__ for step in MIGRATIONS]


def opened(path: Path | str = ":memory:") -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "rehearsals.db"


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(opened()) as blank:
        yield blank


def m999_extra(connection: sqlite3.Connection) -> None:
    """Add a table, as a later version might."""
    connection.execute("CREATE TABLE extra (id INTEGER)")


def m999_fails(connection: sqlite3.Connection) -> None:
    """Fail half way."""
    connection.execute("CREATE TABLE half (id INTEGER)")
    connection.execute("CREATE TABLE half (id INTEGER)")


def tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_from_blank_and_again(connection: sqlite3.Connection) -> None:
    assert applied(connection) == []
    assert migrate(connection) == NAMES
    assert {"rehearsal", "turn", "turn_report", "erasure", "migration"} <= tables(connection)
    assert migrate(connection) == []
    assert applied(connection) == NAMES


def test_names_are_numbered_in_order() -> None:
    assert [step.__name__[:5] for step in MIGRATIONS] == [f"m{number:03}_" for number in range(1, len(MIGRATIONS) + 1)]


def test_rows_survive_a_later_step(path: Path) -> None:
    with Transcripts(path) as store:
        saved = store.create(Scenario(Son("Daniel")))
    connection = opened(path)
    assert migrate(connection, (*MIGRATIONS, m999_extra)) == ["m999_extra"]
    assert connection.execute("SELECT id FROM rehearsal").fetchall() == [(saved.id,)]
    connection.close()


@pytest.mark.parametrize("steps", range(1, len(MIGRATIONS) + 1))
def test_a_file_left_by_any_version_is_updated_with_its_rows(path: Path, steps: int) -> None:
    first_version(path)
    with closing(opened(path)) as connection:
        migrate(connection, MIGRATIONS[:steps])
        if steps >= 3:
            connection.execute("UPDATE rehearsal SET pinned = 1 WHERE title = 'Sunday'")
        if steps >= 5:
            connection.execute("INSERT INTO remark (id, text, stung, made) VALUES ('r1', 'You never call.', 1, '2026-01-01')")
    before = {table: rows(path, table) for table in ("turn", "turn_report")}
    with Transcripts(path) as store:
        assert {copy.kind for copy in store.backups()} == ({"before-update"} if steps < len(MIGRATIONS) else set())
        found = {each.title: each for each in store.list()}
        assert set(found) == {"Sunday", "Missed calls"}
        assert found["Sunday"].pinned == (steps >= 3)
        assert [each.text for each in store.remarks.all()] == ["You never call."] * (steps >= 5)
        # What only the newest version does, with what only the oldest wrote.
        assert [each.title for each in store.list("strasse")] == ["Missed calls"]
        store.append(found["Sunday"].id, Turn("mother", "Good morning.", Openness.WARY, store.get(found["Sunday"].id).leaf_id))
        assert store.count("morning") == 1
    assert all(set(rows(path, table)) >= set(then) for table, then in before.items())
    with closing(opened(path)) as connection:
        assert applied(connection) == NAMES
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_step_that_fails_leaves_nothing(connection: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, (*MIGRATIONS, m999_extra, m999_fails))
    assert applied(connection) == [*NAMES, "m999_extra"]
    assert "half" not in tables(connection)
    assert not connection.in_transaction


def test_a_first_step_that_fails_leaves_a_blank_file(connection: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, (m999_fails,))
    assert tables(connection) == set()


def test_a_newer_version_is_refused_untouched(path: Path) -> None:
    Transcripts(path).close()
    connection = opened(path)
    migrate(connection, (*MIGRATIONS, m999_extra))
    connection.close()
    with pytest.raises(TranscriptError, match="newer version"):
        Transcripts(path)
    connection = opened(path)
    assert applied(connection) == [*NAMES, "m999_extra"]
    connection.close()


def test_a_database_of_another_program_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "rehearsals.db"
    connection = opened(path)
    connection.execute("CREATE TABLE migration (name TEXT)")
    connection.close()
    with pytest.raises(TranscriptError, match="another program"):
        Transcripts(path)
    connection = opened(path)
    assert tables(connection) == {"migration"}
    connection.close()


def test_a_file_from_before_pins_gains_them_and_keeps_its_rows(path: Path) -> None:
    path.parent.mkdir()
    connection = opened(path)
    migrate(connection, MIGRATIONS[:1])
    connection.execute(
        """
        INSERT INTO rehearsal (id, title, son, situation, scenario, created, touched, touch)
        VALUES ('one', '', 'Ben', '', '{"son": {"name": "Ben"}}', '2026-01-01', '2026-01-01', 1)
        """
    )
    connection.close()
    with Transcripts(path) as store:
        (found,) = store.list()
        assert (found.id, found.pinned) == ("one", False)
        store.pin("one", True)
        assert store.list()[0].pinned
