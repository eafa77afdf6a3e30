"""The SQLite file: opening it privately, transactions, erasing for good, and its errors as sentences.

One connection with a lock, not one per thread. SQLite lets one writer in at a time anyway, each of our transactions takes
about as long as one write to the disk, and the page's thread pool drops idle threads, which would leave connections behind
that nobody closes and that hold the write-ahead log open when words have to be erased from it.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from rehearse import settings
from rehearse.errors import TranscriptError
from rehearse.transcripts.migrations import migrate
from rehearse.transcripts.search import holds

# POSIX drops every lock a process holds on a file when *any* handle of it is closed. Creating the file closes one, so no
# connection of this process may be opened in that moment.
_opening = threading.Lock()

# What SQLite says (matched in lower case, since Python 3.10 gives no error codes), and what a person reads.
_SENTENCES = (
    ("closed database", "The rehearsals have been closed.", "Open the app again."),
    (
        "locked",
        "Another program is using your rehearsals just now.",
        "Wait a moment and try again, or close other windows of the app.",
    ),
    (
        "busy",
        "Another program is using your rehearsals just now.",
        "Wait a moment and try again, or close other windows of the app.",
    ),
    ("full", "There is no room left on the disk, so nothing more can be saved.", "Free some space and try again."),
    (
        "readonly",
        "The file of your rehearsals may only be read, so nothing can be saved.",
        "Allow writing to it, or set REHEARSE_HOME to a folder you can write to.",
    ),
    (
        "unable to open",
        "The file of your rehearsals cannot be opened.",
        "Check that its folder is there and that you may use it, or set REHEARSE_HOME to another folder.",
    ),
    (
        "malformed",
        "The file of your rehearsals is damaged.",
        "Put back a backup of rehearsals.db, or move the file away to start afresh.",
    ),
    (
        "not a database",
        "The file of your rehearsals is damaged or is something else.",
        "Put back a backup of rehearsals.db, or move the file away to start afresh.",
    ),
    ("disk i/o", "The disk could not be read or written.", "Check the disk and its free space, then try again."),
    ("never changes", "A turn that has been said cannot be changed.", "Say it another way instead: that starts a new try."),
)


@contextmanager
def sentences() -> Iterator[None]:
    """Turn any error of SQLite or of the file system into a :class:`TranscriptError` without words of a conversation."""
    try:
        yield
    except sqlite3.Error as error:
        said = str(error).lower()
        for part, happened, remedy in _SENTENCES:
            if part in said:
                raise TranscriptError(happened, remedy) from error
        raise TranscriptError(
            f"Your rehearsals could not be read or saved ({type(error).__name__}).", "Try again; if it stays, open the app again."
        ) from error
    except OSError as error:
        raise TranscriptError(
            f"The file of your rehearsals cannot be used ({error.strerror}).",
            "Check that you may use its folder, or set REHEARSE_HOME to another one.",
        ) from error


class Database:
    """One open SQLite file, shared by the threads of this process and safe beside other processes."""

    def __init__(self, path: Path, patience: float) -> None:
        """Open the file, create it if needed, and bring its schema up to date.

        :param path: the file; its folder is made private.
        :param patience: how many seconds to wait for another process before giving up.
        :raises TranscriptError: if it cannot be opened, is damaged, or was made by a newer version.
        :raises SettingError: if the folder cannot be made.
        """
        self.path = path
        self._patience = patience
        self._lock = threading.RLock()
        settings.private_folder(path.parent)
        with _opening, sentences():
            _make_private(path)
            self._connection = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def _prepare(self) -> None:
        connection = self._connection
        connection.row_factory = sqlite3.Row
        connection.create_function("holds", 2, holds, deterministic=True)
        connection.execute(f"PRAGMA busy_timeout = {int(self._patience * 1000)}")
        self._write_ahead()
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # macOS only: there a plain fsync may stop at the drive's cache
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA temp_store = MEMORY")  # her words are not to be sorted or copied in a file under /tmp
        migrate(connection)

    def _write_ahead(self) -> None:
        # SQLite does not wait here when another process is opening the same new file, so we do.
        give_up = time.monotonic() + self._patience
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL").fetchone()
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > give_up:
                    raise
                time.sleep(0.01)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection inside a transaction that is on the disk when the block ends, or never was if it raises.

        :raises TranscriptError: if the database cannot be written.
        """
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

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
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    with suppress(sqlite3.Error):
                        connection.execute("ROLLBACK")
                raise

    def owes_erasing(self) -> bool:
        """Return whether deleted words may still lie in the files."""
        with self.reading() as connection:
            return connection.execute("SELECT 1 FROM erasure LIMIT 1").fetchone() is not None

    def erase(self) -> None:
        """Remove every trace of what was deleted from the database file and its write-ahead log.

        ``secure_delete`` alone is not enough. It blanks the row that is deleted, but when rows have moved between pages
        (a growing answer does that), stale copies stay in the unused part of the page they left: ``VACUUM`` rewrites the
        file without them. And the log keeps older pages until it is cut to nothing.

        :raises TranscriptError: if another process keeps reading or writing for longer than our patience.
        """
        with self._lock, sentences():
            # Only what is owed now: another process may delete more while this runs, and pays for that itself.
            (owed,) = self._connection.execute("SELECT coalesce(max(seq), 0) FROM erasure").fetchone()
            self._connection.execute("VACUUM")
            self._cut_log()
            self._connection.execute("DELETE FROM erasure WHERE seq <= ?", (owed,))

    def _cut_log(self) -> None:
        give_up = time.monotonic() + self._patience
        while True:
            busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if not busy:
                return
            if time.monotonic() > give_up:
                raise sqlite3.OperationalError("database is locked")
            time.sleep(0.02)

    def close(self) -> None:
        """Close the file; closing twice does no harm."""
        with self._lock, sentences(), closing(self._connection):
            pass


def _make_private(path: Path) -> None:
    """Create the file for its owner alone, or make an older one so; SQLite gives the log the mode of the file."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    except FileExistsError:
        for old in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            with suppress(FileNotFoundError):
                old.chmod(0o600)
    else:
        os.close(handle)
        path.chmod(0o600)  # again, because an odd umask may have taken even the owner's rights
