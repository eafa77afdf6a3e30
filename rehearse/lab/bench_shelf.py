"""The shelf's figures for ``rehearse bench``: a store that holds the talks of many years."""

import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from rehearse.lab.bench_voice import HERS
from rehearse.lab.evaluation import Result
from rehearse.lab.measuring import ROUNDS, timed
from rehearse.scenario import Scenario, Son
from rehearse.turn import Openness, Turn, new_id, now

if TYPE_CHECKING:
    from rehearse.transcripts import Transcripts

SIZE, TURNS = 10_000, 30
# One rehearsal in so many holds the word that is looked for.
RARE = 200
# Rehearsals written in one go while the shelf is filled.
TOGETHER = 250
# Bars in milliseconds, and in MB for what an export of all may hold in memory at once, however many there are.
SHOWN, ADDED, HELD = 100.0, 5.0, 50.0


def shelf(folder: Path, size: int = SIZE, turns: int = TURNS) -> list[Result]:
    """Measure the store once it holds many rehearsals.

    :param folder: where the store may be made.
    """
    from rehearse.transcripts import Transcripts

    what = f"{size} rehearsals, {size * turns} turns"
    with Transcripts(folder / "rehearsals.db") as store:
        newest = fill(store, size, turns)
        asked = {
            "first page of the shelf": (store.list, SHOWN),
            "search for a word of few": (lambda: store.list("lighthouse"), SHOWN),
            "search for a word of all": (lambda: store.list("soup"), SHOWN),
            "append a turn, on the disk": (lambda: store.append(newest, Turn("mother", HERS[1], Openness.WARY)), ADDED),
        }
        found = []
        for name, (call, bar) in asked.items():
            times = [timed(call) for _ in range(ROUNDS * 2)]
            found.append(Result(f"{name}, {what}", round(median(times), 3), "ms", bar, lower_is_better=True))
        return [*found, *_export(store, what)]


def _export(store: "Transcripts", what: str) -> list[Result]:
    """Measure how long it takes to export everything, and by how much the memory grows meanwhile."""
    import psutil

    me, started = psutil.Process(), time.perf_counter()
    most = before = me.memory_info().rss
    for number, _ in enumerate(store.export_all()):
        if number % 50 == 0:
            most = max(most, me.memory_info().rss)
    seconds = time.perf_counter() - started
    return [
        Result(f"export of all, {what}", round(seconds, 1), "s", lower_is_better=True),
        Result("memory that takes beside the store", round((most - before) / 1e6, 1), "MB", HELD, lower_is_better=True),
    ]


def fill(store: "Transcripts", size: int, turns: int = TURNS) -> str:
    """Fill a store with rehearsals, a few of them about a lighthouse; return the id of one."""
    from rehearse.transcripts import index, tree
    from rehearse.transcripts.record import Saved

    first = ""
    for start in range(0, size, TOGETHER):
        with store._database.writing() as connection:
            for number in range(start, min(start + TOGETHER, size)):
                scene = Scenario(Son("Daniel", 24), "You have not talked since the spring.", title=f"Missed calls {number}")
                said = _talk(number, turns)
                made = Saved(new_id(), scene.title, scene, now(), now(), leaf_id=said[-1].id)
                tree.write(connection, made, said)
                first = first or made.id
            index.settle(connection, TOGETHER * turns)
    return first


def _talk(number: int, turns: int) -> list[Turn]:
    word = "lighthouse" if number % RARE == RARE - 1 else "old pool"
    found: list[Turn] = []
    for place in range(turns):
        line = f"{HERS[(number + place) % len(HERS)].replace('old pool', word)} It is day {number % 365}."
        parent = found[-1].id if found else None
        found.append(Turn("son" if place % 2 else "mother", line, Openness.WARY, parent))
    return found
