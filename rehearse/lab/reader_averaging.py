"""Averaging the layers that several passes of one training left behind.

    python -m rehearse.lab.reader_averaging --out runs/reader runs/first runs/second runs/third

The mean of weights along one run lies flatter than its end, and errs a little less on lines it has not seen (stochastic weight
averaging, Izmailov et al., 2018). It costs nothing where it is used: the result is one reader.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from rehearse import settings


def average(folders: Sequence[Path], out: Path) -> None:
    """Write the mean of the layers of some folders, with the ``reader.json`` of the last.

    :raises ValueError: if no folder is given, or they do not hold the same layers.
    """
    import torch
    from safetensors.torch import load_file, save_file

    runs = [load_file(folder / "layers.safetensors") for folder in folders]
    if not runs or any(set(run) != set(runs[0]) for run in runs):
        raise ValueError("these folders do not hold layers of one training")
    mean = {name: torch.stack([run[name].float() for run in runs]).mean(0).half().contiguous() for name in runs[0]}
    out.mkdir(parents=True, exist_ok=True)
    save_file(mean, out / "layers.safetensors")
    card = out / "reader.json"
    if not (card.exists() and card.samefile(folders[-1] / "reader.json")):
        shutil.copyfile(folders[-1] / "reader.json", card)


def main(arguments: Sequence[str] | None = None) -> int:
    """Average what the folders hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=settings.models_folder() / "tone")
    chosen = parser.parse_args(arguments)
    average(chosen.folders, chosen.out)
    sys.stdout.write(f"{len(chosen.folders)} runs averaged; {chosen.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
