"""The proof that anybody can run: a whole talk, and what was asked of anybody on the way."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rehearse import catalog, cli, privacy
from rehearse.errors import RehearseError, SettingError
from rehearse.privacy import Walk

ROOT = Path(__file__).resolve().parents[1]


def have_models() -> bool:
    try:
        return all(catalog.verified(role) for role in ("voice", "encoder"))
    except RehearseError:
        return False


@pytest.mark.model
@pytest.mark.timeout(1200)
def test_a_whole_talk_asks_nobody(tmp_path: Path) -> None:
    if not have_models():
        pytest.skip("a model is missing")
    walk = privacy.proven()
    assert walk.failure == ""
    assert walk.steps == ["start", "page", "check", "reword", "talk", "look back", "export", "import", "delete", "exit"]
    assert (walk.connections, walk.lookups) == ([], [])
    assert walk.kernel is None or set(walk.kernel.values()) == {0}
    assert walk.local >= 5, "the page was hardly asked for anything"
    assert walk.quiet


def counted(code: str) -> Walk:
    """Count what some code asks for, in a process of its own that is cut off where the system allows it."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from rehearse import privacy\n"
        f"def way(done):\n    {code}\n"
        "privacy._way = way\n"
        "privacy.walked()"
    )
    done = subprocess.run([sys.executable, "-c", program, str(ROOT)], text=True, capture_output=True, timeout=110)
    assert done.returncode == 0, done.stderr
    return Walk(**json.loads(done.stdout.splitlines()[-1]))


def test_the_count_sees_a_connection_and_a_name() -> None:
    """The test of the test: what does reach out is counted, by Python and, where it can be asked, by the system."""
    walk = counted("import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 53))")
    assert walk.connections == ["192.0.2.1"] and not walk.quiet
    walk = counted("import socket; socket.getaddrinfo('example.invalid', 80)")
    assert walk.lookups == ["example.invalid"] and not walk.quiet


def test_the_system_sees_what_python_does_not() -> None:
    """A library that speaks to the system directly escapes Python's hooks, not the kernel's counters."""
    native = (
        "import ctypes, socket; own = ctypes.CDLL(None); number = own.socket(2, 2, 0); "
        "own.sendto(number, b'words', 5, 0, b'\\x02\\x00\\x005\\x7f\\x00\\x00\\x01' + bytes(8), 16)"
    )
    walk = counted(native)
    if not walk.cut_off or walk.kernel is None:
        pytest.skip("this system does not let a program be cut off from the network")
    assert walk.connections == []
    assert walk.kernel["datagrams"] == 1 and not walk.quiet


def test_nothing_is_within_reach_once_cut_off() -> None:
    walk = counted("import socket; socket.create_connection(('192.0.2.1', 80), timeout=2)")
    assert walk.failure
    assert walk.connections == ["192.0.2.1"]


@pytest.mark.parametrize(
    ("walk", "quiet"),
    [
        (Walk(["start", "exit"]), True),
        (Walk(["start"], lookups=["evil.example"]), False),
        (Walk(["start"], connections=["192.0.2.1"]), False),
        (Walk(["start"], cut_off=True, kernel={"datagrams": 1}), False),
        (Walk(["start"], failure="The voice is not there."), False),
    ],
)
def test_what_is_said(walk: Walk, quiet: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(privacy, "proven", lambda: walk)
    assert cli.main(["doctor", "--privacy"]) == (0 if quiet else 1)
    said = capsys.readouterr().out
    assert ("Nothing left this computer." in said) == quiet
    assert f"Connections to anybody but this computer: {len(walk.connections)}" in said
    assert all(each in said for each in (*walk.lookups, *walk.connections, walk.failure))
    assert cli.main(["doctor", "--privacy", "--json"]) == (0 if quiet else 1)
    assert json.loads(capsys.readouterr().out)["quiet"] is quiet


def test_a_process_that_says_nothing_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    for code in ("pass", "print('words')", "import os; os.abort()"):
        monkeypatch.setattr(privacy, "_CODE", code)
        with pytest.raises(SettingError, match="did not come to its end"):
            privacy.proven()


def test_the_plain_doctor_is_still_there() -> None:
    chosen = cli.build_parser().parse_args(["doctor"])
    assert chosen.handler == "rehearse.doctor:doctor"
    assert cli.build_parser().parse_args(["doctor", "--privacy"]).handler == "rehearse.privacy:privacy"
