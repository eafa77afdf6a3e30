"""What SQLite or the disk refuses, as sentences without words of a conversation."""

import errno
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rehearse.errors import StoreDamaged, TranscriptError

_BUSY = ("Another program is using your rehearsals just now.", "Wait a moment and try again, or close other windows of the app.")
_FULL = ("There is no room left on the disk, so nothing more can be saved.", "Free some space and try again.")
_READ_ONLY = (
    "The file of your rehearsals may only be read, so nothing can be saved.",
    "Allow writing to it, or set REHEARSE_HOME to a folder you can write to.",
)
_DAMAGED = (
    "The file of your rehearsals is damaged.",
    "Close the app and put a backup back with “rehearse transcripts restore”; the damaged file is kept beside it.",
)
NOT_ERASED = (
    "The rehearsal is deleted, but its words could not be erased from the disk yet. {first}",
    "Close other windows of the app; the rest is erased when it next starts.",
)
GONE = (
    "The folder of your rehearsals is no longer there, or another one is in its place, so nothing can be saved.",
    "If it is on a stick or another disk, plug that in again; then open the app again. What was saved there is untouched.",
)

# What SQLite says (matched in lower case, since Python 3.10 gives no error codes), and what a person reads.
_SENTENCES = (
    ("closed database", ("The rehearsals have been closed.", "Open the app again.")),
    ("locked", _BUSY),
    ("busy", _BUSY),
    ("full", _FULL),
    ("readonly", _READ_ONLY),
    (
        "unable to open",
        (
            "The file of your rehearsals cannot be opened.",
            "Check that its folder is there and that you may use it, or set REHEARSE_HOME to another folder.",
        ),
    ),
    ("disk i/o", ("The disk could not be read or written.", "Check the disk and its free space, then try again.")),
    ("never changes", ("A turn that has been said cannot be changed.", "Say it another way instead: that starts a new try.")),
)
_DAMAGE = ("malformed", "not a database")


def database_errors() -> tuple[type[Exception], ...]:
    """Return the errors of the SQLite libraries in use: Python's own, and SQLCipher's once it has been needed."""
    cipher = sys.modules.get("sqlcipher3.dbapi2")
    return (sqlite3.Error,) if cipher is None else (sqlite3.Error, cipher.Error)


def is_damage(error: Exception) -> bool:
    """Return whether an error of SQLite says that the file itself is not as it should be."""
    return any(part in str(error).lower() for part in _DAMAGE)


@contextmanager
def sentences() -> Iterator[None]:
    """Turn any error of SQLite or of the file system into a :class:`TranscriptError`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise TranscriptError(*_FULL) from error
        raise TranscriptError(
            "The file of your rehearsals cannot be used ({why}).",
            "Check that you may use its folder, or set REHEARSE_HOME to another one.",
            why=error.strerror,
        ) from error
    except database_errors() as error:  # asked now, when something went wrong: only then is it known what was imported
        raise _sentence(error) from error


def _sentence(error: Exception) -> TranscriptError:
    if is_damage(error):
        return StoreDamaged(*_DAMAGED)
    said = str(error).lower()
    for part, sentence in _SENTENCES:
        if part in said:
            return TranscriptError(*sentence)
    return TranscriptError(
        "Your rehearsals could not be read or saved ({why}).",
        "Try again; if it stays, open the app again.",
        why=type(error).__name__,
    )
