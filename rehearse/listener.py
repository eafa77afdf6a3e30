"""Hearing in a draft what is to be met outside the role: by the rules, and, once the encoder is loaded, by meaning too.

The rules (:mod:`rehearse.distress`) are sure and narrow. Beside them stands what was learnt from hand-written lines on MiniLM's
vectors (``rehearse.lab.listener_training``): a draft is as near to danger as it is to the lines that were, less the nearness to
those that only sound like it. Where the second look is there (:mod:`rehearse.look`), it is asked as well. How often each is
right is in ``models/son/safety/CARD.md``.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rehearse import catalog
from rehearse.distress import METS, Met, met
from rehearse.errors import DataError, VoiceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

PARTS = ("vectors", "weights", "met", "numbers")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
# In longer drafts one sentence is drowned by the others: two at a time are read.
_TOGETHER = 2
_LONGEST = 4000


class Embedder(Protocol):
    """Whatever turns texts into unit vectors; the check's encoder does."""

    def encode(self, texts: "Sequence[str]") -> "NDArray[np.float32]":
        """Return one row a text."""
        ...


class Second(Protocol):
    """Whatever can look a second time; :class:`rehearse.look.Look` does."""

    @property
    def danger(self) -> float:
        """The probability (0 to 1) from which a text is to be met outside the role."""
        ...

    def mets(self, texts: "Sequence[str]") -> "Sequence[Mapping[str, float]]":
        """Return, for each text, the probability of each thing that is met outside the role; ``none`` among them."""
        ...


class Listener:
    """Hears acute distress, violence, abuse and a wish for no contact in a draft."""

    def __init__(self, embedder: Embedder | None = None, parts: "Mapping[str, NDArray[np.float32]] | None" = None) -> None:
        """Use the rules alone, or an encoder and what was learnt on it beside them.

        :param parts: ``vectors`` (one row a line that was kept), ``weights`` (how it pulls), ``met`` (its place in
            :data:`rehearse.distress.METS`, or -1 for ordinary talk), and ``numbers``: width, bias, threshold.
        """
        self.embedder = embedder
        self.parts = parts
        self.second: Second | None = None

    @classmethod
    def load(cls, embedder: Embedder) -> "Listener":
        """Load what is carried with the app.

        :raises ModelMissing: if the file is not there.
        :raises ModelChanged: if it is not the pinned one.
        """
        return cls.read(embedder, catalog.verified("listener"))

    @classmethod
    def read(cls, embedder: Embedder, path: Path) -> "Listener":
        """Load the learnt parts from a file.

        :raises DataError: if one is missing.
        """
        import numpy as np
        from safetensors.numpy import load_file

        found = load_file(path)
        if set(found) != set(PARTS) or found["numbers"].shape != (3,):
            raise DataError(path, "it does not hold the parts of a listener")
        return cls(embedder, {name: found[name].astype(np.float32) for name in PARTS})

    def met(self, text: str) -> Met | None:
        """Return what a draft is to be met as, or ``None`` if it is ordinary talk, sadness among it.

        :param text: the draft; its words are kept nowhere.
        :raises DataError: if the rules are not as they should be.
        """
        return met(text) or self._near(text) or self._looked(text)

    def _near(self, text: str) -> Met | None:
        """Return what a draft is near to by meaning; ``None`` without an encoder, and for ordinary talk."""
        if self.embedder is None or self.parts is None or not text.strip():
            return None
        import numpy as np

        width, bias, threshold = (float(each) for each in self.parts["numbers"])
        near = np.exp(-width * (2 - 2 * (self.embedder.encode(pieces(text)) @ self.parts["vectors"].T)))
        pulls = near * self.parts["weights"]
        scores = pulls.sum(axis=1) + bias
        best = int(scores.argmax())
        if scores[best] < threshold:
            return None
        sums = [float(pulls[best][self.parts["met"] == number].sum()) for number in range(len(METS))]
        return METS[int(np.argmax(sums))]

    def _looked(self, text: str) -> Met | None:
        """Return what the second look hears; ``None`` without it, where it cannot look now, and for ordinary talk."""
        if self.second is None or not text.strip():
            return None
        try:
            found = self.second.mets(pieces(text))
        except VoiceError:
            return None
        strongest = max(found, key=lambda each: 1 - each["none"])
        if 1 - strongest["none"] < self.second.danger:
            return None
        return max(METS, key=lambda name: strongest[name])


def pieces(text: str) -> list[str]:
    """Return what of a draft is read at once: all of a short one, every two neighbouring sentences of a longer one."""
    cut = [each.strip() for each in _SENTENCE.split(text[:_LONGEST]) if each.strip()]
    if len(cut) <= _TOGETHER:
        return [" ".join(cut)]
    return [" ".join(cut[first : first + _TOGETHER]) for first in range(len(cut) - _TOGETHER + 1)]
