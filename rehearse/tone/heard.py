"""What a reader of the check is given, and what it says, as records."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

# What marks his line before hers.
HIM = "him: "


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


@dataclass(frozen=True, slots=True)
class Glance:
    """What the second look says of one text: the logit of blame, the logarithms of each kind's probability, and the
    probability of each thing that is met outside the role (``none`` among them).
    """

    blame: float
    kinds: dict[str, float]
    mets: dict[str, float]


@dataclass(frozen=True, slots=True)
class Weights:
    """How a glance is joined with a reading: the reading's logit and the glance's are multiplied by these and ``bias`` is added;
    ``kind`` multiplies the glance's logarithms of the flagged kinds. From ``threshold`` on (0 to 1) what comes out counts as
    blame. Fitted by ``rehearse.lab.look_fitting``.

    Of the gentle kinds the glance makes up the share ``gentle`` (0 to 1) of a geometric mean; where all but the plain one have
    ``warm`` of it together (0 to 1), a sentence is named for one. Chosen by ``rehearse.lab.warmth_measure``.
    """

    reading: float
    glance: float
    bias: float
    kind: float
    threshold: float
    gentle: float = 0.0
    warm: float = 0.5


class Looker(Protocol):
    """Whatever can look a second time; :class:`rehearse.look.Look` does."""

    def at(self, heard: Sequence[Heard]) -> list[Glance]:
        """Return a glance for each text, in order."""
        ...


class Reader(Protocol):
    """Whatever can say how texts may land."""

    def read(self, heard: Sequence[Heard]) -> list[Reading]:
        """Return a reading for each text, in order."""
        ...
