"""What speaks for the son: one protocol for a model in process, a server, and the scripted one of the tests."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Literal, Protocol

# Where a sign of some model's chat form begins: <|im_start|>, </s>, <start_of_turn>, [INST] and their like. With a space after
# the bracket it is read as letters, so nobody's words can begin a message of their own in the prompt.
_SIGN = re.compile(r"<(?=[|/]?\w+\|?>)|\[(?=/?[A-Z_]{3,}\])")


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt, in the roles every chat model knows."""

    role: Literal["system", "user", "assistant"]
    content: str

    def __post_init__(self) -> None:
        """Take the force from whatever a model would read as the end of a message, and not as words in it."""
        object.__setattr__(self, "content", _SIGN.sub(r"\g<0> ", self.content))


@dataclass(frozen=True, slots=True)
class Sampling:
    """How freely words are drawn. ``most`` is the greatest number of new tokens; ``seed`` makes a draw repeatable.

    What is kept of an earlier prompt shifts the last digits of what the voice computes, and with them the words; ``afresh``
    reads the whole prompt anew, so that a seed gives the same words whatever was said before. ``aside`` asks something that is no
    part of the talk: what is kept of the talk's prompt stays kept, so that his next answer need not read it again.
    """

    temperature: float = 0.7
    top_p: float = 0.9
    min_p: float = 0.05
    repeat_penalty: float = 1.1
    most: int = 96
    seed: int | None = None
    afresh: bool = False
    aside: bool = False


@dataclass(slots=True)
class Count:
    """What one answer cost: tokens of the prompt, how many of them had to be read anew, and tokens written."""

    prompt: int = 0
    read: int = 0
    written: int = 0


# Whether an answer may end where it is.
Enough = Callable[[str], bool]


class Voice(Protocol):
    """Whatever can go on from a prompt."""

    @property
    def name(self) -> str:
        """What people read of it."""
        ...

    @property
    def tuned(self) -> bool:
        """Whether it was tuned for its part here."""
        ...

    @property
    def count(self) -> Count:
        """What its last answer cost."""
        ...

    def stream(self, prompt: Sequence[Message], sampling: Sampling, stop: Event) -> Iterator[str]:
        """Yield the answer as it is written; ends early, without an error, once ``stop`` is set.

        :raises VoiceError: if the voice cannot answer.
        """
        ...

    def several(
        self, prompt: Sequence[Message], samplings: Sequence[Sampling], stop: Event, enough: "Enough | None" = None
    ) -> list[list[str]]:
        """Return several answers to one prompt, each in the pieces it came in.

        :param samplings: how each is drawn.
        :param stop: once set, the answers end where they are.
        :param enough: given an answer so far, says whether it may end there.
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


def one_by_one(
    voice: Voice, prompt: Sequence[Message], samplings: Sequence[Sampling], stop: Event, enough: Enough | None
) -> list[list[str]]:
    """Return several answers of a voice that can only give one at a time."""
    found = []
    for sampling in samplings:
        pieces: list[str] = []
        answer = voice.stream(prompt, sampling, stop)
        try:
            for piece in answer:
                pieces.append(piece)
                if enough is not None and enough("".join(pieces)):
                    break
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()
        found.append(pieces)
        if stop.is_set():
            break
    return found
