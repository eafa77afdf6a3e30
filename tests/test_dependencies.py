"""What the app is built on: each package has its reason, and a lock holds what it says."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from lock import locked

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
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
