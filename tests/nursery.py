"""Children that rehearse until they are killed: each line on standard input, ``SEED HOME``, forks one.

Everything that was shown as done is told on standard output, one line of JSON at a time; a line goes out in one piece, so
what was told before a kill arrives. Forked, because a child should live by its own connection but not wait for imports.
"""

import json
import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from doubles import scenario, son, toy_check
from rehearse.errors import RehearseError
from rehearse.parts import Parts
from rehearse.rehearsal import Rehearsal
from rehearse.transcripts import Transcripts, to_json, write_private
from rehearse.turn import Openness, State, Turn

DOINGS = ("type", "say", "say", "say", "again", "back", "export", "delete", "backup")


def tell(what: str, **more: Any) -> None:
    os.write(1, (json.dumps({"what": what, **more}) + "\n").encode())


@contextmanager
def doing(what: str) -> Iterator[None]:
    tell("begin", doing=what)
    yield
    tell("end", doing=what)


class Told(Transcripts):
    """Tells what it has saved, once it has."""

    def append(self, rehearsal_id: str, turn: Turn, *, select: bool = True) -> None:
        super().append(rehearsal_id, turn, select=select)
        tell("sent", rehearsal=rehearsal_id, id=turn.id, speaker=turn.speaker, text=turn.text, parent=turn.parent_id)

    def grow(self, turn_id: str, text: str) -> None:
        super().grow(turn_id, text)
        tell("grown", id=turn_id, text=text)

    def finish(self, turn_id: str, text: str, state: State, openness: Openness | None = None) -> None:
        super().finish(turn_id, text, state, openness)
        tell("finished", id=turn_id, text=text, state=state)

    def delete(self, *rehearsal_ids: str) -> None:
        tell("deleting", rehearsals=rehearsal_ids)
        super().delete(*rehearsal_ids)
        tell("deleted", rehearsals=rehearsal_ids)


def live(seed: int, home: Path) -> None:
    """Do one thing after the other, as she might, only faster."""
    chance = random.Random(seed)
    with doing("open"):
        store = Told(home / "rehearsals.db")
    parts = Parts(store, toy_check())
    open_now = [each.id for each in store.list(limit=5)]
    while True:
        if not open_now or chance.random() < 0.15:
            marker = f"MARK{chance.randrange(10**12):012d}"
            with doing("create"):
                open_now.append(Rehearsal.start(scenario(situation=marker), parts=parts, title=marker).id)
                tell("created", rehearsal=open_now[-1], marker=marker)
        rehearsal = Rehearsal.open(chance.choice(open_now), parts=parts)
        marker = rehearsal.saved.title
        # A son of its own for each line: what was not said here is not said in another rehearsal.
        parts.son = son(*[f"{marker} I heard that. It was nine days. Not now."] * 9, tuned=False)
        act(chance.choice(DOINGS), rehearsal, chance, open_now)


def act(what: str, rehearsal: Rehearsal, chance: random.Random, open_now: list[str]) -> None:
    store, marker = rehearsal.parts.transcripts, rehearsal.saved.title
    line = f"{marker} never mind {chance.random()}"
    with doing(what):
        if what == "type":
            rehearsal.check(line)
        elif what == "say":
            for _ in rehearsal.say(line):
                tell("heard")
        elif what == "again" and rehearsal.path:
            list(rehearsal.answer())
        elif what == "back" and rehearsal.path:
            hers = [turn for turn in rehearsal.turns if turn.speaker == "mother"]
            rehearsal.go_back(chance.choice(hers).id)
        elif what == "export":
            write_private(exports(store._path.parent) / f"{rehearsal.id}.json", to_json(store.export(rehearsal.id)))
        elif what == "delete" and len(open_now) > 2:
            open_now.remove(rehearsal.id)
            store.delete(rehearsal.id)
        elif what == "backup" and chance.random() < 0.5:
            store.back_up()


def exports(home: Path) -> Path:
    return home.with_name(f"{home.name}-exports")


def main() -> None:
    for line in sys.stdin:
        seed, home = line.split(" ", 1)
        child = os.fork()
        if child == 0:
            tell("born", pid=os.getpid())
            try:
                live(int(seed), Path(home.strip()))
            except RehearseError as error:
                tell("failed", error=str(error))
            finally:
                os._exit(1)
        os.waitpid(child, 0)
        tell("dead")


if __name__ == "__main__":
    main()
