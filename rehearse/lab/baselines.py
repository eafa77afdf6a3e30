"""Simpler ways to hear blame, measured beside the check on the same messages.

Each is fitted on the training writers (where there is something to fit) and gives a score a message; the threshold of those
that need one is the best on the development writers, as the check's own is.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from rehearse import article
from rehearse.lab import lines
from rehearse.lab.lines import Message
from rehearse.tone.encoder import Embedder

Scores = NDArray[np.float64]
# Of the training writers, how many the learning curve is told from.
SHARES = (1 / 8, 1 / 4, 1 / 2, 1.0)

# Words that a list of blaming phrases would hold; written down before anything was measured.
KEYWORDS = (
    "you never",
    "you always",
    "your fault",
    "you don't care",
    "you only think",
    "after all i",
    "you should",
    "you've changed",
    "you make me",
)


def keyword_scores(messages: list[Message]) -> Scores:
    """Return 1 for a message with a blaming phrase in it, else 0."""
    return np.array([float(any(word in each.text.lower() for word in KEYWORDS)) for each in messages])


def vader_scores(messages: list[Message]) -> Scores:
    """Return how negative VADER (Hutto & Gilbert, 2014) finds each message: its compound score with the sign turned.

    :raises ImportError: if the lab's packages are not installed.
    """
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyser = SentimentIntensityAnalyzer()
    return np.array([-float(analyser.polarity_scores(each.text)["compound"]) for each in messages])


def prototype_scores(messages: list[Message], embedder: Embedder) -> Scores:
    """Return how much nearer each message is to the article's warned phrases than to those it offers (cosines)."""
    warned = embedder.encode([warned.text for each in article.practices() for warned in each.warns])
    offered = embedder.encode([offer.text for each in article.practices() for offer in each.offers])
    vectors = embedder.encode([each.text for each in messages])
    return np.asarray((vectors @ warned.T).max(axis=1) - (vectors @ offered.T).max(axis=1), dtype=np.float64)


def tfidf_scores(training: list[Message], messages: list[Message]) -> Scores:
    """Return the scores of a logistic regression on TF-IDF of words and characters.

    :raises ImportError: if the lab's packages are not installed.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    model = make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), min_df=3, sublinear_tf=True),
        ),
        LogisticRegression(C=4, max_iter=400),
    )
    model.fit([each.text for each in training], [each.flag for each in training])
    return np.asarray(model.predict_proba([each.text for each in messages])[:, 1], dtype=np.float64)


def frozen_scores(training: list[Message], messages: list[Message], embedder: Embedder) -> Scores:
    """Return the scores of a logistic regression on the vectors of the untuned encoder.

    :raises ImportError: if the lab's packages are not installed.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=10, max_iter=1000)
    model.fit(embedder.encode([each.text for each in training]), [each.flag for each in training])
    return np.asarray(model.predict_proba(embedder.encode([each.text for each in messages]))[:, 1], dtype=np.float64)


def curve(messages: list[Message], writers: Sequence[list[Message]]) -> dict[str, float]:
    """Return the AUC that TF-IDF with logistic regression reaches having learnt from ever more writers, by how many these are.

    How steeply it still rises tells whether more writers would help; the app's readers take too long to train for that.

    :param writers: the messages of each training writer.
    :raises ImportError: if the lab's packages are not installed.
    """
    from rehearse.lab.tone_measure import auc

    truth = np.array([each.flag for each in messages])
    found = {}
    for share in SHARES:
        count = max(1, round(share * len(writers)))
        training = [each for writer in writers[:count] for each in writer]
        # One sort of message alone teaches nothing.
        if len({each.flag for each in training}) == 2:
            found[f"{count} writers, {len(training):,} messages"] = auc(truth, tfidf_scores(training, messages))
    return found


def every(messages: list[Message], embedder: Embedder) -> dict[str, tuple[float, float]]:
    """Return F1 and AUC of each simpler way on labelled messages, by its name.

    Those whose packages are missing are left out.
    """
    from rehearse.lab.tone_measure import auc, f1

    training, development = (lines.messages(lines.line_files(part)) for part in ("train", "development"))
    ways: dict[str, Callable[[list[Message]], Scores]] = {
        "keyword list": keyword_scores,
        "VADER": vader_scores,
        "nearest phrase of the article": lambda rows: prototype_scores(rows, embedder),
        "TF-IDF + logistic regression": lambda rows: tfidf_scores(training, rows),
        "untuned MiniLM + logistic regression": lambda rows: frozen_scores(training, rows, embedder),
    }
    truth, chosen_by = (np.array([each.flag for each in rows]) for rows in (messages, development))
    found = {}
    for name, way in ways.items():
        try:
            scores = way([*messages, *development])
        except ImportError:
            continue
        here, there = scores[: len(messages)], scores[len(messages) :]
        threshold = max(np.unique(there), key=lambda each: f1(chosen_by, there >= each)) if len(there) else 0.5
        found[name] = (f1(truth, here >= threshold), auc(truth, here) if 0 < truth.sum() < len(truth) else 0.0)
    return found
