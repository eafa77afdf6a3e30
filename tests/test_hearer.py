"""What hears what a line of hers does: how a line is read, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rehearse import hearer
from rehearse.errors import DataError
from rehearse.hearer import Hearer
from rehearse.lab import act_training
from rehearse.lab.act_training import Line
from rehearse.tone.heard import HIM, Heard
from tests.doubles import ToyEmbedder

WIDTH = 2
NAMES = ("greeting", "thanks", "why")


class ToyStates:
    """Reads of a text how long it is, and whether he had spoken."""

    def __init__(self) -> None:
        self.read: list[Heard] = []

    def pooled(self, heard: Heard) -> NDArray[np.float32]:
        self.read.append(heard)
        return np.array([len(heard.text), bool(heard.before)], np.float32)


def head() -> dict[str, NDArray[np.float32]]:
    """Return one to which short lines greet and long ones thank, unless the sentence that asks says why."""
    weight = np.zeros((len(NAMES), WIDTH + 2 * ToyEmbedder.DIMENSIONS), np.float32)
    weight[NAMES.index("thanks"), 0] = 1.0
    weight[NAMES.index("why"), WIDTH + ToyEmbedder.DIMENSIONS :] = 1000 * ToyEmbedder().encode(["why"])[0]
    return {hearer.WEIGHT: weight, hearer.BIAS: np.array([10, 0, -100], np.float32)}


def likeliest(made: Hearer, line: str, his: str = "") -> str:
    chances = made.acts(line, his)
    assert sum(chances.values()) == pytest.approx(1, abs=1e-5)
    return max(chances, key=lambda name: chances[name])


def test_a_line_is_heard_by_its_states_and_by_the_sentence_that_asks() -> None:
    states = ToyStates()
    made = Hearer(states, ToyEmbedder(), head(), NAMES)
    assert likeliest(made, "Hi.") == "greeting"
    assert likeliest(made, "You have done so much for us.", "I fixed it.") == "thanks"
    assert states.read[-1] == Heard("You have done so much for us.", f"{HIM}I fixed it.")
    assert likeliest(made, "You have done so much for us. Why?") == "why"
    assert made.acts("", "")


def test_of_a_long_line_the_last_passage_is_heard() -> None:
    states = ToyStates()
    made = Hearer(states, ToyEmbedder(), head(), NAMES)
    made.acts(f"{'First I said a lot. ' * 30}And then I asked.", "hm")
    assert states.read[-1].text.endswith("And then I asked.") and len(states.read[-1].text) < 300


def test_what_was_learnt_is_read_as_it_was_written(tmp_path: Path) -> None:
    chance = np.random.default_rng(3)
    given = [Line(f"line {number}", "", (NAMES[number % 3],)) for number in range(30)]
    states, beside = chance.normal(0, 1, (30, WIDTH)).astype(np.float32), act_training.vectors(ToyEmbedder(), given)
    learnt = act_training.learnt(states, beside, [each.acts for each in given], NAMES)
    act_training.save(learnt, NAMES, tmp_path / "acts.safetensors")
    made = Hearer.load(ToyStates(), ToyEmbedder(), tmp_path / "acts.safetensors")
    assert made.names == NAMES
    assert made.head[hearer.WEIGHT] == pytest.approx(learnt[hearer.WEIGHT], rel=1e-2, abs=1e-4)


def test_a_head_for_other_acts_is_refused_and_the_reason_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "acts.safetensors"
    for names in (("juggling", "thanks", "why"), ("thanks", "why")):
        act_training.save(head(), names, file)
        with pytest.raises(DataError):
            Hearer.load(ToyStates(), ToyEmbedder(), file)
    told: list[str] = []
    monkeypatch.setattr("rehearse.hearer.catalog.verified", lambda role: file)
    assert hearer.bring(ToyStates(), ToyEmbedder(), told.append) is None and len(told) == 1
    assert hearer.bring(None, ToyEmbedder(), told.append) is None and len(told) == 1
