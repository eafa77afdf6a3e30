"""Where rehearsals are kept: a tree of turns each, nothing of which is lost by trying another way."""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from rehearse.errors import NotFound, TranscriptError
from rehearse.scenario import Scenario
from rehearse.transcripts import document, rows, search
from rehearse.transcripts.database import Database
from rehearse.transcripts.record import Saved, Summary
from rehearse.turn import Openness, State, Turn, new_id, now

# The method `list` hides the built-in one from the annotations of this class.
Turns = list[Turn]
Summaries = list[Summary]


class Transcripts:
    """The saved rehearsals of one person, in one SQLite file.

    One object may be used from many threads, and several processes may have the same file open. What a method wrote is on
    the disk when it returns. Every method raises :class:`TranscriptError` if the file cannot be read or written.
    """

    def __init__(self, path: Path, *, patience: float = 5.0) -> None:
        """Open the file and create it, private to its owner, if it is not there.

        :param path: usually :func:`rehearse.settings.database_path`. Its folder is made private too.
        :param patience: how many seconds to wait for another process that uses the file.
        :raises TranscriptError: if the file is damaged, not ours, or made by a newer version.
        :raises SettingError: if the folder cannot be made.
        """
        self._database = Database(Path(path).absolute(), patience)
        # A deletion that was cut short is finished now; if another window is in the way, the next start does it.
        with suppress(TranscriptError):
            self.erase_leftovers()

    def close(self) -> None:
        """Close the file. Whatever is asked of the object afterwards raises; closing twice does no harm."""
        self._database.close()

    def __enter__(self) -> "Transcripts":
        """Return the store itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the file."""
        self.close()

    # -- one rehearsal -------------------------------------------------------------------------------------------------

    def create(self, scenario: Scenario, title: str = "") -> Saved:
        """Begin a rehearsal without turns.

        :param title: as she names it; the scenario's own title if empty.
        :raises ScenarioError: if the scenario has a value it may not have.
        """
        scenario = Scenario.from_dict(scenario.to_dict())
        moment = now()
        saved = Saved(new_id(), rows.short(title or scenario.title, "title"), scenario, moment, moment)
        with self._database.writing() as connection:
            _insert_rehearsal(connection, saved)
            return _saved(connection, saved.id)

    def get(self, rehearsal_id: str) -> Saved:
        """Return one rehearsal.

        :raises NotFound: if there is none of that id.
        """
        with self._database.reading() as connection:
            return _saved(connection, rehearsal_id)

    def rename(self, rehearsal_id: str, title: str) -> None:
        """Give a rehearsal another title.

        :raises NotFound: if there is none of that id.
        :raises TranscriptError: if the title is too long.
        """
        with self._database.writing() as connection:
            connection.execute("UPDATE rehearsal SET title = ? WHERE id = ?", (rows.short(title, "title"), rehearsal_id))
            _touch(connection, rehearsal_id)

    def end(self, rehearsal_id: str) -> None:
        """Mark a rehearsal as ended; a turn that is added later takes the mark away.

        :raises NotFound: if there is none of that id.
        """
        with self._database.writing() as connection:
            connection.execute("UPDATE rehearsal SET ended = ? WHERE id = ?", (now(), rehearsal_id))
            _touch(connection, rehearsal_id)

    def delete(self, rehearsal_id: str) -> None:
        """Delete a rehearsal for good: when this returns, no file of the store holds a word of it.

        :raises NotFound: if there is none of that id.
        :raises TranscriptError: if another process is in the way. If the sentence says that the rehearsal is deleted but not
            yet erased, :meth:`erase_leftovers` or the next start finishes it.
        """
        with self._database.writing() as connection:
            if not connection.execute("DELETE FROM rehearsal WHERE id = ?", (rehearsal_id,)).rowcount:
                raise _no_rehearsal()
            connection.execute("INSERT INTO erasure (owed_since) VALUES (?)", (now(),))
        try:
            self._database.erase()
        except TranscriptError as error:
            raise TranscriptError(
                f"The rehearsal is deleted, but its words could not be erased from the disk yet. {error.happened}",
                "Close other windows of the app; the rest is erased when it next starts.",
            ) from error

    def erase_leftovers(self) -> None:
        """Finish erasing what an earlier deletion could not; does nothing if nothing is owed.

        :raises TranscriptError: if another process is in the way.
        """
        if self._database.owes_erasing():
            self._database.erase()

    # -- its turns -----------------------------------------------------------------------------------------------------

    def append(self, rehearsal_id: str, turn: Turn, *, select: bool = True) -> None:
        """Add a turn; it is on the disk when this returns.

        An answer of his may be added as ``partial`` with an empty text, to grow.

        :param select: whether the turn is now the end of what is on the screen.
        :raises NotFound: if there is no such rehearsal, or the turn's parent is not in it.
        :raises TranscriptError: if the turn is already saved or not as it should be.
        """
        with self._database.writing() as connection:
            _saved(connection, rehearsal_id)
            if turn.parent_id is not None:
                _need_turn(connection, rehearsal_id, turn.parent_id)
            if _taken(connection, "turn", turn.id):
                raise TranscriptError("This turn is already saved.", "Say it another way to start a new try.")
            rows.insert(connection, rehearsal_id, turn)
            leaf = ", leaf_id = ?" if select else ""
            connection.execute(
                f"UPDATE rehearsal SET ended = NULL{leaf} WHERE id = ?", (turn.id, rehearsal_id) if select else (rehearsal_id,)
            )
            _touch(connection, rehearsal_id)

    def grow(self, turn_id: str, text: str) -> None:
        """Save the whole text of his answer so far. Each call waits for the disk: a few a second are enough.

        :raises NotFound: if there is no such turn.
        :raises TranscriptError: if the turn is not growing any more.
        """
        with self._database.writing() as connection:
            _need_growing(connection, turn_id)
            connection.execute("UPDATE turn SET text = ? WHERE id = ?", (rows.clean(text), turn_id))

    def finish(self, turn_id: str, text: str, state: State, openness: Openness | None = None) -> None:
        """Save the whole text of his answer for the last time.

        :param state: ``complete``, or ``stopped`` if she stopped him.
        :param openness: where he spoke from, if that is known better now.
        :raises NotFound: if there is no such turn.
        :raises TranscriptError: if the turn is not growing any more, or the state is another one.
        """
        if state not in ("complete", "stopped"):
            raise TranscriptError("An answer ends as complete or as stopped.", "Use one of these two.")
        with self._database.writing() as connection:
            rehearsal_id = _need_growing(connection, turn_id)
            connection.execute(
                "UPDATE turn SET text = ?, state = ?, openness = coalesce(?, openness) WHERE id = ?",
                (rows.clean(text), state, None if openness is None else int(openness), turn_id),
            )
            _touch(connection, rehearsal_id)

    def label(self, turn_id: str, text: str) -> None:
        """Name the try that begins with this turn; an empty text takes the name away.

        :raises NotFound: if there is no such turn.
        :raises TranscriptError: if the name is too long.
        """
        with self._database.writing() as connection:
            if not connection.execute("UPDATE turn SET label = ? WHERE id = ?", (rows.short(text, "name"), turn_id)).rowcount:
                raise _no_turn()

    def turns(self, rehearsal_id: str) -> Turns:
        """Return all turns of a rehearsal, in the order in which they were said.

        :raises NotFound: if there is no such rehearsal.
        """
        with self._database.reading() as connection:
            _saved(connection, rehearsal_id)
            return _turns(connection, rehearsal_id)

    def path(self, rehearsal_id: str, leaf_id: str | None) -> Turns:
        """Return the turns from the first to this one; none for ``None``.

        :raises NotFound: if there is no such rehearsal, or the turn is not in it.
        """
        with self._database.reading() as connection:
            _saved(connection, rehearsal_id)
            if leaf_id is None:
                return []
            _need_turn(connection, rehearsal_id, leaf_id)
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

    def select(self, rehearsal_id: str, leaf_id: str | None) -> None:
        """Remember which turn is at the end of what is on the screen; ``None`` is before the first.

        :raises NotFound: if there is no such rehearsal, or the turn is not in it.
        """
        with self._database.writing() as connection:
            _saved(connection, rehearsal_id)
            if leaf_id is not None:
                _need_turn(connection, rehearsal_id, leaf_id)
            connection.execute("UPDATE rehearsal SET leaf_id = ? WHERE id = ?", (leaf_id, rehearsal_id))

    # -- all of them ---------------------------------------------------------------------------------------------------

    def list(self, query: str = "", *, limit: int = 50, offset: int = 0) -> Summaries:
        """Return the rehearsals that hold every word of the query, newest touched first.

        Words are looked for in the title, the son's name, the situation and the turns; case and accents do not matter.
        """
        with self._database.reading() as connection:
            return search.summaries(connection, query, limit, offset)

    def count(self, query: str = "") -> int:
        """Return how many rehearsals :meth:`list` would find without a limit."""
        with self._database.reading() as connection:
            return search.count(connection, query)

    # -- carrying them elsewhere ---------------------------------------------------------------------------------------

    def export(self, rehearsal_id: str) -> dict[str, Any]:
        """Return a rehearsal with all its turns as plain data that :meth:`import_` reads.

        :raises NotFound: if there is no such rehearsal.
        """
        with self._database.reading() as connection:
            return document.write(_saved(connection, rehearsal_id), _turns(connection, rehearsal_id))

    def import_(self, given: Mapping[str, Any]) -> Saved:
        """Save a rehearsal from plain data. Ids that are taken already are replaced by new ones; the tree stays the same.

        :raises TranscriptError: if anything in it is not as it should be; then nothing is saved.
        """
        saved, turns = document.parse(given)
        with self._database.writing() as connection:
            renamed = {turn.id: new_id() for turn in turns if _taken(connection, "turn", turn.id)}
            name = new_id() if _taken(connection, "rehearsal", saved.id) else saved.id
            _insert_rehearsal(connection, replace(saved, id=name, leaf_id=None))
            for turn in _with_ids(turns, renamed):
                rows.insert(connection, name, turn)
            leaf = saved.leaf_id and renamed.get(saved.leaf_id, saved.leaf_id)
            connection.execute("UPDATE rehearsal SET leaf_id = ? WHERE id = ?", (leaf, name))
            return _saved(connection, name)


def _no_rehearsal() -> NotFound:
    return NotFound("There is no rehearsal of this name.", "It may have been deleted; choose one from the list.")


def _no_turn() -> NotFound:
    return NotFound("There is no such turn in this rehearsal.", "Open the rehearsal again to see the turns it has.")


def _with_ids(turns: Iterable[Turn], renamed: Mapping[str, str]) -> Iterable[Turn]:
    for turn in turns:
        parent = turn.parent_id and renamed.get(turn.parent_id, turn.parent_id)
        yield replace(turn, id=renamed.get(turn.id, turn.id), parent_id=parent)


def _saved(connection: sqlite3.Connection, rehearsal_id: str) -> Saved:
    row = connection.execute("SELECT * FROM rehearsal WHERE id = ?", (rehearsal_id,)).fetchone()
    if row is None:
        raise _no_rehearsal()
    return Saved(
        id=row["id"],
        title=row["title"],
        scenario=rows.scenario_from(row["scenario"]),
        created=row["created"],
        touched=row["touched"],
        ended=row["ended"],
        leaf_id=row["leaf_id"],
    )


def _turns(connection: sqlite3.Connection, rehearsal_id: str) -> list[Turn]:
    found = connection.execute(
        "SELECT turn.*, body FROM turn LEFT JOIN turn_report ON turn_id = id WHERE rehearsal_id = ? ORDER BY seq", (rehearsal_id,)
    )
    return [rows.turn_from(row) for row in found.fetchall()]


def _insert_rehearsal(connection: sqlite3.Connection, saved: Saved) -> None:
    connection.execute(
        """
        INSERT INTO rehearsal (id, title, son, situation, scenario, created, touched, touch, ended)
        VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(touch), 0) + 1 FROM rehearsal), ?)
        """,
        (
            saved.id,
            saved.title,
            rows.clean(saved.scenario.son.name),
            rows.clean(saved.scenario.situation),
            rows.scenario_body(saved.scenario),
            saved.created,
            saved.touched,
            saved.ended,
        ),
    )


def _touch(connection: sqlite3.Connection, rehearsal_id: str) -> None:
    changed = connection.execute(
        "UPDATE rehearsal SET touched = ?, touch = (SELECT max(touch) + 1 FROM rehearsal) WHERE id = ?", (now(), rehearsal_id)
    )
    if not changed.rowcount:
        raise _no_rehearsal()


def _need_turn(connection: sqlite3.Connection, rehearsal_id: str, turn_id: str) -> None:
    if connection.execute("SELECT 1 FROM turn WHERE id = ? AND rehearsal_id = ?", (turn_id, rehearsal_id)).fetchone() is None:
        raise _no_turn()


def _need_growing(connection: sqlite3.Connection, turn_id: str) -> str:
    row = connection.execute("SELECT state, rehearsal_id FROM turn WHERE id = ?", (turn_id,)).fetchone()
    if row is None:
        raise _no_turn()
    if row["state"] != "partial":
        raise TranscriptError("This answer is finished and cannot be changed.", "Say your line another way to hear another one.")
    return str(row["rehearsal_id"])


def _taken(connection: sqlite3.Connection, table: str, name: str) -> bool:
    return connection.execute(f"SELECT 1 FROM {table} WHERE id = ?", (name,)).fetchone() is not None
