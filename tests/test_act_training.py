"""The head that tells what a line of hers does: learnt from labelled states, and measured beside the rules."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from rehearse.lab import act_measure, act_training
from rehearse.lab.act_training import Line
from rehearse.son import act

NAMES = ["apology", "praise", "thanks", "why"]


def test_states_that_lie_apart_are_told_apart_and_what_was_never_labelled_is_never_told() -> None:
    chance = np.random.default_rng(1)
    acts = [(NAMES[1 + number % 3],) for number in range(90)]
    states = chance.normal(0, 1, (90, 6)).astype(np.float32)
    for row, (name,) in enumerate(acts):
        states[row, NAMES.index(name)] += 6.0
    head = act_training.learnt(states, np.zeros((90, 3), np.float32), acts, NAMES)
    logits = states @ head["weight"][:, :6].T + head["bias"]
    assert head["weight"].shape == (4, 9)
    assert [NAMES[each] for each in logits.argmax(axis=1)] == [each[0] for each in acts]
    assert (logits[:, 0] < logits[:, 1:].max(axis=1) - 5).all()


def test_of_two_things_that_a_line_does_the_first_counts_more() -> None:
    head = act_training.learnt(
        np.zeros((60, 4), np.float32), np.zeros((60, 3), np.float32), [("thanks", "apology")] * 58 + [("why",)] * 2, NAMES
    )
    told = dict(zip(NAMES, head["bias"], strict=True))
    assert told["thanks"] > told["apology"] > told["why"] > told["praise"]


def test_no_line_is_both_learnt_and_measured_on() -> None:
    parts = {part: act_training.files(part) for part in ("train", "development", "test")}
    if not parts["test"]:
        pytest.skip("the labelled lines are not here")
    assert len(parts["train"]) > 10 and len(parts["development"]) == len(parts["test"]) == 1
    texts = {part: {(each.before, each.text) for each in act_training.lines(part)} for part in parts}
    assert not texts["test"] & (texts["train"] | texts["development"])
    assert not texts["development"] & texts["train"]


class ToyHearer:
    """Hears thanks everywhere."""

    def acts(self, line: str, his: str) -> Mapping[str, float]:
        return {name: (0.9 if name == "thanks" else 0.1 / (len(act.names()) - 1)) for name in act.names()}


def test_the_shares_are_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    given = [
        Line("Thank you.", "", ("thanks",)),
        Line("ta for that", "", ("thanks",)),
        Line("Why not?", "No.", ("why", "checking")),
    ]
    monkeypatch.setattr(act_measure, "lines", lambda part: given)
    assert act_measure.main(["--look", str(tmp_path)], heard_by=lambda look, head: ToyHearer()) == 0
    told: dict[str, dict[str, float]] = {}
    for line in capsys.readouterr().out.splitlines():
        told |= json.loads(line)
    assert told["rules alone"]["first"] == pytest.approx(2 / 3, abs=0.01)
    assert told["rules counting 1"]["first"] == pytest.approx(2 / 3, abs=0.01)
    assert set(told) >= {"as the app tells it", "rules counting 4"}
