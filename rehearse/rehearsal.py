"""A rehearsal: one practised conversation, kept as a tree of turns that only grows.

The store is the truth. A :class:`Rehearsal` holds no turns of its own, so that a refresh, a second tab or a restart shows
the same talk.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

from rehearse import settings
from rehearse.debrief import Debrief
from rehearse.errors import NotFound, RehearseError
from rehearse.scenario import Scenario
from rehearse.son.mood import Mood
from rehearse.son.ranker import Ranker
from rehearse.son.reply import Son
from rehearse.tone.check import ToneCheck
from rehearse.tone.report import Report
from rehearse.tone.reword import Rewriter
from rehearse.transcripts import Transcripts
from rehearse.turn import Openness, State, Turn

if TYPE_CHECKING:
    from rehearse.transcripts import Saved

LONGEST_LINE = 4000


class NothingSaid(RehearseError):
    """There is no line to send, or none to answer."""


@dataclass(slots=True)
class Parts:
    """What a rehearsal works with. Without a check nothing is flagged and he stays where he is; without a son nobody answers."""

    transcripts: Transcripts
    check: ToneCheck | None = None
    son: Son | None = None

    @classmethod
    def load(cls) -> "Parts":
        """Open the store and load check and voice; takes some seconds.

        :raises RehearseError: if one of them cannot be had.
        """
        from rehearse.voice.choice import open_voice

        check = ToneCheck.load()
        return cls(Transcripts(settings.database_path()), check, Son(open_voice(settings.voice()), Ranker.load(check.embedder)))


class Rehearsal:
    """One practised conversation."""

    def __init__(self, id: str, parts: Parts) -> None:
        """Work on a saved rehearsal; :meth:`start` makes a new one, :meth:`open` finds one."""
        self.id = id
        self.parts = parts
        self._stop = Event()

    @classmethod
    def start(cls, scenario: Scenario, *, parts: Parts | None = None, title: str = "") -> "Rehearsal":
        """Begin a new rehearsal of a scenario.

        :param parts: store, check and son; the real ones are loaded if left out.
        :raises TranscriptError: if it cannot be kept.
        """
        parts = parts or Parts.load()
        return cls(parts.transcripts.create(scenario, title).id, parts)

    @classmethod
    def open(cls, id: str, *, parts: Parts | None = None) -> "Rehearsal":
        """Go on with a saved rehearsal.

        :raises NotFound: if there is none of this id.
        """
        parts = parts or Parts.load()
        return cls(parts.transcripts.get(id).id, parts)

    # -- what there is -------------------------------------------------------------------------------------------------

    @property
    def saved(self) -> "Saved":
        """The rehearsal as it is kept: title, scenario, times, and which turn the screen ends at."""
        return self.parts.transcripts.get(self.id)

    @property
    def scenario(self) -> Scenario:
        """Who he is and what happened."""
        return self.saved.scenario

    @property
    def path(self) -> list[Turn]:
        """The turns on the screen, from the first to the last."""
        return self.parts.transcripts.path(self.id, self.saved.leaf_id)

    @property
    def turns(self) -> list[Turn]:
        """Every turn of the tree, in the order they were said."""
        return self.parts.transcripts.turns(self.id)

    @property
    def openness(self) -> Openness:
        """Where he is at the end of the path."""
        path = self.path
        return path[-1].openness if path else self.scenario.openness

    def tries(self, turn_id: str) -> list[Turn]:
        """Return the turns that were said at the same moment by the same speaker, this one among them, oldest first."""
        turns = self.turns
        this = _found(turns, turn_id)
        return [turn for turn in turns if turn.parent_id == this.parent_id and turn.speaker == this.speaker]

    # -- what she can do -----------------------------------------------------------------------------------------------

    def check(self, draft: str, *, rewriter: Rewriter | None = None) -> Report:
        """Return what the check says of a draft at this point of the talk; nothing is kept.

        :param rewriter: if given, her own sentences are reworded too (slower).
        :raises RehearseError: if the check is off.
        """
        if self.parts.check is None:
            raise RehearseError("The check is not ready.", "You can go on writing; it reads your line as soon as it is.")
        return self.parts.check.check(draft, self._his_last(self.path), rewriter=rewriter)

    def say(self, draft: str, *, stop: Event | None = None, seed: int | None = None) -> Iterator[str]:
        """Say a line and yield his answer as it comes.

        Her turn is on disk before he begins, his as it grows. Closing the iterator, or setting ``stop``, ends his answer where
        it is; what he said until then is kept and marked as stopped.

        :raises NothingSaid: if the draft is empty.
        :raises VoiceError: if he cannot answer; her line is kept all the same.
        """
        text = draft.strip()[:LONGEST_LINE]
        if not text:
            raise NothingSaid("There is nothing to send yet.", "Write a line first.")
        path = self.path
        hers = self._heard(text, path)
        self.parts.transcripts.append(self.id, hers)
        yield from self._answer([*path, hers], stop, seed)

    def answer(self, *, stop: Event | None = None, seed: int | None = None) -> Iterator[str]:
        """Let him answer the last line of hers, anew if he did so before; or open the talk if it is he who speaks first.

        His earlier answer stays in the tree.

        :raises NothingSaid: if there is nothing to answer.
        """
        path = self.path
        while path and path[-1].speaker == "son":
            path = path[:-1]
        if not path and self.scenario.speaks_first == "mother":
            raise NothingSaid("There is no line of yours to answer.", "Write one first.")
        yield from self._answer(path, stop, seed)

    def stop(self) -> None:
        """Stop the answer that is being given through this object."""
        self._stop.set()

    def go_back(self, turn_id: str) -> str:
        """Go back to just before a line of hers and return its words, to be said another way.

        Nothing is removed: the old line and all that followed stay in the tree.

        :raises NotFound: if she said no such line.
        """
        turn = _found(self.turns, turn_id)
        if turn.speaker != "mother":
            raise NotFound("That line is his.", "Go back to one of yours, or ask him to answer again.")
        self.parts.transcripts.select(self.id, turn.parent_id)
        return turn.text

    def show(self, turn_id: str) -> None:
        """Show the branch that goes through a turn, up to the newest of what followed it.

        :raises NotFound: if there is no such turn.
        """
        turns = self.turns
        leaf = _found(turns, turn_id)
        while following := [turn for turn in turns if turn.parent_id == leaf.id]:
            leaf = following[-1]
        self.parts.transcripts.select(self.id, leaf.id)

    def end(self) -> Debrief:
        """End the rehearsal and look back on it. It can be opened and continued later."""
        self.parts.transcripts.end(self.id)
        return self.debrief()

    def debrief(self) -> Debrief:
        """Look back on the path."""
        return Debrief.of(self.scenario, self.path)

    # -- how it happens ------------------------------------------------------------------------------------------------

    def _heard(self, text: str, path: list[Turn]) -> Turn:
        """Return her turn: checked, and with where it leaves him."""
        scenario = self.scenario
        openness = path[-1].openness if path else scenario.openness
        parent = path[-1].id if path else None
        if self.parts.check is None:
            return Turn("mother", text, openness, parent)
        report = self.parts.check.check(text, self._his_last(path))
        moved = Mood(scenario).after(openness, report, path)
        return Turn("mother", text, moved.openness, parent, moved.reason, report.to_dict())

    def _answer(self, path: list[Turn], stop: Event | None, seed: int | None) -> Iterator[str]:
        scenario = self.scenario
        openness = path[-1].openness if path else scenario.openness
        his = Turn("son", "", openness, path[-1].id if path else None, state="partial")
        if not path and scenario.opening and not any(turn.parent_id is None and turn.speaker == "son" for turn in self.turns):
            self.parts.transcripts.append(self.id, Turn("son", scenario.opening, openness))
            yield scenario.opening
            return
        if self.parts.son is None:
            raise RehearseError(f"{scenario.son.name} is not ready yet.", "Your line is kept; ask him to answer in a moment.")
        self._stop = stop or Event()
        self.parts.transcripts.append(self.id, his)
        said, state = "", "stopped"
        try:
            for piece in self.parts.son.reply(scenario, path, self._stop, seed=seed):
                said += piece
                self.parts.transcripts.grow(his.id, said)
                yield piece
            state = "stopped" if self._stop.is_set() else "complete"
        finally:
            # Reached too when the page is closed or the answer is dropped: what he said is kept.
            self.parts.transcripts.finish(his.id, said.strip(), _state(state))

    @staticmethod
    def _his_last(path: list[Turn]) -> str:
        return path[-1].text if path and path[-1].speaker == "son" else ""


def _state(name: str) -> State:
    return "complete" if name == "complete" else "stopped"


def _found(turns: list[Turn], turn_id: str) -> Turn:
    for turn in turns:
        if turn.id == turn_id:
            return turn
    raise NotFound("That line is no longer there.", "Refresh the page to see the talk as it is kept.")
