"""The commands for saved rehearsals: all of them at once, backups, and the passphrase, which is never an argument."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from rehearse import settings
from rehearse.cli import main
from rehearse.scenario import Scenario, Son
from rehearse.transcripts import Transcripts
from rehearse.turn import Openness, Turn
from test_transcripts_delete import traces

MARKER = "MARKERWORD"
Run = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module", autouse=True)
def quick_key() -> Iterator[None]:
    with closing(dbapi2.connect(":memory:")) as connection:
        (rounds,) = connection.execute("PRAGMA cipher_default_kdf_iter").fetchone()
        connection.execute("PRAGMA cipher_default_kdf_iter = 1000")
        yield
        connection.execute(f"PRAGMA cipher_default_kdf_iter = {rounds}")


@pytest.fixture
def ids(home: Path) -> list[str]:
    with Transcripts(settings.database_path()) as store:
        found = []
        for number in range(3):
            found.append(store.create(Scenario(Son("Daniel")), f"{MARKER} {number}").id)
            store.append(found[-1], Turn("mother", f"{MARKER} line {number}", Openness.WARY))
        return found


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command with what is typed, and return its status and all that it wrote."""

    def command(*arguments: object, typed: str = "") -> tuple[int, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        status = main(["transcripts", *map(str, arguments)])
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    return command


def test_everything_goes_out_and_comes_back_the_same(
    ids: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    file, again = tmp_path / "all.jsonl", tmp_path / "again.jsonl"
    assert run("export", "--all", "--format", "json", "--out", file) == (0, "")
    assert [json.loads(line)["id"] for line in file.read_text(encoding="utf-8").splitlines()] == ids
    monkeypatch.setenv("REHEARSE_HOME", str(tmp_path / "another"))
    status, said = run("import", file)
    assert (status, said.count("Imported as")) == (0, 3)
    run("export", "--all", "--format", "json", "--out", again)
    assert again.read_bytes() == file.read_bytes()
    assert run("export", "--all", "--format", "json")[1] == file.read_text(encoding="utf-8")


def test_a_bad_line_says_which_and_keeps_those_before(ids: list[str], tmp_path: Path, run: Run) -> None:
    file = tmp_path / "all.jsonl"
    run("export", "--all", "--format", "json", "--out", file)
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join((lines[0], lines[1].replace('"version": 1', '"version": 9'), lines[2])) + "\n", encoding="utf-8")
    status, said = run("import", file)
    assert status == 1 and "Line 2" in said and MARKER not in said.split("Line 2")[1]
    with Transcripts(settings.database_path()) as store:
        assert store.count() == 4


def test_a_file_for_each(ids: list[str], tmp_path: Path, run: Run) -> None:
    assert run("export", "--all", "--format", "html")[0] == 1
    assert run("export", "--all", "--format", "html", "--out", tmp_path / "pages")[0] == 0
    pages = sorted((tmp_path / "pages").iterdir())
    assert len(pages) == 3 and all(MARKER in page.read_text(encoding="utf-8") for page in pages)
    assert run("export")[0] == 1
    assert run("export", ids[0], "--all")[0] == 1


def test_backup_restore_and_several_deleted_at_once(ids: list[str], tmp_path: Path, run: Run) -> None:
    assert "no backup yet" in run("restore")[1]
    path = Path(json.loads(run("backup", "--json")[1])["path"])
    assert path.is_file()
    assert path.stem in run("restore")[1]
    assert run("delete", ids[0], ids[1], typed="n\n")[0] == 1
    assert run("delete", ids[0], ids[1][:12], "--yes")[0] == 0
    own = tmp_path / "own.db"
    assert run("backup", "--out", own)[0] == 0
    assert run("delete", ids[2], "--yes")[0] == 0
    assert traces(settings.data_folder(), MARKER) == 0
    status, said = run("restore", own)
    assert status == 0 and "back in its place" in said
    assert f"{MARKER} 2" in run("list")[1]
    assert run("restore", "nothing-of-that-name")[0] == 1


def test_a_damaged_file_and_the_way_back(ids: list[str], run: Run) -> None:
    name = Path(json.loads(run("backup", "--json")[1])["path"]).stem
    settings.database_path().write_bytes(b"something else " * 999)
    status, said = run("restore", name)
    assert status == 0 and "moved aside" in said
    assert run("list")[1].count(MARKER) == 3


def test_the_passphrase_is_set_changed_removed_and_forgotten(ids: list[str], run: Run) -> None:
    one, two = "first good words", "second good words"
    assert run("passphrase", "change")[0] == 1
    assert run("passphrase", "set", typed="short\n")[0] == 1
    status, said = run("passphrase", "set", typed=f"{one}\n")
    assert status == 0 and one not in said and "nobody can open them" in said
    assert traces(settings.data_folder(), MARKER) == 0
    assert run("passphrase", "set", typed=f"{one}\n")[0] == 1
    status, said = run("list", typed="wrong wrong\n")
    assert status == 1 and "does not open" in said and "wrong wrong" not in said
    assert run("list", typed=f"{one}\n")[1].count(MARKER) == 3
    assert run("passphrase", "change", typed=f"{one}\n{one}\n{two}\n")[0] == 0
    assert run("delete", ids[0], typed=f"{two}\ny\n")[0] == 0
    assert run("passphrase", "remove", typed=f"{two}\nnot the one\n")[0] == 1
    assert run("passphrase", "remove", typed=f"{two}\n{two}\n")[0] == 0
    assert run("list")[1].count(MARKER) == 2
    assert run("passphrase", "forgotten", typed="y\n")[0] == 1  # it has none
    run("passphrase", "set", typed=f"{one}\n")
    assert run("passphrase", "forgotten", typed="n\n")[0] == 1
    assert run("passphrase", "forgotten", typed="y\n")[0] == 0
    assert "No rehearsal" in run("list")[1]
    # Remembered after all: the same passphrase set again opens what was moved aside.
    (aside,) = json.loads(run("restore", "--json")[1])
    assert aside["kind"] == "locked"
    run("passphrase", "set", typed=f"{one}\n")
    assert run("restore", Path(aside["path"]).stem, typed=f"{one}\n")[0] == 0
    assert run("list", typed=f"{one}\n")[1].count(MARKER) == 2
