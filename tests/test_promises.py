"""What SECURITY.md promises can be tried: each command in its table names tests, choices of them and targets that there are."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROMISES = re.findall(r"(?m)^\| ([^|]+) \| (`[^|]+`) \|$", (ROOT / "SECURITY.md").read_text(encoding="utf-8"))
COMMANDS = [command for _, column in PROMISES for command in re.findall(r"`([^`]+)`", column)]


def test_each_promise_has_its_command() -> None:
    assert len(PROMISES) >= 20
    assert all(re.findall(r"`([^`]+)`", column) for _, column in PROMISES)


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_command_names_is_there(command: str) -> None:
    program, *rest = shlex.split(command)
    if program == "make":
        assert re.search(rf"(?m)^{rest[0]}:.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"))
        return
    if program == "rehearse":
        assert rest == ["doctor", "--privacy"]
        return
    assert (program, rest[:2]) == (".venv/bin/python", ["-m", "pytest"])
    chosen = rest[rest.index("-k") + 1].split(" or ") if "-k" in rest else [""]
    patterns = [each for each in rest[2:] if each.startswith("tests/")]
    files = [path for pattern in patterns for path in ROOT.glob(pattern)]
    assert patterns and all(list(ROOT.glob(pattern)) for pattern in patterns)
    tests = [name for path in files for name in re.findall(r"(?m)^ *def (test_\w+)", path.read_text(encoding="utf-8"))]
    assert [word for word in chosen if not any(word in name for name in tests)] == []
