"""A voice behind an OpenAI-compatible server (llama.cpp's, Ollama, vLLM)."""

import json
from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any

from rehearse.errors import VoiceError
from rehearse.voice.voice import Count, Enough, Message, Sampling, one_by_one

# Characters a token of English takes on the average; a server does not say how it counts.
CHARACTERS_A_TOKEN = 3.5
CONTEXT = 8192
_PATIENCE = 60.0
_DONE = "data: [DONE]"
# How often a stop is looked for while the server says nothing.
_GLANCE = 0.05


class EndpointVoice:
    """Speaks through ``POST <address>/chat/completions`` with streaming."""

    def __init__(self, address: str, model: str = "") -> None:
        """Remember the server; nothing is asked of it yet.

        :param address: up to and with ``/v1``; a bare host gets ``/v1`` added.
        :param model: the model's name, where the server serves several.
        """
        address = address.rstrip("/")
        self.address = address if address.endswith("/v1") else f"{address}/v1"
        self.model = model
        self.name = f"{model or 'model'} at {self.address}"
        self.tuned = False
        self.count = Count()

    @property
    def context(self) -> int:
        """How many tokens prompt and answer may take together: an assumption, on the safe side for today's models."""
        return CONTEXT

    def tokens(self, prompt: Sequence[Message]) -> int:
        """Return an estimate of how many tokens a prompt takes."""
        return int(sum(len(each.content) + 12 for each in prompt) / CHARACTERS_A_TOKEN)

    def stream(self, prompt: Sequence[Message], sampling: Sampling, stop: Event) -> Iterator[str]:
        """Yield the answer as it comes; ends early, without an error, once ``stop`` is set.

        :raises VoiceError: if the server cannot be reached or answers with an error.
        """
        body = {
            "model": self.model or "default",
            "messages": [{"role": each.role, "content": each.content} for each in prompt],
            "stream": True,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.most,
        }
        if sampling.seed is not None:
            body["seed"] = sampling.seed
        self.count = Count(prompt=self.tokens(prompt), read=self.tokens(prompt))
        # Read in a thread: a server may read a long prompt for a minute before its first line, and a stop must not wait for it.
        lines: SimpleQueue[str | VoiceError | None] = SimpleQueue()
        gone = Event()
        Thread(target=self._read, args=(body, lines, gone), name="rehearse-endpoint", daemon=True).start()
        answered = False
        line: str | VoiceError | None = ""
        try:
            while not stop.is_set():
                try:
                    line = lines.get(timeout=_GLANCE)
                except Empty:
                    continue
                if isinstance(line, VoiceError):
                    raise line
                if line is None or line.strip() == _DONE:
                    break
                answered = answered or line.startswith("data:")
                piece = _piece(line)
                if piece:
                    self.count.written += 1
                    yield piece
        finally:
            gone.set()
        if not answered and line is None:
            raise _not_an_answer()

    def several(
        self, prompt: Sequence[Message], samplings: Sequence[Sampling], stop: Event, enough: Enough | None = None
    ) -> list[list[str]]:
        """Return several answers to one prompt, one after the other."""
        return one_by_one(self, prompt, samplings, stop, enough)

    def _read(self, body: dict[str, Any], lines: "SimpleQueue[str | VoiceError | None]", gone: Event) -> None:
        """Put every line of the answer into a queue, then ``None``; ends, and with it the connection, once ``gone`` is set."""
        import httpx

        try:
            with (
                httpx.Client(timeout=_PATIENCE, trust_env=False) as client,
                client.stream("POST", f"{self.address}/chat/completions", json=body) as response,
            ):
                if response.status_code != httpx.codes.OK:
                    lines.put(
                        VoiceError(
                            f"The server at {self.address} answered with error {response.status_code}.",
                            "Check that it serves a chat model and that REHEARSE_VOICE_MODEL names one it has.",
                        )
                    )
                    return
                for line in response.iter_lines():
                    if gone.is_set():
                        return
                    lines.put(line)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            unreachable = VoiceError(
                f"The server at {self.address} cannot be reached.", "Start it, or set REHEARSE_VOICE to `embedded`."
            )
            unreachable.__cause__ = error
            lines.put(unreachable)
        finally:
            lines.put(None)

    def close(self) -> None:
        """Do nothing: connections end with each answer."""


def _piece(line: str) -> str:
    """Return the text of one server-sent event; empty if it carries none."""
    if not line.startswith("data:"):
        return ""
    try:
        event = json.loads(line[5:])
        if "error" in event:
            raise VoiceError("The server broke its answer off with an error.", "Its own log says why.")
        piece = (event.get("choices") or [{}])[0].get("delta", {}).get("content") or ""
    except (ValueError, AttributeError, LookupError, TypeError) as error:
        raise _not_an_answer() from error
    if not isinstance(piece, str):
        raise _not_an_answer()
    return piece


def _not_an_answer() -> VoiceError:
    return VoiceError("The server sent something that is not an answer.", "Check that its address ends in /v1.")
