"""Dated copies of the whole file, in a folder of their own: before an update, before a restore, or when she asks.

What she deletes is deleted from every one of them, so that no copy brings it back. Only a file that was set aside because it
is damaged, or because its passphrase is forgotten, cannot be reached; it stays until somebody removes it.
"""

import os
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rehearse.errors import NotFound, StoreDamaged, StoreLocked, TranscriptError
from rehearse.transcripts import cipher, files, migrations
from rehearse.transcripts.trouble import database_errors, is_damage, sentences

Kind = Literal["by-hand", "before-update", "before-restore", "damaged", "locked"]

KEPT = 3
_ATTEMPTS = 3
_COPIES = ("by-hand", "before-update", "before-restore")
_NAME = re.compile(r"rehearsals-(\d{4}-\d\d-\d\d)-(\d\d)(\d\d)\d\d-\d{3}-([a-z-]+)\.db")


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy of the file: what it was made for, when, and how many bytes it has."""

    path: Path
    kind: str
    made: str
    size: int


def folder_of(path: Path) -> Path:
    """Return the folder of the backups of a database."""
    return path.parent / "backups"


def listed(path: Path) -> list[Backup]:
    """Return the copies there are, newest first, those set aside among them."""
    found = []
    for file in folder_of(path).glob("rehearsals-*.db"):
        named = _NAME.fullmatch(file.name)
        if named:
            date, hour, minute, kind = named.groups()
            with suppress(FileNotFoundError):
                found.append(Backup(file, kind, f"{date} {hour}:{minute}", file.stat().st_size))
    return sorted(found, key=lambda backup: backup.path.name, reverse=True)


def copy(connection: sqlite3.Connection, path: Path, kind: Kind, to: Path | None = None) -> Path:
    """Copy what a connection sees to a new file, and let the oldest of its kind go if there are many.

    :param to: where to, instead of the folder of backups; a file that is there already is replaced.
    :raises TranscriptError: if there is no room, or the file is damaged.
    """
    with sentences():
        folder = to.parent if to else _private(folder_of(path))
        files.clear_unfinished(folder)
        target = to or files.dated(folder, kind)
        if not any(_copied(connection, folder, target) for _ in range(_ATTEMPTS)):
            raise TranscriptError("The backup could not be made: something keeps removing it.", "Try again in a moment.")
        for old in [each for each in listed(path) if each.kind == kind][KEPT:]:
            files.blank(old.path)
    return target


def _copied(connection: sqlite3.Connection, folder: Path, target: Path) -> bool:
    """Copy once; false if a deletion in another process took the unfinished copy away, since it held what was deleted."""
    part = files.unfinished(folder)
    taken: tuple[type[Exception], ...] = (FileNotFoundError, *database_errors())
    try:
        files.make_private(part)
        # Not a copy of the bytes: this one holds no stale words in the unused parts of its pages.
        connection.execute("VACUUM INTO ?", (str(part),))
        files.settle(part)
        os.replace(part, target)
    except taken:
        if part.exists() or not folder.is_dir():
            raise
        return False
    finally:
        with suppress(OSError):
            files.blank(part)
    return True


def find(path: Path, name: str) -> Path:
    """Return the copy of this name, or the file of that path.

    :raises NotFound: if there is neither.
    """
    for backup in listed(path):
        if name in (backup.path.name, backup.path.stem):
            return backup.path
    if Path(name).is_file():
        return Path(name).absolute()
    raise NotFound("There is no backup of this name.", "“rehearse transcripts restore” without a name lists them.")


def open_checked(path: Path, passphrase: str | None, patience: float) -> sqlite3.Connection:
    """Open a copy that is to be put back, having read all of it.

    :raises TranscriptError: if it is damaged, not ours, of a newer version, or under another passphrase.
    """
    with sentences():
        connection = cipher.connect(path, patience, passphrase)
        try:
            if connection.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
                raise StoreDamaged("This backup is damaged.", "Choose another one; what you have now stays as it is.")
            if not migrations.applied(connection):
                raise TranscriptError("This file is not a backup of rehearsals.", "Choose another one.")
            migrations.outdated(connection)
        except BaseException as error:
            connection.close()
            if isinstance(error, database_errors()) and is_damage(error):
                raise StoreDamaged("This backup is damaged.", "Choose another one; what you have now stays as it is.") from error
            raise
    return connection


def forget(path: Path, gone: Mapping[str, Sequence[str]], passphrase: str | None, patience: float) -> None:
    """Erase what was deleted from every copy; a copy that cannot be opened is removed, since it could not be erased either.

    :param gone: ids by the table they stood in.
    :raises TranscriptError: if another process is in the way or there is no room.
    """
    with sentences():
        # Also a copy that a kill cut short, or that another process is making: whoever is making it begins again.
        for part in folder_of(path).glob(f"{files.UNFINISHED}*"):
            files.blank(part)
    for backup in listed(path):
        if backup.kind not in _COPIES:
            continue
        try:
            with sentences(), closing(cipher.connect(backup.path, patience, passphrase)) as connection:
                _erase(connection, gone)
        except (StoreDamaged, StoreLocked):
            _remove([backup.path])


def _erase(connection: sqlite3.Connection, gone: Mapping[str, Sequence[str]]) -> None:
    for pragma in ("journal_mode = WAL", "foreign_keys = ON", "secure_delete = ON", "temp_store = MEMORY", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN IMMEDIATE")
    # A copy from before an update may not have every table yet.
    there = {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for table in there & gone.keys():
        connection.executemany(f"DELETE FROM {table} WHERE id = ?", [(each,) for each in gone[table]])
    connection.execute("COMMIT")
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("PRAGMA journal_mode = DELETE")


def drop(path: Path) -> None:
    """Remove every copy: it would open with the passphrase that was, or with none.

    :raises TranscriptError: if one cannot be removed.
    """
    with sentences():
        _remove([backup.path for backup in listed(path) if backup.kind in _COPIES])


def set_aside(path: Path, kind: Kind) -> Path:
    """Move the file, as it is, out of the way and return its new name.

    :raises TranscriptError: if it cannot be moved.
    """
    with sentences():
        target = files.dated(_private(folder_of(path)), kind)
        moves = [*zip(files.companions(path), files.companions(target), strict=True), (path, target)]
        for old, new in moves:
            with suppress(FileNotFoundError):
                old.rename(new)
        files.settle(target)
    return target


def put_locked_aside(path: Path) -> Path:
    """Move a file whose passphrase is forgotten out of the way, as it is, and return its new name.

    :raises TranscriptError: if it is not locked, or cannot be moved.
    """
    with sentences():
        if cipher.form(path) != "locked":
            raise TranscriptError("Your rehearsals have no passphrase.", "Open the app as usual.")
    return set_aside(path, "locked")


def readable(path: Path) -> list[Path]:
    """Return the files set aside whose words anyone can read who has the file."""
    return [each.path for each in listed(path) if each.kind not in _COPIES and cipher.form(each.path) != "locked"]


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        for file in (path, *files.companions(path)):
            files.blank(file)


def _private(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    return folder
