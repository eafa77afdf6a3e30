"""``rehearse bench``: how fast the app is beside the plain libraries, on this computer, in one run.

Ours and theirs take turns, so that whatever else the computer does falls on both alike, and every time is a median.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Event
from typing import TYPE_CHECKING, Any

from rehearse import settings
from rehearse.errors import RehearseError
from rehearse.lab.evaluation import Result, report
from rehearse.scenario import Scenario, Son
from rehearse.son import prompt
from rehearse.turn import Openness, Turn
from rehearse.voice.voice import Sampling

if TYPE_CHECKING:
    from rehearse.tone import ToneCheck
    from rehearse.transcripts import Transcripts
    from rehearse.voice.llama import LlamaVoice

ROUNDS = 5
# Bars, each against the plain library in the same run.
START, LOOP, CHECK = 1.25, 0.95, 1.15
# An answer shorter than this tells nothing of speed.
FEWEST_TOKENS = 8
EARLY, LATE = 2, 20
SHELF = 1000
# One rehearsal in so many holds the word that is looked for.
RARE = 200

HERS = (
    "Hi, it's me. How was your week?",
    "I drove past the old pool today and thought of you.",
    "Is the new flat warm enough at night?",
    "Your sister sends her love, she starts on Monday.",
    "I made the soup you like and froze half of it.",
    "What are they having you do at work now?",
)
PLAIN_DRAFTS = tuple(
    f"Hi love. {middle} I thought of you this morning. Talk whenever it suits you."
    for middle in (
        "The plums are ripe already.",
        "We walked down to the harbour.",
        "Dad has fixed the gate at last.",
        "The cat sleeps in your room.",
        "I found your old football boots.",
        "It rained here the whole weekend.",
        "Your postcard is on the fridge.",
    )
)
BLAMING_DRAFTS = tuple(
    f"Hi love. You never {middle}. I thought of you this morning. Talk whenever it suits you."
    for middle in ("call me", "write to me", "come home", "tell me anything", "ask how I am", "visit your father", "think of us")
)

_PLAIN_START = """
import time
started = time.perf_counter()
import gradio
from fastapi import FastAPI
with gradio.Blocks(analytics_enabled=False) as page:
    gradio.HTML("")
gradio.mount_gradio_app(FastAPI(), page, path="/", server_name="127.0.0.1")
print(time.perf_counter() - started)
"""
_OUR_START = """
import time
started = time.perf_counter()
from rehearse.ui.serve import application, prepare_environment
prepare_environment()
from rehearse.ui.room import Room
application(Room.open())
print(time.perf_counter() - started)
"""
_MEMORY = """
import time
import psutil
from rehearse.ui.serve import application, prepare_environment
prepare_environment()
from rehearse.ui.room import Room
room = Room.open()
application(room)
room.load()
while not room.settled:
    time.sleep(0.05)
if room.parts.son is None or room.parts.check is None:
    raise SystemExit(room.voice.failure + room.check.failure)
from rehearse.rehearsal import Rehearsal
from rehearse.scenario import Scenario, Son
for _ in Rehearsal.start(Scenario(Son("Daniel")), parts=room.parts).say("You never call me any more. How was your week?"):
    pass
print(psutil.Process().memory_info().rss / 1e6)
"""


class NotTaken(RehearseError):
    """A figure could not be taken."""


def bench(chosen: argparse.Namespace) -> int:
    """Run ``rehearse bench``; the exit status is 0 whatever the figures, and 2 where one could not be taken."""
    with TemporaryDirectory(prefix="rehearse-bench-") as folder:
        home = Path(folder) / "home"
        results, failures = taken(
            {
                "start": lambda: start(home),
                "memory": lambda: memory(home),
                "voice": voice,
                "check": check,
                "shelf": lambda: shelf(Path(folder) / "shelf"),
            }
        )
    for each in failures:
        sys.stderr.write(f"{each}\n")
    status = report(results, as_json=chosen.json)
    return 2 if failures else status


def taken(measures: dict[str, Callable[[], list[Result]]]) -> tuple[list[Result], list[str]]:
    """Return the figures of each measure, and a sentence for each that could not be taken."""
    results: list[Result] = []
    failures: list[str] = []
    for name, measure in measures.items():
        try:
            results += measure()
        except (RehearseError, OSError, ImportError, subprocess.SubprocessError) as error:
            failures.append(f"The figures of “{name}” could not be taken: {error}")
    return results, failures


def beside(
    name: str,
    ours: list[float],
    plain: list[float],
    unit: str,
    library: str,
    *,
    bar: float | None = None,
    lower_is_better: bool = True,
) -> Result:
    """Return the median of ours beside that of a plain library.

    :param bar: what ours may be, as a share of the plain library's; ``None`` asks nothing.
    """
    theirs = median(plain)
    reach = None if bar is None else round(bar * theirs, 3)
    return Result(name, round(median(ours), 3), unit, reach, {library: round(theirs, 3)}, lower_is_better)


def timed(call: Callable[[], Any]) -> float:
    """Return how many milliseconds a call takes."""
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def _apart(code: str, home: Path) -> float:
    """Return the number that a program prints at its end, run in a process of its own."""
    root = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "REHEARSE_HOME": str(home), "PYTHONPATH": paths, "GRADIO_ANALYTICS_ENABLED": "False"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=environment)
    words = done.stdout.split()
    if done.returncode or not words:
        last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise NotTaken(f"The program that was measured failed ({last}).", "`rehearse doctor` may say why.")
    return float(words[-1])


# -- start and memory -------------------------------------------------------------------------------------------------------


def start(home: Path) -> list[Result]:
    """Measure how long it takes until the page is built, beside an empty page of gradio's."""
    plain, ours = [], []
    for _ in range(ROUNDS):
        plain.append(_apart(_PLAIN_START, home))
        ours.append(_apart(_OUR_START, home))
    return [beside("page built", ours, plain, "s", "gradio with an empty page", bar=START)]


def memory(home: Path) -> list[Result]:
    """Measure the resident memory with everything loaded, after one answer (once: it hardly varies)."""
    return [Result("resident memory with everything loaded", round(_apart(_MEMORY, home)), "MB", lower_is_better=True)]


# -- the voice --------------------------------------------------------------------------------------------------------------


def voice() -> list[Result]:
    """Measure the embedded voice: its loop beside llama-cpp-python's own, and what a long talk costs."""
    from rehearse.voice.choice import open_voice
    from rehearse.voice.llama import LlamaVoice

    ours = open_voice("embedded")
    if not isinstance(ours, LlamaVoice):
        raise NotTaken("The embedded voice does not run in this process.", "Measure it where it does.")
    try:
        return [_loop(ours), *_talks(ours)]
    finally:
        ours.close()


def _loop(ours: "LlamaVoice") -> Result:
    """Compare token for token: same file, threads, adapter, prompt, sampler and seeds."""
    with _plain_voice(ours) as plain:
        chosen = prompt.template("tuned" if ours.tuned else "plain")
        asked = prompt.reply(Scenario(Son("Daniel", 24)), [Turn("mother", HERS[0], Openness.WARY)], chosen)
        tokens = ours.tokenize(asked)
        mine: list[float] = []
        theirs: list[float] = []
        for seed in range(1 + 4 * ROUNDS):
            sampling = replace(chosen.sampling, seed=seed)
            calls = [("ours", partial(_ours, ours, asked, sampling)), ("plain", partial(_theirs, plain, tokens, sampling))]
            # Each goes first in every other round.
            rates = {who: _rate(call) for who, call in calls[:: 1 if seed % 2 else -1]}
            # The first round reads the prompt and warms up.
            if seed and rates["ours"] and rates["plain"]:
                mine.append(rates["ours"])
                theirs.append(rates["plain"])
            if len(mine) == ROUNDS + 2:
                break
    if len(mine) < ROUNDS:
        raise NotTaken("The voice's answers were too short to tell its speed.", "Run it again with another voice.")
    return beside("voice", mine, theirs, "tokens/s", "llama-cpp-python, create_completion", bar=LOOP, lower_is_better=False)


def _rate(call: Callable[[], int]) -> float | None:
    started = time.perf_counter()
    written = call()
    return written / (time.perf_counter() - started) if written >= FEWEST_TOKENS else None


def _ours(voice: "LlamaVoice", asked: list[Any], sampling: Sampling) -> int:
    for _ in voice.stream(asked, sampling, Event()):
        pass
    return voice.count.written


def _theirs(llama: Any, tokens: list[int], sampling: Sampling) -> int:
    answer = llama.create_completion(
        tokens,
        max_tokens=sampling.most,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        min_p=sampling.min_p,
        repeat_penalty=sampling.repeat_penalty,
        seed=sampling.seed,
    )
    return int(answer["usage"]["completion_tokens"])


@contextmanager
def _plain_voice(ours: "LlamaVoice") -> Iterator[Any]:
    """Load the file of the embedded voice as llama-cpp-python does by itself."""
    import llama_cpp

    from rehearse import catalog

    threads = settings.threads()
    llama = llama_cpp.Llama(
        str(catalog.verified("voice")),
        n_ctx=ours.context,
        n_threads=threads,
        n_threads_batch=threads,
        lora_path=str(catalog.verified("adapter")) if ours.tuned else None,
        verbose=False,
    )
    try:
        yield llama
    finally:
        llama.close()


def _talks(ours: "LlamaVoice") -> list[Result]:
    """Measure what is read anew, and how long she waits, early and late in a talk."""
    read: dict[int, list[float]] = {EARLY: [], LATE: []}
    waited: dict[int, list[float]] = {EARLY: [], LATE: []}
    whole: list[float] = []
    for number in range(ROUNDS):
        for turn, seconds in _talk(ours, number):
            if turn in read:
                read[turn].append(ours.count.read)
                waited[turn].append(seconds)
        whole.append(ours.count.prompt)
    early, late = f"turn {EARLY}", f"turn {LATE}"
    reading = {early: median(read[EARLY]), "the whole talk": median(whole)}
    return [
        Result(f"tokens read at {late}", median(read[LATE]), "tokens", beside=reading, lower_is_better=True),
        beside(f"first token at {late}", waited[LATE], waited[EARLY], "s", early),
    ]


def _talk(ours: "LlamaVoice", number: int) -> Iterator[tuple[int, float]]:
    """Hold a talk; yield each turn's number and how long its first word took."""
    scene = Scenario(Son(f"Daniel {number}", 24), "You have not talked since the spring.")
    chosen = prompt.template("tuned" if ours.tuned else "plain")
    sampling = replace(chosen.sampling, most=12, seed=number)
    path: list[Turn] = []
    for turn in range(1, LATE + 1):
        path.append(Turn("mother", HERS[turn % len(HERS)], Openness.WARY))
        started, first, said = time.perf_counter(), 0.0, ""
        for piece in ours.stream(prompt.fitted(scene, path, chosen, ours), sampling, Event()):
            first = first or time.perf_counter() - started
            said += piece
        yield turn, first
        path.append(Turn("son", said.strip(), Openness.WARY))


# -- the check --------------------------------------------------------------------------------------------------------------


def check(tone: "ToneCheck | None" = None, encode: Callable[[list[str]], Any] | None = None) -> list[Result]:
    """Measure the check beside the plain encoding of the same sentences.

    :param tone: the check; loaded if left out.
    :param encode: the plain encoding; that of the embedded MiniLM if left out.
    """
    from rehearse.tone import ToneCheck
    from rehearse.tone.sentences import sentences

    tone = tone or ToneCheck.load()
    if encode is None:
        from rehearse.tone.encoder import base_model

        model = base_model()

        def encode(texts: list[str]) -> Any:
            return model.encode(texts, show_progress_bar=False)

    times: dict[bool, list[tuple[float, float, float]]] = {False: [], True: []}
    tone.check("Good morning.")
    encode(["Good morning."])
    for number, draft in enumerate(PLAIN_DRAFTS + BLAMING_DRAFTS):
        texts = [each.text for each in sentences(draft)]
        before = timed(partial(encode, texts)) if number % 2 else None
        first = timed(partial(tone.check, draft))
        plain = timed(partial(encode, texts)) if before is None else before
        started = time.perf_counter()
        flagged = tone.check(draft).flagged
        times[flagged].append((first, plain, (time.perf_counter() - started) * 1000))
    found = []
    for flagged, what, bar in ((False, "nothing found", CHECK), (True, "with suggestions", None)):
        if times[flagged]:
            ours, theirs, again = (list(column) for column in zip(*times[flagged], strict=True))
            found.append(beside(f"check of four sentences, {what}", ours, theirs, "ms", "SentenceTransformer.encode", bar=bar))
            found.append(beside(f"the same draft again, {what}", again, ours, "ms", "the first time"))
    return found


# -- the shelf --------------------------------------------------------------------------------------------------------------


def shelf(folder: Path, size: int = SHELF) -> list[Result]:
    """Measure the store once it holds many rehearsals.

    :param folder: where the store may be made.
    """
    from rehearse.transcripts import Transcripts

    with Transcripts(folder / "rehearsals.db") as store:
        newest = _fill(store, size)
        listing = [timed(store.list) for _ in range(ROUNDS * 2)]
        search = [timed(lambda: store.list("lighthouse")) for _ in range(ROUNDS * 2)]
        append = [timed(lambda: store.append(newest, Turn("mother", HERS[1], Openness.WARY))) for _ in range(ROUNDS * 2)]
    figures = (("list", listing), ("search", search), ("append a turn", append))
    return [Result(f"{name}, {size} rehearsals", round(median(times), 3), "ms", lower_is_better=True) for name, times in figures]


def _fill(store: "Transcripts", size: int) -> str:
    """Fill a store with rehearsals of six turns, a few of them about a lighthouse; return the id of one."""
    first = store.create(Scenario(Son("Daniel", 24), "You have not talked since the spring.", title="Missed calls"))
    parent = None
    for number, line in enumerate(HERS):
        turn = Turn("son" if number % 2 else "mother", line, Openness.WARY, parent)
        store.append(first.id, turn)
        parent = turn.id
    model = json.dumps(store.export(first.id))
    for number in range(1, size):
        word = "lighthouse" if number % RARE == 0 else f"pool {number}"
        store.import_(json.loads(model.replace("old pool", word)))
    return first.id
