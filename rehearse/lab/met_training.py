"""Teaching the second look what is to be met outside the role: a head on what its layers give, which stay as they are.

    python -m rehearse.lab.met_training --out runs/look

The layers learnt of such drafts together with blame, with a head for each. This learns that head anew, held back far more,
from all drafts there are by now beside ordinary lines. Run it after ``rehearse.lab.look_training``; it completes
``look.safetensors`` and ``look.json``, and prints what share of her innocent lines by development writers would be met from which
score on.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rehearse import settings
from rehearse.distress import METS
from rehearse.lab import corpus, lines
from rehearse.lab.listener_training import files, ordinary
from rehearse.lab.look_fitting import loaded
from rehearse.listener import pieces
from rehearse.look import Look
from rehearse.tone.heard import Heard

# How strongly the weights are held back, beside states of unit variance: what heard most of other writers' drafts
# (models/son/safety/CARD.md).
STRENGTH = 3e-5
# So many ordinary lines are learnt from.
ORDINARY = 2400
# From which scores on it is told how many innocent lines would be met.
SCORES = (0.3, 0.4, 0.45, 0.5, 0.6, 0.7)
NONE = "none"


def learnt(given: NDArray[np.float32], mets: Sequence[str], names: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """Return the head: ``met.weight`` (mets, width) and ``met.bias``.

    :param given: one row a text, from :func:`states`.
    :param mets: what each is to be met as, or ``none``; all of ``names`` among them.
    """
    from sklearn.linear_model import LogisticRegression

    mean, spread = given.mean(axis=0), given.std(axis=0) + 1e-5
    model = LogisticRegression(C=STRENGTH, max_iter=400)
    model.fit((given - mean) / spread, [names.index(name) for name in mets])
    # The file is written from the memory as it lies: the learnt weights lie column by column.
    weight = np.ascontiguousarray(model.coef_ / spread, dtype=np.float32)
    return {"met.weight": weight, "met.bias": (model.intercept_ - weight @ mean).astype(np.float32)}


def states(look: Look, texts: Iterable[str]) -> NDArray[np.float32]:
    """Return what the layers give for each text: the mean over its words, and the last row."""
    return np.stack([look.pooled(Heard(each)) for each in texts])


def danger(head: dict[str, NDArray[np.float32]], given: NDArray[np.float32], names: Sequence[str]) -> NDArray[np.float32]:
    """Return for each row the probability that it is to be met at all."""
    logits = given @ head["met.weight"].T + head["met.bias"]
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: NDArray[np.float32] = 1 - chances[:, names.index(NONE)] / chances.sum(axis=1)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Learn from the training files, and complete the second look in a folder."""
    from safetensors.numpy import load_file, save_file

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=settings.models_folder() / "tone")
    parser.add_argument("--danger", type=float, help="the score from which a text is met (0 to 1); as it was if left out")
    chosen = parser.parse_args(arguments)
    card = chosen.out / "look.json"
    told = json.loads(card.read_text(encoding="utf-8"))
    names = [str(name) for name in told["mets"]]
    rows = [row for path in files("train") for row in corpus.read(path)]
    texts = {row["text"]: row["met"] for row in rows}
    texts |= {text: NONE for text in ordinary()[:ORDINARY] if text not in texts}
    look = loaded(chosen.out)
    head = learnt(states(look, texts), list(texts.values()), names)
    innocent = [each.text for each in lines.messages(lines.files("development")) if not each.flag and each.text.strip()]
    scores = np.array([danger(head, states(look, pieces(text)), names).max() for text in innocent])
    look.close()
    path = chosen.out / "look.safetensors"
    # In full: held back so far, many weights are too small for half precision.
    save_file({**load_file(path), **head}, path)
    told["danger"] = told["danger"] if chosen.danger is None else chosen.danger
    card.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    met = sum(each in METS for each in texts.values())
    sys.stdout.write(f"{met} drafts to be met and {len(texts) - met} others\n")
    for score in SCORES:
        sys.stdout.write(json.dumps({"from": score, "innocent lines met": round(float((scores >= score).mean()), 4)}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
