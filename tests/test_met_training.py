"""The head that tells what is to be met outside the role: learnt from labelled states."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from rehearse.distress import METS
from rehearse.lab import met_training

NAMES = [*METS, met_training.NONE]


def test_states_that_lie_apart_are_told_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    mets = [NAMES[number % len(NAMES)] for number in range(100)]
    given = chance.normal(0, 1, (100, 8)).astype(np.float32)
    for row, name in enumerate(mets):
        given[row, NAMES.index(name)] += 9.0
    monkeypatch.setattr(met_training, "STRENGTH", 1.0)
    save_file(met_training.learnt(given, mets, NAMES), tmp_path / "head.safetensors")
    head = load_file(tmp_path / "head.safetensors")
    logits = given @ head["met.weight"].T + head["met.bias"]
    assert [NAMES[each] for each in logits.argmax(axis=1)] == mets
    found = met_training.danger(head, given, NAMES)
    ordinary = np.array([name == met_training.NONE for name in mets])
    assert found[ordinary].max() < found[~ordinary].min()
