"""His answer: prompt, voice, guard."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from threading import Event

from rehearse.scenario import Scenario
from rehearse.son import prompt
from rehearse.son.guard import Guard, finished_sentences
from rehearse.turn import Turn
from rehearse.voice.voice import Message, Sampling, Voice

# How often an answer is tried again, unseen by her, before a safe line is said instead.
TRIES = 3


class Son:
    """Speaks as him, through whatever voice there is."""

    def __init__(self, voice: Voice) -> None:
        """Use a voice."""
        self.voice = voice
        self.refused: list[str] = []

    def reply(self, scenario: Scenario, path: Sequence[Turn], stop: Event, *, seed: int | None = None) -> Iterator[str]:
        """Yield his answer to the last turn of a path, sentence by sentence, each passed by the guard.

        A first sentence that breaks a rule is thrown away unseen and tried again; a later one ends the answer before it.

        :param path: the talk so far; its last turn is hers, or the path is empty and he opens.
        :param stop: once set, the answer ends where it is.
        :param seed: makes the answer repeatable with the same voice, which then reads the whole talk anew.
        :raises VoiceError: if the voice cannot answer.
        """
        chosen = prompt.template("tuned" if self.voice.tuned else "plain")
        asked = prompt.fitted(scenario, path, chosen, self.voice)
        openness = path[-1].openness if path else scenario.openness
        guard = Guard(
            [turn.text for turn in path if turn.speaker == "mother"], [turn.text for turn in path if turn.speaker == "son"]
        )
        first = random.SystemRandom().randrange(2**31) if seed is None else seed
        self.refused = []
        for attempt in range(TRIES):
            said = False
            sampling = replace(chosen.sampling, seed=first + attempt, afresh=seed is not None)
            for piece in self._guarded(asked, sampling, stop, guard):
                said = True
                yield piece
            if said or stop.is_set():
                return
        yield guard.safe(openness)

    def _guarded(self, asked: list[Message], sampling: Sampling, stop: Event, guard: Guard) -> Iterator[str]:
        text, shown = "", ""
        pieces = self.voice.stream(asked, sampling, stop)
        try:
            for piece in pieces:
                before, text = text, (text + piece).lstrip()
                broken = guard.broken(text)
                if broken:
                    self.refused.append(broken)
                    # The sentences that were finished before this piece came broke nothing.
                    ready = finished_sentences(before)
                    if len(ready) > len(shown):
                        yield ready[len(shown) :]
                    return
                ready = finished_sentences(text)
                # The last sentence may still grow a closing quote; it is shown once something follows it.
                if len(ready) > len(shown) and len(text) > len(ready):
                    yield ready[len(shown) :]
                    shown = ready
                if guard.full(shown):
                    return
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()
        rest = text.rstrip()
        if not shown and (broken := guard.broken(rest, whole=True)):
            self.refused.append(broken)
            return
        if stop.is_set() or guard.full(shown) or len(rest) <= len(shown):
            return
        cut_short = len(text.split()) >= guard.rules.longest_words or not rest.endswith((".", "!", "?", "…", "”", '"', "’", ")"))
        if not (cut_short and shown):
            yield rest[len(shown) :]
