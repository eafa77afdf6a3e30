"""``rehearse doctor``: what is installed, where things are, and what to do about whatever is wrong.

It looks and changes nothing: the data folder is not made, no model is loaded, and nobody outside this computer is asked. Its
report may be shown to others, so no word of a talk is in it, and no password out of a server's address.
"""

import argparse
import errno
import json
import os
import platform
import re
import shlex
import shutil
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rehearse import __version__, catalog, settings
from rehearse.catalog import Carried
from rehearse.errors import ModelMissing, RehearseError, StoreLocked
from rehearse.voice import choice

PACKAGES = ("llama-cpp-python", "gradio", "sentence-transformers", "torch")
PYTHONS = ((3, 10), (3, 13))
# What the app takes with the embedded voice and the check loaded, read from its resident size: 1.0 GB. Most of it is torch.
NEEDED_BYTES = 1_200_000_000
# What loading another voice takes beside its own file: the context and room to work in.
ROOM_FOR_A_VOICE = 1.2
# A talk takes some ten kilobytes; below this, the system itself is in trouble.
LEAST_DISK_BYTES = 200_000_000
# How long a server on this computer may take to pick up.
PATIENCE = 1.0

_PIN = re.compile(r"^([A-Za-z0-9._-]+)\s*\(?==\s*([^\s;,)]+)\)?")
_ELSEWHERE = "set REHEARSE_HOME to another folder"
_RESTORE = "Install rehearse again to restore it."
_REINSTALL = "Run the set-up again (`make start` in a checkout, or install rehearse again)."


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong, and what to do about it, a sentence each."""

    what: str
    remedy: str


@dataclass(slots=True)
class Examined:
    """What was found out."""

    facts: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, what: str, remedy: str) -> None:
        """Note a problem, once."""
        if Problem(what, remedy) not in self.problems:
            self.problems.append(Problem(what, remedy))

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note a failure that has its sentences, and go on after it."""
        try:
            yield
        except RehearseError as error:
            self.wrong(error.happened, error.remedy)
        except OSError as error:
            self.wrong(
                f"{error.filename or 'A file'} cannot be looked at ({error.strerror}).",
                "Make sure that it belongs to you and that you may open it.",
            )

    def to_dict(self) -> dict[str, Any]:
        """Return what ``rehearse doctor --json`` prints."""
        return {"facts": self.facts, "problems": [asdict(each) for each in self.problems]}


def doctor(chosen: argparse.Namespace) -> int:
    """Run ``rehearse doctor``; the exit status is 0 if nothing is wrong, and 1 otherwise."""
    found = examine()
    if chosen.json:
        sys.stdout.write(json.dumps(found.to_dict(), indent=1) + "\n")
    else:
        sys.stdout.write(told(found))
    return 1 if found.problems else 0


def examine() -> Examined:
    """Look at everything; a failure of one look never keeps the others from being taken."""
    found = Examined()
    looks: dict[str, Callable[[Examined], Any]] = {
        "versions": _versions,
        "models": _models,
        "voice": _voice,
        "voices_downloaded": _downloaded,
        "memory": _memory,
        "settings": _settings,
        # Before the store is opened: that makes an open folder private again.
        "data_folder": _data_folder,
        "rehearsals": _rehearsals,
        "port": _port,
    }
    for name, look in looks.items():
        found.facts[name] = None
        with found.noting():
            found.facts[name] = look(found)
    return found


# -- what is installed ------------------------------------------------------------------------------------------------------


def _versions(found: Examined) -> dict[str, str | None]:
    python = platform.python_version()
    versions: dict[str, str | None] = {"rehearse": __version__, "python": python, "system": platform.platform()}
    least, most = PYTHONS
    if not least <= sys.version_info[:2] <= most:
        found.wrong(
            f"Python {python} is not one that rehearse is made for.",
            f"Install a Python from {least[0]}.{least[1]} to {most[0]}.{most[1]} and set rehearse up with it.",
        )
    pins = _pins()
    for name in PACKAGES:
        try:
            version: str | None = metadata.version(name)
        except metadata.PackageNotFoundError:
            version = None
            found.wrong(f"{name} is not installed.", _REINSTALL)
        versions[name] = version
        wanted = pins.get(name)
        # A build for some processor calls itself 2.13.0+cpu: the same release.
        if version and wanted and version.partition("+")[0] != wanted:
            found.wrong(f"{name} is {version}, but this rehearse was made and measured with {wanted}.", _REINSTALL)
    return versions


def _pins() -> dict[str, str]:
    """Return the exact versions that the installed rehearse asks for; none if it runs without being installed."""
    try:
        asked = metadata.requires("rehearse") or []
    except metadata.PackageNotFoundError:
        return {}
    return {match[1].lower(): match[2] for each in asked if (match := _PIN.match(each))}


def _models(found: Examined) -> list[dict[str, Any]]:
    listed = catalog.carried()
    for role in ("voice", "encoder", "layers"):
        if catalog.entry(role) is None:
            found.wrong(f"The list of models names no file for the {role}.", _RESTORE)
    return [_model(each, found) for each in listed]


def _model(carried: Carried, found: Examined) -> dict[str, Any]:
    seen: dict[str, Any] = {"name": carried.name, "role": carried.role, "path": None, "size": None, "pinned": False}
    with found.noting():
        path = catalog.locate(carried)
        seen |= {"path": str(path), "size": path.stat().st_size}
        catalog.verified(carried.role)
        seen["pinned"] = True
    return seen


# -- the voice --------------------------------------------------------------------------------------------------------------


def _voice(found: Examined) -> dict[str, Any]:
    name = settings.voice()
    if choice.is_server(name):
        return _server(name, found)
    seen: dict[str, Any] = {"name": name, "here": False, "path": None, "leaves_this_computer": False, "needs_bytes": None}
    with found.noting():
        path = _voice_file(name)
        more = 0 if name == "embedded" else int(ROOM_FOR_A_VOICE * path.stat().st_size)
        seen |= {"here": True, "path": str(path), "needs_bytes": NEEDED_BYTES + more}
    return seen


def _voice_file(name: str) -> Path:
    if name != "embedded":
        return choice.file_of(name)
    carried = catalog.entry("voice")
    if carried is None:
        raise ModelMissing("The list of models names no file for the voice.", _RESTORE)
    return catalog.locate(carried)


def _server(address: str, found: Examined) -> dict[str, Any]:
    """Describe a server's address without what may be secret in it; only one on this computer is knocked at."""
    seen: dict[str, Any] = {"name": "a server", "here": None, "path": None, "leaves_this_computer": True, "needs_bytes": None}
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        host, port = "", 0
    if not host:
        found.wrong("The voice's address is not one of a server.", "Set REHEARSE_VOICE to one such as http://127.0.0.1:8080/v1.")
        return seen
    shown = f"[{host}]" if ":" in host else host
    seen["name"] = f"{parts.scheme}://{shown}:{port}{parts.path}"
    away = choice.leaves_this_computer(address)
    seen["leaves_this_computer"] = away and settings.words_may_leave()
    if away and not seen["leaves_this_computer"]:
        found.wrong(
            f"{seen['name']} is on another computer, and nothing said here may be sent there: he cannot speak.",
            "Set REHEARSE_LET_WORDS_LEAVE to 1 if it may, or REHEARSE_VOICE to `embedded`.",
        )
    if not away:
        seen["here"] = _picks_up(host, port)
        if not seen["here"]:
            found.wrong(f"Nothing answers at {seen['name']}.", "Start the server, or set REHEARSE_VOICE to `embedded`.")
    return seen


def _picks_up(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=PATIENCE):
            return True
    except OSError:
        return False


def _downloaded(_: Examined) -> list[str]:
    return [each.name for each in catalog.offered() if (settings.voices_folder() / each.file).is_file()]


# -- this computer ----------------------------------------------------------------------------------------------------------


def _memory(found: Examined) -> dict[str, int]:
    import psutil

    memory = psutil.virtual_memory()
    needed = (found.facts.get("voice") or {}).get("needs_bytes") or NEEDED_BYTES
    if memory.available < needed:
        found.wrong(
            f"{_gigabytes(memory.available)} of memory are free, and the app needs about {_gigabytes(needed)}.",
            "Close other programs, or choose a smaller voice.",
        )
    return {"total_bytes": memory.total, "free_bytes": memory.available, "needed_bytes": needed}


def _settings(found: Examined) -> dict[str, int | None]:
    seen: dict[str, int | None] = {"threads": None, "context": None}
    for name, read in (("threads", settings.threads), ("context", settings.context)):
        with found.noting():
            seen[name] = read()
    return seen


def _data_folder(found: Examined) -> dict[str, Any]:
    folder = settings.data_folder()
    standing = next(each for each in (folder, *folder.parents) if _exists(each))
    there = standing == folder
    seen: dict[str, Any] = {"path": str(folder), "exists": there, "mode": None, "writable": False, "free_bytes": None}
    if not standing.is_dir():
        found.wrong(f"{standing} is a file, where the data folder needs a folder.", f"Move it away, or {_ELSEWHERE}.")
        return seen
    seen["writable"] = os.access(standing, os.W_OK | os.X_OK)
    if not seen["writable"]:
        found.wrong(f"The folder {standing} cannot be written to.", f"Change its rights, or {_ELSEWHERE}.")
    seen["free_bytes"] = shutil.disk_usage(standing).free
    if seen["free_bytes"] < LEAST_DISK_BYTES:
        free = _gigabytes(seen["free_bytes"])
        found.wrong(f"Only {free} are free on the disk of the data folder.", f"Free some space, or {_ELSEWHERE}.")
    if there:
        mode = stat.S_IMODE(folder.stat().st_mode)
        seen["mode"] = f"{mode:04o}"
        _look_inside(folder, mode, found)
    return seen


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except OSError as error:
        # What may not be looked at is there all the same, or its parent is what cannot be used.
        return error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EACCES)
    return True


def _look_inside(folder: Path, mode: int, found: Examined) -> None:
    names = {each.name for each in folder.iterdir()}
    if names and not names & settings.OURS:
        # Not ours, so nothing is said of who may open it: closing it might harm whoever uses it.
        found.wrong(f"The folder {folder} holds other things already.", "Set REHEARSE_HOME to a new or an empty folder.")
    elif os.name == "posix" and mode & 0o077:
        found.wrong(
            f"Others who use this computer can open the folder {folder}.",
            f"Run `chmod 700 {shlex.quote(str(folder))}`; opening the app does it too.",
        )


def _rehearsals(_: Examined) -> int | str | None:
    path = settings.database_path()
    if not path.is_file():
        return 0
    from rehearse.transcripts import Transcripts

    try:
        with Transcripts(path) as store:
            return store.count()
    except StoreLocked:
        return "locked with a passphrase"


def _port(_: Examined) -> dict[str, Any]:
    # A port in use is no problem: it may be rehearse itself, and the next free one is taken.
    port = settings.port()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tried:
        if os.name != "nt":
            # As the server does: a port whose last connections are fading away is free.
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return {"number": port, "free": False}
    return {"number": port, "free": True}


# -- in words ---------------------------------------------------------------------------------------------------------------


def told(found: Examined) -> str:
    """Return what was found out as plain text, problems last."""
    rows = [row for name, tell in _TELLING.items() if found.facts[name] is not None for row in tell(found.facts[name])]
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {text}" for name, text in rows]
    lines.append("")
    lines += [f"! {each.what}\n  {each.remedy}" for each in found.problems] or ["Nothing is wrong."]
    return "\n".join(lines) + "\n"


Rows = list[tuple[str, str]]


def _tell_versions(versions: dict[str, str | None]) -> Rows:
    return [(name, version or "not installed") for name, version in versions.items()]


def _tell_models(models: list[dict[str, Any]]) -> Rows:
    rows = []
    for each in models:
        text = f"{each['name']}: missing"
        if each["path"]:
            state = "the pinned one" if each["pinned"] else "NOT the pinned one"
            text = f"{each['name']}, {each['size'] / 1e6:.0f} MB, {state}: {each['path']}"
        rows.append((each["role"], text))
    return rows


def _tell_voice(voice: dict[str, Any]) -> Rows:
    here = {True: "is there", False: "is not there", None: "was not asked"}[voice["here"]]
    leaves = "what she says LEAVES this computer" if voice["leaves_this_computer"] else "nothing she says leaves this computer"
    return [("chosen voice", f"{voice['name']} ({here}; {leaves})")]


def _tell_data_folder(folder: dict[str, Any]) -> Rows:
    state = f"mode {folder['mode']}" if folder["exists"] else "not made yet"
    writable = "writable" if folder["writable"] else "not writable"
    rows = [("data folder", f"{folder['path']} ({state}, {writable})")]
    if folder["free_bytes"] is not None:
        rows.append(("free disk", _gigabytes(folder["free_bytes"])))
    return rows


def _tell_port(port: dict[str, Any]) -> Rows:
    return [("port", f"{port['number']} is {'free' if port['free'] else 'in use; the next free one will be taken'}")]


def _tell_memory(memory: dict[str, int]) -> Rows:
    total, free, needed = (_gigabytes(memory[f"{name}_bytes"]) for name in ("total", "free", "needed"))
    return [("memory", f"{total}, {free} of them free; about {needed} are needed")]


_TELLING: dict[str, Callable[[Any], Rows]] = {
    "versions": _tell_versions,
    "models": _tell_models,
    "voice": _tell_voice,
    "voices_downloaded": lambda names: [("downloaded voices", ", ".join(names) or "none")],
    "settings": lambda numbers: [(name, str(number)) for name, number in numbers.items() if number is not None],
    "memory": _tell_memory,
    "data_folder": _tell_data_folder,
    "rehearsals": lambda count: [("saved rehearsals", str(count))],
    "port": _tell_port,
}


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
