"""Only its owner may read the store, whatever the umask is."""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearse.scenario import Scenario, Son
from rehearse.transcripts import Transcripts, write_private

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such modes")


@pytest.fixture(params=[0o000, 0o022, 0o277, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folder_and_files(tmp_path: Path, umask: int) -> None:
    folder = tmp_path / "home"
    with Transcripts(folder / "rehearsals.db") as store:
        store.create(Scenario(Son("Daniel")))
        assert mode(folder) == 0o700
        assert {file.name: mode(file) for file in folder.iterdir()} == {
            "rehearsals.db": 0o600,
            "rehearsals.db-wal": 0o600,
            "rehearsals.db-shm": 0o600,
        }


def test_a_store_that_was_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "home" / "rehearsals.db"
    Transcripts(path).close()
    path.chmod(0o666)
    path.parent.chmod(0o777)
    Transcripts(path).close()
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


def test_an_exported_file(tmp_path: Path, umask: int) -> None:
    file = tmp_path / "out.md"
    write_private(file, "one")
    assert mode(file) == 0o600
    file.chmod(0o644)
    write_private(file, "two ✓\n")
    assert (mode(file), file.read_bytes()) == (0o600, "two ✓\n".encode())
    assert list(tmp_path.iterdir()) == [file]
