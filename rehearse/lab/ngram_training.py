"""Training the check's second reader: words and letters, weighed by a logistic regression.

python -m rehearse.lab.ngram_training --out runs/reader
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rehearse import settings
from rehearse.kinds import flagged_kinds
from rehearse.lab import lines
from rehearse.lab.lines import Message
from rehearse.tone.heard import Heard
from rehearse.tone.ngrams import BEFORE_WEIGHT, BLOCKS, NGrams, parts

# A feature that so few messages have says more about their writer than about blame.
RAREST = {"words": 2, "letters": 3, "before": 2}
# Chosen on the development writers among 0, 0.5, 0.7, 1 (power), 0.3, 1 (smoothing) and 3, 4, 10 (strength).
RATIO_POWER = 0.7
SMOOTHING = 0.3
STRENGTH = 10.0
KIND_STRENGTH = 10.0
# So many features are kept of each block, at most: those that weigh most. The file has to stay small.
MOST = {"words": 102_000, "letters": 50_000, "before": 20_000}
ARTICLE_TIMES = 3
# What the article itself calls its warned phrases counts more than what a like line is called elsewhere.
ARTICLE_WEIGHT = 30.0


def vectorizer(block: str, **given: Any) -> Any:
    """Return what cuts and weighs a block's features in scikit-learn, not fitted yet."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(sublinear_tf=True, lowercase=False, **BLOCKS[block], **given)


def fitted(messages: list[Message]) -> dict[str, NDArray[Any]]:
    """Return the tensors of the n-grams (see :class:`NGrams`), fitted on labelled messages."""
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression

    article = ARTICLE_TIMES * lines.article_examples()
    heard = [Heard(each.text, lines.his(each.before)) for each in messages] + [each.heard for each in article]
    flags = np.array([each.flag for each in messages] + [each.flag for each in article])
    tensors: dict[str, NDArray[Any]] = {}
    blocks = []
    for block in BLOCKS:
        made = vectorizer(block, min_df=RAREST[block])
        blocks.append(made.fit_transform(parts(heard, block)) * (BEFORE_WEIGHT if block == "before" else 1.0))
        names = made.get_feature_names_out()
        tensors[f"{block}.vocabulary"] = np.frombuffer("\n".join(names).encode(), np.uint8)
        tensors[f"{block}.idf"] = made.idf_.astype(np.float16)
    features = sparse.hstack(blocks).tocsr()
    ratio = sparse.diags(_ratio(features, flags))
    model = LogisticRegression(C=STRENGTH, max_iter=500).fit(features @ ratio, flags)
    tensors["flag"] = np.append(ratio @ model.coef_[0], model.intercept_[0]).astype(np.float16)
    labels = [each.kinds[:1] if each.flag else () for each in messages]
    labels += [each.kinds[:1] if each.flag else () for each in article]
    tensors["kind"] = _kinds(features, labels, [1.0] * len(messages) + [ARTICLE_WEIGHT] * len(article))
    return tensors


def _ratio(features: Any, flags: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return how one-sidedly each feature occurs: its log-count ratio, to a power (Wang & Manning, 2012)."""
    blaming = np.asarray(features[flags].sum(axis=0)).ravel() + SMOOTHING
    gentle = np.asarray(features[~flags].sum(axis=0)).ravel() + SMOOTHING
    found: NDArray[np.float64] = np.abs(np.log((blaming / blaming.sum()) / (gentle / gentle.sum()))) ** RATIO_POWER
    return found


def _kinds(features: Any, labels: list[tuple[str, ...]], weights: list[float]) -> NDArray[np.float16]:
    """Return a row of weights for each flagged kind, in the order of their names."""
    from sklearn.linear_model import LogisticRegression

    rows = [index for index, label in enumerate(labels) if label]
    model = LogisticRegression(C=KIND_STRENGTH, max_iter=500).fit(
        features[rows], [labels[index][0] for index in rows], sample_weight=[weights[index] for index in rows]
    )
    names = sorted(flagged_kinds())
    if list(model.classes_) != names:
        raise ValueError(f"the training lines lack a kind: {sorted(set(names) - set(model.classes_))}")
    # In rows: what is saved is the bytes as they lie.
    return np.ascontiguousarray(np.hstack([model.coef_, model.intercept_[:, None]]), dtype=np.float16)


def thinned(tensors: dict[str, NDArray[Any]], most: dict[str, int] = MOST) -> dict[str, NDArray[Any]]:
    """Return the tensors without the features that weigh least, where a block has more than so many."""
    names = {block: tensors[f"{block}.vocabulary"].tobytes().decode().split("\n") for block in BLOCKS}
    weight = np.abs(tensors["flag"]).astype(np.float32) + np.abs(tensors["kind"]).astype(np.float32).mean(axis=0)
    found, kept, start = dict(tensors), [], 0
    for block, words in names.items():
        here = np.sort(np.argsort(-weight[start : start + len(words)], kind="stable")[: most[block]])
        found[f"{block}.vocabulary"] = np.frombuffer("\n".join(words[each] for each in here).encode(), np.uint8)
        found[f"{block}.idf"] = tensors[f"{block}.idf"][here]
        kept.append(here + start)
        start += len(words)
    # The last column is the bias.
    columns = np.append(np.concatenate(kept), start)
    return found | {"flag": tensors["flag"][columns], "kind": np.ascontiguousarray(tensors["kind"][:, columns])}


def main(arguments: list[str] | None = None) -> int:
    """Fit on the training writers and save ``ngrams.safetensors``."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=settings.models_folder() / "tone")
    chosen = parser.parse_args(arguments)
    from safetensors.numpy import save_file

    tensors = thinned(fitted(lines.messages(lines.files("train"))))
    chosen.out.mkdir(parents=True, exist_ok=True)
    save_file(tensors, chosen.out / "ngrams.safetensors")
    made = NGrams(tensors, sorted(flagged_kinds()))
    sys.stdout.write(f"{len(made.flag) - 1} features\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
