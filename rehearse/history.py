"""All her rehearsals together: what was flagged in each, and how far he opened. No grades, nothing that counts days."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rehearse.tone.report import entries
from rehearse.transcripts import Summary, Transcripts
from rehearse.turn import Openness


@dataclass(frozen=True, slots=True)
class Talk:
    """One talk, as it stands on the screen: how many lines are hers, how many were flagged for each kind, how far he opened."""

    id: str
    title: str
    date: str
    lines: int
    flagged: Mapping[str, int]
    reached: Openness


@dataclass(frozen=True, slots=True)
class History:
    """The talks in which she has said something, oldest first."""

    talks: tuple[Talk, ...]

    @classmethod
    def of(cls, transcripts: Transcripts, listed: Iterable[Summary]) -> "History":
        """Look at rehearsals of a list, which comes in any order."""
        found = (_talk(transcripts, each) for each in sorted(listed, key=lambda each: each.created))
        return cls(tuple(each for each in found if each.lines))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that were flagged in any of them, the most frequent first."""
        total: Counter[str] = Counter()
        for talk in self.talks:
            total.update(talk.flagged)
        return tuple(kind for kind, _ in total.most_common())


def _talk(transcripts: Transcripts, listed: Summary) -> Talk:
    saved = transcripts.get(listed.id)
    path = transcripts.path(saved.id, saved.leaf_id)
    hers = [turn for turn in path if turn.speaker == "mother"]
    flagged: Counter[str] = Counter()
    for turn in hers:
        # A line with two places of one kind is one line.
        flagged.update({kind for kind, _ in entries(turn.report, "findings")})
    reached = max((turn.openness for turn in hers), default=saved.scenario.openness)
    return Talk(saved.id, saved.title, saved.created, len(hers), dict(flagged), reached)
