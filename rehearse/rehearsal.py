"""A rehearsal: one practised conversation, kept as a tree of turns that only grows.

The store is the truth. A :class:`Rehearsal` holds no turns of its own, so that a refresh, a second tab or a restart shows
the same talk.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

from rehearse.debrief import Debrief
from rehearse.distress import Met
from rehearse.errors import NotFound, RehearseError, VoiceError
from rehearse.parts import Parts
from rehearse.scenario import Scenario
from rehearse.son import silence
from rehearse.son.felt import felt
from rehearse.son.mood import Mood
from rehearse.tone.report import Report
from rehearse.tone.reword import Rewriter
from rehearse.turn import Openness, Turn, spoken

if TYPE_CHECKING:
    from rehearse.transcripts import Saved

LONGEST_LINE = 4000
# The name of words that were written down and not sent.
NOT_SENT = "Not sent"


class NothingSaid(RehearseError):
    """There is no line to send, or none to answer."""


class MetOutside(RehearseError):
    """A line is not for him to answer: it is met outside the role, as ``met`` says."""

    def __init__(self, met: Met) -> None:
        """Say that nothing was sent or kept."""
        super().__init__(
            "This may be more than a practice talk can hold, so he was not asked, and nothing was kept.",
            "Please look at the help lines for your country; you can go on with the talk whenever you want to.",
        )
        self.met = met


class Rehearsal:
    """One practised conversation."""

    def __init__(self, id: str, parts: Parts) -> None:
        """Work on a saved rehearsal; :meth:`start` makes a new one, :meth:`open` finds one."""
        self.id = id
        self.parts = parts
        self._stop = Event()

    @classmethod
    def start(cls, scenario: Scenario, *, parts: Parts | None = None, title: str = "", written: bool = True) -> "Rehearsal":
        """Begin a new rehearsal of a scenario.

        :param parts: store, check and son; the real ones are loaded if left out.
        :param written: whether it is kept; one that is not is in memory alone and leaves no trace.
        :raises TranscriptError: if it cannot be kept.
        """
        parts = parts or Parts.load()
        return cls(parts.transcripts.create(scenario, title, written=written).id, parts)

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
    def written(self) -> bool:
        """Whether it is kept on the disk, and not only held in memory."""
        return self.parts.transcripts.is_written(self.id)

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

    def check(self, draft: str, *, rewriter: Rewriter | None = None, quick: bool = False) -> Report:
        """Return what the check says of a draft at this point of the talk; nothing is kept.

        :param rewriter: if given, her own sentences are reworded too (slower).
        :param quick: without the second look.
        :raises RehearseError: if the check is off.
        """
        if self.parts.check is None:
            raise RehearseError("The check is not ready.", "You can go on writing; it reads your line as soon as it is.")
        self.parts.heed()
        path = self.path
        return self.parts.check.check(draft, self._his_last(path), rewriter=rewriter, avoid=_offered(path), quick=quick)

    def met(self, draft: str) -> Met | None:
        """Return what a draft is to be met as outside the role, or ``None`` for ordinary talk; nothing is kept."""
        return self.parts.listener.met(draft)

    def say(self, draft: str, *, stop: Event | None = None, seed: int | None = None, go_on: bool = False) -> Iterator[str]:
        """Say a line and yield his answer as it comes.

        Her turn is on disk before he begins, his as it grows. Closing the iterator, or setting ``stop``, ends his answer where
        it is; what he said until then is kept and marked as stopped.

        :param go_on: says a line that is met outside the role all the same: she was shown the help lines and chose to.
        :raises NothingSaid: if the draft is empty.
        :raises MetOutside: if it is to be met outside the role; then nothing is kept and no model is asked.
        :raises VoiceError: if he cannot answer; her line is kept all the same.
        """
        text = line_of(draft)
        if not go_on and (met := self.met(text)):
            raise MetOutside(met)
        path = self.path
        hers = self.hear(text, path)
        self.parts.transcripts.append(self.id, hers)
        yield from self._answer([*path, hers], stop, seed)

    def keep_unsent(self, draft: str) -> Turn:
        """Keep words that are not sent: he does not hear them and nobody answers. Return them as they are kept.

        :raises NothingSaid: if there are none.
        """
        path = self.path
        words = Turn("mother", line_of(draft), self.openness, path[-1].id if path else None, label=NOT_SENT)
        self.parts.transcripts.append(self.id, words, select=False)
        return words

    def felt(self, turn_id: str, *, stop: Event | None = None) -> str:
        """Return in one sentence what he may have felt at a line of hers and not said; nothing is kept.

        :raises NotFound: if she said no such line.
        :raises RehearseError: if nobody speaks for him yet.
        """
        turn = _hers(self.turns, turn_id)
        if self.parts.son is None:
            raise self._not_ready()
        return felt(self.parts.son.voice, self.scenario, turn, stop or Event())

    @property
    def silent(self) -> silence.Offer | None:
        """What to tell her if he just answered with one word or not at all."""
        return silence.offer(self.scenario, self.path)

    def answer(self, *, stop: Event | None = None, seed: int | None = None) -> Iterator[str]:
        """Let him answer the last line of hers, anew if he did so before; or open the talk if it is he who speaks first.

        His earlier answer stays in the tree.

        :raises NothingSaid: if there is nothing to answer.
        """
        path = self.path
        while path and path[-1].speaker == "son":
            path = path[:-1]
        if path and path[-1].label == NOT_SENT:
            raise NothingSaid("These words were not sent.", "Go back, and say what he is to hear.")
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
        turn = _hers(self.turns, turn_id)
        self.parts.transcripts.select(self.id, turn.parent_id)
        return turn.text

    def return_to(self, turn_id: str) -> None:
        """Go back to just after a line of his, to say something else there; what followed it stays in the tree.

        :raises NotFound: if he said no such line.
        """
        turn = _found(self.turns, turn_id)
        if turn.speaker != "son":
            raise NotFound("That line is yours.", "Say it another way, or go back to one of his.")
        self.parts.transcripts.select(self.id, turn.id)

    def show(self, turn_id: str) -> None:
        """Show the branch that goes through a turn, up to the newest of what followed it.

        :raises NotFound: if there is no such turn.
        """
        turns = self.turns
        leaf = _found(turns, turn_id)
        while following := [turn for turn in turns if turn.parent_id == leaf.id and turn.label != NOT_SENT]:
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

    def hear(self, text: str, path: list[Turn], *, label: str = "") -> Turn:
        """Return her turn after a path: checked, and with where it leaves him. Nothing is kept."""
        scenario = self.scenario
        openness = path[-1].openness if path else scenario.openness
        parent = path[-1].id if path else None
        if self.parts.check is None:
            return Turn("mother", text, openness, parent, label=label)
        self.parts.heed()
        report = self.parts.check.check(text, self._his_last(path), avoid=_offered(path))
        moved = Mood(scenario).after(openness, report, path)
        # What she told the check stands in one place, from which she can take it back, and goes into no copy of a talk.
        return Turn("mother", text, moved.openness, parent, moved.reason, replace(report, heeded=()).to_dict(), label=label)

    def _answer(self, path: list[Turn], stop: Event | None, seed: int | None) -> Iterator[str]:
        scenario = self.scenario
        openness = path[-1].openness if path else scenario.openness
        his = Turn("son", "", openness, path[-1].id if path else None, state="partial")
        if not path and scenario.opening and not any(turn.parent_id is None and turn.speaker == "son" for turn in self.turns):
            self.parts.transcripts.append(self.id, Turn("son", scenario.opening, openness))
            yield scenario.opening
            return
        if self.parts.son is None:
            raise self._not_ready()
        if quiet := silence.said(scenario, path):
            self.parts.transcripts.append(self.id, replace(his, text=quiet, state="complete"))
            yield quiet
            return
        self._stop = stop or Event()
        yield from self.speak(his, path, self._stop, seed=seed)

    def speak(
        self, his: Turn, path: list[Turn], stop: Event, *, seed: int | None = None, keep: bool = False, select: bool = True
    ) -> Iterator[str]:
        """Let him answer the end of a path, keep the answer as it grows, and yield its pieces.

        :param his: the turn his words go into, still empty.
        :param keep: reads only what is new though a seed is given.
        :param select: whether the answer is then the end of what is on the screen.
        :raises VoiceError: if he cannot answer.
        """
        if self.parts.son is None:
            raise self._not_ready()
        self.parts.transcripts.append(self.id, spoken(his, self.parts.son.voice.name), select=select)
        said, ended, broke_off = "", False, False
        try:
            for piece in self.parts.son.reply(self.scenario, path, stop, seed=seed, keep=keep):
                said += piece
                self.parts.transcripts.grow(his.id, said)
                yield piece
            ended = not stop.is_set()
        except VoiceError:
            # It was not she who ended it, so it stays as broken off.
            broke_off = True
            raise
        finally:
            # Reached too when the page is closed or the answer is dropped: what he said is kept.
            if not broke_off:
                self.parts.transcripts.finish(his.id, said.strip(), "complete" if ended else "stopped")

    def _not_ready(self) -> RehearseError:
        name = self.scenario.son.name
        return RehearseError("{name} is not ready yet.", "Your line is kept; ask him to answer in a moment.", name=name)

    @staticmethod
    def _his_last(path: list[Turn]) -> str:
        return path[-1].text if path and path[-1].speaker == "son" else ""


def _offered(path: list[Turn]) -> set[str]:
    """Return what she said on a path already, and what she was offered for the last line of hers that was marked."""
    hers = [turn for turn in path if turn.speaker == "mother"]
    found = {turn.text for turn in hers}
    for turn in reversed(hers):
        listed = (turn.report or {}).get("findings")
        # A report that was imported may be of any form.
        marked = [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
        if marked:
            wordings = [each.get("suggestions") for each in marked]
            every = [each for listed in wordings if isinstance(listed, list) for each in listed]
            return found | {str(each.get("text")) for each in every if isinstance(each, Mapping)}
    return found


def line_of(draft: str) -> str:
    """Return a draft as it is said.

    :raises NothingSaid: if it is empty.
    """
    text = draft.strip()[:LONGEST_LINE]
    if not text:
        raise NothingSaid("There is nothing to send yet.", "Write a line first.")
    return text


def _hers(turns: list[Turn], turn_id: str) -> Turn:
    turn = _found(turns, turn_id)
    if turn.speaker != "mother":
        raise NotFound("That line is his.", "Choose one of yours, or ask him to answer again.")
    return turn


def _found(turns: list[Turn], turn_id: str) -> Turn:
    for turn in turns:
        if turn.id == turn_id:
            return turn
    raise NotFound("That line is no longer there.", "Refresh the page to see the talk as it is kept.")
