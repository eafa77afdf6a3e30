"""A voice that says what it was given: the double of the tests and of the generated screenshots' text."""

from collections import deque
from collections.abc import Iterator, Sequence
from threading import Event

from rehearse.errors import VoiceError
from rehearse.voice.voice import Count, Enough, Message, Sampling, one_by_one


class ScriptedVoice:
    """Answers from a queue and remembers every prompt."""

    def __init__(self, *answers: str, tuned: bool = True) -> None:
        """Queue answers."""
        self.name = "scripted"
        self.tuned = tuned
        self.count = Count()
        self.context = 4096
        self.prompts: list[list[Message]] = []
        self.samplings: list[Sampling] = []
        self._answers = deque(answers)

    def enqueue(self, *answers: str) -> None:
        """Queue more answers."""
        self._answers.extend(answers)

    def stream(self, prompt: Sequence[Message], sampling: Sampling, stop: Event) -> Iterator[str]:
        """Yield the next answer word by word.

        :raises VoiceError: if the queue is empty.
        """
        self.prompts.append(list(prompt))
        self.samplings.append(sampling)
        if not self._answers:
            raise VoiceError("The scripted voice has nothing left to say.", "Queue more answers.")
        words = self._answers.popleft().split(" ")
        self.count = Count(prompt=self.tokens(prompt), read=self.tokens(prompt))
        for number, word in enumerate(words):
            if stop.is_set():
                return
            self.count.written += 1
            yield word if number == 0 else f" {word}"

    def several(
        self, prompt: Sequence[Message], samplings: Sequence[Sampling], stop: Event, enough: Enough | None = None
    ) -> list[list[str]]:
        """Return several answers to one prompt, one after the other."""
        return one_by_one(self, prompt, samplings, stop, enough)

    def tokens(self, prompt: Sequence[Message]) -> int:
        """Return the number of words."""
        return sum(len(each.content.split()) for each in prompt)

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""
