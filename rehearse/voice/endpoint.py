"""A voice behind an OpenAI-compatible server (llama.cpp's, Ollama, vLLM).

Unlike a model in this process it has no lock: as many talks as the server bears are answered side by side, each over a
connection of its own. Each is read in a thread of its own too, since a server may read a long prompt for a minute before its
first word, and a stop must not wait for it: it closes the connection, by which the server knows.
"""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any

from rehearse import settings
from rehearse.errors import VoiceError
from rehearse.voice.server import Patience, Server
from rehearse.voice.voice import Count, Enough, Message, Sampling, one_by_one

# Characters a token of English takes on the average; a server does not say how it counts.
CHARACTERS_A_TOKEN = 3.5
_DONE = "[DONE]"
# How often a stop is looked for while the server says nothing.
_GLANCE = 0.05
# Under these names servers stream what a model thinks to itself before it answers.
_THOUGHTS = ("reasoning_content", "reasoning")


class EndpointVoice:
    """Speaks through ``POST <address>/chat/completions`` with streaming, for any number of talks at once."""

    def __init__(self, address: str, model: str = "", *, key: str = "", patience: Patience | None = None) -> None:
        """Remember the server; nothing is asked of it yet.

        :param address: up to and with ``/v1``; a bare host gets ``/v1`` added.
        :param model: the model's name; if it is left out, the first one the server names.
        :param key: sent with every request, where the server wants one.
        :raises VoiceError: if this is no address.
        """
        self.server = Server(address, key=key, patience=patience)
        self.model = model
        self.tuned = False
        self.count = Count()

    @property
    def address(self) -> str:
        """Where the server is, without what may be secret in it."""
        return self.server.address

    @property
    def name(self) -> str:
        """The model, as far as it is known, and where it is."""
        return f"{self.model or next(iter(self.server.models), 'model')} at {self.address}"

    @property
    def context(self) -> int:
        """How many tokens prompt and answer may take together: a server cuts a longer one at its head, and does not say so."""
        return settings.context()

    def tokens(self, prompt: Sequence[Message]) -> int:
        """Return an estimate of how many tokens a prompt takes."""
        return int(sum(len(each.content) + 12 for each in prompt) / CHARACTERS_A_TOKEN)

    def stream(self, prompt: Sequence[Message], sampling: Sampling, stop: Event) -> Iterator[str]:
        """Yield the answer as it comes; ends early, without an error, once ``stop`` is set.

        :raises VoiceError: if the server cannot be reached, answers with an error, or breaks off.
        """
        body: dict[str, Any] = {
            "messages": [{"role": each.role, "content": each.content} for each in prompt],
            "stream": True,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.most,
        }
        if sampling.seed is not None:
            body["seed"] = sampling.seed
        # Other talks are answered meanwhile, so it is counted here and shown as the latest.
        count = self.count = Count(prompt=self.tokens(prompt), read=self.tokens(prompt))
        if stop.is_set():
            return
        answered = thought = finished = False
        asked = _Asked(self.server, body, self.model)
        try:
            for line in asked.lines(stop):
                if not line.startswith("data:"):
                    continue
                answered = True
                if line[5:].strip() == _DONE:
                    finished = True
                    break
                event = self._event(line)
                finished, thought = finished or event.last, thought or event.thought
                if event.text:
                    count.written += 1
                    yield event.text
        finally:
            asked.close()
        if stop.is_set():
            return
        if not answered:
            raise self.server.not_an_answer()
        if not finished:
            raise self.server.broke_off()
        if thought and not count.written:
            raise VoiceError(
                "The model at {address} thinks to itself for longer than an answer may be, and says nothing.",
                "Choose one that answers at once, or switch its thinking off on the server.",
                address=self.address,
            )

    def several(
        self, prompt: Sequence[Message], samplings: Sequence[Sampling], stop: Event, enough: Enough | None = None
    ) -> list[list[str]]:
        """Return several answers to one prompt, one after the other."""
        return one_by_one(self, prompt, samplings, stop, enough)

    def _event(self, line: str) -> "_Piece":
        """Return what one server-sent event holds."""
        try:
            event = json.loads(line[5:])
            if "error" in event:
                # What it says of the error may be words of the talk.
                raise VoiceError(
                    "The server at {address} broke its answer off with an error.", "Its own log says why.", address=self.address
                )
            choice = (event.get("choices") or [{}])[0]
            delta = choice.get("delta", {})
            text = delta.get("content") or ""
            piece = _Piece(text, bool(choice.get("finish_reason")), any(delta.get(name) for name in _THOUGHTS))
        except (ValueError, AttributeError, LookupError, TypeError) as error:
            raise self.server.not_an_answer() from error
        if not isinstance(text, str):
            raise self.server.not_an_answer()
        return piece

    def close(self) -> None:
        """Do nothing: connections end with each answer."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """What one event of a stream holds: words, whether they are the last, and whether the model thought to itself."""

    text: str
    last: bool
    thought: bool


class _Asked:
    """An answer that was asked for: its lines, read in a thread until it ends or nobody wants it any more."""

    def __init__(self, server: Server, body: dict[str, Any], model: str) -> None:
        """Ask for it."""
        self._server = server
        self._lines: SimpleQueue[str | VoiceError | None] = SimpleQueue()
        self._unwanted = Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reading: asyncio.Task[None] | None = None
        Thread(target=self._run, args=(body, model), name="rehearse-endpoint", daemon=True).start()

    def lines(self, stop: Event) -> Iterator[str]:
        """Yield the lines as they come, until the answer ends or ``stop`` is set.

        :raises VoiceError: if it fails, or no line of it has come for too long. What only keeps the connection open is not one.
        """
        patience = self._server.patience.silence
        until = time.monotonic() + patience
        while not stop.is_set():
            try:
                line = self._lines.get(timeout=_GLANCE)
            except Empty:
                if time.monotonic() > until:
                    raise self._server.silent() from None
                continue
            if isinstance(line, VoiceError):
                raise line
            if line is None:
                return
            if line.startswith("data:"):
                until = time.monotonic() + patience
            yield line

    def close(self) -> None:
        """Close the connection, at once and wherever it is."""
        self._unwanted.set()
        if self._loop is not None and self._reading is not None:
            # A loop that has ended has closed it already.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._reading.cancel)

    def _run(self, body: dict[str, Any], model: str) -> None:
        try:
            with suppress(asyncio.CancelledError):
                asyncio.run(self._read(body, model))
        finally:
            self._lines.put(None)

    async def _read(self, body: dict[str, Any], model: str) -> None:
        self._reading = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        # Closed before it could be told to: whoever closes sees the loop, or this sees that nobody waits.
        if self._unwanted.is_set():
            return
        try:
            async for line in self._server.answer(body, model):
                self._lines.put(line)
        except VoiceError as error:
            self._lines.put(error)
