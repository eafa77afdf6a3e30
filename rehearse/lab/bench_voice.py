"""The voice's figures for ``rehearse bench``: beside the plain library, and over a talk with all that is asked in between."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import median
from threading import Event
from typing import Any

from rehearse import catalog, settings
from rehearse.lab.evaluation import Result
from rehearse.lab.measuring import ROUNDS, NotTaken, beside
from rehearse.look import Look
from rehearse.scenario import Scenario
from rehearse.scenario import Son as Daniel
from rehearse.son import prompt
from rehearse.son.choice import numbers
from rehearse.son.rewriter import VoiceRewriter
from rehearse.tone.heard import Heard
from rehearse.turn import Openness, Turn
from rehearse.voice import merging
from rehearse.voice.llama import LlamaVoice
from rehearse.voice.voice import Message, Sampling

# Bars, each against the plain library in the same run.
LOOP, WRITES, READS, LATER = 0.95, 1.25, 2.0, 1.3
# Nats a token of his lines that merging may cost, and on how many dialogues that is measured.
LOST, DIALOGUES = 0.02, 24
# An answer shorter than this tells nothing of speed.
FEWEST_TOKENS = 8
EARLY, LATE = 2, 40
READ, WRITTEN = 256, 24
REWORDINGS = 4
# A talk far past the context.
LONG = 500

HERS = (
    "Hi, it's me. How was your week?",
    "I drove past the old pool today and thought of you.",
    "Is the new flat warm enough at night?",
    "Your sister sends her love, she starts on Monday.",
    "I made the soup you like and froze half of it.",
    "What are they having you do at work now?",
)


@dataclass(slots=True)
class _Watched:
    """What one turn of a talk cost: tokens read anew, tokens of its whole prompt, and seconds until the first word."""

    read: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)


def voice(home: Path) -> list[Result]:
    """Measure the embedded voice as she has it, its adapter merged.

    :param home: a data folder in which the merged voice may be made.
    """
    with settings_at(home):
        started = time.perf_counter()
        file = merging.build(lambda _: None)
        made = time.perf_counter() - started
        ours = LlamaVoice.load(file, tuned=True)
    try:
        with plain_voice(file, ours.context) as same, plain_voice(catalog.verified("voice"), ours.context) as shipped:
            found = [_loop(ours, same), *_beside_shipped(ours, shipped)]
        with settings_at(home):
            look = Look.load()
        found += [*_talks(ours, look), _side_by_side(ours), _rewordings(ours), _long_talk(ours)]
        look.layers.close()
    finally:
        ours.close()
    return [*found, Result("making the merged voice, once", round(made, 1), "s", lower_is_better=True)]


@contextmanager
def settings_at(home: Path) -> Iterator[None]:
    """Let the data folder be another for a while."""
    before = os.environ.get("REHEARSE_HOME")
    os.environ["REHEARSE_HOME"] = str(home)
    try:
        yield
    finally:
        os.environ.pop("REHEARSE_HOME")
        if before is not None:
            os.environ["REHEARSE_HOME"] = before


@contextmanager
def plain_voice(path: Path, context: int) -> Iterator[Any]:
    """Load a file as llama-cpp-python does by itself."""
    import llama_cpp

    threads = settings.threads()
    llama = llama_cpp.Llama(str(path), n_ctx=context, n_threads=threads, n_threads_batch=threads, verbose=False)
    try:
        yield llama
    finally:
        llama.close()


def loss(home: Path) -> list[Result]:
    """Measure what merging costs in sense: how well his held-out lines are expected, beside the adapter as it is.

    :param home: the data folder in which the merged voice was made.
    :raises NotTaken: if the dialogues are not here, as in an installed copy.
    """
    from rehearse.lab import quantisation

    samples = quantisation.held_out(DIALOGUES)
    if not samples:
        raise NotTaken("The held-out dialogues are not here.", "Run it in a checkout of the project.")
    with settings_at(home):
        merged = merging.build(lambda _: None)
    told = []
    for file, adapter in ((merged, None), (catalog.verified("voice"), catalog.verified("adapter"))):
        loaded = quantisation.Bench(file, adapter)
        try:
            told.append(loaded.loss(samples))
        finally:
            loaded.close()
    bar, adapted = round(told[1] + LOST, 4), {"with the adapter as it is": told[1]}
    return [Result("loss of his held-out lines, merged", told[0], "nats", bar, adapted, lower_is_better=True)]


# -- beside the plain library -----------------------------------------------------------------------------------------------


def _loop(ours: LlamaVoice, same: Any) -> Result:
    """Compare token for token: same file, threads, prompt, sampler and seeds, and so the same words."""
    chosen = prompt.template("tuned")
    asked = prompt.reply(Scenario(Daniel("Daniel", 24)), [Turn("mother", HERS[0], Openness.WARY)], chosen)
    tokens = ours.tokenize(asked)
    mine: list[float] = []
    theirs: list[float] = []
    for seed in range(1 + 8 * ROUNDS):
        sampling = replace(chosen.sampling, seed=seed)
        calls = [("ours", partial(_ours, ours, asked, sampling)), ("plain", partial(_theirs, same, tokens, sampling))]
        # Each goes first in every other round.
        rates = {who: _rate(call) for who, call in calls[:: 1 if seed % 2 else -1]}
        # The first round reads the prompt and warms up.
        if seed and rates["ours"] and rates["plain"]:
            mine.append(rates["ours"])
            theirs.append(rates["plain"])
        if len(mine) == 2 * ROUNDS:
            break
    if len(mine) < ROUNDS:
        raise NotTaken("The voice's answers were too short to tell its speed.", "Run it again with another voice.")
    return beside(
        "our loop, the same file",
        mine,
        theirs,
        "tokens/s",
        "llama-cpp-python, create_completion",
        bar=LOOP,
        lower_is_better=False,
    )


def _rate(call: Callable[[], int]) -> float | None:
    started = time.perf_counter()
    written = call()
    return written / (time.perf_counter() - started) if written >= FEWEST_TOKENS else None


def _ours(voice: LlamaVoice, asked: list[Message], sampling: Sampling) -> int:
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


def _beside_shipped(ours: LlamaVoice, shipped: Any) -> list[Result]:
    """Compare the merged voice with the bare file that came along: reading a prompt, and writing a fixed number of tokens."""
    text = "I went to the market and bought apples. " * READ
    tokens = shipped.tokenize(text.encode(), add_bos=False, special=True)[:READ]
    rates: dict[str, dict[str, list[float]]] = {who: {"read": [], "written": []} for who in ("ours", "plain")}
    for number in range(ROUNDS + 1):
        calls = {"ours": partial(_stretch, ours, tokens), "plain": partial(_plain_stretch, shipped, tokens)}
        for who in list(calls)[:: 1 if number % 2 else -1]:
            first, last = calls[who]()
            if number:
                rates[who]["read"].append(READ / first)
                rates[who]["written"].append((WRITTEN - 1) / (last - first))
    library = "the bare file in llama-cpp-python"
    return [
        beside(
            f"{what} with the merged voice",
            rates["ours"][key],
            rates["plain"][key],
            "tokens/s",
            library,
            bar=bar,
            lower_is_better=False,
        )
        for what, key, bar in (("reading", "read", READS), ("writing", "written", WRITES))
    ]


def _stretch(ours: LlamaVoice, tokens: list[int]) -> tuple[float, float]:
    """Return the seconds until the first and until the last of a fixed number of tokens."""
    strands = ours._talks
    strands.forget()
    drawing = strands.draw(tokens, [Sampling(seed=1)], Event(), set(), WRITTEN)
    return _timed_tokens(token for _, token in drawing)


def _plain_stretch(llama: Any, tokens: list[int]) -> tuple[float, float]:
    llama.reset()
    return _timed_tokens(llama.generate(tokens, temp=0.7, top_p=0.9, min_p=0.05, repeat_penalty=1.1))


def _timed_tokens(drawing: Iterator[int]) -> tuple[float, float]:
    started, first = time.perf_counter(), 0.0
    for number, _ in enumerate(drawing, 1):
        first = first or time.perf_counter() - started
        if number == WRITTEN:
            break
    return first, time.perf_counter() - started


# -- over a talk ------------------------------------------------------------------------------------------------------------


def _talks(ours: LlamaVoice, look: Look) -> list[Result]:
    """Measure what is read anew and how long she waits, early and late in a talk, whatever she asked for in between."""
    seen = {EARLY: _Watched(), LATE: _Watched()}
    for number in range(ROUNDS):
        # As after a start: what another talk left behind would make the early turns as dear as the late ones.
        ours._talks.forget()
        for turn, seconds in talk(ours, number, lambda line: look.at([Heard(line)])):
            if turn in seen:
                seen[turn].read.append(ours.count.read)
                seen[turn].whole.append(ours.count.prompt)
                seen[turn].waited.append(seconds)
    early, late = f"turn {EARLY}", f"turn {LATE}"
    read = beside(f"tokens read at {late}", seen[LATE].read, seen[EARLY].read, "tokens", early, bar=LATER)
    whole = {**(read.beside or {}), "the whole talk": median(seen[LATE].whole)}
    return [
        replace(read, beside=whole),
        beside(f"first token at {late}", seen[LATE].waited, seen[EARLY].waited, "s", early, bar=LATER),
    ]


def talk(ours: LlamaVoice, number: int, look: Callable[[str], object]) -> Iterator[tuple[int, float]]:
    """Hold a talk in which her lines are looked at twice, one is reworded, doors are tried, and she goes back; yield each turn's
    number and how long its first word took.
    """
    scene = Scenario(Daniel(f"Daniel {number}", 24), "You have not talked since the spring.")
    chosen = prompt.template("tuned")
    sampling = replace(chosen.sampling, most=12, seed=number)
    path: list[Turn] = []
    for turn in range(1, LATE + 1):
        # The same words early and late, so that the same is new.
        line = f"And day {turn + 10} of the month?" if turn in (EARLY, LATE) else HERS[turn % len(HERS)]
        path.append(Turn("mother", line, Openness.WARY))
        look(line)
        started, first, said = time.perf_counter(), 0.0, ""
        for piece in ours.stream(prompt.fitted(scene, path, chosen, ours), sampling, Event()):
            first = first or time.perf_counter() - started
            said += piece
        yield turn, first
        if turn in (EARLY - 1, LATE - 1):
            VoiceRewriter(ours).variants("You never call me.", 1)
            door = [*path[:-1], Turn("mother", "I hoped you would write.", Openness.WARY)]
            _ours(ours, prompt.fitted(scene, door, chosen, ours), sampling)
            # An exchange back, and then on from here.
            back = [*path[:-3], Turn("mother", "Say that again?", Openness.WARY)]
            _ours(ours, prompt.fitted(scene, back, chosen, ours), sampling)
        path.append(Turn("son", said.strip(), Openness.WARY))


def _side_by_side(ours: LlamaVoice) -> Result:
    """Compare the answers he thinks of, drawn side by side, with the same drawn one after the other."""
    chosen = prompt.template("tuned")
    asked = prompt.reply(Scenario(Daniel("Daniel", 24)), [Turn("mother", HERS[0], Openness.WARY)], chosen)
    together: list[float] = []
    apart: list[float] = []
    for number in range(ROUNDS + 1):
        samplings = [replace(chosen.sampling, seed=100 * number + each, most=32) for each in range(numbers().thoughts)]
        started = time.perf_counter()
        ours.several(asked, samplings, Event())
        first = ours.count.written / (time.perf_counter() - started)
        started, written = time.perf_counter(), 0
        for sampling in samplings:
            written += _ours(ours, asked, sampling)
        if number:
            together.append(first)
            apart.append(written / (time.perf_counter() - started))
    name = f"{numbers().thoughts} answers side by side"
    return beside(name, together, apart, "tokens/s", "one after the other", lower_is_better=False)


def _rewordings(ours: LlamaVoice) -> Result:
    """Measure how long a line takes to be reworded several ways."""
    times = []
    for number in range(ROUNDS + 1):
        started = time.perf_counter()
        VoiceRewriter(ours, seed=number).variants("You never call me any more, and your father notices.", REWORDINGS)
        times += [time.perf_counter() - started] if number else []
    return Result(f"{REWORDINGS} rewordings", round(median(times), 3), "s", lower_is_better=True)


def _long_talk(ours: LlamaVoice) -> Result:
    """Hold a talk far past the context and return by how much the memory grew from its first fifth to its end."""
    import psutil

    scene = Scenario(Daniel("Daniel", 24), "You have not talked since the spring.")
    chosen = prompt.template("tuned")
    path: list[Turn] = []
    early = 0
    for turn in range(LONG // 2):
        path.append(Turn("mother", f"{HERS[turn % len(HERS)]} It is day {turn}.", Openness.WARY))
        said = "".join(
            ours.stream(prompt.fitted(scene, path, chosen, ours), replace(chosen.sampling, most=6, seed=turn), Event())
        )
        path.append(Turn("son", said.strip() or "…", Openness.WARY))
        if len(path) == LONG // 5 * 2:
            early = psutil.Process().memory_info().rss
    grown = psutil.Process().memory_info().rss / early
    return Result(f"memory after {LONG} turns, as a share of that after {LONG // 5 * 2}", round(grown, 4), "", 1.02, None, True)
