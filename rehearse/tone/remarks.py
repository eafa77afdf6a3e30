"""What she herself said of the check's findings: this is fine, or this stung.

The check knows nobody's son. Where she says that a line is fine between the two of them, or that one it let through stung,
that line and what is nearly the same are treated so from then on, and nothing else is.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rehearse import data, settings
from rehearse.errors import DataError
from rehearse.tone.encoder import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# From this cosine on two sentences count as the same again. Measured with the untuned encoder: of 300 lines typed once more with
# another beginning, a missing word or no capitals 91% lie above it, and of 500 minimal pairs, whose labels differ, 3%.
SAME_AGAIN = 0.93
# Sentences whose nearest remark is remembered, so that a keystroke embeds only what it changed.
REMEMBERED = 512

_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence of hers, and whether she says that it stung (otherwise that it is fine).

    ``number`` is what it is kept under, 0 if it is kept nowhere.
    """

    text: str
    stung: bool
    number: int = 0


class Remarks:
    """Her remarks, ready to be asked. Built anew whenever she adds or takes back one; they are few."""

    def __init__(self, embedder: Embedder, given: Sequence[Remark] = (), earlier: "Remarks | None" = None) -> None:
        """Embed the remarks; a later one on the same sentence counts, not the earlier.

        :param earlier: remarks that were embedded before; what stands there too is not embedded again.
        """
        self.embedder = embedder
        self.given = tuple(given)
        self._by_text = {_bare(each.text): each for each in given if _bare(each.text)}
        self.remarks = tuple(self._by_text.values())
        self._found: dict[str, tuple[Remark | None]] = {}
        known = {} if earlier is None else earlier._embedded
        fresh = [each.text for each in self.remarks if each.text not in known]
        self._embedded: dict[str, NDArray[np.float32]] = {
            **{each.text: known[each.text] for each in self.remarks if each.text in known},
            **(dict(zip(fresh, embedder.encode(fresh), strict=True)) if fresh else {}),
        }

    def on(self, texts: Sequence[str]) -> list[Remark | None]:
        """Return for each sentence what she said of it or of what is nearly the same, or ``None``."""
        if not self.remarks:
            return [None] * len(texts)
        known = self._found
        found: dict[str, Remark | None] = {text: same for text in texts if (same := self._by_text.get(_bare(text)))}
        # Looked up once each: another thread may be adding to it.
        found |= {text: near[0] for text in texts if text not in found and (near := known.get(text))}
        new = list(dict.fromkeys(text for text in texts if text not in found))
        if new:
            near_by = dict(zip(new, self._near(new), strict=True))
            found |= near_by
            kept = {} if len(known) > REMEMBERED else known
            kept.update((text, (remark,)) for text, remark in near_by.items())
            self._found = kept
        return [found[text] for text in texts]

    def _near(self, texts: Sequence[str]) -> list[Remark | None]:
        found: list[Remark | None] = []
        for vector in self.embedder.encode(list(texts)):
            nearness = {each: float(vector @ self._embedded[each.text]) for each in self.remarks}
            nearest = max(nearness, key=lambda each: nearness[each])
            found.append(nearest if nearness[nearest] >= SAME_AGAIN else None)
        return found

    def verdicts(self, texts: Sequence[str]) -> list[bool | None]:
        """Return for each sentence whether she said it stings (true), is fine (false), or nothing near it (``None``)."""
        return [None if each is None else each.stung for each in self.on(texts)]


def stung_reason() -> str:
    """Return the reason of a finding that is there only because she said that such a line stings.

    :raises DataError: if ``prompts/remarks.toml`` is not as it should be.
    """
    return _read(settings.prompts_folder() / "remarks.toml")


@cache
def _read(path: Path) -> str:
    found = data.read_toml(path).get("stung")
    if not isinstance(found, str) or not found.strip():
        raise DataError(path, "stung has no words")
    return found


def _bare(text: str) -> str:
    """Return a sentence as its words alone: with other capitals and marks it is the same sentence."""
    return " ".join(_WORDS.findall(text.casefold()))
