"""The encoder is loaded without what its libraries bring along, in a process of its own, and is the same encoder."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from rehearse.tone import standins

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LEFT_OUT = ("sympy", "sklearn", "scipy.optimize", "scipy.stats", "torch._dynamo", "torch.distributed.tensor")
TEXTS = ["You never call me any more.", "I would love to hear how your week was."]
LOADED = f"""
import sys
import psutil
import torch
before = psutil.Process().memory_info().rss
from rehearse.tone.encoder import base_model
model = base_model()
ours = model.encode({TEXTS!r})
assert psutil.Process().memory_info().rss - before < 200e6, psutil.Process().memory_info().rss - before
found = [name for name in {LEFT_OUT!r} if name in sys.modules]
assert not found, found
# What was stood in for is there for whoever asks for it.
from sentence_transformers.util import similarity
import numpy
assert similarity.pairwise_distances(numpy.eye(2)).tolist() == [[0.0, 2 ** 0.5], [2 ** 0.5, 0.0]]
import sklearn.metrics
assert sklearn.metrics.f1_score([1, 0], [1, 0]) == 1.0
assert torch.compiler.disable(abs)(-2) == 2
assert hasattr(sys.modules["torch._dynamo"], "config")
# And the library's own way to the same network gives the same vectors.
from rehearse import catalog
from sentence_transformers import SentenceTransformer
theirs = SentenceTransformer(str(catalog.verified("encoder").parent), device="cpu", local_files_only=True).encode({TEXTS!r})
assert (ours == theirs).all(), abs(ours - theirs).max()
print("done")
"""


@pytest.mark.model
def test_the_encoder_is_the_same_and_lighter(home: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", LOADED], text=True, capture_output=True, timeout=110, env=environment)
    assert done.stdout.strip() == "done", done.stderr


def test_what_is_there_already_stays_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    import sklearn.metrics

    real = sys.modules["sklearn.metrics"]
    monkeypatch.delitem(sys.modules, "scipy.optimize", raising=False)
    with standins.instead():
        assert sys.modules["sklearn.metrics"] is real
        assert "scipy.optimize" in sys.modules
        from scipy.optimize import linear_sum_assignment
    assert "scipy.optimize" not in sys.modules
    assert sys.modules["sklearn.metrics"] is sklearn.metrics
    assert [each.tolist() for each in linear_sum_assignment([[1, 0], [0, 1]])] == [[0, 1], [1, 0]]


def test_the_stand_ins_leave_when_something_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "scipy.optimize", raising=False)
    with pytest.raises(ZeroDivisionError), standins.instead():
        raise ZeroDivisionError
    assert "scipy.optimize" not in sys.modules


@pytest.mark.parametrize("way", [standins.instead, standins.built_at_once])
def test_another_release_is_left_alone(monkeypatch: pytest.MonkeyPatch, way: Callable[[], AbstractContextManager[None]]) -> None:
    monkeypatch.delitem(sys.modules, "scipy.optimize", raising=False)
    monkeypatch.setattr(standins, "version", lambda name: "5.99.0")
    with way():
        assert "scipy.optimize" not in sys.modules


def test_the_release_is_the_one_that_is_installed() -> None:
    asked = [each for each in PROJECT["dependencies"] if each.startswith("transformers==")]
    assert asked == [f"transformers=={standins.KNOWN}; python_version >= '3.11'"]
