"""What the app is built on: each package has its reason, and a lock holds what it says."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from lock import asked_for, installed, locked, read, untrue

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
LOCKS = sorted((ROOT / "locks").glob("*.lock"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def report(*packages: tuple[str, str, str]) -> dict[str, Any]:
    return {
        "environment": {"python_version": "3.11", "sys_platform": "linux", "platform_machine": "x86_64"},
        "install": [
            {
                "metadata": {"name": name, "version": version},
                "download_info": {"archive_info": {"hashes": {"sha256": sha256} if sha256 else {}}},
            }
            for name, version, sha256 in packages
        ],
    }


def test_each_package_has_its_reason() -> None:
    asked = {re.match(r"[\w.-]+", each)[0].lower() for each in PROJECT["dependencies"]}  # type: ignore[index]
    told = set(re.findall(r"(?m)^\| `([\w.-]+)` \|", (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")))
    assert told == asked


def test_each_package_is_bounded() -> None:
    """Nobody's next release can change the app by itself."""
    assert [each for each in PROJECT["dependencies"] if not re.search(r"==|<", each)] == []


def test_a_lock_names_every_package_with_its_hash_and_no_address() -> None:
    made = locked(report(("Gradio_X", "6.0", "a" * 64), ("rehearse", "0.1.0", ""), ("abc", "1", "b" * 64)))
    assert made.splitlines() == [
        "# Python 3.11, linux, x86_64: another Python or system needs a lock of its own.",
        f"abc==1 --hash=sha256:{'b' * 64}",
        f"gradio-x==6.0 --hash=sha256:{'a' * 64}",
    ]
    with pytest.raises(ValueError, match="without a SHA-256"):
        locked(report(("abc", "1", "")))


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_the_lock_that_is_kept_is_true_to_what_is_asked_for(path: Path) -> None:
    lock = path.read_text(encoding="utf-8")
    where, versions = read(lock)
    assert path.stem == f"{where['sys_platform']}-{where['platform_machine']}-python{where['python_version']}"
    assert untrue(lock, asked_for()) == []
    assert len(versions) > len(PROJECT["dependencies"]), "what they bring along is locked too"
    # Nothing is asked for that the lock would let in unseen: of what is installed here in the version it names, all is in it.
    from importlib.metadata import distributions

    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    known = [each for each in distributions() if versions.get(canonicalize_name(each.metadata["Name"])) == each.version]
    assert known or sys.platform != where["sys_platform"]
    for each in known:
        assert untrue(lock, [need for need in each.requires or [] if not Requirement(need).extras]) == [], each.metadata["Name"]


def test_there_is_a_lock() -> None:
    assert LOCKS


def test_a_lock_that_is_not_true_is_told_apart() -> None:
    made = locked(report(("gradio", "6.31.0", "a" * 64), ("torch", "2.13.0+cpu", "b" * 64)))
    assert untrue(made, ["gradio==6.31.0", "torch==2.13.0", "tomli>=2; python_version < '3.11'"]) == []
    assert untrue(made, ["gradio==6.30.0", "numpy>=1", "Torch>2.13"]) == ["gradio==6.30.0", "numpy>=1", "Torch>2.13"]
    assert untrue(made, ["tomli>=2; python_version >= '3.11'"]) != []
    with pytest.raises(ValueError, match="no lock"):
        read(made + "numpy==1\n")


def test_what_is_asked_about_is_what_is_installed() -> None:
    told = dict(line.split("==") for line in installed().splitlines())
    assert "rehearse" not in told and not [version for version in told.values() if "+" in version]
    assert {each.partition("==")[0] for each in asked_for() if "==" in each} <= set(told)
