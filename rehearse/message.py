"""Something real to take along: one short message in her own words, with when and how it is to reach him.

Nothing here needs a model: the check may read the message while it is written, and is missed by nobody if it is off.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from rehearse.errors import RehearseError

# Longer than this it is a letter, and a letter is a talk in which he cannot answer.
LONGEST = 600
WAYS = ("text", "call", "card", "visit")
MOMENTS = ("tomorrow", "weekend", "occasion", "open")


class NothingWritten(RehearseError):
    """There is no message yet."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as she will take it along: her words, for whom, which way, which moment, and when to look at it again."""

    words: str
    name: str
    way: str
    moment: str
    not_before: date

    @classmethod
    def of(cls, words: str, name: str, way: str, moment: str, *, today: date | None = None) -> "Message":
        """Put a message together; it sleeps for one night in any case.

        :raises NothingWritten: if there are no words.
        """
        words = " ".join(words.split())
        if not words:
            raise NothingWritten("There are no words to take along yet.", "Write one or two sentences first.")
        return cls(
            words[:LONGEST],
            " ".join(name.split())[:40],
            way if way in WAYS else WAYS[0],
            moment if moment in MOMENTS else MOMENTS[0],
            (today or date.today()) + timedelta(days=1),
        )
