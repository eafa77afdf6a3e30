"""Picking the labelled lines that are shown beside findings: short, plain, and as unlike each other as possible.

python -m rehearse.lab.example_picking
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rehearse import settings
from rehearse.kinds import flagged_kinds
from rehearse.lab import lines
from rehearse.lab.lines import Message
from rehearse.tone import encoder
from rehearse.tone.sentences import sentences

EACH = 32
SHORTEST, LONGEST = 4, 16


def short(message: Message) -> bool:
    """Whether a message serves as an example: one plain sentence of one kind, with a gentler wording, and no talk before it."""
    return (
        message.flag
        and len(message.kinds) == 1
        and bool(message.gentler)
        and not message.before
        and SHORTEST <= len(message.text.split()) <= LONGEST
        and len(message.gentler.split()) <= LONGEST + 6
        and len(sentences(message.text)) == 1
    )


def spread(vectors: NDArray[np.float32], most: int) -> list[int]:
    """Return positions of vectors far from each other: each next one is the farthest from all before (Gonzalez, 1985)."""
    chosen = [0]
    nearest = vectors @ vectors[0]
    while len(chosen) < min(most, len(vectors)):
        chosen.append(int(nearest.argmin()))
        nearest = np.maximum(nearest, vectors @ vectors[chosen[-1]])
    return chosen


def main(arguments: list[str] | None = None) -> int:
    """Pick from the training writers and write ``examples.jsonl``."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=settings.models_folder() / "tone" / "examples.jsonl")
    chosen = parser.parse_args(arguments)
    embedder = encoder.MiniLM(encoder.base_model())
    fit = [
        each for each in lines.messages(path for path in lines.line_files("train") if path.stem.startswith("w")) if short(each)
    ]
    rows = []
    for kind in sorted(flagged_kinds()):
        own = [each for each in fit if each.kinds[0] == kind]
        rows += [
            {"text": own[i].text, "kind": kind, "gentler": own[i].gentler}
            for i in spread(embedder.encode([each.text for each in own]), EACH)
        ]
    chosen.out.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    sys.stdout.write(f"{len(rows)} examples\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
