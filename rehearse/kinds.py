"""The kinds a line of hers can be, as told in ``prompts/kinds.toml``."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rehearse import data, settings
from rehearse.errors import DataError


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: whether it may land as blame, its practice (1 to 10), its plain name, and why he may hear it so."""

    name: str
    flagged: bool
    practice: int
    label: str
    why: str


@cache
def _read(path: Path) -> dict[str, Kind]:
    found = {}
    for name, table in data.read_toml(path).items():
        try:
            kind = Kind(name, **table)
        except TypeError as error:
            raise DataError(path, f"the kind {name} lacks a field or has one too many") from error
        if not (isinstance(kind.flagged, bool) and kind.practice in range(1, 11) and kind.label and kind.why):
            raise DataError(path, f"the kind {name} has an empty or impossible field")
        found[name] = kind
    if not any(kind.flagged for kind in found.values()) or all(kind.flagged for kind in found.values()):
        raise DataError(path, "it needs kinds of both sorts, flagged and not")
    return found


def kinds() -> dict[str, Kind]:
    """Return every kind by name, flagged ones first, in the order of the file.

    :raises DataError: if the file is not as it should be.
    """
    return _read(settings.prompts_folder() / "kinds.toml")


def flagged_kinds() -> frozenset[str]:
    """Return the names of the kinds that may land as blame."""
    return frozenset(kind.name for kind in kinds().values() if kind.flagged)


def gentle_kinds() -> frozenset[str]:
    """Return the names of the kinds that are not flagged."""
    return frozenset(kind.name for kind in kinds().values() if not kind.flagged)
