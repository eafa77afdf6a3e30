"""Words and letters: a second reader that knows no meaning, only which short runs of words and letters blame carries.

A logistic regression over TF-IDF of words (one to three in a row) and letters (two to five), and of the words of the line
before, each feature scaled by its log-count ratio (Wang & Manning, 2012, "Baselines and Bigrams"). MiniLM hears what is
meant, this one the turns of phrase; the two err on different lines, so both together err less (``models/tone/CARD.md``).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rehearse.errors import DataError, ModelMissing
from rehearse.tone.heard import Heard

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import TfidfVectorizer

# How each block of features is cut, and how much it counts.
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


def vectorizer(block: str, **given: Any) -> "TfidfVectorizer":
    """Return a block's vectorizer, not fitted yet."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(sublinear_tf=True, lowercase=False, **BLOCKS[block], **given)


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
        self.vectorizers = {}
        for block in BLOCKS:
            names = tensors[f"{block}.vocabulary"].tobytes().decode("utf-8").split("\n")
            made = vectorizer(block, vocabulary=names)
            made.idf_ = tensors[f"{block}.idf"].astype(np.float64)
            self.vectorizers[block] = made

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
        features = sum(len(each.vocabulary) for each in found.vectorizers.values()) + 1
        if found.flag.shape != (features,) or found.kind.shape != (len(kinds), features):
            raise DataError(path, "its parts do not fit together")
        return found

    def logits(self, heard: Sequence[Heard]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return how far each text leans to blame (a logit; shape: texts) and to each flagged kind (texts, kinds)."""
        from scipy import sparse

        blocks = [made.transform(parts(heard, block)) for block, made in self.vectorizers.items()]
        blocks[-1] = blocks[-1] * BEFORE_WEIGHT
        features = sparse.hstack([*blocks, np.ones((len(heard), 1))]).tocsr()
        return np.asarray(features @ self.flag, np.float32), np.asarray(features @ self.kind.T, np.float32)
