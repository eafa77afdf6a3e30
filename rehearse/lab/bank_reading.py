"""Counting what readers found of the lines of the bank: how often a real son could have said each where he might have said it.

    python -m rehearse.lab.bank_reading

Readers were shown moments of the training dialogues and of ordinary talk and, for each, up to five lines that he might
answer; what they said is in ``models/son/read/holds.jsonl``, a verdict a row. The counts go
to ``models/son/bank/holds.json``, which the app reads.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rehearse import settings
from rehearse.lab import corpus
from rehearse.son import bank


def counted(verdicts: Iterable[Mapping[str, Any]], known: Iterable[str]) -> dict[str, dict[str, tuple[int, int]]]:
    """Return for each line of the bank that was read how often it held, and how often it was read: in all, and after each act.

    :param verdicts: rows with ``line``, ``said`` and ``act``, what her line did.
    :param known: the lines of the bank; verdicts on others, which were taken out since, are left out.
    """
    lines = set(known)
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for each in verdicts:
        if each["line"] not in lines:
            continue
        counts = found.setdefault(each["line"], {})
        for of in (bank.ALL, each["act"]):
            held, read = counts.get(of, (0, 0))
            counts[of] = held + bool(each["said"]), read + 1
    return {line: dict(sorted(counts.items())) for line, counts in sorted(found.items())}


def main(arguments: list[str] | None = None) -> int:
    """Count and save."""
    folder = settings.models_folder() / "son"
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--verdicts", type=Path, default=folder / "read" / "holds.jsonl")
    parser.add_argument("--out", type=Path, default=folder / "bank" / "holds.json")
    chosen = parser.parse_args(arguments)
    found = counted(corpus.read(chosen.verdicts), (each.text for each in bank.portable_lines()))
    rows = ",\n".join(f" {json.dumps(line, ensure_ascii=False)}: {json.dumps(counts)}" for line, counts in found.items())
    chosen.out.write_text(f"{{\n{rows}\n}}\n", encoding="utf-8")
    held, read = (sum(each[bank.ALL][place] for each in found.values()) for place in (0, 1))
    sys.stdout.write(f"{len(found)} lines, {read} verdicts, of which {held} say that it holds\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
