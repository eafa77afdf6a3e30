"""Many threads, several processes, and a process that is killed while it writes."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from rehearse.scenario import Scenario, Son
from rehearse.transcripts import Transcripts
from rehearse.turn import Openness, Turn

ROOT = Path(__file__).parent.parent
SCENE = Scenario(Son("Daniel"))

WRITER = """
import sys
from pathlib import Path
from rehearse.transcripts.store import Transcripts
from rehearse.turn import Openness, Turn
store = Transcripts(Path(sys.argv[1]))
parent = None
for number in range(int(sys.argv[3])):
    turn = Turn("mother", f"{sys.argv[4]} {number}", Openness.WARY, parent)
    store.append(sys.argv[2], turn)
    parent = turn.id
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
"""

OPENER = """
import sys
from pathlib import Path
from rehearse.transcripts.store import Transcripts
from rehearse.scenario import Scenario, Son
with Transcripts(Path(sys.argv[1])) as store:
    store.create(Scenario(Son("Daniel")))
"""


def start(code: str, *arguments: object) -> "subprocess.Popen[str]":
    """Run a few lines of Python in another process."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], env=environment, stdout=subprocess.PIPE, text=True
    )


def test_eight_threads_append(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def write(name: int) -> None:
        parent = None
        try:
            for number in range(12):
                turn = Turn("mother", f"{name} {number}", Openness.WARY, parent)
                store.append(rehearsal, turn)
                assert store.path(rehearsal, turn.id)[-1] == turn
                parent = turn.id
        except BaseException as error:  # noqa: BLE001 - handed to the thread that asserts
            failures.append(error)

    with Transcripts(tmp_path / "home" / "rehearsals.db") as store:
        rehearsal = store.create(SCENE).id
        threads = [threading.Thread(target=write, args=(name,)) for name in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        texts = [turn.text for turn in store.turns(rehearsal)]
        assert len(texts) == 96
        for name in range(8):
            assert [text for text in texts if text.startswith(f"{name} ")] == [f"{name} {number}" for number in range(12)]


def test_two_processes_append(tmp_path: Path) -> None:
    path = tmp_path / "home" / "rehearsals.db"
    with Transcripts(path) as store:
        rehearsal = store.create(SCENE).id
        writers = [start(WRITER, path, rehearsal, 20, name) for name in ("one", "two")]
        for number in range(10):
            store.append(rehearsal, Turn("mother", f"here {number}", Openness.WARY))
        for writer in writers:
            writer.communicate()
        assert [writer.returncode for writer in writers] == [0, 0]
        texts = [turn.text for turn in store.turns(rehearsal)]
    assert sorted(texts) == sorted(
        [f"{name} {n}" for name in ("one", "two") for n in range(20)] + [f"here {n}" for n in range(10)]
    )


def test_processes_that_open_a_new_store_at_once(tmp_path: Path) -> None:
    path = tmp_path / "home" / "rehearsals.db"
    openers = [start(OPENER, path) for _ in range(4)]
    for opener in openers:
        opener.communicate()
    assert [opener.returncode for opener in openers] == [0] * 4
    with Transcripts(path) as store:
        assert store.count() == 4


def test_threads_that_open_a_new_store_at_once(tmp_path: Path) -> None:
    path = tmp_path / "home" / "rehearsals.db"

    def write() -> None:
        with Transcripts(path) as opened:
            opened.create(SCENE)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Transcripts(path) as store:
        assert store.count() == 8


def test_a_killed_writer_loses_nothing_it_had_saved(tmp_path: Path) -> None:
    path = tmp_path / "home" / "rehearsals.db"
    for round_ in range(10):
        with Transcripts(path) as store:
            rehearsal = store.create(SCENE).id
        writer = start(WRITER, path, rehearsal, 100_000, "line")
        assert writer.stdout is not None
        for _ in range(2 + 2 * round_):
            writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        said = writer.stdout.read().split()
        writer.wait()
        writer.stdout.close()
        least = 2 + 2 * round_ + len([number for number in said if number])
        with Transcripts(path) as store:
            turns = store.turns(rehearsal)
            assert len(turns) >= least - 1  # the last number may be cut short in the pipe
            assert [turn.text for turn in turns] == [f"line {number}" for number in range(len(turns))]
            assert store.path(rehearsal, turns[-1].id) == turns
            assert store.get(rehearsal).leaf_id == turns[-1].id


TALKER = """
import sys
from pathlib import Path
from doubles import son, toy_check
from rehearse.parts import Parts
from rehearse.rehearsal import Rehearsal
from rehearse.transcripts import Transcripts
name = sys.argv[3]
with Transcripts(Path(sys.argv[1]), patience=60) as store:
    rehearsal = Rehearsal(sys.argv[2], Parts(store, toy_check()))
    for number in range(12):
        rehearsal.parts.son = son(*[f"{name} he said {number}. So it was. Really."] * 9, tuned=False)
        for _ in rehearsal.say(f"{name} she said {number}."):
            pass
"""


def test_two_processes_talk_in_the_same_rehearsal_and_nothing_is_overwritten(tmp_path: Path) -> None:
    """Each goes on from whatever is on the screen, so their lines mix or branch, but every one of them is there, whole."""
    path = tmp_path / "home" / "rehearsals.db"
    with Transcripts(path) as store:
        rehearsal = store.create(SCENE).id
    talkers = [start(TALKER, path, rehearsal, name) for name in ("one", "two")]
    for talker in talkers:
        talker.communicate()
    assert [talker.returncode for talker in talkers] == [0, 0]
    with Transcripts(path) as store:
        turns = store.turns(rehearsal)
        ids = {turn.id for turn in turns}
        for name in ("one", "two"):
            hers = [turn for turn in turns if turn.speaker == "mother" and turn.text.startswith(name)]
            assert [turn.text for turn in hers] == [f"{name} she said {number}." for number in range(12)]
            for number, turn in enumerate(hers):
                (his,) = [each for each in turns if each.parent_id == turn.id and each.speaker == "son"]
                assert (his.text.startswith(f"{name} he said {number}."), his.state) == (True, "complete")
        assert all(turn.parent_id is None or turn.parent_id in ids for turn in turns)
        for turn in turns:
            assert store.path(rehearsal, turn.id)[-1] == turn
