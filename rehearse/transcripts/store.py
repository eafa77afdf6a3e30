"""Where rehearsals are kept: a tree of turns each, nothing of which is lost by trying another way."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any

from rehearse.errors import NotFound, StoreLocked, TranscriptError
from rehearse.scenario import Scenario
from rehearse.transcripts import backups, cipher, document, index, rows, search, tree
from rehearse.transcripts.backups import Backup
from rehearse.transcripts.database import Database
from rehearse.transcripts.record import Saved, Summary
from rehearse.transcripts.remarks import KeptRemarks
from rehearse.transcripts.trouble import NOT_ERASED
from rehearse.turn import Openness, State, Turn, new_id, now

# The method `list` hides the built-in one from the annotations of this class.
Turns = list[Turn]
Summaries = list[Summary]
Backups = list[Backup]
Names = list[str]
Paths = list[Path]


class Transcripts:
    """The saved rehearsals of one person, in one SQLite file, and those of now that are never written.

    One object may be used from many threads, and several processes may have the same file open. What a method wrote is on
    the disk when it returns. Every method raises :class:`TranscriptError` if the file cannot be read or written.
    """

    def __init__(self, path: Path, *, patience: float = 5.0, passphrase: str | None = None) -> None:
        """Open the file and create it, private to its owner, if it is not there.

        :param path: usually :func:`rehearse.settings.database_path`. Its folder is made private too.
        :param patience: how many seconds to wait for another process that uses the file.
        :param passphrase: needed if :meth:`set_passphrase` has given it one.
        :raises StoreLocked: if it has a passphrase and none was given; :class:`WrongPassphrase` if this is not it.
        :raises StoreDamaged: if it is damaged. It has then been moved aside as it is, and the next call begins a new one.
        :raises TranscriptError: if it is not ours or was made by a newer version.
        :raises SettingError: if the folder cannot be made.
        """
        self._patience = patience
        self._unwritten: Database | None = None
        self._lock = Lock()
        self._database = Database(Path(path).absolute(), patience, passphrase)
        # What she said of single sentences; it belongs to no rehearsal.
        self.remarks = KeptRemarks(self._database)
        # What was cut short is finished now; if another window is in the way, the next start does it.
        with suppress(TranscriptError):
            self.erase_leftovers()
            self._database.settle()

    @classmethod
    def opened(cls, path: Path, passphrase: str | None) -> "Transcripts":
        """Open a file, with a passphrase only if it needs one: where the locked file is gone by now, none is begun with it.

        :raises StoreLocked: if it needs one and this is not it; :class:`TranscriptError` as for the class.
        """
        try:
            return cls(path)
        except StoreLocked:
            if passphrase is None:
                raise
            return cls(path, passphrase=passphrase)

    def close(self) -> None:
        """Close the file. Whatever is asked of the object afterwards raises; closing twice does no harm."""
        self._database.close()
        if self._unwritten is not None:
            self._unwritten.close()

    def __enter__(self) -> "Transcripts":
        """Return the store itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the file."""
        self.close()

    def _home(self, rehearsal_id: str, table: str = "rehearsal") -> Database:
        """Return the database of a rehearsal or a turn: the file, unless it is one that is never written."""
        if self._unwritten is not None:
            with self._unwritten.reading() as connection:
                if tree.taken(connection, table, rehearsal_id):
                    return self._unwritten
        return self._database

    # -- one rehearsal -------------------------------------------------------------------------------------------------

    def create(self, scenario: Scenario, title: str = "", *, written: bool = True) -> Saved:
        """Begin a rehearsal without turns.

        :param title: as she names it; the scenario's own title if empty.
        :param written: whether it is kept. One that is not is held in memory alone, stands in no list, and is gone when the
            store is closed; :meth:`keep` writes it after all.
        :raises ScenarioError: if the scenario has a value it may not have.
        """
        scenario = Scenario.from_dict(scenario.to_dict())
        moment = now()
        saved = Saved(new_id(), rows.short(title or scenario.title, "title"), scenario, moment, moment)
        with (self._database if written else self._memory()).writing() as connection:
            tree.insert(connection, saved)
            return tree.saved(connection, saved.id)

    def _memory(self) -> Database:
        with self._lock:
            if self._unwritten is None:
                self._unwritten = Database(None, self._patience)
            return self._unwritten

    def is_written(self, rehearsal_id: str) -> bool:
        """Return whether a rehearsal is on the disk, and not only in memory."""
        return self._home(rehearsal_id) is self._database

    def keep(self, rehearsal_id: str) -> None:
        """Write a rehearsal that was to leave no trace; one that is written stays as it is.

        :raises NotFound: if there is none of that id.
        """
        home = self._home(rehearsal_id)
        if home is self._database:
            self.get(rehearsal_id)
            return
        # Its ids are in no file yet: they were made here, and an export of it that came in was given others.
        saved, turns = document.parse(self.export(rehearsal_id))
        with self._database.writing() as connection:
            tree.write(connection, saved, turns)
        with home.writing() as connection:
            connection.execute("DELETE FROM rehearsal WHERE id = ?", (rehearsal_id,))

    def get(self, rehearsal_id: str) -> Saved:
        """Return one rehearsal.

        :raises NotFound: if there is none of that id.
        """
        with self._home(rehearsal_id).reading() as connection:
            return tree.saved(connection, rehearsal_id)

    def rename(self, rehearsal_id: str, title: str) -> None:
        """Give a rehearsal another title.

        :raises NotFound: if there is none of that id.
        :raises TranscriptError: if the title is too long.
        """
        with self._home(rehearsal_id).writing() as connection:
            connection.execute("UPDATE rehearsal SET title = ? WHERE id = ?", (rows.short(title, "title"), rehearsal_id))
            tree.touch(connection, rehearsal_id)

    def pin(self, rehearsal_id: str, pinned: bool) -> None:
        """Pin a rehearsal to the top of the list, or take the pin away; that alone does not make it newer.

        :raises NotFound: if there is none of that id.
        """
        with self._home(rehearsal_id).writing() as connection:
            if not connection.execute("UPDATE rehearsal SET pinned = ? WHERE id = ?", (int(pinned), rehearsal_id)).rowcount:
                raise tree.no_rehearsal()

    def end(self, rehearsal_id: str) -> None:
        """Mark a rehearsal as ended; a turn that is added later takes the mark away.

        :raises NotFound: if there is none of that id.
        """
        with self._home(rehearsal_id).writing() as connection:
            connection.execute("UPDATE rehearsal SET ended = ? WHERE id = ?", (now(), rehearsal_id))
            tree.touch(connection, rehearsal_id)
        # She looks back now and nobody waits, so the new words are read into the index.
        with suppress(TranscriptError):
            self._database.settle()

    def delete(self, *rehearsal_ids: str) -> None:
        """Delete rehearsals for good: when this returns, no file of the store and none of its backups holds a word of them.

        :raises NotFound: if there is none of one of these ids; then nothing is deleted.
        :raises TranscriptError: if another process is in the way. If the sentence says that it is deleted but not yet erased,
            :meth:`erase_leftovers` or the next start finishes it.
        """
        written = [each for each in rehearsal_ids if self._home(each) is self._database]
        for each in {*rehearsal_ids} - {*written}:
            with self._memory().writing() as connection:
                connection.execute("DELETE FROM rehearsal WHERE id = ?", (each,))
        if not written:
            return
        with self._database.writing() as connection:
            for each in written:
                if not connection.execute("DELETE FROM rehearsal WHERE id = ?", (each,)).rowcount:
                    raise tree.no_rehearsal()
                connection.execute("INSERT INTO erasure (owed_since, rehearsal_id) VALUES (?, ?)", (now(), each))
        try:
            self._database.erase()
        except TranscriptError as error:
            raise TranscriptError(*NOT_ERASED, first=error.sentences[0]) from error

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
        with self._home(rehearsal_id).writing() as connection:
            tree.need(connection, rehearsal_id, turn.parent_id)
            if tree.taken(connection, "turn", turn.id):
                raise TranscriptError("This turn is already saved.", "Say it another way to start a new try.")
            rows.insert(connection, rehearsal_id, turn)
            leaf = ", leaf_id = ?" if select else ""
            connection.execute(
                f"UPDATE rehearsal SET ended = NULL{leaf} WHERE id = ?", (turn.id, rehearsal_id) if select else (rehearsal_id,)
            )
            tree.touch(connection, rehearsal_id)

    def grow(self, turn_id: str, text: str) -> None:
        """Save the whole text of his answer so far. If the app is killed it is there; if the power fails, its end may not be.

        :raises NotFound: if there is no such turn.
        :raises TranscriptError: if the turn is not growing any more.
        """
        with self._home(turn_id, "turn").writing(waits=False) as connection:
            tree.need_growing(connection, turn_id)
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
        with self._home(turn_id, "turn").writing() as connection:
            rehearsal_id = tree.need_growing(connection, turn_id)
            connection.execute(
                "UPDATE turn SET text = ?, state = ?, openness = coalesce(?, openness) WHERE id = ?",
                (rows.clean(text), state, None if openness is None else int(openness), turn_id),
            )
            tree.touch(connection, rehearsal_id)

    def label(self, turn_id: str, text: str) -> None:
        """Name the try that begins with this turn; an empty text takes the name away.

        :raises NotFound: if there is no such turn.
        :raises TranscriptError: if the name is too long.
        """
        with self._home(turn_id, "turn").writing() as connection:
            if not connection.execute("UPDATE turn SET label = ? WHERE id = ?", (rows.short(text, "name"), turn_id)).rowcount:
                raise tree.no_turn()

    def turns(self, rehearsal_id: str) -> Turns:
        """Return all turns of a rehearsal, in the order in which they were said.

        :raises NotFound: if there is no such rehearsal.
        """
        with self._home(rehearsal_id).reading() as connection:
            tree.need(connection, rehearsal_id)
            return tree.turns(connection, rehearsal_id)

    def path(self, rehearsal_id: str, leaf_id: str | None) -> Turns:
        """Return the turns from the first to this one; none for ``None``.

        :raises NotFound: if there is no such rehearsal, or the turn is not in it.
        """
        with self._home(rehearsal_id).reading() as connection:
            tree.need(connection, rehearsal_id, leaf_id)
            return [] if leaf_id is None else tree.path(connection, leaf_id)

    def select(self, rehearsal_id: str, leaf_id: str | None) -> None:
        """Remember which turn is at the end of what is on the screen; ``None`` is before the first.

        :raises NotFound: if there is no such rehearsal, or the turn is not in it.
        """
        with self._home(rehearsal_id).writing() as connection:
            tree.need(connection, rehearsal_id, leaf_id)
            connection.execute("UPDATE rehearsal SET leaf_id = ? WHERE id = ?", (leaf_id, rehearsal_id))

    # -- all of them ---------------------------------------------------------------------------------------------------

    def list(self, query: str = "", *, limit: int = 50, offset: int = 0) -> Summaries:
        """Return the rehearsals that hold every word of the query: pinned ones first, then newest touched first.

        Words are looked for in the title, the son's name, the situation and the turns; case and accents do not matter.
        """
        with self._database.reading() as connection:
            return search.summaries(connection, query, limit, offset)

    def count(self, query: str = "") -> int:
        """Return how many rehearsals :meth:`list` would find without a limit."""
        with self._database.reading() as connection:
            return search.count(connection, query)

    def find(self, start: str) -> Names:
        """Return the ids that start so, in no order."""
        with self._database.reading() as connection:
            found = connection.execute("SELECT id FROM rehearsal WHERE substr(id, 1, ?) = ?", (len(start), start))
            return [str(row[0]) for row in found]

    # -- carrying them elsewhere ---------------------------------------------------------------------------------------

    def export(self, rehearsal_id: str) -> dict[str, Any]:
        """Return a rehearsal with all its turns as plain data that :meth:`import_` reads.

        :raises NotFound: if there is no such rehearsal.
        """
        with self._home(rehearsal_id).reading() as connection:
            return document.write(tree.saved(connection, rehearsal_id), tree.turns(connection, rehearsal_id))

    def export_all(self) -> Iterator[dict[str, Any]]:
        """Yield every rehearsal as plain data, the oldest first, one at a time, so that any number fits into memory."""
        with self._database.reading() as connection:
            ids = [str(row[0]) for row in connection.execute("SELECT id FROM rehearsal ORDER BY created, number")]
        for each in ids:
            with suppress(NotFound):  # deleted since
                yield self.export(each)

    def import_(self, given: Mapping[str, Any]) -> Saved:
        """Save a rehearsal from plain data. Ids that are taken already are replaced by new ones; the tree stays the same.

        :raises TranscriptError: if anything in it is not as it should be; then nothing is saved.
        """
        saved, turns = document.parse(given)
        with self._database.writing() as connection:
            renamed = {turn.id: new_id() for turn in turns if self._is_taken(connection, "turn", turn.id)}
            name = new_id() if self._is_taken(connection, "rehearsal", saved.id) else saved.id
            leaf = saved.leaf_id and renamed.get(saved.leaf_id, saved.leaf_id)
            tree.write(connection, replace(saved, id=name, leaf_id=leaf), tree.with_ids(turns, renamed))
            index.settle(connection, len(turns) + 1)
            return tree.saved(connection, name)

    def _is_taken(self, connection: Any, table: str, name: str) -> bool:
        return tree.taken(connection, table, name) or self._home(name, table) is not self._database

    # -- backups and the passphrase ------------------------------------------------------------------------------------

    def back_up(self, to: Path | None = None) -> Path:
        """Copy everything to the folder of backups, or to a file of her own, and return where it is.

        :raises TranscriptError: if there is no room.
        """
        return self._database.back_up(None if to is None else Path(to).absolute())

    def backups(self) -> Backups:
        """Return the copies there are, newest first."""
        return backups.listed(self._path)

    def restore(self, name: str) -> Path:
        """Put a backup in the place of everything that is kept now, and return where a copy of that is.

        :param name: as in :meth:`backups`, or the path of a file.
        :raises NotFound: if there is none.
        :raises TranscriptError: if it is damaged, newer, or under another passphrase; then nothing changed.
        """
        before = self._database.restore(backups.find(self._path, name))
        with suppress(TranscriptError):
            self.erase_leftovers()
            self._database.settle()
        return before

    @property
    def locked(self) -> bool:
        """Whether the file has a passphrase."""
        return self._database.form == "locked"

    def set_passphrase(self, new: str | None, *, old: str | None = None) -> Paths:
        """Give the file a passphrase, another one, or with ``None`` take it away; everything is written anew under it.

        Backups are removed, since they would open as before. Nobody can open the file when the passphrase is forgotten.

        :param old: the passphrase it has now; not needed if it has none.
        :return: files that were set aside earlier, being damaged, and whose words stay readable; she may want to remove them.
        :raises WrongPassphrase: if ``old`` is not the one.
        :raises TranscriptError: if the new one is too short, another window has the file open, or there is no room; then
            everything is as it was.
        """
        self._database.recode(old, None if new is None else cipher.chosen(new))
        return backups.readable(self._path) if new is not None else []

    @property
    def _path(self) -> Path:
        assert self._database.path is not None
        return self._database.path
