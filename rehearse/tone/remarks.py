"""What she herself said of the check's findings: this is fine, or this stung.

The check knows nobody's son. Where she says that a line is fine between the two of them, or that one it let through stung,
that line and what is nearly the same are treated so from then on, and nothing else is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.tone.encoder import Embedder
from rehearse.tone.ngrams import plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# From this cosine on two sentences count as the same again. Measured with the untuned encoder: of 300 lines typed once more with
# another beginning, a missing word or no capitals 91% lie above it, and of 500 minimal pairs, whose labels differ, 3%.
SAME_AGAIN = 0.93


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence of hers, and whether she says that it stung (otherwise that it is fine)."""

    text: str
    stung: bool


class Remarks:
    """Her remarks, ready to be asked. Built anew whenever she adds or takes back one; they are few."""

    def __init__(self, embedder: Embedder, remarks: Sequence[Remark] = ()) -> None:
        """Embed the remarks; a later one on the same sentence counts, not the earlier."""
        self.embedder = embedder
        self._by_text = {_bare(each.text): each for each in remarks if _bare(each.text)}
        self.remarks = tuple(self._by_text.values())
        self._vectors: NDArray[np.float32] | None = (
            embedder.encode([each.text for each in self.remarks]) if self.remarks else None
        )

    def verdicts(self, texts: Sequence[str]) -> list[bool | None]:
        """Return for each sentence whether she said it stings (true), is fine (false), or nothing near it (``None``)."""
        if self._vectors is None or not texts:
            return [None] * len(texts)
        exact = [self._by_text.get(_bare(text)) for text in texts]
        nearness = self.embedder.encode(list(texts)) @ self._vectors.T
        found: list[bool | None] = []
        for row, same in enumerate(exact):
            best = int(nearness[row].argmax())
            near = self.remarks[best] if float(nearness[row][best]) >= SAME_AGAIN else None
            remark = same or near
            found.append(remark.stung if remark else None)
        return found


def _bare(text: str) -> str:
    """Return a sentence without capitals, marks at its end and spare spaces: so typed, it is the same sentence."""
    return plain(text).strip(" .,!?…")
