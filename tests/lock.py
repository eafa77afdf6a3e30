"""Write down what pip would install now, with the SHA-256 of each file, in the form that pip itself can hold itself to.

Usage: python lock.py REPORT.json    the lock, from pip's own report (`pip install --dry-run --report`)
       python lock.py --installed    what is installed here, by name and version, to be asked about
"""

import json
import re
import sys
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = "rehearse"
ROOT = Path(__file__).resolve().parents[1]
# What a lock depends on, as pip's report calls it.
WHERE = ("python_version", "sys_platform", "platform_machine")
_LINE = re.compile(r"([a-z0-9-]+)==(\S+) --hash=sha256:([0-9a-f]{64})")


def asked_for() -> list[str]:
    """Return what pyproject.toml asks for in every installation."""
    return list(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"])


def locked(report: Mapping[str, Any], leave_out: str = PROJECT) -> str:
    """Return the lines of a lock for everything in a report but the project itself.

    :raises ValueError: if a file in it has no SHA-256, so that the lock would promise too much.
    """
    lines = []
    for each in report["install"]:
        name, version = each["metadata"]["name"], each["metadata"]["version"]
        if name.lower() == leave_out:
            continue
        sha256 = each.get("download_info", {}).get("archive_info", {}).get("hashes", {}).get("sha256")
        if not sha256:
            raise ValueError(f"{name} {version} comes without a SHA-256")
        lines.append(f"{canonicalize_name(name)}=={version} --hash=sha256:{sha256}")
    environment = report.get("environment", {})
    where = ", ".join(environment.get(key, "?") for key in WHERE)
    head = f"# Python {where}: another Python or system needs a lock of its own."
    return "\n".join([head, *sorted(lines)]) + "\n"


def read(lock: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return where a lock is for, by the names of markers, and the version of each package in it.

    :raises ValueError: if a line of it says neither.
    """
    head, *lines = lock.splitlines()
    told = re.fullmatch(r"# Python (\S+), (\S+), (\S+): .+", head)
    found = [_LINE.fullmatch(line) for line in lines]
    if told is None or None in found:
        raise ValueError("this is no lock")
    return dict(zip(WHERE, told.groups(), strict=True)), {each[1]: each[2] for each in found if each}


def untrue(lock: str, wanted: list[str]) -> list[str]:
    """Return in which requirements a lock is not true to what is asked for: not in it, or in a version that is not allowed."""
    where, versions = read(lock)
    needed = [each for each in map(Requirement, wanted) if each.marker is None or each.marker.evaluate({"extra": "", **where})]
    return [
        str(each)
        for each in needed
        if not each.specifier.contains(versions.get(canonicalize_name(each.name), "0.dev0"), prereleases=True)
    ]


def installed() -> str:
    """Return every package that is installed here but the project, with the version that its makers gave it."""
    found = {canonicalize_name(each.metadata["Name"]): each.version.partition("+")[0] for each in distributions()}
    return "".join(f"{name}=={version}\n" for name, version in sorted(found.items()) if name != PROJECT)


if __name__ == "__main__":
    if sys.argv[1] == "--installed":
        sys.stdout.write(installed())
    else:
        made = locked(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
        if missing := untrue(made, asked_for()):
            sys.exit(f"The lock is not true to pyproject.toml: {', '.join(missing)}")
        sys.stdout.write(made)
