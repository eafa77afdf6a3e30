"""The open database: one connection, its transactions, and erasing for good.

One connection with a lock, not one per thread. SQLite lets one writer in at a time anyway, each of our transactions takes
about as long as one write to the disk, and the page's thread pool drops idle threads, which would leave connections behind
that nobody closes and that hold the write-ahead log open when words have to be erased from it.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from weakref import WeakSet

from rehearse import settings
from rehearse.errors import StoreDamaged, TranscriptError
from rehearse.transcripts import backups, cipher, files, index
from rehearse.transcripts.migrations import migrate, outdated
from rehearse.transcripts.search import holds
from rehearse.transcripts.trouble import GONE, database_errors, is_damage, sentences

# POSIX drops every lock a process holds on a file when *any* handle of it is closed. Creating the file closes one, so no
# connection of this process may be opened in that moment.
_opening = threading.Lock()
# What this process has open. To look at a file whose locks we hold would drop them, so its form is taken from here.
_held: "WeakSet[Database]" = WeakSet()
# Turns are read into the index so many at a time, so that nobody waits long for the file.
_READ_AT_ONCE = 5000


class Database:
    """One open SQLite file, shared by the threads of this process and safe beside other processes; or one in memory."""

    def __init__(self, path: Path | None, patience: float, passphrase: str | None = None) -> None:
        """Open the file, create it if needed, and bring its schema up to date.

        :param path: the file; its folder is made private. ``None`` is memory that no file ever holds.
        :param patience: how many seconds to wait for another process before giving up.
        :raises StoreLocked: if it has a passphrase, and this is not it.
        :raises StoreDamaged: if it is damaged; then it has been moved aside, as it was.
        :raises TranscriptError: if it cannot be opened or was made by a newer version.
        :raises SettingError: if the folder cannot be made.
        """
        self.path = path
        self._patience = patience
        self._passphrase = passphrase
        self._lock = threading.RLock()
        if path is not None:
            settings.private_folder(path.parent)
        self._connection = self._opened()

    def _opened(self) -> sqlite3.Connection:
        with _opening:
            try:
                return self._connected()
            except StoreDamaged as error:
                raise self._aside(error) from error

    def _connected(self) -> sqlite3.Connection:
        with sentences():
            if self.path is not None:
                files.make_private(self.path)
                self._place = _place(self.path)
            beside = next((each for each in _held if each.path == self.path), None)
            form = None if beside is None else beside.form
            connection = cipher.connect(self.path, self._patience, self._passphrase, form)
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
            _held.add(self)
            if self.path is not None:
                # Whoever changes a passphrase keeps the file closed to others, so these were left by a power cut.
                files.clear_unfinished(self.path.parent, files.REWRITTEN, older_than=0)
        return connection

    def _aside(self, error: StoreDamaged) -> StoreDamaged:
        assert self.path is not None
        name = backups.set_aside(self.path, "damaged").name
        return StoreDamaged(
            "{first} It was moved aside, as it is, to “{name}” in the folder “backups”.",
            "Open the app again to begin with an empty shelf, or put a backup back with “rehearse transcripts restore”.",
            first=error.sentences[0],
            name=name,
        )

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.create_function("holds", 2, holds, deterministic=True)
        connection.execute(f"PRAGMA busy_timeout = {int(self._patience * 1000)}")
        if self.path is not None:
            self._write_ahead(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # macOS only: there a plain fsync may stop at the drive's cache
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA temp_store = MEMORY")  # her words are not to be sorted or copied in a file under /tmp
        connection.execute("PRAGMA cache_size = -16000")  # 16 MB: a search through many talks reads the same pages again
        if self.path is not None and outdated(connection):
            backups.copy(connection, self.path, "before-update")
        migrate(connection)

    def _write_ahead(self, connection: sqlite3.Connection) -> None:
        # SQLite does not wait here when another process is opening the same new file, so we do.
        give_up = time.monotonic() + self._patience
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL").fetchone()
                return
            except database_errors() as error:
                if "locked" not in str(error) or time.monotonic() > give_up:
                    raise
                time.sleep(0.01)

    # -- transactions --------------------------------------------------------------------------------------------------

    @contextmanager
    def writing(self, *, waits: bool = True) -> Iterator[sqlite3.Connection]:
        """Give the connection inside a transaction that is whole when the block ends, or never was if it raises.

        :param waits: whether to wait until it is on the disk. If not, it outlives this process but perhaps not a power cut.
        :raises TranscriptError: if the database cannot be written.
        """
        with self._lock, nullcontext() if waits else self._unhurried(), self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection
        # Whoever takes the folder away does not ask SQLite, which would go on writing to a file without a name.
        self._need_place()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection inside a transaction that sees one moment of the database.

        :raises TranscriptError: if the database cannot be read.
        """
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock, sentences():
            connection = self._connection
            connection.execute(begin)
            try:
                self._need_place()
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    with suppress(*database_errors()):
                        connection.execute("ROLLBACK")
                raise

    def _need_place(self) -> None:
        if self.path is not None and _place(self.path) != self._place:
            raise TranscriptError(*GONE)

    @contextmanager
    def _unhurried(self) -> Iterator[None]:
        """Leave it to the system when it writes to the disk."""
        with sentences():
            (before,) = self._connection.execute("PRAGMA synchronous").fetchone()
            self._connection.execute("PRAGMA synchronous = NORMAL")
        try:
            yield
        finally:
            with sentences():
                self._connection.execute(f"PRAGMA synchronous = {before:d}")

    def settle(self) -> None:
        """Read into the index what waits to be read.

        :raises TranscriptError: if another process is in the way.
        """
        while True:
            with self.reading() as connection:
                if not index.unread(connection):
                    return
            with self.writing() as connection:
                index.settle(connection, _READ_AT_ONCE)

    # -- erasing -------------------------------------------------------------------------------------------------------

    def owes_erasing(self) -> bool:
        """Return whether deleted words may still lie in the files."""
        with self.reading() as connection:
            return connection.execute("SELECT 1 FROM erasure LIMIT 1").fetchone() is not None

    def erase(self) -> None:
        """Remove every trace of what was deleted from the backups, the database file and its write-ahead log.

        ``secure_delete`` alone is not enough. It blanks the row that is deleted, but when rows have moved between pages
        (a growing answer does that), stale copies stay in the unused part of the page they left: ``VACUUM`` rewrites the
        file without them. And the log keeps older pages until it is cut to nothing.

        :raises TranscriptError: if another process keeps reading or writing for longer than our patience.
        """
        with self._lock, sentences():
            # Only what is owed now: another process may delete more while this runs, and pays for that itself.
            owed = self._connection.execute("SELECT seq, rehearsal_id, remark_id FROM erasure ORDER BY seq").fetchall()
            if self.path is not None:
                columns = {"rehearsal": 1, "remark": 2}
                gone = {table: [str(row[at]) for row in owed if row[at] is not None] for table, at in columns.items()}
                backups.forget(self.path, gone, self._passphrase, self._patience)
                self._connection.execute("VACUUM")
                self._cut_log()
            self._connection.executemany("DELETE FROM erasure WHERE seq = ?", [(row[0],) for row in owed])

    def _cut_log(self) -> None:
        give_up = time.monotonic() + self._patience
        while True:
            busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if not busy:
                return
            if time.monotonic() > give_up:
                raise sqlite3.OperationalError("database is locked")
            time.sleep(0.02)

    # -- copies and passphrases ----------------------------------------------------------------------------------------

    def back_up(self, to: Path | None = None) -> Path:
        """Copy the whole file to the folder of backups, or elsewhere, and return where it is.

        :raises TranscriptError: if there is no room, or the file is damaged.
        """
        assert self.path is not None
        with self._lock:
            self._need_place()
            return backups.copy(self._connection, self.path, "by-hand", to)

    def restore(self, backup: Path) -> Path:
        """Put a copy in the place of everything that is kept now, and return where that is now.

        :raises TranscriptError: if the copy is damaged, not ours, newer, or has another passphrase; then nothing changed.
        """
        assert self.path is not None
        path = self.path
        with self._lock:
            if cipher.form(backup) != self.form:
                raise TranscriptError(
                    "One of the two has a passphrase and the other has none.",
                    "Set or remove the passphrase of your rehearsals first, then put the backup back.",
                )
            with sentences(), closing(backups.open_checked(backup, self._passphrase, self._patience)) as source:
                if self._is_sound():
                    before = backups.copy(self._connection, path, "before-restore")
                else:
                    # A damaged file cannot be copied, so it is moved out of the way whole.
                    self.close()
                    before = backups.set_aside(path, "damaged")
                    self._connection = self._opened()
                self._copy_from(source)
                self._prepare(self._connection)
                self._cut_log()
        return before

    def _is_sound(self) -> bool:
        try:
            return bool(self._connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
        except database_errors() as error:
            if is_damage(error):
                return False
            raise

    def _copy_from(self, source: sqlite3.Connection) -> None:
        give_up = time.monotonic() + self._patience

        def patient(status: int, remaining: int, total: int) -> None:
            # Asked after every step, also after one that found another process in the way; Python would wait for ever.
            if remaining and time.monotonic() > give_up:
                raise sqlite3.OperationalError("database is locked")

        source.backup(self._connection, progress=patient)

    @property
    def form(self) -> cipher.Form:
        """Whether the file is plain or locked with a passphrase."""
        return "plain" if isinstance(self._connection, sqlite3.Connection) else "locked"

    def recode(self, old: str | None, new: str | None) -> None:
        """Write the file anew under another passphrase, or none; the backups, which that would not open, are removed.

        :param old: the passphrase that it has now.
        :raises WrongPassphrase: if it is not that.
        :raises TranscriptError: if another process has the file open, or there is no room; then nothing changed.
        """
        assert self.path is not None
        path = self.path
        with self._lock, sentences():
            self._need_place()
            if self._connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0] != "delete":
                raise sqlite3.OperationalError("database is locked")
            with _opening:
                _held.discard(self)
                self._connection.close()
                try:
                    rewritten = cipher.write_anew(path, old, new, self._patience)
                    try:
                        backups.drop(path)
                        rewritten.take_place()
                    except BaseException:
                        rewritten.drop()
                        raise
                    self._passphrase = new
                finally:
                    self._connection = self._connected()

    def close(self) -> None:
        """Close the file; closing twice does no harm."""
        with self._lock, sentences(), closing(self._connection):
            _held.discard(self)


def _place(path: Path) -> tuple[int, int] | None:
    """Return which file this is, whatever its name."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
