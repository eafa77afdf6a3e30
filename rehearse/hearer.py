"""What hears what a line of hers does: the middle layers of the second look and the encoder's vectors, by one head.

The layers hear it in what her whole line means after his, the encoder in the sentence that asks or does something; together they
are right more often than either (models/son/CARD.md). The head was trained on lines labelled by hand
(:mod:`rehearse.lab.act_training`). Without it rules tell (:mod:`rehearse.son.act`).
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rehearse import catalog
from rehearse.errors import DataError, RehearseError
from rehearse.son import act
from rehearse.tone.encoder import Embedder
from rehearse.tone.grammar import spelled_out
from rehearse.tone.heard import Heard
from rehearse.tone.judge import last_passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WEIGHT, BIAS = "weight", "bias"
# Where the file names the acts, in the order of the head's rows.
NAMES = "acts"


class States(Protocol):
    """Whatever reads a text in its layers; :class:`rehearse.look.Look` does."""

    def pooled(self, heard: Heard) -> "NDArray[np.float32]":
        """Return what the layers give for a text, as one row."""
        ...


class Hearer:
    """Hears what her lines do. Safe to call from several threads."""

    def __init__(self, look: States, embedder: Embedder, head: "Mapping[str, NDArray[np.float32]]", names: Sequence[str]) -> None:
        """Join what reads with what was trained on it.

        :param head: ``weight`` (acts, width of the states and twice that of the vectors) and ``bias``.
        :param names: the acts, in the order of the head's rows.
        """
        self.look = look
        self.embedder = embedder
        self.head = dict(head)
        self.names = tuple(names)

    @classmethod
    def load(cls, look: States, embedder: Embedder, path: Path | None = None) -> "Hearer":
        """Load the head.

        :param path: of another head than the carried one.
        :raises ModelMissing: if the carried one is not there.
        :raises ModelChanged: if it is not the pinned one.
        :raises DataError: if it does not name acts of ours, one a row.
        """
        import numpy as np
        from safetensors import safe_open

        file = path or catalog.verified("acts")
        with safe_open(file, framework="numpy") as stream:
            names = (stream.metadata() or {}).get(NAMES, "").split()
            found = {name: stream.get_tensor(name).astype(np.float32) for name in stream.keys()}  # noqa: SIM118 - it is no mapping
        if set(found) != {WEIGHT, BIAS} or len(found[BIAS]) != len(names) or not set(names) <= act.names():
            raise DataError(file, "it does not hold a head for the acts of prompts/acts.toml")
        return cls(look, embedder, found, names)

    def acts(self, line: str, his: str) -> Mapping[str, float]:
        """Return the probability of each thing that a line of hers may do; of a long one its last passage counts.

        :param his: the line of his that it answers; may be empty.
        :raises VoiceError: if the layers cannot read it.
        """
        import numpy as np

        heard = last_passage(line, his)
        given = np.concatenate([self.look.pooled(heard), vectors(self.embedder, [heard.text])[0]])
        logits = self.head[WEIGHT] @ given + self.head[BIAS]
        chances = np.exp(logits - logits.max())
        return dict(zip(self.names, (float(each) for each in chances / chances.sum()), strict=True))


def vectors(embedder: Embedder, texts: Sequence[str]) -> "NDArray[np.float32]":
    """Return for each text the encoder's vector of the whole, and beside it that of the sentence which asks or does something."""
    import numpy as np

    wholes = [spelled_out(text) or text for text in texts]
    pointed = [act.pointed(text)[1] for text in texts]
    # An empty text has a vector too.
    found = embedder.encode([text or " " for text in (*wholes, *pointed)])
    return np.concatenate([found[: len(wholes)], found[len(wholes) :]], axis=1)


def bring(look: States | None, embedder: Embedder, tell: Callable[[str], object] = lambda why: None) -> Hearer | None:
    """Return what hears acts with the second look; ``None`` where that or its head cannot be had, and rules tell.

    :param tell: is given the reason, as a sentence.
    """
    if look is None:
        return None
    try:
        return Hearer.load(look, embedder)
    except RehearseError as error:
        tell(str(error))
        return None
