"""Doubles of the heavy parts: small, whole and deterministic, so that a test can say beforehand what they will answer.

They are real readers, embedders and voices, not mocks: what they heard is kept, and their answers follow from a table.
"""

import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rehearse.kinds import flagged_kinds, gentle_kinds
from rehearse.parts import Parts
from rehearse.scenario import Scenario
from rehearse.scenario import Son as SonIs
from rehearse.son import Son
from rehearse.tone import Report, ToneCheck
from rehearse.tone.heard import Heard, Reading
from rehearse.tone.judge import Judge
from rehearse.tone.report import Finding, Strength
from rehearse.transcripts import Transcripts
from rehearse.turn import Openness
from rehearse.voice.scripted import ScriptedVoice

# Words that carry blame: their kind, and the score of a sentence they stand in.
BLAME = {
    "never": ("absolute", 0.9),
    "fault": ("blame", 0.95),
    "selfish": ("blame", 0.8),
    "sacrificed": ("guilt_trip", 0.9),
    "must": ("pressure", 0.7),
    "advise": ("advice", 0.6),
    "cousin": ("comparison", 0.85),
    "overreacting": ("dismissal", 0.9),
    "wrong": ("being_right", 0.8),
    "babyish": ("clinging", 0.6),
    "hmph": ("blame", 0.3),
}
# Words that do him good.
GENTLE = {
    "sorry": "apology",
    "proud": "pride",
    "thank": "thanks",
    "wondering": "curiosity",
    "miss": "feeling",
    "understand": "validation",
    "welcome": "invitation",
    "decide": "autonomy",
    "remember": "memory",
    "beside": "support",
}
THRESHOLD = 0.5
STRENGTH_THRESHOLD = 0.5

_WORD = re.compile(r"\w+")


class ToyReader:
    """Reads by :data:`BLAME` and :data:`GENTLE`; ``calls`` keeps what each call was given."""

    def __init__(self) -> None:
        self.calls: list[list[Heard]] = []

    def read(self, heard: Sequence[Heard]) -> list[Reading]:
        self.calls.append(list(heard))
        return [self._reading(each.text) for each in heard]

    @property
    def texts(self) -> list[str]:
        """Every sentence read so far."""
        return [each.text for call in self.calls for each in call]

    @staticmethod
    def _reading(text: str) -> Reading:
        words = [(match, match.group().lower()) for match in _WORD.finditer(text)]
        blaming = [(match, *BLAME[word]) for match, word in words if word in BLAME]
        gentle = [GENTLE[word] for _, word in words if word in GENTLE]
        flagged_kind = blaming[0][1] if blaming else "blame"
        gentle_kind = gentle[0] if gentle else "plain"
        share = 0.8 if blaming else 0.1
        names = sorted(flagged_kinds() | gentle_kinds())
        kinds = dict.fromkeys(names, 0.0) | {flagged_kind: share, gentle_kind: 1 - share}
        span = (blaming[0][0].start(), blaming[-1][0].end()) if blaming else (0, len(text))
        return Reading(max((score for _, _, score in blaming), default=0.05), kinds, span)


class ToyEmbedder:
    """Turns a text into counts of its words, folded into few dimensions."""

    DIMENSIONS = 96

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.DIMENSIONS), np.float32)
        for row, text in enumerate(texts):
            for word in _WORD.findall(text.lower()):
                vectors[row, zlib.crc32(word.encode()) % self.DIMENSIONS] += 1
            vectors[row] /= max(float(np.linalg.norm(vectors[row])), 1e-9)
        return vectors


class ToyRewriter:
    """Offers what it was given."""

    def __init__(self, *offers: str) -> None:
        self.offers = list(offers)
        self.asked: list[str] = []

    def variants(self, line: str, count: int) -> list[str]:
        self.asked.append(line)
        return self.offers[:count]


def toy_judge(reader: ToyReader | None = None, threshold: float = THRESHOLD) -> Judge:
    """Return a judge over the toy reader."""
    return Judge(reader or ToyReader(), dict.fromkeys(sorted(flagged_kinds()), threshold))


def toy_check(reader: ToyReader | None = None, thresholds: Mapping[str, float] | None = None) -> ToneCheck:
    """Return a check over the toys; thresholds are all the same but those given."""
    every = dict.fromkeys(sorted(flagged_kinds()), THRESHOLD) | dict(thresholds or {})
    return ToneCheck(reader or ToyReader(), ToyEmbedder(), every, STRENGTH_THRESHOLD)


def scenario(**given: Any) -> Scenario:
    """Return a scene; what is given replaces what it has."""
    son = SonIs(
        given.pop("name", "Daniel"),
        given.pop("age", 24),
        given.pop("stage", "nurse in Leeds"),
        given.pop("temperament", "guarded"),
    )
    return Scenario(**{"son": son, "situation": "He has not called since spring.", "title": "Missed calls", **given})


def son(*answers: str, tuned: bool = True) -> Son:
    """Return a son who gives these answers; ``son().voice`` is the scripted voice."""
    return Son(ScriptedVoice(*answers, tuned=tuned))


def parts(folder: Path, *answers: str, check: ToneCheck | None = None) -> Parts:
    """Return parts with a store of their own, the toy check and a scripted son."""
    return Parts(Transcripts(folder / "rehearsals.db"), check or toy_check(), son(*answers))


def report(*, findings: Mapping[str, float] | None = None, strengths: Sequence[str] = (), text: str = "…") -> Report:
    """Return a report with findings of these kinds and scores, and strengths of these kinds."""
    found = findings or {}
    return Report(
        text,
        max(found.values(), default=0.0),
        tuple(Finding(0, len(text), text, score, kind, "why", 1) for kind, score in found.items()),
        tuple(Strength(0, len(text), text, kind, 1) for kind in strengths),
    )


def openness(value: int) -> Openness:
    """Return a level by its number."""
    return Openness(value)
