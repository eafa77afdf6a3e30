"""Killed at random moments, two hundred times: what was shown as sent is there, and the file is whole."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from disk import files, read
from rehearse.transcripts import Transcripts
from rehearse.turn import Turn
from test_transcripts_backups import first_version

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

ROOT = Path(__file__).parent.parent
KILLS = 200
# A home is begun afresh after so many kills, so that it stays small; every second one by the first version of the app.
LIVES_OF_A_HOME = 10
MOST_NOTES = 24


@dataclass
class Told:
    """What the children of one home have told."""

    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    grown: dict[str, str] = field(default_factory=dict)
    finished: dict[str, dict[str, Any]] = field(default_factory=dict)
    markers: dict[str, str] = field(default_factory=dict)
    deleting: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    lives: int = 0

    def hear(self, note: dict[str, Any]) -> None:
        what = note["what"]
        if what == "sent":
            self.sent[note["id"]] = note
        elif what == "grown":
            self.grown[note["id"]] = note["text"]
        elif what == "finished":
            self.finished[note["id"]] = note
        elif what == "created":
            self.markers[note["rehearsal"]] = note["marker"]
        elif what == "deleting":
            self.deleting.update(note["rehearsals"])
        elif what == "deleted":
            self.deleted.update(note["rehearsals"])
        assert what != "failed", note


@contextmanager
def nursery() -> Iterator["subprocess.Popen[str]"]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))}
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "nursery.py")],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        assert process.stdin is not None and process.stdout is not None
        os.killpg(process.pid, signal.SIGKILL)  # with it the child of a test that failed
        process.wait()
        process.stdin.close()
        process.stdout.close()


# On a busy computer each of the lives takes seconds.
@pytest.mark.timeout(1800)
def test_nothing_that_was_sent_is_lost(tmp_path: Path) -> None:
    # Two at a time, each in homes of its own: most of it is waiting for the disk.
    places = [tmp_path / name for name in ("one", "other")]
    with ThreadPoolExecutor(len(places)) as pool:
        counts = list(pool.map(killed, places, (11, 12), [KILLS // len(places)] * len(places)))
    cut_short = sum(counts, Counter[str]())
    assert sum(cut_short.values()) == KILLS
    missing = {"update", "say", "again", "export", "delete"} - set(cut_short)
    assert not missing, f"no kill fell into {missing}; {dict(cut_short)}"


def killed(place: Path, seed: int, kills: int) -> Counter[str]:
    """Let children live and kill them, looking after each; return what they were doing."""
    chance = random.Random(seed)
    cut_short: Counter[str] = Counter()
    with nursery() as children:
        for kill in range(kills):
            if kill % LIVES_OF_A_HOME == 0:
                home, told = place / f"home-{kill}", Told()
                exports(home).mkdir(parents=True)
            if kill % (2 * LIVES_OF_A_HOME) < 3:
                # Updated again and again, since that happens once in the life of a home and is over quickly.
                home, told = place / f"updated-{kill}", Told()
                exports(home).mkdir(parents=True)
                first_version(home / "rehearsals.db")
                old = everything(home / "rehearsals.db")
                doing = life(children, home, chance, told, most_notes=2)
                cut_short["update" if doing == "open" else doing] += 1
                look(home, told)
                now = everything(home / "rehearsals.db")
                assert all(set(now[table]) >= set(rows) for table, rows in old.items())
                continue
            cut_short[life(children, home, chance, told)] += 1
            look(home, told)
    return cut_short


def everything(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return what a file of any version holds of hers, in the columns that each version has."""
    columns = {"rehearsal": "id, title, son, situation, scenario, created, ended", "turn": "*", "turn_report": "*"}
    with closing(sqlite3.connect(path)) as connection:
        return {table: connection.execute(f"SELECT {named} FROM {table}").fetchall() for table, named in columns.items()}


def life(
    children: "subprocess.Popen[str]", home: Path, chance: random.Random, told: Told, *, most_notes: int = MOST_NOTES
) -> str:
    """Let a child live for a moment, kill it, and return what it was doing."""
    assert children.stdin is not None and children.stdout is not None
    children.stdin.write(f"{chance.randrange(10**9)} {home}\n")
    born = json.loads(children.stdout.readline())
    notes: list[dict[str, Any]] = []
    # By the number of things it told, not by time alone: so a slow machine is interrupted in the same places.
    for _ in range(chance.randrange(most_notes)):
        notes.append(json.loads(children.stdout.readline()))
        assert notes[-1]["what"] != "dead", notes[-5:]
    time.sleep(chance.uniform(0, 0.012))
    os.kill(born["pid"], signal.SIGKILL)
    while (note := json.loads(children.stdout.readline()))["what"] != "dead":
        notes.append(note)
    told.lives += 1
    for note in notes:
        told.hear(note)
    begun = [note["doing"] for note in notes if note["what"] == "begin"]
    ended = [note["doing"] for note in notes if note["what"] == "end"]
    return begun[-1] if len(begun) > len(ended) else "open" if not begun else "between"


def look(home: Path, told: Told) -> None:
    """Open the home again and compare it with what was told."""
    path = home / "rehearsals.db"
    with Transcripts(path) as store:
        kept = {each.id for each in store.list(limit=1000)}
        turns = {turn.id: turn for each in kept for turn in store.turns(each)}
        for each in kept & set(told.markers):
            assert store.count(told.markers[each]) == 1
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert not kept & told.deleted
    assert set(told.markers) - told.deleting <= kept
    for note in told.sent.values():
        if note["rehearsal"] in kept:
            compare(turns[note["id"]], note, told)
        else:
            assert note["rehearsal"] in told.deleting
    assert sum(turn.state == "partial" for turn in turns.values() if turn.id in told.sent) <= told.lives
    gone = [marker for rehearsal, marker in told.markers.items() if rehearsal not in kept]
    everything = b"".join(read(file) for file in files(home))
    assert not [marker for marker in gone if marker.encode() in everything]
    for file in exports(home).glob("*.json"):
        assert json.loads(file.read_text(encoding="utf-8"))["turns"] is not None
    for file in (home / "backups").glob("*.db"):
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]


def exports(home: Path) -> Path:
    return home.with_name(f"{home.name}-exports")


def compare(turn: Turn, note: dict[str, Any], told: Told) -> None:
    assert (turn.parent_id, turn.speaker) == (note["parent"], note["speaker"])
    finished = told.finished.get(turn.id)
    if turn.speaker == "mother":
        assert (turn.text, turn.state) == (note["text"], "complete")
    elif finished:
        assert (turn.text, turn.state) == (finished["text"], finished["state"])
    else:
        # Killed while he spoke: what was heard is there, perhaps a little more, and it says that it was broken off.
        assert turn.text.startswith(told.grown.get(turn.id, ""))
        assert turn.state in ("partial", "complete")
