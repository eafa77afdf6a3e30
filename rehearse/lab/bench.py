"""``rehearse bench``: how fast the app is beside the plain libraries, on this computer, in one run.

Ours and theirs take turns, so that whatever else the computer does falls on both alike, and every time is a median.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from rehearse.errors import RehearseError
from rehearse.lab import performance
from rehearse.lab.bench_shelf import shelf
from rehearse.lab.bench_voice import loss, voice
from rehearse.lab.evaluation import Result, report
from rehearse.lab.measuring import ROUNDS, apart, beside, timed

if TYPE_CHECKING:
    from rehearse.tone import ToneCheck

# Bars, each against the plain library in the same run; the last two stand alone, in MB and in seconds on two cores.
START, READY, CHECK, MEMORY, FIRST_WORDS = 1.25, 1.0, 1.15, 1100.0, 1.2

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
from rehearse.ui.gate import Keys
from rehearse.ui.room import Room
application(Room.open(), Keys())
print(time.perf_counter() - started)
"""
_PLAIN_LOAD = """
import time
from rehearse import catalog
from rehearse.voice import merging
voice, encoder = merging.found() or catalog.verified("voice"), catalog.verified("encoder").parent
started = time.perf_counter()
from llama_cpp import Llama
loaded = Llama(str(voice), n_ctx=2048, verbose=False)
from sentence_transformers import SentenceTransformer
loaded = loaded, SentenceTransformer(str(encoder), device="cpu", local_files_only=True)
print(time.perf_counter() - started)
"""
_READY = """
import os
import time
started = time.perf_counter()
from rehearse.ui.serve import application, prepare_environment
prepare_environment()
from rehearse.ui.gate import Keys
from rehearse.ui.room import Room
room = Room.open()
application(room, Keys())
room.load()
while not room.settled:
    time.sleep(0.01)
if room.parts.son is None or room.parts.check is None:
    raise SystemExit(room.voice.failure + room.check.failure)
print(time.perf_counter() - started, flush=True)
os._exit(0)
"""
_MEMORY = """
import json
import time
import psutil
def resident():
    return round(psutil.Process().memory_info().rss / 1e6)
from rehearse.ui.serve import application, prepare_environment
prepare_environment()
from rehearse.ui.gate import Keys
from rehearse.ui.room import Room
room = Room.open()
application(room, Keys())
found = {"the page alone": resident()}
from rehearse.voice.choice import open_voice
from rehearse import settings
from rehearse.son.reply import Son
room.parts.son = Son(open_voice(settings.voice()))
found["page and voice"] = resident()
import torch
found["importing torch"] = resident() - found["page and voice"]
room.parts.son.voice.close()
room.load()
while room.busy:
    time.sleep(0.05)
if room.parts.son is None or room.parts.check is None:
    raise SystemExit(room.voice.failure + room.check.failure)
from rehearse.rehearsal import Rehearsal
from rehearse.scenario import Scenario, Son as Daniel
from rehearse.son.rewriter import VoiceRewriter
talk = Rehearsal.start(Scenario(Daniel("Daniel")), parts=room.parts)
waited = []
for line in ["How was your week?", "You never call me.", "I miss you.", "Is the flat warm?", "Tell me.", "I am sorry.", "Hm."]:
    started = time.perf_counter()
    for _ in talk.say(line):
        waited.append(time.perf_counter() - started)
VoiceRewriter(room.parts.son.voice).variants("You never call me any more.", 4)
found["all"] = resident()
found["waited"] = waited
print(json.dumps(found))
"""


def bench(chosen: argparse.Namespace) -> int:
    """Run ``rehearse bench``; the exit status is 0 whatever the figures, and 2 where one could not be taken."""
    with TemporaryDirectory(prefix="rehearse-bench-") as folder:
        home = Path(folder) / "home"
        results, failures = taken(
            {
                "start": lambda: start(home),
                # Makes the merged voice and the second look, which what follows is measured with.
                "voice": lambda: voice(home),
                "loss": lambda: loss(home),
                "ready": lambda: ready(home),
                "memory": lambda: memory(home),
                "check": check,
                "shelf": lambda: shelf(Path(folder) / "shelf"),
            }
        )
    for each in failures:
        sys.stderr.write(f"{each}\n")
    if chosen.write:
        performance.write(Path(chosen.write), "bench", performance.bench_table(results))
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


# -- start and memory -------------------------------------------------------------------------------------------------------


def start(home: Path) -> list[Result]:
    """Measure how long it takes until the page is built, beside an empty page of gradio's."""
    plain, ours = [], []
    for _ in range(ROUNDS):
        plain.append(apart(_PLAIN_START, home))
        ours.append(apart(_OUR_START, home))
    return [beside("page built", ours, plain, "s", "gradio with an empty page", bar=START)]


def ready(home: Path) -> list[Result]:
    """Measure when he and the check are ready, beside an empty page of gradio's and both models as the libraries load them."""
    plain, ours = [], []
    for _ in range(ROUNDS):
        plain.append(apart(_PLAIN_START, home) + apart(_PLAIN_LOAD, home))
        ours.append(apart(_READY, home))
    return [beside("voice and check ready, from the start", ours, plain, "s", "empty page, then both models", bar=READY)]


def memory(home: Path) -> list[Result]:
    """Measure the resident memory with everything loaded, and his first words in a whole rehearsal: check, thoughts, choice."""
    found = apart(_MEMORY, home)
    waited = found.pop("waited")[2:]
    held = {name: found[name] for name in ("the page alone", "page and voice", "importing torch")}
    return [
        Result("resident memory with everything loaded", found["all"], "MB", MEMORY, held, lower_is_better=True),
        Result("his first words, from sending", round(median(waited), 3), "s", FIRST_WORDS, lower_is_better=True),
    ]


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

    times: dict[bool, list[tuple[float, ...]]] = {False: [], True: []}
    tone.prepare()
    tone.check("Good morning.")
    encode(["Good morning."])
    for number, draft in enumerate(PLAIN_DRAFTS + BLAMING_DRAFTS):
        texts = [each.text for each in sentences(draft)]
        before = timed(partial(encode, texts)) if number % 2 else None
        first = timed(partial(tone.check, draft))
        plain = timed(partial(encode, texts)) if before is None else before
        started = time.perf_counter()
        flagged = tone.check(draft).flagged
        second = (time.perf_counter() - started) * 1000
        # As if she typed one word more.
        times[flagged].append((first, plain, second, timed(partial(tone.check, f"{draft} Really."))))
    found = []
    for flagged, what, bar in ((False, "nothing found", CHECK), (True, "with suggestions", None)):
        if times[flagged]:
            ours, theirs, again, more = (list(column) for column in zip(*times[flagged], strict=True))
            found.append(beside(f"check of four sentences, {what}", ours, theirs, "ms", "SentenceTransformer.encode", bar=bar))
            found.append(beside(f"the same draft again, {what}", again, ours, "ms", "the first time"))
            found.append(beside(f"a sentence more, {what}", more, ours, "ms", "the first time"))
    return found
