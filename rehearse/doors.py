"""Two doors: one moment of the talk played twice, with her draft and with its gentler wording, and his answer to each.

Both start from the same turn, with the same seed and the same reading of the talk before it, so that what differs between the
answers comes from her words. Both are kept as branches of the rehearsal; her draft's is on the screen until she chooses.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Event

from rehearse import data, settings
from rehearse.errors import DataError
from rehearse.rehearsal import MetOutside, NothingSaid, Rehearsal, line_of
from rehearse.tone.gentle import gentled
from rehearse.tone.reword import Rewriter
from rehearse.turn import Turn


@dataclass(slots=True)
class Door:
    """One of the two: her line as it is kept, and his answer as far as it has come."""

    hers: Turn
    answer: str = ""
    answer_id: str = ""


@dataclass(slots=True)
class Doors:
    """A moment played twice. The first door is her draft's; a door is there once her line is kept."""

    rehearsal: Rehearsal
    found: list[Door] = field(default_factory=list)

    def gentler(self, draft: str, *, rewriter: Rewriter | None = None) -> str:
        """Return the draft with every sentence that may land as blame reworded; empty if there is none, or no wording for one.

        :raises RehearseError: if the check is off.
        """
        return gentled(self.rehearsal.check(draft, rewriter=rewriter).to_dict())

    def open(self, draft: str, gentler: str, *, stop: Event | None = None, seed: int | None = None) -> Iterator[int]:
        """Say both wordings at this moment and yield the number of a door (0 or 1) whenever his answer there has grown.

        :param stop: once set, the answer being given ends where it is, and a door that was not opened stays shut.
        :param seed: the same for both; drawn if left out.
        :raises NothingSaid: if one of the wordings is empty, or both are the same.
        :raises MetOutside: if one of them is to be met outside the role; then nothing is kept.
        :raises VoiceError: if he cannot answer; her line is kept all the same.
        """
        texts = (line_of(draft), line_of(gentler))
        if texts[0] == texts[1]:
            raise NothingSaid("Both doors would be the same.", "Change one of the two wordings.")
        for text in texts:
            if met := self.rehearsal.met(text):
                raise MetOutside(met)
        stop = stop or Event()
        path = self.rehearsal.path
        labels = _labels(settings.prompts_folder() / "beside.toml", settings.language())
        drawn = random.SystemRandom().randrange(2**31) if seed is None else seed
        for number, text in enumerate(texts):
            if stop.is_set():
                return
            hers = self.rehearsal.hear(text, path, label=labels[number])
            self.rehearsal.parts.transcripts.append(self.rehearsal.id, hers, select=number == 0)
            his = Turn("son", "", hers.openness, hers.id, state="partial")
            door = Door(hers, answer_id=his.id)
            self.found.append(door)
            yield number
            for piece in self.rehearsal.speak(his, [*path, hers], stop, seed=drawn, keep=True, select=number == 0):
                door.answer += piece
                yield number

    def choose(self, number: int) -> None:
        """Go on from one of the doors; the other stays in the tree."""
        self.rehearsal.show(self.found[number].hers.id)


@cache
def _labels(path: Path, language: str) -> tuple[str, str]:
    try:
        table = data.read_words(path, language)["doors"]
        return str(table["draft"]), str(table["gentler"])
    except (KeyError, TypeError) as error:
        raise DataError(path, "its table doors lacks a name") from error
