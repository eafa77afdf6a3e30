"""A GGUF model in this process, through llama.cpp.

llama.cpp's contexts are not safe for two callers, and a generator that was cancelled may still be inside the native call.
So every call goes through one lock of the process, held until the answer is finished, stopped or dropped, and a stop
reaches into llama.cpp itself through its abort callback: reading a long prompt ends at once too.

Two contexts stand over the same weights: one for talks, and a small one for what is asked aside (a line reworded), which
so never pushes out what he has read of the talk.
"""

import codecs
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import Event, Lock

from rehearse import settings
from rehearse.errors import VoiceError
from rehearse.voice.strands import SPARE, WIDTH, Broken, Strands
from rehearse.voice.voice import Count, Enough, Message, Sampling
from rehearse.voice.weights import NotAModel, Weights, shares

_CALLS = Lock()
# Enough for a long line of hers and its rewordings; what does not fit is asked in the talk's context.
ASIDE = 768
# The tuned voice reads talks of the length it learnt from (`longest` in prompts/son.toml). This is enough for one of them, and
# for a letter of hers; a larger context would only take memory, 23 KB a token.
TUNED = 1024
# An answer has at least this much room.
_LEAST = 16


class OneWay(VoiceError):
    """A model cannot go back to an earlier place of a talk, which is half of what is done here."""

    def __init__(self, name: str) -> None:
        """Name its file."""
        super().__init__(
            "The voice {name} is built in a way that lets no talk be played again from an earlier place.",
            "Choose another voice.",
            name=name,
        )


class LlamaVoice:
    """A voice that runs here. Build it with :meth:`load`."""

    def __init__(self, weights: Weights, name: str, *, tuned: bool) -> None:
        """Speak with loaded weights.

        :raises NotAModel: if there is not enough memory for a context.
        """
        self.name = name
        self.tuned = tuned
        self.count = Count()
        self._weights = weights
        self._threads = settings.threads()
        # A model told more than it learnt to keep in mind writes nonsense.
        context = min(settings.context(), weights.trained, TUNED if tuned else weights.trained)
        self._talks = Strands(weights, context=context, threads=self._threads)
        self._aside: Strands | None = None
        self._form = weights.form()
        # Held while a prompt is cut into tokens, which needs no turn: the weights must not be exchanged meanwhile.
        self._cutting = Lock()
        # A talk that has outgrown the context is measured turn by turn at each answer, and its turns do not change.
        self._short = lru_cache(4096)(self._measured)
        # What was measured to see whether it fits is what is then asked: a long talk is cut into tokens once.
        self._recent = lru_cache(2)(self._cut)

    @classmethod
    def load(cls, model: Path, *, adapter: Path | None = None, name: str = "", tuned: bool = False) -> "LlamaVoice":
        """Load a GGUF file.

        :param adapter: our adapter, if the file is the embedded voice as it comes.
        :param tuned: whether our adapter is already in the file.
        :raises VoiceError: if the file is not a model llama.cpp can load, there is not enough memory for it, or it is built in a
            way that does not serve here.
        """
        tried: NotAModel | None = None
        for share in shares():
            weights = None
            try:
                weights = Weights(model, adapter, share=share)
                if not weights.turns_back:
                    raise OneWay(model.name)
                return cls(weights, name or model.stem, tuned=tuned or adapter is not None)
            except (NotAModel, VoiceError) as error:
                if weights is not None:
                    weights.close()
                if isinstance(error, VoiceError):
                    raise
                # A graphics card may have too little memory where the computer has enough.
                tried = error
        raise VoiceError(
            "The voice {name} could not be loaded.",
            "The file may be damaged, or this computer may not have enough free memory for it; the embedded voice needs 0.3 GB.",
            name=model.name,
        ) from tried

    def one_word(self) -> None:
        """Read a word and write one, to see whether that can be done at all.

        :raises VoiceError: if it cannot.
        """
        with _CALLS:
            try:
                for _ in self._talks.draw(self._weights.tokenize("Hello.")[:32], [Sampling(temperature=0.0)], Event(), set(), 1):
                    break
            except (Broken, NotAModel) as error:
                raise VoiceError("The voice {name} cannot write.", "Choose another voice.", name=self.name) from error

    @property
    def adapted(self) -> bool:
        """Whether our adapter lies on top of the file, and is not merged into it."""
        return bool(self._weights.adapter)

    @property
    def held(self) -> int:
        """How many bytes of memory come free, at the least, when it is closed."""
        return self._weights.bytes

    @property
    def context(self) -> int:
        """How many tokens prompt and answer may take together."""
        return self._talks.context

    def tokenize(self, prompt: Sequence[Message]) -> list[int]:
        """Return the tokens of a prompt in the model's own chat form, up to where the answer starts."""
        return list(self._recent(tuple(prompt)))

    def _cut(self, prompt: tuple[Message, ...]) -> list[int]:
        with self._cutting:
            return self._weights.tokenize(self._form.text(prompt))

    def tokens(self, prompt: Sequence[Message]) -> int:
        """Return how many tokens a prompt takes."""
        return self._short(tuple(prompt)) if len(prompt) <= 3 else len(self.tokenize(prompt))

    def _measured(self, prompt: tuple[Message, ...]) -> int:
        return len(self._cut(prompt))

    def stream(self, prompt: Sequence[Message], sampling: Sampling, stop: Event) -> Iterator[str]:
        """Yield the answer as it is written; ends early, without an error, once ``stop`` is set.

        Another caller waits until this answer is finished, stopped or dropped.

        :raises VoiceError: if the prompt does not fit the context.
        """
        for _, piece in self._speak(prompt, [sampling], stop, set()):
            yield piece

    def several(
        self, prompt: Sequence[Message], samplings: Sequence[Sampling], stop: Event, enough: Enough | None = None
    ) -> list[list[str]]:
        """Return several answers to one prompt, each in the pieces it came in; they are drawn side by side.

        :param samplings: how each is drawn.
        :param stop: once set, the answers end where they are.
        :param enough: given an answer so far, says whether it may end there.
        :raises VoiceError: if the prompt does not fit the context.
        """
        found: list[list[str]] = []
        count = Count()
        width = max(1, min(WIDTH, SPARE // max((each.most for each in samplings), default=1)))
        for first in range(0, len(samplings), width):
            part = samplings[first : first + width]
            pieces: list[list[str]] = [[] for _ in part]
            over: set[int] = set()
            for number, piece in self._speak(prompt, part, stop, over):
                pieces[number].append(piece)
                if enough is not None and enough("".join(pieces[number])):
                    over.add(number)
            count = Count(self.count.prompt, count.read + self.count.read, count.written + self.count.written)
            found += pieces
        self.count = count
        return found

    def _speak(
        self, prompt: Sequence[Message], samplings: Sequence[Sampling], stop: Event, over: set[int]
    ) -> Iterator[tuple[int, str]]:
        """Yield pieces of several answers, each with the number of its answer."""
        with self._turn(stop) as mine:
            if not mine:
                return
            tokens = self.tokenize(prompt)
            room = self.context - len(tokens)
            if room < _LEAST:
                raise VoiceError(
                    "The talk is longer than this voice can keep in mind.",
                    "Set REHEARSE_CONTEXT higher or start a new rehearsal.",
                )
            limits = [min(each.most, room - 1) for each in samplings]
            aside = samplings[0].aside and len(tokens) + max(limits) <= ASIDE
            letters = [codecs.getincrementaldecoder("utf-8")("ignore") for _ in samplings]
            written = [0] * len(samplings)
            try:
                strands = self._beside() if aside else self._talks
                if samplings[0].afresh:
                    strands.forget()
                self.count = Count(prompt=len(tokens), read=len(tokens) - strands.kept(tokens))
                for number, token in strands.draw(tokens, samplings, stop, over, sum(limits)):
                    if token in self._weights.ends:
                        over.add(number)
                        continue
                    written[number] += 1
                    self.count.written += 1
                    # Letters of several bytes may come in several tokens.
                    text = letters[number].decode(self._weights.piece(token))
                    if text:
                        yield number, text
                    if written[number] >= limits[number]:
                        over.add(number)
            except (Broken, NotAModel) as error:
                raise VoiceError(
                    "The voice stopped working in the middle of an answer.", "Try again; if it stays so, restart rehearse."
                ) from error

    @contextmanager
    def _turn(self, stop: Event) -> Iterator[bool]:
        """Wait until nobody else is answered; yields whether it is our turn, or a stop came first."""
        while not _CALLS.acquire(timeout=0.05):
            if stop.is_set():
                yield False
                return
        try:
            yield True
        finally:
            _CALLS.release()

    def _beside(self) -> Strands:
        """Return the context for what is asked aside, made when it is first needed."""
        if self._aside is None:
            self._aside = Strands(self._weights, context=ASIDE, threads=self._threads)
        return self._aside

    def become(self, model: Path, *, name: str) -> None:
        """Go on with another file of the same voice, into which our adapter was merged.

        What was loaded before serves until the other is loaded, and an answer in progress is finished by it.

        :raises VoiceError: if the file cannot be loaded; the voice then stays as it was.
        """
        other = LlamaVoice.load(model, name=name, tuned=True)
        with _CALLS:
            mine, theirs = (self._weights, self._talks, self._aside), (other._weights, other._talks, other._aside)
            with self._cutting:
                self._weights, self._talks, self._aside = theirs
                self.name, self._form = name, other._form
            other._weights, other._talks, other._aside = mine
            self._short.cache_clear()
            self._recent.cache_clear()
            other._free()

    def close(self) -> None:
        """Give back the memory; waits for an answer in progress."""
        with _CALLS:
            self._free()

    def _free(self) -> None:
        self._talks.close()
        if self._aside is not None:
            self._aside.close()
        self._weights.close()
