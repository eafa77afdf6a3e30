"""Teaching the second look what a line of hers does: a head on what its layers give, which stay as they are.

    python -m rehearse.lab.act_training --out runs/look

The layers were trained to hear blame, and know what a line does all the same: a logistic regression on their states, learnt from
lines labelled by hand (``models/son/acts``), tells it rightly far oftener than the rules do. Run it after
``rehearse.lab.look_training``; it completes ``look.safetensors`` and ``look.json``.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rehearse import data, settings
from rehearse.lab import corpus
from rehearse.lab.look_fitting import loaded
from rehearse.look import Look
from rehearse.son import act
from rehearse.tone.judge import last_passage

# How strongly the weights are held back, beside states of unit variance: the best of those tried on development lines.
STRENGTH = 0.01


@dataclass(frozen=True, slots=True)
class Line:
    """A line of hers, the line of his before it (may be empty), and what it does, the likelier act first."""

    text: str
    before: str
    acts: tuple[str, ...]


def files(part: str) -> list[Path]:
    """Return the files with lines labelled by what they do, of one part: ``train``, ``development`` or ``test``."""
    folder = settings.models_folder() / "son"
    held = data.read_toml(folder / "parts.toml")
    apart = {"development": held["acts_development"], "test": held["acts_test"]}
    return corpus.of_part(sorted((folder / "acts").glob("*.jsonl")), apart, part)


def lines(part: str) -> list[Line]:
    """Return the labelled lines of one part."""
    return [Line(row["text"], row.get("before", ""), tuple(row["acts"])) for path in files(part) for row in corpus.read(path)]


def states(look: Look, given: Sequence[Line]) -> NDArray[np.float32]:
    """Return what the layers give for each line: the mean over her words, and the last row."""
    return np.stack([look.pooled(last_passage(each.text, each.before)) for each in given])


def learnt(given: NDArray[np.float32], acts: Sequence[tuple[str, ...]], names: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """Return the head: ``act.weight`` (acts, width) and ``act.bias``. Of two things that a line does the first counts twice.

    :param given: one row a line, from :func:`states`.
    :param acts: what each line does; three acts at least among them all.
    """
    from sklearn.linear_model import LogisticRegression

    mean, spread = given.mean(axis=0), given.std(axis=0) + 1e-5
    picked = [(row, name, weight) for row, done in enumerate(acts) for name, weight in _shares(done)]
    rows, told, weights = zip(*picked, strict=True)
    model = LogisticRegression(C=STRENGTH, max_iter=400)
    model.fit(((given - mean) / spread)[list(rows)], [names.index(name) for name in told], sample_weight=list(weights))
    weight, bias = np.zeros((len(names), given.shape[1])), np.full(len(names), -20.0)
    weight[model.classes_] = model.coef_ / spread
    bias[model.classes_] = model.intercept_ - model.coef_ @ (mean / spread)
    return {"act.weight": weight.astype(np.float32), "act.bias": bias.astype(np.float32)}


def _shares(done: Sequence[str]) -> Iterator[tuple[str, float]]:
    return zip(done[:2], (1.0,) if len(done) == 1 else (2 / 3, 1 / 3), strict=True)


def main(arguments: list[str] | None = None) -> int:
    """Learn from the training files, and complete the second look in a folder."""
    from safetensors.numpy import load_file, save_file

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=settings.models_folder() / "tone")
    chosen = parser.parse_args(arguments)
    given = lines("train")
    names = sorted(act.names())
    look = loaded(chosen.out)
    head = learnt(states(look, given), [each.acts for each in given], names)
    look.close()
    path = chosen.out / "look.safetensors"
    # Half precision is enough for it, as for the encoder.
    save_file({**load_file(path), **{name: each.astype(np.float16) for name, each in head.items()}}, path)
    card = chosen.out / "look.json"
    told = json.loads(card.read_text(encoding="utf-8"))
    card.write_text(json.dumps({**told, "acts": names}, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(given)} lines learnt from\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
