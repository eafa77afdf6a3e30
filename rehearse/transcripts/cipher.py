"""Opening the file with or without a passphrase, and writing it anew when the passphrase changes.

Without a passphrase the file is plain SQLite, read by Python's own library. With one it is SQLCipher's: every page is
encrypted with AES-256 under a key made from the passphrase with PBKDF2 (SHA-512, 256,000 rounds) and a salt of the file's
own, and each page carries a check of its bytes. Nothing about the passphrase is kept anywhere else. So nobody can tell
a wrong passphrase from a forgotten one, and nobody can open the file without it.

Both libraries keep their locks by process, and either drops the other's when it closes a file. So they are never used on the same
file at once: whoever changes the passphrase closes the one before opening the other.
"""

import os
import sqlite3
import sys
import unicodedata
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Literal

from rehearse.errors import StoreDamaged, StoreLocked, TranscriptError, WrongPassphrase
from rehearse.transcripts import files
from rehearse.transcripts.trouble import database_errors, is_damage, sentences

Form = Literal["blank", "plain", "locked", "damaged"]

SHORTEST = 8
_HEADER = b"SQLite format 3\x00"
_PAGE = 4096
# Encrypted pages hold nearly every value of a byte; text, zeros and a half-written file do not.
_VARIED = 200


def available() -> bool:
    """Return whether the library that encrypts is installed."""
    from importlib.util import find_spec

    return find_spec("sqlcipher3") is not None


def form(path: Path) -> Form:
    """Return what a file is, by its first page. No connection of this process may have it open."""
    try:
        with path.open("rb") as file:
            first, size = file.read(_PAGE), os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        return "blank"
    if not first:
        return "blank"
    if first.startswith(_HEADER):
        return "plain"
    return "locked" if size % _PAGE == 0 and len(set(first)) > _VARIED else "damaged"


def chosen(passphrase: str) -> str:
    """Return a new passphrase as it is used, the same whatever keyboard wrote its accents.

    :raises TranscriptError: if it is too short to protect anything, or holds what no keyboard writes.
    """
    passphrase = _typed(passphrase)
    if len(passphrase) < SHORTEST:
        raise TranscriptError(
            "A passphrase of fewer than {least} characters is found by trying.",
            "Four words that do not belong together are good.",
            least=SHORTEST,
        )
    if not passphrase.isprintable():
        raise TranscriptError("The passphrase holds a character that cannot be typed.", "Use letters, digits, signs and spaces.")
    return passphrase


def connect(path: Path | None, patience: float, passphrase: str | None, kind: Form | None = None) -> sqlite3.Connection:
    """Open the file; ``None`` is a database in memory that no file ever holds.

    :param kind: what the file is; looked up if it is left out, which no other connection of this process may be open for.
    :param passphrase: needed for a locked file, begins a locked one where there is none, and is not used for a plain one.
    :raises StoreLocked: if the file is locked and no passphrase was given.
    :raises WrongPassphrase: if it is not the one.
    :raises StoreDamaged: if the file is no database.
    """
    if path is None:
        memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        memory.row_factory = sqlite3.Row
        return memory
    if kind is None:
        with sentences():
            kind = form(path)
    if kind == "damaged":
        raise StoreDamaged("The file of your rehearsals is damaged or is something else.", "Put a backup back in its place.")
    if kind == "locked" and not passphrase:
        raise StoreLocked("Your rehearsals are locked with a passphrase.", "Give the passphrase to open them.")
    if kind == "plain" or not passphrase:
        connection = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        return connection
    return _unlocked(path, patience, passphrase)


def _unlocked(path: Path, patience: float, passphrase: str) -> sqlite3.Connection:
    if not passphrase:
        raise _wrong()
    connection = _connection(path, patience, _typed(passphrase))
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except database_errors() as error:
        connection.close()
        if is_damage(error):
            raise _wrong() from None
        raise
    return connection


def _wrong() -> WrongPassphrase:
    return WrongPassphrase(
        "This passphrase does not open your rehearsals.",
        "Try again, and mind capitals and the language of the keyboard. If it is forgotten, nobody can open them, "
        "the makers of this app neither; “rehearse transcripts passphrase forgotten” begins an empty shelf.",
    )


def _connection(path: Path, patience: float, passphrase: str | None) -> sqlite3.Connection:
    cipher = _library()
    connection: sqlite3.Connection = cipher.connect(str(path), timeout=patience, isolation_level=None, check_same_thread=False)
    connection.row_factory = cipher.Row
    connection.execute("PRAGMA cipher_log_level = NONE")  # it would write to the terminal by itself
    if passphrase:
        # A pragma takes no parameters; the quotes are doubled as in any text of SQL.
        connection.execute("PRAGMA key = '{}'".format(passphrase.replace("'", "''")))
    return connection


def _typed(passphrase: str) -> str:
    return unicodedata.normalize("NFC", passphrase.strip())


def _library() -> Any:
    try:
        from sqlcipher3 import dbapi2
    except ImportError as error:
        raise TranscriptError(
            "The part of the app that opens locked rehearsals is not installed.", "Install rehearse again to restore it."
        ) from error
    return dbapi2


def write_anew(path: Path, old: str | None, new: str | None, patience: float) -> "Rewritten":
    """Write the database to a new file under another passphrase, or none, and check it. The old file stays as it is.

    No connection of this process may have the file open. Until :meth:`Rewritten.take_place` or :meth:`Rewritten.drop`, no other
    process can open it either.

    :raises TranscriptError: if another process has it open, the passphrase is wrong, or there is no room.
    """
    target = files.unfinished(path.parent, files.REWRITTEN)
    source = _unlocked(path, patience, old or "") if form(path) == "locked" else _connection(path, patience, None)
    try:
        _alone(source)
        files.make_private(target)
        source.execute("ATTACH DATABASE ? AS anew KEY ?", (str(target), new or ""))
        source.execute("SELECT sqlcipher_export('anew')").fetchone()
        (application,) = source.execute("PRAGMA main.application_id").fetchone()
        source.execute(f"PRAGMA anew.application_id = {int(application)}")
        source.execute("DETACH DATABASE anew")
        files.settle(target)
        _compare(source, target, new)
    except BaseException:
        source.close()
        with suppress(OSError):
            files.blank(target)
        raise
    return Rewritten(path, target, source)


def _alone(connection: sqlite3.Connection) -> None:
    """Hold the file against every other process; leaving the write-ahead log is refused while one has it open."""
    connection.execute("PRAGMA temp_store = MEMORY")
    if connection.execute("PRAGMA main.journal_mode = DELETE").fetchone()[0] != "delete":
        raise sqlite3.OperationalError("database is locked")
    connection.execute("PRAGMA main.locking_mode = EXCLUSIVE")
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("COMMIT")


def _compare(source: sqlite3.Connection, target: Path, passphrase: str | None) -> None:
    """Make sure that the new file holds what the old one does, before the old one goes."""
    with closing(_connection(target, 0.0, passphrase)) as anew:
        if anew.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok" or _counts(anew) != _counts(source):
            raise sqlite3.DatabaseError("malformed")


def _counts(connection: sqlite3.Connection) -> dict[str, int]:
    names = [str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return {name: int(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]) for name in names}


class Rewritten:
    """A database that was written anew beside the old one, which is still held."""

    def __init__(self, path: Path, target: Path, source: sqlite3.Connection) -> None:
        """Keep what is needed to end it."""
        self._path, self._target, self._source = path, target, source

    def take_place(self) -> None:
        """Put the new file in the place of the old one, whose bytes are overwritten.

        :raises OSError: if the disk refuses.
        """
        # A second name for the old file: its blocks can still be reached when the first one is taken from it.
        old = files.unfinished(self._path.parent, files.REWRITTEN)
        with suppress(OSError):  # a stick formatted as FAT has no second names
            os.link(self._path, old)
        if sys.platform == "win32":
            self._source.close()  # an open file cannot be replaced there
        os.replace(self._target, self._path)
        files.settle(self._path)
        self._source.close()
        files.blank(old)

    def drop(self) -> None:
        """Leave everything as it was."""
        self._source.close()
        with suppress(OSError):
            files.blank(self._target)
