"""Rehearsals and their turns as SQL: what the store does inside a transaction."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace

from rehearse.errors import NotFound, TranscriptError
from rehearse.transcripts import rows
from rehearse.transcripts.record import Saved
from rehearse.turn import Turn, now


def no_rehearsal() -> NotFound:
    """Return the error for a rehearsal that is not there."""
    return NotFound("There is no rehearsal of this name.", "It may have been deleted; choose one from the list.")


def no_turn() -> NotFound:
    """Return the error for a turn that is not there."""
    return NotFound("There is no such turn in this rehearsal.", "Open the rehearsal again to see the turns it has.")


def saved(connection: sqlite3.Connection, rehearsal_id: str) -> Saved:
    """Return one rehearsal.

    :raises NotFound: if there is none of that id.
    """
    row = connection.execute("SELECT * FROM rehearsal WHERE id = ?", (rehearsal_id,)).fetchone()
    if row is None:
        raise no_rehearsal()
    return Saved(
        id=row["id"],
        title=row["title"],
        scenario=rows.scenario_from(row["scenario"]),
        created=row["created"],
        touched=row["touched"],
        ended=row["ended"],
        leaf_id=row["leaf_id"],
    )


def turns(connection: sqlite3.Connection, rehearsal_id: str) -> list[Turn]:
    """Return all turns of a rehearsal, in the order in which they were said."""
    found = connection.execute(
        "SELECT turn.*, body FROM turn LEFT JOIN turn_report ON turn_id = id WHERE rehearsal_id = ? ORDER BY seq", (rehearsal_id,)
    )
    return [rows.turn_from(row) for row in found.fetchall()]


def path(connection: sqlite3.Connection, leaf_id: str) -> list[Turn]:
    """Return the turns from the first to this one."""
    found = connection.execute(
        """
        WITH RECURSIVE back (id, parent_id, depth) AS (
            SELECT id, parent_id, 0 FROM turn WHERE id = ?
            UNION ALL
            SELECT turn.id, turn.parent_id, depth + 1 FROM turn JOIN back ON turn.id = back.parent_id
        )
        SELECT turn.*, body FROM back JOIN turn ON turn.id = back.id
        LEFT JOIN turn_report ON turn_id = turn.id ORDER BY depth DESC
        """,
        (leaf_id,),
    )
    return [rows.turn_from(row) for row in found.fetchall()]


def insert(connection: sqlite3.Connection, given: Saved) -> None:
    """Write a rehearsal without its turns."""
    connection.execute(
        """
        INSERT INTO rehearsal (id, title, son, situation, scenario, created, touched, ended, touch, number)
        SELECT ?, ?, ?, ?, ?, ?, ?, ?, coalesce(max(touch), 0) + 1, coalesce(max(number), 0) + 1 FROM rehearsal
        """,
        (
            given.id,
            given.title,
            rows.clean(given.scenario.son.name),
            rows.clean(given.scenario.situation),
            rows.scenario_body(given.scenario),
            given.created,
            given.touched,
            given.ended,
        ),
    )


def write(connection: sqlite3.Connection, given: Saved, turns: Iterable[Turn]) -> None:
    """Write a whole rehearsal."""
    insert(connection, given)
    for turn in turns:
        rows.insert(connection, given.id, turn)
    connection.execute("UPDATE rehearsal SET leaf_id = ? WHERE id = ?", (given.leaf_id, given.id))


def with_ids(given: Iterable[Turn], renamed: Mapping[str, str]) -> Iterable[Turn]:
    """Yield the turns with other ids in the place of those that are taken, as parents too."""
    for turn in given:
        parent = turn.parent_id and renamed.get(turn.parent_id, turn.parent_id)
        yield replace(turn, id=renamed.get(turn.id, turn.id), parent_id=parent)


def touch(connection: sqlite3.Connection, rehearsal_id: str) -> None:
    """Put a rehearsal first in the list.

    :raises NotFound: if there is none of that id.
    """
    changed = connection.execute(
        "UPDATE rehearsal SET touched = ?, touch = (SELECT max(touch) + 1 FROM rehearsal) WHERE id = ?", (now(), rehearsal_id)
    )
    if not changed.rowcount:
        raise no_rehearsal()


def need(connection: sqlite3.Connection, rehearsal_id: str, turn_id: str | None = None) -> None:
    """Make sure that a rehearsal is there, and a turn in it.

    :raises NotFound: if one of them is not.
    """
    if not taken(connection, "rehearsal", rehearsal_id):
        raise no_rehearsal()
    if turn_id is None:
        return
    if connection.execute("SELECT 1 FROM turn WHERE id = ? AND rehearsal_id = ?", (turn_id, rehearsal_id)).fetchone() is None:
        raise no_turn()


def need_growing(connection: sqlite3.Connection, turn_id: str) -> str:
    """Return the rehearsal of a turn that still grows.

    :raises NotFound: if there is no such turn.
    :raises TranscriptError: if it is finished.
    """
    row = connection.execute("SELECT state, rehearsal_id FROM turn WHERE id = ?", (turn_id,)).fetchone()
    if row is None:
        raise no_turn()
    if row["state"] != "partial":
        raise TranscriptError("This answer is finished and cannot be changed.", "Say your line another way to hear another one.")
    return str(row["rehearsal_id"])


def taken(connection: sqlite3.Connection, table: str, name: str) -> bool:
    """Return whether a row of this id is there."""
    return connection.execute(f"SELECT 1 FROM {table} WHERE id = ?", (name,)).fetchone() is not None
