"""The two readers of the check as one: the tuned encoder, which hears what is meant, and the n-grams, which know the turns
of phrase blame comes in.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearse import catalog, settings
from rehearse.errors import DataError
from rehearse.kinds import flagged_kinds
from rehearse.tone import encoder
from rehearse.tone.encoder import MiniLM
from rehearse.tone.heard import Heard, Reader, Reading
from rehearse.tone.ngrams import NGrams

# Probabilities are kept this far from 0 and 1 before they are turned into logits.
EDGE = 1e-4


@dataclass(frozen=True, slots=True)
class Blend:
    """How much each reader counts; fitted on development data by ``rehearse.lab.blend_training``.

    ``encoder`` and ``ngrams`` multiply the two logits of blame, ``bias`` is added; ``kind`` multiplies the n-grams' logits of the
    kinds before they are added to the logarithm of the encoder's.
    """

    encoder: float
    ngrams: float
    bias: float
    kind: float


def logit(probability: float) -> float:
    """Return the logit of a probability, within the edges."""
    kept = min(max(probability, EDGE), 1 - EDGE)
    return math.log(kept / (1 - kept))


class TwoReaders:
    """Reads with both, and gives one reading."""

    def __init__(self, tuned: Reader, ngrams: NGrams, blend: Blend) -> None:
        """Join two readers that were loaded."""
        self.tuned = tuned
        self.ngrams = ngrams
        self.blend = blend

    def read(self, heard: Sequence[Heard]) -> list[Reading]:
        """Return a reading for each text, in order."""
        if not heard:
            return []
        blames, leanings = self.ngrams.logits(heard)
        return [
            self._joined(reading, float(blame), dict(zip(self.ngrams.kinds, leaning.tolist(), strict=True)))
            for reading, blame, leaning in zip(self.tuned.read(heard), blames, leanings, strict=True)
        ]

    def _joined(self, reading: Reading, blame: float, leaning: dict[str, float]) -> Reading:
        total = self.blend.encoder * logit(reading.score) + self.blend.ngrams * blame + self.blend.bias
        score = round(1 / (1 + math.exp(-total)), 4)
        # The flagged kinds share what they had together; how gentle a line is remains the encoder's word.
        flagged = {name: reading.kinds[name] for name in leaning if name in reading.kinds}
        mass = sum(flagged.values())
        weights = {name: max(value, EDGE) * math.exp(self.blend.kind * leaning[name]) for name, value in flagged.items()}
        scale = mass / sum(weights.values()) if weights else 0.0
        kinds = reading.kinds | {name: round(scale * weight, 4) for name, weight in weights.items()}
        return Reading(score, kinds, reading.span)


def load(folder: Path | None = None) -> tuple[MiniLM, TwoReaders, dict[str, Any]]:
    """Load the encoder as it comes, both readers, and what is written about them in ``reader.json``.

    :param folder: where our files are; ``models/tone``, with its pinned files, if left out.
    :raises ModelMissing: if a file is not there.
    :raises ModelChanged: if a file is not the pinned one.
    :raises DataError: if our files do not fit together.
    """
    embedder, tuned = encoder.load(folder)
    ours = folder or settings.models_folder() / "tone"
    card = encoder.read_card(ours / "reader.json")
    names = sorted(flagged_kinds())
    ngrams = NGrams.load(ours / "ngrams.safetensors" if folder else catalog.verified("ngrams"), names)
    try:
        blend = Blend(**card["blend"])
    except (KeyError, TypeError) as error:
        raise DataError(ours / "reader.json", "it does not say how the two readers are joined") from error
    return embedder, TwoReaders(tuned, ngrams, blend), card
