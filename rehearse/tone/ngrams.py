"""Words and letters: a second reader that knows no meaning, only which short runs of words and letters blame carries.

A logistic regression over TF-IDF of words (one to three in a row) and letters (two to five), and of the words of the line
before, each feature scaled by its log-count ratio (Wang & Manning, 2012, "Baselines and Bigrams"). MiniLM hears what is
meant, this one the turns of phrase; the two err on different lines, so both together err less (``models/tone/CARD.md``).
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rehearse.errors import DataError, ModelMissing
from rehearse.tone.heard import Heard

# How each block of features is cut: as scikit-learn is told to when it is fitted, which counts and weighs in the same way.
BLOCKS: dict[str, dict[str, Any]] = {
    "words": {"ngram_range": (1, 3), "token_pattern": r"(?u)\b\w+(?:'\w+)?\b|[?!.,…]"},
    "letters": {"ngram_range": (2, 5), "analyzer": "char_wb"},
    "before": {"ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+(?:'\w+)?\b|[?!.,…]"},
}
BEFORE_WEIGHT = 0.7


def plain(text: str) -> str:
    """Return a text in the form its features are cut from: small letters, one sort of apostrophe, single spaces."""
    return " ".join(text.replace("’", "'").lower().split())


def parts(heard: Sequence[Heard], block: str) -> list[str]:
    """Return what of each text a block of features is cut from."""
    return [plain(each.before if block == "before" else each.text) for each in heard]


def cut(text: str, block: str) -> Iterator[str]:
    """Yield the features of a text in its form, those of several occurrences several times."""
    told = BLOCKS[block]
    least, most = told["ngram_range"]
    if told.get("analyzer") != "char_wb":
        words = re.findall(told["token_pattern"], text)
        for length in range(least, min(most, len(words)) + 1):
            for start in range(len(words) - length + 1):
                yield " ".join(words[start : start + length])
        return
    for word in text.split():
        edged = f" {word} "
        for length in range(least, most + 1):
            for start in range(max(1, len(edged) - length + 1)):
                yield edged[start : start + length]
            if length >= len(edged):
                # A short word counts once.
                break


class NGrams:
    """The fitted reader: one weight a feature for blame or not, and one for each flagged kind."""

    def __init__(self, tensors: "dict[str, NDArray[Any]]", kinds: Sequence[str]) -> None:
        """Build it from its file's tensors.

        :param tensors: for each block ``<block>.vocabulary`` (bytes, features joined by line feeds) and ``<block>.idf``
            (features); ``flag`` (features of all blocks + 1, the last is the bias) and ``kind`` (kinds, features + 1).
        :param kinds: the names of the flagged kinds, in the order of ``kind``.
        :raises KeyError: if a tensor is missing.
        """
        self.kinds = tuple(kinds)
        self.flag = tensors["flag"].astype(np.float32)
        self.kind = tensors["kind"].astype(np.float32)
        self.rarity = {block: tensors[f"{block}.idf"].astype(np.float64) for block in BLOCKS}
        self.places: dict[str, dict[str, int]] = {}
        for block in BLOCKS:
            names = tensors[f"{block}.vocabulary"].tobytes().decode("utf-8").split("\n")
            self.places[block] = {name: place for place, name in enumerate(names)}

    @classmethod
    def load(cls, path: Path, kinds: Sequence[str]) -> "NGrams":
        """Load the fitted reader.

        :raises ModelMissing: if the file is not there.
        :raises DataError: if it is not what it should be.
        """
        if not path.is_file():
            raise ModelMissing("The check's list of phrases is missing.", "Install rehearse again to restore it.")
        from safetensors.numpy import load_file

        try:
            found = cls(load_file(path), kinds)
        except (KeyError, ValueError) as error:
            raise DataError(path, "it is not what was written there") from error
        features = sum(map(len, found.places.values())) + 1
        fitting = all(found.rarity[block].shape == (len(places),) for block, places in found.places.items())
        if not fitting or found.flag.shape != (features,) or found.kind.shape != (len(kinds), features):
            raise DataError(path, "its parts do not fit together")
        return found

    def logits(self, heard: Sequence[Heard]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return how far each text leans to blame (a logit; shape: texts) and to each flagged kind (texts, kinds)."""
        blames = np.zeros(len(heard), np.float64)
        leanings = np.zeros((len(heard), len(self.kinds)), np.float64)
        begin = 0
        for block, places in self.places.items():
            for row, text in enumerate(parts(heard, block)):
                counts = Counter(place for feature in cut(text, block) if (place := places.get(feature)) is not None)
                if not counts:
                    continue
                found = np.fromiter(sorted(counts), np.int64, len(counts))
                weights = (1 + np.log([counts[place] for place in found.tolist()])) * self.rarity[block][found]
                weights *= (BEFORE_WEIGHT if block == "before" else 1.0) / np.sqrt(weights @ weights)
                blames[row] += self.flag[begin + found] @ weights
                leanings[row] += self.kind[:, begin + found] @ weights
            begin += len(places)
        return (blames + self.flag[-1]).astype(np.float32), (leanings + self.kind[:, -1]).astype(np.float32)
