"""The page over the doubles: the whole of it, with a check and a son whose answers follow from tables.

Usage: python toy_app.py --port PORT [--answers FILE], where each line of the file is what he says, as JSON.
What the page itself does needs no model to be looked at, and is quick this way.
"""

import argparse
import itertools
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import ClassVar

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]

from doubles import toy_check  # noqa: E402
from rehearse.son import Son  # noqa: E402
from rehearse.son.prompt import template  # noqa: E402
from rehearse.transcripts import Transcripts  # noqa: E402
from rehearse.ui import serve  # noqa: E402
from rehearse.ui.room import Room  # noqa: E402
from rehearse.voice.scripted import ScriptedVoice  # noqa: E402
from rehearse.voice.voice import Message, Sampling  # noqa: E402

ANSWERS = ("Hm. Work is fine, I guess.", "I don't know what you want me to say.", "Okay. I hear you.", "Maybe. We'll see.")


class Patient(ScriptedVoice):
    """Says its lines in turn, as slowly as she asks; asked for another wording of hers, it has one."""

    def stream(self, prompt: Sequence[Message], sampling: Sampling, stop: Event) -> Iterator[str]:
        if prompt[0].content == template("reword").system:
            yield "I miss it when you call me."
            return
        pause = 3.0 if "slowly" in prompt[-1].content else 0.05
        for piece in super().stream(prompt, sampling, stop):
            stop.wait(pause)
            yield piece


class Whole(Room):
    """A room that has nothing to load: its parts come with the store."""

    __slots__ = ()
    son: ClassVar[Son]

    def furnish(self, transcripts: Transcripts) -> None:
        """Bring in the open store, the toy check and the scripted son."""
        super().furnish(transcripts)
        self.parts.check, self.parts.son = toy_check(), self.son
        self.check.state = self.voice.state = "ready"

    def load(self) -> None:
        """Do nothing: its parts are there."""


def main() -> None:
    """Serve the page over the doubles until it is ended."""
    wanted = argparse.ArgumentParser()
    wanted.add_argument("--port", type=int, required=True)
    wanted.add_argument("--answers", type=Path)
    wanted.add_argument("--no-browser", action="store_true", help="taken, as the real app does; there is none either way")
    chosen = wanted.parse_args()
    answers = ANSWERS
    if chosen.answers:
        answers = tuple(json.loads(line) for line in chosen.answers.read_text(encoding="utf-8").splitlines())
    serve.prepare_environment()
    Whole.son = Son(Patient(*itertools.islice(itertools.cycle(answers), 2000)))
    room = Whole.open()
    serve.open_page(room, chosen.port, browser=False)


if __name__ == "__main__":
    main()
