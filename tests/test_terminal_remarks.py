"""`rehearse remarks`, and `rehearse check` heeding what was said there."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from doubles import toy_check
from rehearse import settings
from rehearse.cli import main
from rehearse.tone import ToneCheck
from rehearse.transcripts import Transcripts
from test_transcripts_delete import traces
from test_transcripts_remarks import quick_key  # noqa: F401

LINE = "You never change, you clown."
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command with what stands on standard input; return its status and both outputs."""
    monkeypatch.setattr(ToneCheck, "load", classmethod(lambda cls: toy_check()))

    def command(*arguments: str, typed: str = "", here: bool = False) -> tuple[int, str, str]:
        given = io.TextIOWrapper(io.BytesIO(typed.encode()), encoding="ascii")
        monkeypatch.setattr(given, "isatty", lambda: here)
        monkeypatch.setattr(sys, "stdin", given)
        capsys.readouterr()
        return main(list(arguments)), *capsys.readouterr()

    return command


def flagged(run: Run, text: str) -> bool:
    status, out, err = run("check", "--json", text)
    assert (status, err) == (0, "")
    return bool(json.loads(out)["flagged"])


def test_added_listed_heeded_and_taken_back(run: Run, home: Path) -> None:
    assert run("remarks", "list") == (0, "Nothing has been said of a sentence yet.\n", "")
    assert flagged(run, LINE)
    assert "not marked" in run("remarks", "add", "--fine", LINE)[1]
    assert "this is marked" in run("remarks", "add", "Suit yourself.", "--stung")[1]
    assert not flagged(run, "you never change you clown!")
    assert flagged(run, "You never call.")
    assert flagged(run, "Suit yourself…") and not flagged(run, "It rains.")
    out = run("remarks", "list")[1].splitlines()
    assert [line.split()[:2] for line in out] == [["1", "fine"], ["2", "stung"]] and LINE in out[0]
    assert run("remarks", "remove", "1")[0] == 0
    assert flagged(run, LINE)
    assert traces(home, LINE) == 0
    status, _, err = run("remarks", "remove", "1")
    assert status == 1 and "no such sentence" in err


def test_words_come_on_standard_input_too_and_sentence_by_sentence(run: Run) -> None:
    status, out, _ = run("remarks", "add", "--fine", "--json", typed=f"  {LINE} Señora, you never sing.\n")
    assert status == 0
    assert [(each["number"], each["text"]) for each in json.loads(out)] == [(1, LINE), (2, "Señora, you never sing.")]
    assert not flagged(run, f"Señora, you never sing! {LINE}")
    kept = json.loads(run("remarks", "list", "--json")[1])
    assert [set(each) for each in kept] == [{"number", "text", "stung", "made"}] * 2
    assert json.loads(run("remarks", "remove", "2", "--json")[1]) == {"removed": 2}


def test_what_is_off_is_said(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run("remarks", "add", "--stung", typed="?!\n")
    assert status == 1 and "no words" in err
    for wrong in (["add", "text"], ["add", "--fine", "--stung", "text"], ["remove", "first"], []):
        with pytest.raises(SystemExit) as ended:
            run("remarks", *wrong)
        assert ended.value.code == 2


def test_the_check_says_in_words_what_is_so_because_of_her(run: Run) -> None:
    run("remarks", "add", "--fine", LINE)
    run("remarks", "add", "--stung", "Suit yourself.")
    out = run("check", f"{LINE} Suit yourself.")[1]
    assert "“Suit yourself.” stings, as you said." in out and "Practice" not in out
    assert f"“{LINE}” is fine between you two, as you said." in out
    (found,) = [
        json.loads(line) for line in run("check", "--jsonl", "-", typed=json.dumps({"id": 1, "text": LINE}))[1].splitlines()
    ]
    assert (found["id"], found["flagged"]) == (1, False)
    assert found["remarks"] == [{"start": 0, "end": 28, "text": LINE, "stung": False, "number": 1}]


def test_to_check_a_line_leaves_no_file_behind(run: Run, home: Path) -> None:
    assert flagged(run, LINE)
    assert not settings.database_path().exists()


@pytest.mark.usefixtures("quick_key")
def test_behind_a_passphrase(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    words = "four good words here"
    with Transcripts(settings.database_path()) as store:
        store.set_passphrase(words)
    # From a pipe its line comes first, and is never taken for a line to read.
    assert run("remarks", "add", "--fine", typed=f"{words}\n{LINE}\nÇa va, you never sing?\n")[0] == 0
    assert LINE in run("remarks", "list", typed=f"{words}\n")[1]
    status, out, err = run("check", "--json", typed=f"{LINE}\n")
    assert status == 0 and json.loads(out)["text"] == LINE and json.loads(out)["flagged"] is True
    assert "locked" in err and LINE not in err
    # Where somebody can be asked, they are.
    monkeypatch.setattr("getpass.getpass", lambda question: words)
    status, out, err = run("check", "--json", LINE, here=True)
    assert (status, err) == (0, "") and json.loads(out)["flagged"] is False


def test_a_file_that_cannot_be_read_stops_no_check(run: Run, home: Path) -> None:
    home.mkdir()
    settings.database_path().write_bytes(b"something else " * 999)
    status, out, err = run("check", "--json", LINE)
    assert status == 0 and json.loads(out)["flagged"] is True
    assert "reads without" in err and "moved aside" in err
