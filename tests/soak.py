"""Many rehearsals at once in one app, for minutes: ``make soak``.

Fifty on a voice that repeats the marker it was given, then four on the real voice with the real check. Each is driven as a
browser drives it, over the page's own events, and every line of hers carries the marker of its rehearsal. What is looked for:

- an error: in an answer of the app, or on its terminal;
- cross-talk: the marker of one rehearsal in anything that another is shown, or in its turns on the disk; a line with
  the answer to another one;
- memory that grows: the resident memory is sampled every second, once everything is loaded and his voice has been made faster.
  The first third of the time is for warming up; of the rest, the median of the last half may lie above that of the first by 3 %
  or 10 MB, no more;
- waiting in silence: whoever waits for the voice is told where they stand.

``SOAK_MINUTES`` (10) is how long each of the two takes. The exit status is 1 if anything was found.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from threading import Event
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from rehearse.voice.voice import Message, Sampling  # noqa: E402

SCRIPTED, REAL = 50, 4
WARMING_UP = 1 / 3
GROWTH_SHARE, GROWTH_MB = 0.03, 10.0
# Between two lines, in seconds.
PAUSE = 0.5
# So many lines are said before looking back, and before beginning another talk, as nobody's talk goes on for ever.
LOOKING_BACK, WHOLE_TALK = 7, 21
# Longer than any event may take, be the computer ever so busy, in seconds: what has not ended by then never will.
LONGEST = 300.0
MARKER = re.compile(r"\bQ[a-z]{3}x[0-9]{2}\b")
# Lines as she might say them; each with its marker and its number.
LINES = (
    "I thought of {marker} today, number {number}.",
    "Do you remember {marker}? That was number {number}.",
    "I would love to hear how {marker} is, number {number}.",
)
SYLLABLES = ("bel", "dor", "fen", "gil", "hun", "kor", "lim", "mur", "nev", "pol")


def marker(number: int) -> str:
    """Return a word that stands in no dictionary and in one rehearsal only."""
    return f"Q{SYLLABLES[number % len(SYLLABLES)]}x{number:02d}"


def of_others(text: str, own: str) -> set[str]:
    """Return the markers of other rehearsals in a text. A model may make up one that is nobody's."""
    return {found for found in MARKER.findall(text) if found != own and found == marker(int(found[-2:]))}


# -- the app ------------------------------------------------------------------------------------------------------------------


def served(kind: str, port: int) -> int:
    """Serve the page in this process: over the voice that repeats a marker, or over the real parts."""
    from rehearse.ui import serve

    serve.prepare_environment()
    from rehearse.ui.room import Room

    if kind == "real":
        return serve.open_page(Room.open(), port, browser=False)
    import toy_app
    from doubles import ToyReader, toy_check
    from rehearse.son import Son
    from rehearse.tone.heard import Heard, Reading
    from rehearse.voice.scripted import ScriptedVoice

    class Forgetful(ToyReader):
        """Keeps nothing of what it read, as the real one."""

        def read(self, heard: Sequence[Heard]) -> list[Reading]:
            return [self._reading(each.text) for each in heard]

    class Echo(ScriptedVoice):
        """Says the marker and the number of the line it is asked to answer; keeps nothing of what it was asked."""

        def stream(self, prompt: Sequence[Message], sampling: Sampling, stop: Event) -> Iterator[str]:
            asked = prompt[-1].content
            found, number = MARKER.search(asked), re.search(r"number (\d+)", asked)
            words = f"Yes, {found[0] if found else 'nobody'} is fine, number {number[1] if number else 0}."
            for word in words.split(" "):
                if stop.wait(0.01):
                    return
                yield f"{word} "

    toy_app.toy_check = lambda: toy_check(Forgetful())  # type: ignore[assignment]
    toy_app.Whole.son = Son(Echo(tuned=False))
    return serve.open_page(toy_app.Whole.open(), port, browser=False)


@dataclass
class App:
    """A running app, seen from outside."""

    process: "subprocess.Popen[bytes]"
    base: str
    cookie: str
    log: Path
    home: Path
    config: dict[str, Any]

    def event(self, element: str, happening: str) -> dict[str, Any]:
        """Return the first event of the page that follows when something happens to an element."""
        ids = {each["id"] for each in self.config["components"] if each["props"].get("elem_id") == element}
        for each in self.config["dependencies"]:
            if any(target[0] in ids and target[1] == happening for target in each["targets"]):
                return dict(each)
        raise AssertionError(f"the page has no event {happening} of {element}")

    def resident(self) -> float:
        """Return its resident memory, in MB."""
        import psutil

        return float(psutil.Process(self.process.pid).memory_info().rss / 1e6)


@contextmanager
def running(kind: str, place: Path) -> Iterator[App]:
    """Start an app of its own and wait until it answers."""
    import httpx

    from running import free_port

    port, log = free_port(), place / "log.txt"
    settled = {**os.environ, "REHEARSE_HOME": str(place / "home"), "PYTHONPATH": str(HERE.parent)}
    with log.open("wb") as stream:
        command = [sys.executable, str(HERE / "soak.py"), "--serve", kind, str(port)]
        process = subprocess.Popen(command, env=settled, stdout=stream, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + 300
        while not (found := re.search(r"/\?key=(\S+)", log.read_text(encoding="utf-8"))):
            assert process.poll() is None and time.monotonic() < until, log.read_text(encoding="utf-8")
            time.sleep(0.2)
        base = f"http://127.0.0.1:{port}"
        given = httpx.get(f"{base}/?key={found[1]}", timeout=60).headers["set-cookie"]
        cookie = given.partition(";")[0]
        config = httpx.get(f"{base}/config", headers={"Cookie": cookie}, timeout=60).json()
        yield App(process, base, cookie, log, place / "home", config)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


# -- one rehearsal --------------------------------------------------------------------------------------------------------------


@dataclass
class Seen:
    """What was seen of the whole."""

    faults: list[str] = field(default_factory=list)
    places: Counter[int] = field(default_factory=Counter)
    answers: int = 0
    talks: int = 0
    waits: list[float] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)


class Visitor:
    """One page, with one rehearsal in it."""

    def __init__(self, app: App, client: Any, number: int, seen: Seen) -> None:
        self.app, self.client, self.seen = app, client, seen
        self.mark = marker(number)
        self.visit = f"soak{number:03d}"
        self.id = ""
        self.lines = 0

    async def asked(self, event: dict[str, Any], values: dict[int, Any], places: Counter[int] | None = None) -> str:
        """Let an event of the page happen, wait for its end, and return all that the app said to it.

        :param places: counts the places in the line that were told.
        """
        given = [values.get(name) for name in event["inputs"]]
        body = {"data": given, "event_data": None, "fn_index": event["id"], "session_hash": self.visit, "trigger_id": None}
        answer = await self.client.post(f"{self.app.base}/gradio_api/queue/join", json=body)
        if answer.status_code != 200:
            self.seen.faults.append(f"{self.mark}: an event was answered with {answer.status_code}")
            return ""
        try:
            told = await asyncio.wait_for(self.heard(event, answer.json()["event_id"], places), LONGEST)
        except asyncio.TimeoutError:
            self.seen.faults.append(f"{self.mark}: event {event['id']} had not ended after {LONGEST:.0f} seconds")
            return ""
        if foreign := of_others(told, self.mark):
            self.seen.faults.append(f"{self.mark}: was shown words of {sorted(foreign)}")
        return told

    async def heard(self, event: dict[str, Any], wanted: str, places: Counter[int] | None) -> str:
        """Listen until the app has nothing more to say, and return all that it said.

        To the end, as a browser does: to the app, whoever leaves before is a page that was closed, and what it asks for next
        may be thrown away with what is left of it.
        """
        told, waited, ended = "", False, False
        async with self.client.stream("GET", f"{self.app.base}/gradio_api/queue/data?session_hash={self.visit}") as stream:
            async for line in stream.aiter_lines():
                if not line.startswith("data: "):
                    continue
                told += line
                message = json.loads(line[6:])
                if message.get("event_id") != wanted:
                    continue
                if message["msg"] == "estimation" and message["rank"] is not None:
                    waited = True
                    if places is not None:
                        places[message["rank"]] += 1
                if message["msg"] == "process_starts" and not waited:
                    self.seen.faults.append(f"{self.mark}: nobody said where it stands in the line")
                if message["msg"] == "process_completed":
                    ended = True
                    if not message["success"]:
                        self.seen.faults.append(f"{self.mark}: event {event['id']} failed")
        if not ended:
            self.seen.faults.append(f"{self.mark}: event {event['id']} was broken off")
        return told

    async def ready(self) -> None:
        """Wait until nothing is going on in the background, as the clock of the page does."""
        status = {each["id"] for each in self.app.config["components"] if each["props"].get("elem_id") == "status"}
        ticks = (each for each in self.app.config["dependencies"] if any(target[1] == "tick" for target in each["targets"]))
        (clock,) = (each for each in ticks if status & set(each["outputs"]))
        body = {"data": [], "fn_index": clock["id"], "session_hash": self.visit}
        for _ in range(600):
            told = (await self.client.post(f"{self.app.base}/gradio_api/run/predict", json=body)).text
            if "Everything is ready." in told and "%" not in told:
                return
            await asyncio.sleep(1)
        self.seen.faults.append("the app did not become ready")

    async def begin(self) -> None:
        """Tell a scene of her own and begin."""
        event = self.app.event("begin", "click")
        names = {each["id"]: each["props"].get("elem_id") for each in self.app.config["components"]}
        told = {
            "name": "Tom",
            "situation": f"He and {self.mark} have not spoken since spring.",
            "distance": 2,
            "first": "mother",
            "temperament": "",
        }
        values = {name: told.get(str(names.get(name)), "") for name in event["inputs"]}
        values[event["inputs"][0]], values[event["inputs"][1]] = "own", False
        said = await self.asked(event, values)
        found = re.search(r'"data":\["([0-9a-f]{32})"', said.replace(" ", ""))
        if found is None:
            self.seen.faults.append(f"{self.mark}: no talk began")
            return
        self.id = found[1]
        self.seen.talks += 1

    async def say(self) -> None:
        """Write a line, have it read as she pauses, send it, and wait for his answer."""
        self.lines += 1
        draft = LINES[self.lines % len(LINES)].format(marker=self.mark, number=self.lines)
        reading = self.app.event("pauses", "pause")
        await self.asked(reading, dict(zip(reading["inputs"], (self.id, draft), strict=True)))
        sending = self.app.event("send", "click")
        since = time.monotonic()
        # That it was shown as it is, and that it is not known where the talk ended here: it is sent in any case.
        values = dict(zip(sending["inputs"], (self.id, draft, draft, None), strict=True))
        said = await self.asked(sending, values, self.seen.places)
        self.seen.waits.append(time.monotonic() - since)
        self.seen.answers += 1
        if draft not in said:
            self.seen.faults.append(f"{self.mark}: line {self.lines} was not shown")

    async def look_back(self) -> None:
        """End the talk and look back on it; it goes on with the next line, if it goes on."""
        event = self.app.event("end-talk", "click")
        await self.asked(event, dict.fromkeys(event["inputs"], self.id))

    async def live(self, until: float) -> None:
        """Open the page, and talk until the time is over; one line at least, however slow the computer."""
        await asyncio.sleep(PAUSE * (int(self.visit[4:]) % 10) / 10)
        async with self.client.stream("GET", f"{self.app.base}/gradio_api/heartbeat/{self.visit}"):
            await self.begin()
            while self.id and (not self.lines or time.monotonic() < until):
                await self.say()
                if self.lines % LOOKING_BACK == 0:
                    await self.look_back()
                if self.lines % WHOLE_TALK == 0 and time.monotonic() < until:
                    await self.begin()
                await asyncio.sleep(PAUSE)


# -- all of them ----------------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def client(app: App) -> AsyncIterator[Any]:
    """Yield a client that is let in."""
    import httpx

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=200)
    async with httpx.AsyncClient(headers={"Cookie": app.cookie}, timeout=httpx.Timeout(None), limits=limits) as found:
        yield found


async def watched(app: App, seen: Seen, over: Event) -> None:
    """Sample the memory once a second, as long as it goes on."""
    begun = time.monotonic()
    while not over.is_set():
        if app.process.poll() is not None:
            seen.faults.append(f"the app ended with {app.process.returncode}")
            return
        seen.memory.append((time.monotonic() - begun, app.resident()))
        await asyncio.sleep(1)


async def soaked(app: App, count: int, seconds: float, seen: Seen) -> None:
    """Let so many rehearsals go on for so long."""
    async with client(app) as one:
        visitors = [Visitor(app, one, number, seen) for number in range(count)]
        await visitors[0].ready()
        until, over = time.monotonic() + seconds, Event()
        watching = asyncio.create_task(watched(app, seen, over))
        ends = await asyncio.gather(*(each.live(until) for each in visitors), return_exceptions=True)
        over.set()
        await watching
    for each, end in zip(visitors, ends, strict=True):
        if end is not None:
            seen.faults.append(f"{each.mark}: ended with {end!r}")
        if not each.lines:
            seen.faults.append(f"{each.mark}: never came to say anything")


def kept(app: App, kind: str, seen: Seen) -> None:
    """Look at what is on the disk: every turn in its own rehearsal, and to every line its answer."""
    from rehearse.transcripts import Transcripts

    with Transcripts(app.home / "rehearsals.db") as store:
        if (count := store.count()) != seen.talks:
            seen.faults.append(f"{seen.talks} talks were begun, and {count} are on the disk")
        for saved in store.list(limit=count):
            turns = store.turns(saved.id)
            own = MARKER.findall(store.get(saved.id).scenario.situation)[0]
            if foreign := of_others(" ".join(turn.text for turn in turns), own):
                seen.faults.append(f"{own}: holds words of {sorted(foreign)} on the disk")
            for hers, his in zip(turns[::2], turns[1::2], strict=False):
                asked, said = re.search(r"number (\d+)", hers.text), re.search(r"number (\d+)", his.text)
                if his.state == "partial" or not his.text:
                    seen.faults.append(f"{own}: an answer was broken off")
                elif kind == "scripted" and (asked is None or said is None or asked[1] != said[1]):
                    seen.faults.append(f"{own}: a line got the answer to another")


def grown(memory: Sequence[tuple[float, float]], seconds: float) -> tuple[float, float]:
    """Return the resident memory in the first and in the last half of the time after warming up, in MB."""
    warm = [megabytes for at, megabytes in memory if at > seconds * WARMING_UP]
    half = len(warm) // 2
    return median(warm[:half]), median(warm[half:])


def soak(kind: str, count: int, seconds: float) -> list[str]:
    """Soak one app and report; return what was found."""
    seen = Seen()
    with tempfile.TemporaryDirectory(prefix="rehearse-soak-") as folder:
        with running(kind, Path(folder)) as app:
            asyncio.run(soaked(app, count, seconds, seen))
            kept(app, kind, seen)
            terminal = app.log.read_text(encoding="utf-8")
        if len(terminal.splitlines()) > 3:
            seen.faults.append(f"the app said on its terminal: {terminal.splitlines()[3]}")
    if len(seen.memory) < 9:
        return [*seen.faults, "the memory could not be followed"]
    before, after = grown(seen.memory, seconds)
    if after - before > max(GROWTH_MB, GROWTH_SHARE * before):
        seen.faults.append(f"the memory grew from {before:.0f} to {after:.0f} MB")
    if not any(place > 0 for place in seen.places):
        seen.faults.append("nobody ever waited, so nothing is known of the line")
    print(f"{count} rehearsals at once on the {kind} voice, {seconds / 60:g} minutes")
    middle = f"{median(seen.waits):.1f}" if seen.waits else "?"
    print(f"  talks: {seen.talks}, answers: {seen.answers}; from sending to the end of his answer: {middle} s in the middle")
    print(f"  resident memory, first and last half after warming up: {before:.0f} and {after:.0f} MB")
    print(f"  places in the line that were told: {sum(seen.places.values())}, the furthest {max(seen.places, default=0) + 1}")
    for each in seen.faults[:20]:
        print(f"  FOUND: {each}")
    print("  nothing was found" if not seen.faults else f"  {len(seen.faults)} things were found", flush=True)
    return seen.faults


def main() -> int:
    """Soak both voices."""
    if sys.argv[1:2] == ["--serve"]:
        return served(sys.argv[2], int(sys.argv[3]))
    seconds = 60 * float(os.environ.get("SOAK_MINUTES", "10"))
    found = soak("scripted", SCRIPTED, seconds) + soak("real", REAL, seconds)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
