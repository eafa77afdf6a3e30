"""Which of several answers fits her line best, at this openness, and how open each of them sounds.

MiniLM's vectors of her line and of his answer, each moved a little by a learnt low-rank map, and hers by how open he is; the
nearer the better. How open an answer sounds is a weighted sum over the same vector of his and a few figures that can be
counted (:mod:`rehearse.son.sounding`). Both are trained on the exchanges of the dialogues (``rehearse.lab.ranker_training``);
how often they are right is in ``models/son/CARD.md``.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rehearse import catalog
from rehearse.errors import DataError
from rehearse.son.sounding import counted
from rehearse.tone.encoder import Embedder
from rehearse.turn import Openness

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# How many answers' vectors are kept: all portable lines and those he lately thought of.
KEPT = 4096
PARTS = ("hers.down", "hers.up", "his.down", "his.up", "openness", "sounds.meaning", "sounds.counted", "sounds.level")


class Ranker:
    """Scores answers to a line of hers."""

    def __init__(self, embedder: Embedder, parts: "Mapping[str, NDArray[np.float32]]") -> None:
        """Use an encoder and the learnt parts.

        :param parts: ``hers.down`` and ``his.down`` (dimensions, rank), ``hers.up`` and ``his.up`` (dimensions, rank),
            ``openness`` (5, dimensions), ``sounds.meaning`` (dimensions), ``sounds.counted`` (figures) and ``sounds.level`` (1).
        """
        self.embedder = embedder
        self.parts = parts
        self._known: dict[str, NDArray[np.float32]] = {}

    @classmethod
    def load(cls, embedder: Embedder) -> "Ranker":
        """Load what is carried with the app.

        :raises ModelMissing: if the file is not there.
        :raises ModelChanged: if it is not the pinned one.
        """
        return cls.read(embedder, catalog.verified("ranker"))

    @classmethod
    def read(cls, embedder: Embedder, path: Path) -> "Ranker":
        """Load the learnt parts from a file.

        :raises DataError: if one is missing.
        """
        import numpy as np
        from safetensors.numpy import load_file

        found = load_file(path)
        if set(found) != set(PARTS):
            raise DataError(path, "it does not hold the parts of a ranker")
        return cls(embedder, {name: found[name].astype(np.float32) for name in PARTS})

    def scores(self, line: str, openness: Openness, answers: Sequence[str]) -> "NDArray[np.float32]":
        """Return one score an answer, a cosine: higher fits better.

        :param line: her line.
        :param openness: where it leaves him.
        :param answers: what he might say; at least one.
        """
        import numpy as np

        said = self._said(answers)
        asked = self._moved(self.embedder.encode([line]), "hers") + self.parts["openness"][int(openness) - 1]
        fits: NDArray[np.float32] = np.stack(said) @ _unit(asked)[0]
        return fits

    def sounds(self, answers: Sequence[str]) -> "NDArray[np.float32]":
        """Return how open each answer sounds, about 1 (shut) to 5 (open); most lie near the middle, so compare, do not read off.

        :param answers: what he might say; at least one.
        """
        import numpy as np

        figures = np.array([counted(answer) for answer in answers], dtype=np.float32)
        meant = np.stack(self._said(answers)) @ self.parts["sounds.meaning"]
        return np.asarray(meant + figures @ self.parts["sounds.counted"] + self.parts["sounds.level"], dtype=np.float32)

    def prepare(self, answers: Sequence[str]) -> None:
        """Read answers that will be wanted again and again, so that his first one need not wait for it."""
        self._said(answers)

    def _said(self, answers: Sequence[str]) -> "list[NDArray[np.float32]]":
        """Return the vectors of answers; most of them are portable lines, which are read once."""
        unknown = [answer for answer in dict.fromkeys(answers) if answer not in self._known]
        found = {answer: self._known[answer] for answer in answers if answer in self._known}
        if unknown:
            found.update(zip(unknown, _unit(self._moved(self.embedder.encode(unknown), "his")), strict=True))
        self._known.update(found)
        while len(self._known) > max(KEPT, len(found)):
            self._known.pop(next(iter(self._known)))
        return [found[answer] for answer in answers]

    def _moved(self, vectors: "NDArray[np.float32]", side: str) -> "NDArray[np.float32]":
        import numpy as np

        return np.asarray(vectors + vectors @ self.parts[f"{side}.down"] @ self.parts[f"{side}.up"].T, dtype=np.float32)


def _unit(vectors: "NDArray[np.float32]") -> "NDArray[np.float32]":
    import numpy as np

    lengths: NDArray[np.float32] = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-6), dtype=np.float32)
