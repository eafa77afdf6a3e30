"""How far two readers agree: the writers' labels beside a second, blind reading of a random tenth.

python -m rehearse.lab.agreement
"""

import sys
from pathlib import Path
from typing import Any

from rehearse import settings
from rehearse.lab import corpus


def compared(lines: dict[str, dict[str, Any]], second: list[dict[str, Any]]) -> dict[str, Any]:
    """Return how many rows were read twice, the shares that agree on flag and on main kind, and where they do not.

    The main kind is compared where both flagged, or both did not.
    """
    rows = [(lines[each["id"]], each) for each in second if each["id"] in lines]
    same = [(first, other) for first, other in rows if first["flag"] == other["flag"]]
    kinds = [first["kinds"][0] == other["kinds"][0] for first, other in same]
    return {
        "read twice": len(rows),
        "flag agrees": round(len(same) / max(1, len(rows)), 4),
        "main kind agrees": round(sum(kinds) / max(1, len(kinds)), 4),
        "differ": [first["id"] for first, other in rows if first["flag"] != other["flag"]],
    }


def main() -> int:
    """Print the agreement over everything that was read twice."""
    folder = settings.models_folder() / "tone"
    lines = {row["id"]: row for path in _files(folder / "lines") for row in corpus.read(path)}
    second = [row for path in _files(folder / "second") for row in corpus.read(path)]
    for name, value in compared(lines, second).items():
        sys.stdout.write(f"{name}: {' '.join(value) if isinstance(value, list) else value}\n")
    return 0


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl"))


if __name__ == "__main__":
    sys.exit(main())
