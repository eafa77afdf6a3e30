"""The page over the doubles: the whole of it, with a check and a son whose answers follow from tables.

Usage: python toy_app.py --port PORT [--answers FILE], where each line of the file is what he says, as JSON.
What the page itself does needs no model to be looked at, and is quick this way.
"""

import argparse
import itertools
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import ClassVar

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]

from rehearse import LIFELINE  # noqa: E402
from rehearse.keeper import Keeper  # noqa: E402
from rehearse.lifeline import Lifeline  # noqa: E402

if __name__ == "__main__" and LIFELINE not in os.environ:
    # As the real app: what was started keeps a child that does the work.
    sys.exit(Keeper([sys.executable, *sys.argv]).keep())

from doubles import toy_check  # noqa: E402
from rehearse import catalog, settings  # noqa: E402
from rehearse.son import Son  # noqa: E402
from rehearse.son.prompt import template  # noqa: E402
from rehearse.transcripts import Transcripts  # noqa: E402
from rehearse.ui import serve  # noqa: E402
from rehearse.ui.room import Room  # noqa: E402
from rehearse.voice import choice  # noqa: E402
from rehearse.voice.scripted import ScriptedVoice  # noqa: E402
from rehearse.voice.voice import Message, Sampling  # noqa: E402

ANSWERS = ("Hm. Work is fine, I guess.", "I don't know what you want me to say.", "Okay. I hear you.", "Maybe. We'll see.")


class Patient(ScriptedVoice):
    """Says its lines in turn, or until she stops him; asked for another wording of hers, it has one.

    Asked to speak slowly, it falls silent after two words for some seconds; asked to speak very slowly, for good.
    """

    def stream(self, prompt: Sequence[Message], sampling: Sampling, stop: Event) -> Iterator[str]:
        if prompt[0].content == template("reword").system:
            yield "I miss it when you call me."
            return
        asked = prompt[-1].content
        pause = 600.0 if "very slowly" in asked else 3.0 if "slowly" in asked else 0.05
        for number, piece in enumerate(super().stream(prompt, sampling, stop)):
            stop.wait(pause if number == 2 else 0.05)
            yield piece


class Whole(Room):
    """A room that has nothing to load: its parts come with the store.

    If ``TOY_CHECK_WAITS_FOR`` names a file, the check wakes up only once there is one.
    """

    __slots__ = ()
    son: ClassVar[Son]

    def furnish(self, transcripts: Transcripts) -> None:
        """Bring in the open store, the toy check and the scripted son."""
        super().furnish(transcripts)
        self.parts.son, self.voice.state = self.son, "ready"
        if not os.environ.get("TOY_CHECK_WAITS_FOR"):
            self.parts.check, self.check.state = toy_check(), "ready"

    def load(self) -> None:
        """Do nothing: its parts are there, but for a check that waits."""
        if awaited := os.environ.get("TOY_CHECK_WAITS_FOR"):
            Thread(target=self._wake, args=[Path(awaited)], daemon=True).start()

    def _wake(self, awaited: Path) -> None:
        while not awaited.exists():
            time.sleep(0.05)
        self.parts.check, self.check.state = toy_check(), "ready"


def main() -> None:
    """Serve the page over the doubles until it is ended."""
    wanted = argparse.ArgumentParser()
    wanted.add_argument("--port", type=int, required=True)
    wanted.add_argument("--answers", type=Path)
    wanted.add_argument("--offered", type=Path, help="a file with the voices to offer, as JSON")
    wanted.add_argument("--no-browser", action="store_true", help="taken, as the real app does; there is none either way")
    chosen = wanted.parse_args()
    answers = ANSWERS
    if chosen.answers:
        answers = tuple(json.loads(line) for line in chosen.answers.read_text(encoding="utf-8").splitlines())
    line = Lifeline.taken()
    if chosen.offered:
        offered = tuple(catalog.Offered(**each) for each in json.loads(chosen.offered.read_text(encoding="utf-8")))
        catalog.offered = lambda: offered  # type: ignore[assignment]
    serve.prepare_environment()
    came_along = Patient(*itertools.islice(itertools.cycle(answers), 2000))
    Whole.son, loads = Son(came_along), choice.open_voice
    # Any other voice is a real file, loaded by the real code.
    choice.open_voice = lambda name=settings.EMBEDDED: came_along if name == settings.EMBEDDED else loads(name)  # type: ignore[assignment]
    sys.exit(serve.open_page(Whole.open(line=line), chosen.port, browser=False))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
