"""What stands in the files of a folder while an app goes on writing there."""

import os
from collections.abc import Iterator
from pathlib import Path


def files(folder: Path) -> Iterator[Path]:
    """Yield every file under a folder, no socket or pipe; one that the app takes away meanwhile is passed over.

    ``Path.rglob`` fails when a folder vanishes under it, which the folder in which the voices are made faster does.
    """
    for place, _, names in os.walk(folder):
        yield from (each for name in names if (each := Path(place) / name).is_file())


def read(path: Path) -> bytes:
    """Return the bytes of a file, none where it is gone by now."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def holding(folder: Path, marker: str) -> list[Path]:
    """Return the files under a folder in whose bytes a marker stands."""
    return [path for path in files(folder) if marker.encode() in read(path)]
