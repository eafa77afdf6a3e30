"""What speaks for the son: one protocol for a model in process, a server, and the scripted one of the tests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt, in the roles every chat model knows."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How freely words are drawn. ``most`` is the greatest number of new tokens; ``seed`` makes a draw repeatable.

    What is kept of an earlier prompt shifts the last digits of what the voice computes, and with them the words; ``afresh``
    reads the whole prompt anew, so that a seed gives the same words whatever was said before.
    """

    temperature: float = 0.7
    top_p: float = 0.9
    min_p: float = 0.05
    repeat_penalty: float = 1.1
    most: int = 96
    seed: int | None = None
    afresh: bool = False


@dataclass(slots=True)
class Count:
    """What one answer cost: tokens of the prompt, how many of them had to be read anew, and tokens written."""

    prompt: int = 0
    read: int = 0
    written: int = 0


class Voice(Protocol):
    """Whatever can go on from a prompt."""

    name: str
    tuned: bool
    count: Count

    def stream(self, prompt: Sequence[Message], sampling: Sampling, stop: Event) -> Iterator[str]:
        """Yield the answer as it is written; ends early, without an error, once ``stop`` is set.

        :raises VoiceError: if the voice cannot answer.
        """
        ...

    def tokens(self, prompt: Sequence[Message]) -> int:
        """Return how many tokens a prompt takes (an estimate where the voice cannot count)."""
        ...

    @property
    def context(self) -> int:
        """How many tokens prompt and answer may take together."""
        ...

    def close(self) -> None:
        """Give back the memory; the voice is not used afterwards."""
        ...
