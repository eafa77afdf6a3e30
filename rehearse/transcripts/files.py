"""Files that only their owner may read, and what is done so that nothing of hers is left in one that goes."""

import os
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

# SQLite keeps these two beside the file while it is open; they hold words too.
COMPANIONS = ("-wal", "-shm")
# What files are called that have no place yet, so that those left behind by a power cut are known for what they are.
UNFINISHED = ".rehearse-unfinished-"
REWRITTEN = ".rehearse-rewritten-"
_BLOCK = bytes(1 << 20)
_LEFT_BEHIND = 600.0


def make_private(path: Path) -> None:
    """Create the file for its owner alone, or make an older one so; SQLite gives the log the mode of the file.

    :raises OSError: if it cannot be made.
    """
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    except FileExistsError:
        for old in (path, *companions(path)):
            with suppress(FileNotFoundError):
                old.chmod(0o600)
    else:
        os.close(handle)
        path.chmod(0o600)  # again, because an odd umask may have taken even the owner's rights


def companions(path: Path) -> tuple[Path, ...]:
    """Return the two files that SQLite keeps beside a database."""
    return tuple(path.with_name(path.name + ending) for ending in COMPANIONS)


def unfinished(folder: Path, kind: str = UNFINISHED) -> Path:
    """Return a new name in a folder for a file that has no place yet."""
    return folder / f"{kind}{secrets.token_hex(8)}"


def clear_unfinished(folder: Path, kind: str = UNFINISHED, *, older_than: float = _LEFT_BEHIND) -> None:
    """Remove what a power cut left in a folder; what another process may still be writing stays.

    :param older_than: how many seconds a file must have lain untouched.
    """
    for path in folder.glob(f"{kind}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime >= older_than:
                blank(path)


def blank(path: Path) -> None:
    """Overwrite a file with zeros and remove it; one that is not there does no harm.

    It loses its name first: if the power goes meanwhile, no damaged file stands in its place. On solid-state disks and on file
    systems that copy on write, older blocks may survive out of reach of any program.

    :raises OSError: if it cannot be removed.
    """
    with suppress(FileNotFoundError):
        if not path.name.startswith((UNFINISHED, REWRITTEN)):
            path = path.rename(unfinished(path.parent))
        with path.open("r+b") as file:
            blank_open(file.fileno())
        path.unlink()


def blank_open(handle: int) -> None:
    """Overwrite with zeros what is behind an open file.

    :raises OSError: if it cannot be written.
    """
    left = os.fstat(handle).st_size
    os.lseek(handle, 0, os.SEEK_SET)
    while left > 0:
        left -= os.write(handle, _BLOCK[:left])
    os.fsync(handle)


def settle(path: Path) -> None:
    """Wait until a file and its name are on the disk.

    :raises OSError: if the disk refuses.
    """
    with path.open("rb") as file:
        os.fsync(file.fileno())
    with suppress(OSError):  # Windows opens no folders, and does not need it
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def dated(folder: Path, kind: str) -> Path:
    """Return a name that is free in a folder: the moment, and what the file is.

    :param kind: a few words joined by hyphens, such as ``before-update``.
    """
    while True:
        moment = datetime.now()
        path = folder / f"rehearsals-{moment:%Y-%m-%d-%H%M%S}-{moment.microsecond // 1000:03}-{kind}.db"
        if not path.exists():
            return path
        time.sleep(0.001)


def write_private(path: Path, pieces: Iterable[str]) -> None:
    """Write a file that only its owner may read; it appears whole or not at all, replacing an older one.

    :raises OSError: if it cannot be written.
    """
    clear_unfinished(path.parent)
    part = unfinished(path.parent)
    try:
        handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as file:
            part.chmod(0o600)  # again, because an odd umask may have taken even the owner's rights
            for piece in pieces:
                file.write(piece.encode("utf-8", "replace"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        with suppress(OSError):
            part.unlink()
