"""Reading what mothers ask and tell every day, so that the app need not: the vectors of all ways to put it.

    python -m rehearse.lab.everyday_reading

Run it when a line of hers in ``models/son/everyday`` or ``dears`` in ``prompts/everyday.toml`` was changed; answers may change
without it. The new size and SHA-256 belong into ``models/catalog.toml``.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rehearse import settings
from rehearse.son import everyday
from rehearse.tone.encoder import Embedder, MiniLM, base_model


def save(embedder: Embedder, every: Sequence[everyday.Asked], out: Path) -> int:
    """Write the vectors in half precision, with the fingerprint of what was read; return how many there are."""
    import numpy as np
    from safetensors.numpy import save_file

    vectors = embedder.encode(everyday.read(every))
    save_file({everyday.VECTORS: vectors.astype(np.float16)}, out, {everyday.TEXTS: everyday.fingerprint(every)})
    return len(vectors)


def main(arguments: list[str] | None = None) -> int:
    """Read all that is written, and save."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=settings.models_folder() / "son" / "everyday.safetensors")
    chosen = parser.parse_args(arguments)
    every = everyday.written()
    lines = save(MiniLM(base_model()), every, chosen.out)
    answers = sum(len(each.answers) for each in every)
    sys.stdout.write(f"{len(every)} things asked or told, put in {lines} ways, with {answers} answers\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
