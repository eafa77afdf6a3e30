"""A judge of how open an answer of his sounds that shares nothing with the one he chooses by: words and letters, no vectors.

Whoever picks answers by a scorer and then asks the same scorer how well he did is told what he wants to hear. So this one is
trained when it is needed, on the training writers' labelled answers, and never carried with the app.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from rehearse.lab import corpus

# How dear great weights are.
DECAY = 4.0

# Says how open each of some answers sounds.
Sounds = Callable[[Sequence[str]], Sequence[float]]


class WordsJudge:
    """Says how open answers sound, by which short runs of words and letters open and shut answers are made of."""

    def __init__(self, answers: Sequence[str], openness: Sequence[int]) -> None:
        """Learn from labelled answers.

        :param openness: as labelled, 1 to 5, one for each answer.
        """
        from scipy.sparse import hstack
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import Ridge

        words = TfidfVectorizer(ngram_range=(1, 3), min_df=2, sublinear_tf=True, token_pattern=r"[\w’']+|[?!…]")
        letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)
        self._readers: list[Any] = [words.fit(answers), letters.fit(answers)]
        self._hstack = hstack
        self._model = Ridge(DECAY).fit(self._read(answers), list(openness))

    def _read(self, answers: Sequence[str]) -> Any:
        return self._hstack([each.transform(answers) for each in self._readers]).tocsr()

    def sounds(self, answers: Sequence[str]) -> list[float]:
        """Return how open each answer sounds."""
        return [float(each) for each in self._model.predict(self._read(answers))]


def labelled(paths: Iterable[Path]) -> tuple[list[str], list[int]]:
    """Return his answers in dialogues, both doors' where there are two, with their openness."""
    turns = [turn for path in paths for row in corpus.read(path) for turn in row["turns"]]
    every = [each for turn in turns for each in (turn, turn.get("door")) if each]
    return [each["son"] for each in every], [int(each["openness"]) for each in every]


def doors(dialogues: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return his answers behind the two doors of each moment, the more open one last; doors of the same openness are left out."""
    found = []
    for row in dialogues:
        for turn in row["turns"]:
            door = turn.get("door")
            if door and door["openness"] != turn["openness"]:
                pair = sorted((turn, door), key=lambda each: int(each["openness"]))
                found.append((pair[0]["son"], pair[1]["son"]))
    return found


def ordered(pairs: Sequence[tuple[str, str]], sounds: Sounds) -> float:
    """Return in what share of the pairs the last answer sounds more open than the first."""
    if not pairs:
        return 0.0
    first, last = sounds([pair[0] for pair in pairs]), sounds([pair[1] for pair in pairs])
    return round(sum(float(b) > float(a) for a, b in zip(first, last, strict=True)) / len(pairs), 4)
