"""A place for a voice in which another one can stand while the app runs.

Whoever speaks holds on to the voice that stood there when he began, so an answer is never given by two; a voice that was
exchanged is closed once nobody holds on to it any more. Where the memory does not hold both, the old one goes before the new
one is loaded, and comes back if that fails.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Condition, Event

from rehearse.errors import RehearseError, VoiceError
from rehearse.voice.fit import TooBig
from rehearse.voice.voice import Count, Enough, Message, Sampling, Voice

# How long an answer in progress is waited for, where the old voice has to go first.
PATIENCE = 180.0


class Exchange:
    """A voice to everybody who uses it."""

    def __init__(self, voice: Voice) -> None:
        """Let a voice stand here."""
        self._voice: Voice | None = voice
        self._last = voice
        self._users: dict[Voice, int] = {}
        self._changed = Condition()

    @classmethod
    def over(cls, voice: Voice) -> "Exchange":
        """Return the place a voice is, or one in which it stands."""
        return voice if isinstance(voice, Exchange) else cls(voice)

    # -- as a voice --------------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name of the voice that stands here."""
        return self._last.name

    @property
    def tuned(self) -> bool:
        """Whether the voice that stands here was tuned for its part."""
        return self._last.tuned

    @property
    def count(self) -> Count:
        """What the last answer of the voice that stands here cost."""
        return self._last.count

    @property
    def context(self) -> int:
        """How many tokens prompt and answer may take together."""
        return self._last.context

    def stream(self, prompt: Sequence[Message], sampling: Sampling, stop: Event) -> Iterator[str]:
        """Yield an answer of the voice that stands here now.

        :raises VoiceError: if it cannot answer.
        """
        with self.lent() as voice:
            yield from voice.stream(prompt, sampling, stop)

    def several(
        self, prompt: Sequence[Message], samplings: Sequence[Sampling], stop: Event, enough: Enough | None = None
    ) -> list[list[str]]:
        """Return several answers of the voice that stands here now.

        :raises VoiceError: if it cannot answer.
        """
        with self.lent() as voice:
            return voice.several(prompt, samplings, stop, enough)

    def tokens(self, prompt: Sequence[Message]) -> int:
        """Return how many tokens a prompt takes."""
        with self.lent() as voice:
            return voice.tokens(prompt)

    def close(self) -> None:
        """Close the voice that stands here."""
        self._last.close()

    # -- exchanging --------------------------------------------------------------------------------------------------------

    @contextmanager
    def lent(self) -> Iterator[Voice]:
        """Lend the voice that stands here, and keep it from being closed meanwhile; waits while another is on its way."""
        with self._changed:
            while self._voice is None:
                self._changed.wait()
            voice = self._voice
            self._users[voice] = self._users.get(voice, 0) + 1
        try:
            yield voice
        finally:
            with self._changed:
                self._users[voice] -= 1
                unused = not self._users[voice]
                if unused:
                    del self._users[voice]
                gone = unused and voice is not self._voice and voice is not self._last
                self._changed.notify_all()
            if gone:
                voice.close()

    def put(self, open_: Callable[[], Voice], back: Callable[[], Voice]) -> None:
        """Let another voice stand here.

        :param open_: loads it.
        :param back: loads the old one again, if it had to go first and the other could not be loaded after all.
        :raises VoiceError: if the other cannot be loaded; the old one then stays, or is back.
        """
        try:
            other = open_()
        except TooBig as error:
            # Only worth the wait if it fits once the old one has gone.
            if error.needed > error.free + int(getattr(self._last, "held", 0)):
                raise
            other = self._after_the_old_one(open_, back)
        self._stand(other)

    def _stand(self, voice: Voice) -> None:
        with self._changed:
            old, self._voice, self._last = self._voice, voice, voice
            unused = old is not None and old not in self._users
            self._changed.notify_all()
        # Otherwise whoever holds on to it last closes it.
        if old is not None and unused:
            old.close()

    def _after_the_old_one(self, open_: Callable[[], Voice], back: Callable[[], Voice]) -> Voice:
        until = time.monotonic() + PATIENCE
        with self._changed:
            # Nobody new is lent it; whoever has it finishes.
            old, self._voice = self._voice, None
            while self._users:
                if not self._changed.wait(until - time.monotonic()):
                    self._voice = old
                    self._changed.notify_all()
                    raise VoiceError("He is still answering, so his voice was not changed.", "Try again when he has finished.")
        self._last.close()
        try:
            return open_()
        except RehearseError:
            self._stand(back())
            raise


@contextmanager
def held(voice: Voice) -> Iterator[Voice]:
    """Hold on to a voice for a whole answer: the one that stands in a place now, or the voice itself."""
    if isinstance(voice, Exchange):
        with voice.lent() as lent:
            yield lent
    else:
        yield voice
