"""Teaching what hears the act of a line of hers: a head on the second look's layers and on the encoder's vectors.

    python -m rehearse.lab.act_training

Both stay as they are. The layers were trained to hear blame, and know what a line does all the same: a logistic regression on
their states and on the vectors, learnt from lines labelled by hand (``models/son/acts``), tells it rightly far oftener than the
rules do. Run it anew after ``rehearse.lab.look_training``; the size and SHA-256 of what it writes belong into
``models/catalog.toml``.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rehearse import data, hearer, settings
from rehearse.lab import corpus
from rehearse.lab.look_fitting import loaded
from rehearse.look import Look
from rehearse.son import act
from rehearse.tone.encoder import Embedder, MiniLM, base_model
from rehearse.tone.judge import last_passage

# How strongly the weights are held back, beside states of unit variance: the best of those tried on development lines.
STRENGTH = 0.005
# How many times as long the encoder's unit vectors count beside them; 15 to 40 do as well.
VECTORS = 20.0


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


def vectors(embedder: Embedder, given: Sequence[Line]) -> NDArray[np.float32]:
    """Return the encoder's vectors of each line, as the app has them of its last passage."""
    return hearer.vectors(embedder, [last_passage(each.text, each.before).text for each in given])


def learnt(
    given: NDArray[np.float32], beside: NDArray[np.float32], acts: Sequence[tuple[str, ...]], names: Sequence[str]
) -> dict[str, NDArray[np.float32]]:
    """Return the head: ``weight`` (acts, both widths) and ``bias``. Of two things that a line does the first counts twice.

    :param given: one row a line, from :func:`states`.
    :param beside: one row a line, from :func:`vectors`.
    :param acts: what each line does; three acts at least among them all.
    """
    from sklearn.linear_model import LogisticRegression

    mean = np.concatenate([given.mean(axis=0), np.zeros(beside.shape[1])])
    spread = np.concatenate([given.std(axis=0) + 1e-5, np.full(beside.shape[1], 1 / VECTORS)])
    every = (np.concatenate([given, beside], axis=1) - mean) / spread
    picked = [(row, name, weight) for row, done in enumerate(acts) for name, weight in _shares(done)]
    rows, told, weights = zip(*picked, strict=True)
    model = LogisticRegression(C=STRENGTH, max_iter=400)
    model.fit(every[list(rows)], [names.index(name) for name in told], sample_weight=list(weights))
    weight, bias = np.zeros((len(names), every.shape[1])), np.full(len(names), -20.0)
    weight[model.classes_] = model.coef_ / spread
    bias[model.classes_] = model.intercept_ - model.coef_ @ (mean / spread)
    return {hearer.WEIGHT: weight.astype(np.float32), hearer.BIAS: bias.astype(np.float32)}


def _shares(done: Sequence[str]) -> Iterator[tuple[str, float]]:
    return zip(done[:2], (1.0,) if len(done) == 1 else (2 / 3, 1 / 3), strict=True)


def save(head: Mapping[str, NDArray[np.float32]], names: Sequence[str], out: Path) -> None:
    """Write a head, with the names of its acts, in half precision, which is enough for it."""
    from safetensors.numpy import save_file

    save_file({name: np.ascontiguousarray(each, np.float16) for name, each in head.items()}, out, {hearer.NAMES: " ".join(names)})


def main(arguments: list[str] | None = None) -> int:
    """Learn from the training files, and write the head."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--look", type=Path, default=settings.models_folder() / "tone", help="the folder of a second look")
    parser.add_argument("--out", type=Path, default=settings.models_folder() / "son" / "acts.safetensors")
    chosen = parser.parse_args(arguments)
    given = lines("train")
    names = sorted(act.names())
    look = loaded(chosen.look)
    head = learnt(states(look, given), vectors(MiniLM(base_model()), given), [each.acts for each in given], names)
    look.close()
    save(head, names, chosen.out)
    sys.stdout.write(f"{len(given)} lines learnt from\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
