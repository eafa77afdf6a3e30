"""His answer: prompt, voice, guard."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Event

from rehearse.errors import VoiceError
from rehearse.scenario import Scenario
from rehearse.son import examples, prompt
from rehearse.son.act import Hearer
from rehearse.son.choice import Chosen, Source, choose, choose_written, numbers
from rehearse.son.everyday import Everyday
from rehearse.son.guard import Guard, finished_sentences
from rehearse.son.ledger import Ledger
from rehearse.son.ranker import Ranker
from rehearse.tone.encoder import Embedder
from rehearse.turn import Turn
from rehearse.voice.exchange import held
from rehearse.voice.voice import Message, Sampling, Voice

# How often an answer is tried again, unseen by her, before a safe line is said instead.
TRIES = 3


@dataclass(frozen=True, slots=True)
class _Moment:
    """Where he is asked for an answer: the talk up to her line, who answers, how it is drawn, and what holds it back."""

    voice: Voice
    scenario: Scenario
    path: Sequence[Turn]
    template: prompt.Template
    sampling: Sampling
    guard: Guard
    stop: Event

    def asked(self) -> list[Message]:
        """Return the prompt, as much of the talk as the voice can keep in mind."""
        return prompt.fitted(self.scenario, self.path, self.template, self.voice)


class Son:
    """Speaks as him, through whatever voice there is."""

    def __init__(self, voice: Voice, ranker: Ranker | None = None, everyday: Everyday | None = None) -> None:
        """Use a voice.

        :param ranker: with it, a small tuned voice thinks of several answers and says the one that fits best; for another voice
            its encoder finds examples that are near to the scene.
        :param everyday: with it and the ranker, a small tuned voice says what is written for her line, where anything is.
        """
        self.voice = voice
        self.ranker = ranker
        self.everyday = everyday
        # What hears what a line of hers does; until it is there, rules tell.
        self.hearer: Hearer | None = None
        self._examples = examples.Nearest(None)
        self.refused: list[str] = []
        self.source: Source = "thought"

    @classmethod
    def with_choice(cls, voice: Voice, embedder: Embedder | None) -> "Son":
        """Return one who has what :meth:`bring` loads; without an encoder, one who has it not yet.

        :raises RehearseError: if a file of it cannot be had.
        """
        son = cls(voice)
        if embedder is not None:
            son.bring(embedder)
        return son

    def bring(self, embedder: Embedder) -> None:
        """Load what a small tuned voice chooses its answers by, as it is carried with the app.

        :raises RehearseError: if a file of it cannot be had.
        """
        self.ranker, self.everyday = Ranker.load(embedder), Everyday.load(embedder)

    def reply(
        self,
        scenario: Scenario,
        path: Sequence[Turn],
        stop: Event,
        *,
        seed: int | None = None,
        keep: bool = False,
    ) -> Iterator[str]:
        """Yield his answer to the last turn of a path, sentence by sentence, each passed by the guard.

        :param path: the talk so far; its last turn is hers, or the path is empty and he opens.
        :param stop: once set, the answer ends where it is.
        :param seed: makes the answer repeatable with the same voice, which then reads the whole talk anew.
        :param keep: reads only what is new all the same; two answers from one moment are then drawn alike.
        :raises VoiceError: if the voice cannot answer.
        """
        # The same one throughout, though another should take its place meanwhile.
        with held(self.voice) as voice:
            yield from self._reply(voice, scenario, path, stop, seed=seed, keep=keep)

    def _reply(
        self, voice: Voice, scenario: Scenario, path: Sequence[Turn], stop: Event, *, seed: int | None, keep: bool
    ) -> Iterator[str]:
        chosen = self._template(voice, scenario)
        openness = path[-1].openness if path else scenario.openness
        guard = Guard(
            [turn.text for turn in path if turn.speaker == "mother"],
            [turn.text for turn in path if turn.speaker == "son"],
            ledger=Ledger.of(scenario, path),
            openness=openness,
        )
        first = random.SystemRandom().randrange(2**31) if seed is None else seed
        sampling = replace(chosen.sampling, seed=first, afresh=seed is not None and not keep)
        self.refused, self.source = [], "thought"
        moment = _Moment(voice, scenario, path, chosen, sampling, guard, stop)
        if self.ranker is not None and voice.tuned and path:
            found = self._chosen(self.ranker, moment)
            if not stop.is_set():
                self.source = found.source
                yield found.text or guard.safe(openness)
            return
        asked = moment.asked()
        for attempt in range(TRIES):
            spoken = False
            for piece in self._guarded(voice.stream(asked, replace(sampling, seed=first + attempt), stop), stop, guard):
                spoken = True
                yield piece
            if spoken or stop.is_set():
                return
        yield guard.safe(openness)

    def _chosen(self, ranker: Ranker, moment: _Moment) -> Chosen:
        """Return what is written for her line, without asking the voice; if nothing is, the best of what he thought of."""
        hers, his = moment.path[-1], [turn.text for turn in moment.path if turn.speaker == "son"]
        chance = random.Random(moment.sampling.seed)
        if self.everyday is not None:
            written = self.everyday.answers(hers.text, hers.openness, moment.scenario.son, his)
            found = choose_written(ranker, hers, written, moment.guard, chance, his)
            if found.text:
                return found
        thoughts = self._thoughts(moment)
        if moment.stop.is_set():
            return Chosen("")
        acts = self._heard(hers.text, his[-1] if his else "")
        return choose(ranker, hers, moment.scenario.son.temperament, thoughts, moment.guard, chance, his, acts)

    def _heard(self, line: str, last: str) -> Mapping[str, float] | None:
        """Return what a line of hers may do; ``None`` where that cannot be heard now."""
        if self.hearer is None:
            return None
        try:
            return self.hearer.acts(line, last)
        except VoiceError:
            return None

    def _template(self, voice: Voice, scenario: Scenario) -> prompt.Template:
        """Return how to ask: our own voice as it learnt, another one in plain words and with examples of how sons answer."""
        if voice.tuned:
            return prompt.template("tuned")
        plain = prompt.template("plain")
        if voice.context < examples.LEAST_CONTEXT:
            return plain
        embedder = self.ranker.embedder if self.ranker else None
        if self._examples.embedder is not embedder:
            self._examples = examples.Nearest(embedder)
        return examples.shown(plain, self._examples.to(scenario))

    def _thoughts(self, moment: _Moment) -> list[str]:
        """Return several different whole answers that break no rule."""
        guard, stop, seed = moment.guard, moment.stop, moment.sampling.seed or 0
        draws = [replace(moment.sampling, seed=seed + number) for number in range(numbers().thoughts)]

        def enough(text: str) -> bool:
            return guard.broken(text) is not None or guard.full(finished_sentences(text), numbers().most_sentences)

        found: dict[str, None] = {}
        for pieces in moment.voice.several(moment.asked(), draws, stop, enough):
            text = "".join(self._guarded(iter(pieces), stop, guard)).strip()
            # While it grew, the last word of all was never looked at: it might not have been whole.
            if text and guard.broken(text, whole=True) is None:
                found.setdefault(text)
        return list(found)

    def _guarded(self, pieces: Iterator[str], stop: Event, guard: Guard) -> Iterator[str]:
        """Yield the finished sentences of an answer, up to one that breaks a rule; of a voice that breaks off, all it said."""
        text, shown = "", ""
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
        except VoiceError:
            rest = text.rstrip()
            if len(rest) > len(shown) and not guard.broken(rest, whole=True):
                yield rest[len(shown) :]
            raise
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
