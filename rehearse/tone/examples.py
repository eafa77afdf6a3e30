"""Labelled lines to show beside a finding: a line of somebody else's that lands alike, and a gentler way to say it.

``models/tone/examples.jsonl`` holds a few dozen short ones of each kind, picked from the training lines by
``rehearse.lab.example_picking``.
"""

import json
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rehearse import settings
from rehearse.errors import DataError
from rehearse.kinds import flagged_kinds
from rehearse.tone.encoder import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Example:
    """Another mother's line of the same kind, and how she could have put it."""

    text: str
    kind: str
    gentler: str


@cache
def _read(path: Path) -> tuple[Example, ...]:
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
        found = tuple(Example(**row) for row in rows)
    except (OSError, json.JSONDecodeError, TypeError) as error:
        raise DataError(path, "it cannot be read") from error
    if {each.kind for each in found} != flagged_kinds() or not all(each.text and each.gentler for each in found):
        raise DataError(path, "it lacks a kind or a wording")
    return found


def examples() -> tuple[Example, ...]:
    """Return every example.

    :raises DataError: if the file is missing or not as it should be.
    """
    return _read(settings.models_folder() / "tone" / "examples.jsonl")


class Nearest:
    """Finds the example nearest to a line."""

    def __init__(self, embedder: Embedder) -> None:
        """Use an encoder of meaning."""
        self.embedder = embedder

    @cached_property
    def _vectors(self) -> "NDArray[np.float32]":
        return self.embedder.encode([each.text for each in examples()])

    def prepare(self) -> None:
        """Embed the examples now, so that her first finding need not wait for it."""
        self._vectors  # noqa: B018

    def to(self, text: str, kind: str) -> Example:
        """Return the example of a kind that is nearest to a line."""
        every = examples()
        nearness = self._vectors @ self.embedder.encode([text])[0]
        return every[max((i for i, each in enumerate(every) if each.kind == kind), key=lambda i: float(nearness[i]))]
