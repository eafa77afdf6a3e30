"""The model files the app may load: where they are, and whether they are the ones that were pinned."""

import hashlib
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rehearse import data, settings
from rehearse.errors import DataError, ModelChanged, ModelMissing

_REINSTALL = "Run the set-up again (`make start`, or `pip install --force-reinstall {package}`)."


@dataclass(frozen=True, slots=True)
class Carried:
    """A file that arrives with the installation. ``size`` in bytes; ``package`` is empty for files of our own."""

    name: str
    role: str
    package: str
    file: str
    size: int
    sha256: str
    licence: str


@dataclass(frozen=True, slots=True)
class Offered:
    """A bigger voice that can be fetched.

    ``title`` is what people read, ``revision`` which state of the repository is meant. ``size`` is in bytes; ``ram`` is what the
    computer should have in all, in GB. ``sha256`` is empty if it could not be verified when the list was written.
    """

    name: str
    title: str
    repo: str
    revision: str
    file: str
    size: int
    ram: int
    sha256: str
    licence: str
    expect: str


@cache
def _read(path: Path) -> tuple[tuple[Carried, ...], tuple[Offered, ...]]:
    tables = data.read_toml(path)
    try:
        carried = tuple(Carried(**table) for table in tables.get("carried", []))
        offered = tuple(Offered(**table) for table in tables.get("offered", []))
    except TypeError as error:
        raise DataError(path, "an entry lacks a field or has one too many") from error
    for entry in carried:
        if len(entry.sha256) != 64 or entry.size <= 0:
            raise DataError(path, f"{entry.name} has no SHA-256 or no size")
    for each in offered:
        # The file is written under its name: one that led elsewhere would be written there.
        if each.size <= 0 or each.ram <= 0 or len(each.sha256) not in (0, 64) or Path(each.file).name != each.file:
            raise DataError(path, f"{each.name} has a size, a memory need, a SHA-256 or a file name that cannot be")
    return carried, offered


def carried() -> tuple[Carried, ...]:
    """Return the files that arrive with the installation.

    :raises DataError: if the catalog is not as it should be.
    """
    return _read(settings.models_folder() / "catalog.toml")[0]


def offered() -> tuple[Offered, ...]:
    """Return the bigger voices that can be fetched."""
    return _read(settings.models_folder() / "catalog.toml")[1]


def entry(role: str) -> Carried | None:
    """Return the carried file of this role, or ``None`` if there is none."""
    return next((found for found in carried() if found.role == role), None)


def locate(found: Carried) -> Path:
    """Return where a carried file lies, without importing the package that brings it.

    :raises ModelMissing: if the package or the file is not there.
    """
    if not found.package:
        folder = settings.models_folder()
    else:
        spec = importlib.util.find_spec(found.package)
        if spec is None or not spec.submodule_search_locations:
            raise ModelMissing(
                "The package that carries {file} is not installed.",
                _REINSTALL,
                file=found.name,
                package=found.package.replace("_", "-"),
            )
        folder = Path(next(iter(spec.submodule_search_locations)))
    path = folder / found.file
    if not path.is_file():
        raise ModelMissing(
            "The file of {file} is missing.", _REINSTALL, file=found.name, package=found.package.replace("_", "-") or "rehearse"
        )
    return path


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        digest = hashlib.sha256()
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


@cache
def _sha256_once(path: Path, size: int, changed_ns: int) -> str:
    # Size and time of change are the cache's key: a file replaced while the app runs is read again.
    return sha256_of(path)


def verified(role: str) -> Path:
    """Return the path of the carried file of this role, once its bytes are known to be the pinned ones.

    :raises ModelMissing: if it is not there.
    :raises ModelChanged: if its SHA-256 is another.
    """
    found = entry(role)
    if found is None:
        raise ModelMissing("The catalog names no file for the {role}.", "Install rehearse again to restore it.", role=role)
    path = locate(found)
    state = path.stat()
    if state.st_size != found.size or _sha256_once(path, state.st_size, state.st_mtime_ns) != found.sha256:
        raise ModelChanged(
            "The file of {file} is not the one this version was made with, so it was not loaded.",
            _REINSTALL,
            file=found.name,
            package=found.package.replace("_", "-") or "rehearse",
        )
    return path
