"""Training the listener: what of a draft is to be met outside the role, learnt on MiniLM's vectors.

A support vector machine with a Gaussian kernel: of a straight line, nearest neighbours and this, it heard most on lines it had
not seen (the table is in ``models/son/safety/CARD.md``). Ordinary talk is taken from the hand-written lines and dialogues.
"""

import argparse
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rehearse import data, distress, settings
from rehearse.lab import corpus, lines
from rehearse.listener import PARTS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WIDTH, COST = 1.0, 10.0
# So many ordinary lines are learnt from; the threshold is set on as many others again and a third more.
ORDINARY, BESIDE = 3000, 4000
# Of ordinary lines of hers the part that may be heard wrongly, on lines the listener did not learn from.
WRONGLY = 0.006


def files(part: str) -> list[Path]:
    """Return the files of labelled drafts of one part, ``train`` or ``test``, as ``models/son/parts.toml`` has them."""
    folder = settings.models_folder() / "son"
    held = data.read_toml(folder / "parts.toml")["safety_test"]
    return corpus.of_part(sorted((folder / "safety").glob("*.jsonl")), {"test": held}, part)


def ordinary() -> list[str]:
    """Return her lines by the writers one may learn from in which the rules hear nothing, in a drawn but fixed order."""
    texts = [each.text for each in lines.messages(lines.files("train"))]
    found = [text for text in dict.fromkeys(texts) if distress.met(text) is None]
    random.Random(1).shuffle(found)
    return found


def learn(
    vectors: "NDArray[np.float32]", met: Sequence[str], plain: "NDArray[np.float32]", beside: "NDArray[np.float32]"
) -> "dict[str, NDArray[np.float32]]":
    """Return the parts of a listener.

    :param vectors: of labelled drafts.
    :param met: what each is to be met as, or ``none``.
    :param plain: vectors of ordinary lines to learn from.
    :param beside: vectors of other ordinary lines, for the threshold.
    """
    import numpy as np
    from sklearn.svm import SVC

    every = np.concatenate([vectors, plain])
    places = np.array([distress.METS.index(each) if each in distress.METS else -1 for each in met] + [-1] * len(plain))
    machine = SVC(C=COST, gamma=WIDTH).fit(every, places >= 0)
    threshold = float(np.quantile(machine.decision_function(beside), 1 - WRONGLY))
    return {
        "vectors": machine.support_vectors_.astype(np.float16),
        "weights": machine.dual_coef_[0].astype(np.float32),
        "met": places[machine.support_].astype(np.float32),
        "numbers": np.array([WIDTH, float(machine.intercept_[0]), threshold], np.float32),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=settings.models_folder() / "son" / "listener.safetensors")
    chosen = parser.parse_args(arguments)

    from safetensors.numpy import save_file

    from rehearse.tone import encoder

    embedder, _ = encoder.load()
    rows = [row for path in files("train") for row in corpus.read(path)]
    plain = ordinary()[: ORDINARY + BESIDE]
    vectors = _encoded(embedder, plain)
    found = learn(
        _encoded(embedder, [row["text"] for row in rows]), [row["met"] for row in rows], vectors[:ORDINARY], vectors[ORDINARY:]
    )
    assert set(found) == set(PARTS)
    save_file(found, chosen.out)
    sys.stdout.write(f"{len(rows)} drafts and {ORDINARY} ordinary lines; {len(found['weights'])} kept; {chosen.out}\n")
    return 0


def _encoded(embedder: "object", texts: Sequence[str], most: int = 128) -> "NDArray[np.float32]":
    import numpy as np

    encode = embedder.encode  # type: ignore[attr-defined]
    return np.concatenate([encode(texts[first : first + most]) for first in range(0, len(texts), most)])


if __name__ == "__main__":
    sys.exit(main())
