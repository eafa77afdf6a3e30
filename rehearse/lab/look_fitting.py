"""Joining the check with its second look: how much each counts, fitted on the development writers.

    python -m rehearse.lab.look_fitting --out runs/look

Four numbers and the thresholds. The layers run as they do in the app: in llama.cpp, quantised.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from rehearse import catalog, settings
from rehearse.kinds import flagged_kinds
from rehearse.lab import lines
from rehearse.lab.blend_fitting import KIND_WEIGHTS, Remembering, best_threshold, scores_of, tell
from rehearse.lab.lines import Message
from rehearse.lab.tone_measure import calibration_error
from rehearse.look import Look
from rehearse.tone import reader as reader_module
from rehearse.tone.heard import Glance, Heard, Looker, Weights
from rehearse.tone.judge import Judge, likeliest
from rehearse.tone.reader import logit
from rehearse.tone.reword import offered
from rehearse.voice import middle


class Looked:
    """A second look that looks at each text once, however often it is asked."""

    def __init__(self, look: Look) -> None:
        """Wrap one."""
        self.look = look
        self.known: dict[Heard, Glance] = {}

    def at(self, heard: Sequence[Heard]) -> list[Glance]:
        """Return a glance for each text, in order."""
        for each in heard:
            if each not in self.known:
                self.known[each] = self.look.at([each])[0]
        return [self.known[each] for each in heard]


def fit(look: Looker, messages: list[Message], most_false: float) -> dict[str, Any]:
    """Return the weights, and the thresholds of the kinds that go with them."""
    from sklearn.linear_model import LogisticRegression

    _, reader, card = reader_module.load()
    known = Remembering(reader)
    drafts = [(each.text, each.before) for each in messages]
    truth = np.array([each.flag for each in messages])
    judge = Judge(known, card["thresholds"], card["sentence_share"], card["sure"])
    alone = judge.judged(drafts)
    best = [max(range(len(each)), key=lambda i: each[i].score) if each else None for each in alone]
    readings = np.array([logit(each[i].score) if i is not None else -5.0 for each, i in zip(alone, best, strict=True)])
    judge.bring(look, Weights(0.0, 1.0, 0.0, 0.0, 0.5))
    # With the reading weighed at nothing a passage's score is the glance's own.
    looked = judge.judged(drafts)
    glances = np.array([logit(each[i].score) if i is not None else -5.0 for each, i in zip(looked, best, strict=True)])
    model = LogisticRegression(C=100.0).fit(np.stack([readings, glances], axis=1), truth)
    reading, glance, bias = (round(float(each), 4) for each in (*model.coef_[0], model.intercept_[0]))
    tell("without the second look", truth, readings)
    tell("the second look alone", truth, glances)
    every = dict.fromkeys(flagged_kinds(), 0.5)
    rows = [index for index, each in enumerate(messages) if each.flag and each.kinds]

    def right(weight: float) -> float:
        tried = Judge(known, every, card["sentence_share"], card["sure"])
        tried.bring(look, Weights(reading, glance, bias, weight, 0.5))
        found = tried.judged([drafts[index] for index in rows])
        return float(np.mean([_kind(each) == messages[i].kinds[0] for each, i in zip(found, rows, strict=True)]))

    shares = {weight: round(right(weight), 4) for weight in KIND_WEIGHTS}
    sys.stdout.write(json.dumps({"main kind by weight": shares}) + "\n")
    weights = Weights(reading, glance, bias, max(shares, key=lambda each: shares[each]), 0.5)
    judge = Judge(known, every, card["sentence_share"], card["sure"])
    judge.bring(look, weights)
    scores = scores_of(judge, messages)
    tell("both", truth, scores)
    threshold = best_threshold(scores, truth, most_false)
    sys.stdout.write(json.dumps({"threshold": threshold, "ECE": calibration_error(truth, scores)}) + "\n")
    return {"weights": asdict(replace(weights, threshold=threshold))}


def refused_phrases(look: Looker, weights: Weights) -> list[str]:
    """Return the phrases that the check would flag, with the second look or without: they are not offered."""
    _, reader, card = reader_module.load()
    judge = Judge(reader, card["thresholds"], card["sentence_share"], card["sure"])
    judge.bring(look, weights)
    texts = [each.text for each in offered()]
    passes = zip(judge.lets_through(texts), judge.lets_through(texts, quick=False), strict=True)
    return [text for text, through in zip(texts, passes, strict=True) if not all(through)]


def loaded(folder: Path) -> Look:
    """Return the second look of a training run; its layers are put together as the app does it, and leave nothing behind."""
    card = json.loads((folder / "look.json").read_text(encoding="utf-8"))
    # Beside what is carried they would be taken along: 100 MB that every computer makes for itself.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as apart:
        made = Path(apart) / "layers.gguf"
        middle.make(catalog.verified("voice"), folder / "look.gguf", card["layers"], made)
        return Look.load(folder, lambda blocks: made)


def _kind(found: list[Any]) -> str:
    strongest = max((each for each in found), key=lambda each: each.score)
    return likeliest(max(strongest.readings, key=lambda each: each.score), flagged=True)


def main(arguments: list[str] | None = None) -> int:
    """Fit on the development writers and complete ``look.json``."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=settings.models_folder() / "tone")
    parser.add_argument("--most-false", type=float, default=0.1, help="share of innocent messages that may be flagged")
    chosen = parser.parse_args(arguments)
    path = chosen.out / "look.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    card = {"weights": asdict(Weights(1.0, 0.0, 0.0, 0.0, 0.5)), "danger": 1.0} | card
    path.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    look = Looked(loaded(chosen.out))
    # How the gentle kinds are weighed has nothing to do with blame, and stays (``rehearse.lab.warmth_measure``).
    gentle = {name: card["weights"][name] for name in ("gentle", "warm") if name in card["weights"]}
    card |= fit(look, lines.messages(lines.files("development")), chosen.most_false)
    card["weights"] |= gentle
    path.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    read = chosen.out / "reader.json"
    if read.is_file():
        told = json.loads(read.read_text(encoding="utf-8"))
        told["refused_phrases"] = refused_phrases(look, Weights(**card["weights"]))
        read.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        sys.stdout.write(f"{len(told['refused_phrases'])} phrases are not offered\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
