"""What the store gives back about a rehearsal: the whole of it, or one line of a list."""

from dataclasses import dataclass

from rehearse.scenario import Scenario
from rehearse.turn import Openness


@dataclass(frozen=True, slots=True)
class Saved:
    """A rehearsal as it is kept, without its turns.

    ``leaf_id`` is the turn at the end of what is on the screen, ``None`` before the first one. ``ended`` is when she ended
    it, ``None`` while it goes on.
    """

    id: str
    title: str
    scenario: Scenario
    created: str
    touched: str
    ended: str | None = None
    leaf_id: str | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """One line of the list of rehearsals.

    ``openness`` is where he is at the end of what is on the screen, or where he starts before the first turn. ``excerpt``
    is the part of a line where a search found a word; empty without a search. ``scenario`` is the id of what it began from.
    """

    id: str
    title: str
    son: str
    created: str
    touched: str
    turns: int
    ended: str | None
    openness: Openness
    excerpt: str = ""
    pinned: bool = False
    scenario: str = "own"
