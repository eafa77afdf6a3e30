"""What a reader of the check is given, and what it says, as records."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Heard:
    """A text to read, and the line before it: hers in the same draft, or his last one (``him: …``). Either may be empty."""

    text: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """How one text may land. ``score`` is the probability (0 to 1) that it lands as blame, ``kinds`` that of each
    kind (they sum to 1), ``span`` the characters of the text that carry it.
    """

    score: float
    kinds: dict[str, float]
    span: tuple[int, int]


class Reader(Protocol):
    """Whatever can say how texts may land."""

    def read(self, heard: Sequence[Heard]) -> list[Reading]:
        """Return a reading for each text, in order."""
        ...
