"""The n-grams, and both readers as one: fitted on a handful of lines, saved, loaded, joined."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from rehearse.errors import DataError, ModelMissing
from rehearse.kinds import flagged_kinds
from rehearse.lab import blend_fitting, ngram_training
from rehearse.lab.lines import Message
from rehearse.tone import encoder
from rehearse.tone.heard import Heard, Reading
from rehearse.tone.ngrams import BEFORE_WEIGHT, BLOCKS, NGrams, parts, plain
from rehearse.tone.reader import EDGE, Blend, TwoReaders, logit

NAMES = sorted(flagged_kinds())


def messages() -> list[Message]:
    """Return, for each flagged kind, lines that a word of its own gives away, and as many that say nothing."""
    found = []
    for number, kind in enumerate(NAMES):
        for turn in range(4):
            text = f"you {kind} again and again, {'once' * turn}"
            found.append(Message(f"{number}-{turn}", text, "I'm off", True, (kind,), (), "", ""))
            found.append(Message(f"{number}-{turn}g", f"the soup {turn} is on, love", "hi Mom", False, ("plain",), (), "", ""))
    return found


@pytest.fixture(scope="module")
def tensors() -> dict[str, np.ndarray]:
    return ngram_training.fitted(messages())


def test_what_was_learnt_is_heard_and_its_kind(tensors: dict[str, np.ndarray]) -> None:
    made = NGrams(tensors, NAMES)
    blames, leanings = made.logits([Heard("you guilt_trip again"), Heard("The soup is on, love!")])
    assert blames[0] > blames[1]
    assert NAMES[int(leanings[0].argmax())] == "guilt_trip"


def test_capitals_spaces_and_the_sort_of_apostrophe_change_nothing(tensors: dict[str, np.ndarray]) -> None:
    made = NGrams(tensors, NAMES)
    blames, _ = made.logits([Heard("you don't call again"), Heard("You  DON’T call\nagain")])
    assert blames[0] == blames[1]
    assert plain(" You’re\n  Late ") == "you're late"


def test_the_line_before_is_heard_too(tensors: dict[str, np.ndarray]) -> None:
    blames, _ = NGrams(tensors, NAMES).logits([Heard("well", "him: I'm off"), Heard("well", "him: hi Mom")])
    assert blames[0] > blames[1]


def test_saved_and_loaded_it_says_the_same(tensors: dict[str, np.ndarray], tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path = tmp_path / "ngrams.safetensors"
    save_file(tensors, path)
    heard = [Heard("you blame again", "him: ok"), Heard("soup")]
    first, again = NGrams(tensors, NAMES).logits(heard), NGrams.load(path, NAMES).logits(heard)
    assert (first[0] == again[0]).all() and (first[1] == again[1]).all()


def test_a_file_that_is_missing_or_not_what_it_should_be(tensors: dict[str, np.ndarray], tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    with pytest.raises(ModelMissing):
        NGrams.load(tmp_path / "none.safetensors", NAMES)
    for number, broken in enumerate(
        [
            {name: each for name, each in tensors.items() if name != "flag"},
            tensors | {"flag": tensors["flag"][:-1]},
            tensors | {"kind": tensors["kind"][:3]},
        ]
    ):
        path = tmp_path / f"{number}.safetensors"
        save_file(broken, path)
        with pytest.raises(DataError):
            NGrams.load(path, NAMES)


# -- both ------------------------------------------------------------------------------------------------------------------


class Fixed:
    """A reader that says of everything the same."""

    def __init__(self, score: float) -> None:
        self.score = score

    def read(self, heard: Sequence[Heard]) -> list[Reading]:
        kinds = dict.fromkeys(NAMES, 0.05) | {"plain": 1 - 0.05 * len(NAMES)}
        return [Reading(self.score, kinds, (0, len(each.text))) for each in heard]


def test_the_two_are_joined_by_their_logits(tensors: dict[str, np.ndarray]) -> None:
    made = NGrams(tensors, NAMES)
    heard = [Heard("you blame again")]
    blame = float(made.logits(heard)[0][0])
    (reading,) = TwoReaders(Fixed(0.8), made, Blend(0.5, 0.25, -0.1, 0.0)).read(heard)
    total = 0.5 * logit(0.8) + 0.25 * blame - 0.1
    assert reading.score == pytest.approx(1 / (1 + np.exp(-total)), abs=1e-4)


def test_the_kinds_still_sum_to_one_and_lean_where_the_ngrams_lean(tensors: dict[str, np.ndarray]) -> None:
    (reading,) = TwoReaders(Fixed(0.5), NGrams(tensors, NAMES), Blend(1, 1, 0, 1.0)).read([Heard("you clinging again")])
    assert sum(reading.kinds.values()) == pytest.approx(1, abs=1e-3)
    assert max(NAMES, key=lambda name: reading.kinds[name]) == "clinging"
    assert reading.kinds["plain"] == Fixed(0.5).read([Heard("x")])[0].kinds["plain"]


def test_nothing_to_read_is_nothing_read(tensors: dict[str, np.ndarray]) -> None:
    assert TwoReaders(Fixed(0.5), NGrams(tensors, NAMES), Blend(1, 1, 0, 1)).read([]) == []


@pytest.mark.parametrize("sure", [0.0, 1.0])
def test_a_logit_has_edges(sure: float) -> None:
    assert abs(logit(sure)) == pytest.approx(np.log((1 - EDGE) / EDGE))


# -- fitting ---------------------------------------------------------------------------------------------------------------


def test_the_blend_leans_on_the_reader_that_knows() -> None:
    chance = np.random.default_rng(1)
    truth = np.arange(200) % 2 == 0
    knowing, guessing = np.where(truth, 1.0, -1.0) + chance.normal(size=200), chance.normal(size=200)
    first, second, _ = blend_fitting.blend_of(knowing, guessing, truth)
    assert first > 5 * abs(second)


def test_the_threshold_flags_no_more_innocent_lines_than_it_may() -> None:
    truth = np.array([True] * 10 + [False] * 10)
    scores = np.array([0.9] * 5 + [0.4] * 5 + [0.455] * 3 + [0.1] * 7)
    assert blend_fitting.best_threshold(scores, truth, 1.0) <= 0.4
    assert 0.45 < blend_fitting.best_threshold(scores, truth, 0.1) <= 0.9


def test_one_sentence_is_enough_only_from_where_it_helps() -> None:
    truth = np.array([True, True, False, False])
    scores, strongest = np.array([0.9, 0.2, 0.1, 0.1]), np.array([0.9, 0.96, 0.94, 0.1])
    assert blend_fitting.sure_from(scores, strongest, truth, 0.5) == 0.95


def test_features_are_cut_counted_and_weighed_as_where_they_were_fitted(tensors: dict[str, np.ndarray]) -> None:
    """scikit-learn fitted them; computed here, the logits are the same."""
    from scipy import sparse

    heard = [
        Heard("You BLAME again and again, once! once?", "him: I'm off"),
        Heard("a"),
        Heard(""),
        Heard("I don’t say it’s you… it is a soup, naïve façade.", "him: hi Mom, hi"),
    ]
    blocks = []
    for block in BLOCKS:
        names = tensors[f"{block}.vocabulary"].tobytes().decode().split("\n")
        theirs = ngram_training.vectorizer(block, vocabulary=names)
        theirs.idf_ = tensors[f"{block}.idf"].astype(np.float64)
        blocks.append(theirs.transform(parts(heard, block)) * (BEFORE_WEIGHT if block == "before" else 1.0))
    features = sparse.hstack([*blocks, np.ones((len(heard), 1))]).tocsr()
    blames, leanings = NGrams(tensors, NAMES).logits(heard)
    assert np.abs(blames - features @ tensors["flag"].astype(np.float64)).max() < 1e-5
    assert np.abs(leanings - features @ tensors["kind"].astype(np.float64).T).max() < 1e-5
    assert blames[0] != blames[2]


class Counting:
    """An encoder that notes what it reads."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def encode(self, texts: list[str], **_: object) -> np.ndarray:
        self.read += texts
        return np.array([[float(len(text)), 1.0] for text in texts], np.float32)

    def get_embedding_dimension(self) -> int:
        return 2


def test_what_was_read_lately_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "REMEMBERED", 3)
    counting = Counting()
    made = encoder.MiniLM(counting)  # type: ignore[arg-type]
    first = made.encode(["one", "two", "one"])
    assert counting.read == ["one", "two"]
    assert first.tolist() == [[3.0, 1.0], [3.0, 1.0], [3.0, 1.0]]
    assert made.encode(["two", "three", "four"])[1].tolist() == [5.0, 1.0]
    assert counting.read == ["one", "two", "three", "four"]
    made.encode(["one"])
    assert counting.read[-1] == "one", "the oldest is kept for ever"
    assert made.encode([]).shape == (0, 2)


def test_texts_are_packed_into_the_rows_they_fill() -> None:
    lengths = [5, 30, 12, 7, 30]
    starts, rows = encoder._packed(lengths, 42)
    assert rows == 2
    taken: set[int] = set()
    for start, length in zip(starts, lengths, strict=True):
        places = set(range(start, start + length))
        assert not taken & places and len({place // 42 for place in places}) == 1
        taken |= places
    assert encoder._packed([9, 4], 13) == ([0, 9], 1)
