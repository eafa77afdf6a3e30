"""One context of llama.cpp, holding several strands: prompts that were read, and the answers that were drawn from them.

A new prompt goes on from the strand it shares most with, so that only what is new is read: after going back, after another
talk in a second tab, after the same moment was tried two ways. Strands share what they have in common, in memory too. Several
answers to one prompt are drawn side by side, a token of each at a time, which costs less than one after the other.
"""

import ctypes
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from threading import Event
from typing import Any

from rehearse.voice.voice import Sampling
from rehearse.voice.weights import NotAModel, Weights

# Answers drawn side by side, at most, and strands kept beside them.
WIDTH = 8
KEPT = 8
# Cells beside those of one prompt and one answer, for the other answers.
SPARE = 512
# Tokens given to llama.cpp at once. More are no faster on a processor, and 512 would take 65 MB more for their attention.
BATCH = 128
# How many of the last tokens the penalty for repeating looks at, and how many candidates are left to draw from: what
# llama-cpp-python takes if it is not told otherwise.
_PENALTY_SPAN, _TOP_K = 64, 40
_ABORTED = 2
# A prompt that shares less than this with what was read before begins another talk. Strands that were left alone for so many
# seconds are then given up: llama.cpp computes attention over all cells up to the last one that is taken, so what is left of
# yesterday's talk makes every word of this one dearer (twice as dear with a full context).
NEW, IDLE = 0.25, 120.0
# A prompt that goes on from so many tokens and shares less than NEW with what was read is a long talk whose older turns have just
# left: its scene is the same. What was read of it before will hardly be wanted again, and is given up at once.
SCENE = 24
# Tokens of two prompts compared at once.
STRETCH = 64


class Broken(Exception):
    """llama.cpp could not go on."""


@dataclass(slots=True)
class _Strand:
    """One sequence of the context: its tokens, the cell each lies in, when it was used and read, and whether it may go first.

    ``twin`` is the strand it was drawn beside, answering the same prompt.
    """

    tokens: list[int] = field(default_factory=list)
    cells: list[int] = field(default_factory=list)
    used: int = 0
    read: float = field(default_factory=time.monotonic)
    draft: bool = False
    twin: "_Strand | None" = None


class Strands:
    """A context over some weights."""

    def __init__(self, weights: Weights, *, context: int, threads: int) -> None:
        """Make room for a context.

        :param context: how many tokens prompt and one answer may take together.
        :raises NotAModel: if there is not enough memory for it.
        """
        import llama_cpp

        self.weights = weights
        self.context = context
        self._room = context + SPARE
        given = llama_cpp.llama_context_default_params()
        given.n_ctx = self._room
        given.n_batch = given.n_ubatch = BATCH
        given.n_seq_max = WIDTH + KEPT
        given.n_outputs_max = WIDTH + KEPT
        given.kv_unified = True
        # Measured: slower on a processor for several answers at once, and no faster for one (docs/performance.md).
        given.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        given.n_threads = given.n_threads_batch = threads
        given.no_perf = True
        self._native: Any = llama_cpp.llama_init_from_model(weights.model, given)
        if not self._native:
            raise NotAModel("context")
        if weights.adapter:
            adapters = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(weights.adapter)
            llama_cpp.llama_set_adapters_lora(self._native, adapters, 1, (ctypes.c_float * 1)(1.0))
        self._memory: Any = llama_cpp.llama_get_memory(self._native)
        self._batch = llama_cpp.llama_batch_init(BATCH, 0, 1)
        self._strands: dict[int, _Strand] = {}
        self._tick = count(1)
        self._cell = count()
        self._stop = Event()
        # Asked at every step of the computation, from llama.cpp's own thread: dear in Python, so only while a prompt is read.
        self._asked = llama_cpp.ggml_abort_callback(lambda _: self._stop.is_set())
        self._never = llama_cpp.ggml_abort_callback()

    def forget(self) -> None:
        """Forget every strand, so that the next prompt is read from its beginning."""
        import llama_cpp

        llama_cpp.llama_memory_clear(self._memory, False)
        self._strands.clear()

    def kept(self, tokens: Sequence[int]) -> int:
        """Return how many first tokens of a prompt need not be read (at least one always is)."""
        return min(max((_same(each.tokens, tokens) for each in self._strands.values()), default=0), len(tokens) - 1)

    def draw(
        self, tokens: Sequence[int], samplings: Sequence[Sampling], stop: Event, over: set[int], most: int
    ) -> Iterator[tuple[int, int]]:
        """Read a prompt and yield the answers' tokens as they are drawn, each with the number of its answer.

        :param samplings: how each answer is drawn; :data:`WIDTH` at most.
        :param stop: once set, the drawing ends, and reading a long prompt ends at once.
        :param over: the numbers of answers that have ended; whoever draws adds to it.
        :param most: how many tokens the answers may take together.
        :raises Broken: if llama.cpp cannot go on.
        """
        import llama_cpp

        first = self._read(tokens, most, stop)
        if first is None:
            return
        ids = [first, *(self._branch(first, len(tokens)) for _ in samplings[1:])]
        chains = [_chain(each, self.weights.size) for each in samplings]
        # All answers begin from the same scores, those of the prompt's last token; later each has its own.
        place = dict.fromkeys(range(len(ids)), -1)
        try:
            while not stop.is_set():
                drawn = {
                    number: int(llama_cpp.llama_sampler_sample(chains[number], self._native, index))
                    for number, index in place.items()
                    if number not in over
                }
                yield from drawn.items()
                going = [number for number in drawn if number not in over]
                if not going or stop.is_set():
                    return
                self._decode([(drawn[number], ids[number]) for number in going], scored=len(going))
                place = {number: index for index, number in enumerate(going)}
        finally:
            for chain in chains:
                llama_cpp.llama_sampler_free(chain)

    # -- strands -----------------------------------------------------------------------------------------------------------

    def _read(self, tokens: Sequence[int], most: int, stop: Event) -> int | None:
        """Bring one strand to hold exactly a prompt and return it; ``None`` if it was stopped on the way."""
        import llama_cpp

        keep = self.kept(tokens)
        if keep < NEW * len(tokens):
            for id in [id for id, strand in self._strands.items() if time.monotonic() - strand.read > IDLE]:
                self._drop(id)
            keep = self.kept(tokens)
        best = max(self._strands, key=lambda id: _same(self._strands[id].tokens, tokens), default=None)
        # The answers that were drawn beside the one she was given are not wanted any more.
        twin = self._strands[best].twin if best is not None else None
        for id in [id for id, strand in self._strands.items() if id != best and (strand.draft or strand is twin)]:
            if self._strands[id].draft or _same(self._strands[id].tokens, tokens) < keep:
                self._drop(id)
        shortened = SCENE <= keep < NEW * len(tokens)
        if shortened:
            for id in [id for id, strand in self._strands.items() if id != best and _same(strand.tokens, tokens) == keep]:
                self._drop(id)
        if best is None or keep == 0:
            best = self._free()
        elif len(self._strands[best].tokens) > keep and not self._strands[best].draft and not shortened:
            # What follows here may be wanted again: the other door of the same moment.
            best = self._branch(best, keep)
        strand = self._strands[best]
        self._cut(best, keep)
        strand.draft, strand.twin, strand.used, strand.read = False, None, next(self._tick), time.monotonic()
        self._make_room(len(tokens) - keep + most, best)
        self._stop = stop
        llama_cpp.llama_set_abort_callback(self._native, self._asked, None)
        try:
            for start in range(keep, len(tokens), BATCH):
                part = tokens[start : start + BATCH]
                if stop.is_set() or not self._decode([(each, best) for each in part], scored=1):
                    self._cut(best, start)
                    return None
        finally:
            llama_cpp.llama_set_abort_callback(self._native, self._never, None)
        return best

    def _decode(self, given: Sequence[tuple[int, int]], *, scored: int) -> bool:
        """Compute tokens, each at the end of its strand; whether it was done, and not stopped.

        :param scored: of how many, counted from the last, the scores are wanted.
        """
        import llama_cpp

        batch = self._batch
        batch.n_tokens = len(given)
        lengths: dict[int, int] = {}
        for index, (token, id) in enumerate(given):
            position = lengths.get(id, len(self._strands[id].tokens))
            lengths[id] = position + 1
            batch.token[index] = token
            batch.pos[index] = position
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = id
            batch.logits[index] = index >= len(given) - scored
        answer = llama_cpp.llama_decode(self._native, batch)
        if answer == _ABORTED:
            return False
        if answer:
            self.forget()
            raise Broken
        for token, id in given:
            self._strands[id].tokens.append(token)
            self._strands[id].cells.append(next(self._cell))
        return True

    def _branch(self, from_: int, length: int) -> int:
        """Return a new strand that begins with the first tokens of another."""
        import llama_cpp

        source = self._strands[from_]
        source.used = next(self._tick)
        id = self._free(but=from_)
        llama_cpp.llama_memory_seq_cp(self._memory, from_, id, 0, length)
        self._strands[id] = _Strand(source.tokens[:length], source.cells[:length], next(self._tick), draft=True, twin=source)
        return id

    def _free(self, but: int | None = None) -> int:
        """Return a strand that holds nothing; the one longest unused is given up if there is none."""
        for id in range(WIDTH + KEPT):
            if id not in self._strands:
                self._strands[id] = _Strand(used=next(self._tick))
                return id
        oldest = min((id for id in self._strands if id != but), key=lambda id: self._strands[id].used)
        self._drop(oldest)
        self._strands[oldest] = _Strand(used=next(self._tick))
        return oldest

    def _make_room(self, wanted: int, but: int) -> None:
        """Give up strands, those longest unused first, until so many cells are free."""
        while len(self._strands) > 1:
            held = len(set().union(*(each.cells for each in self._strands.values())))
            if held + wanted <= self._room:
                return
            self._drop(min((id for id in self._strands if id != but), key=lambda id: self._strands[id].used))

    def _cut(self, id: int, length: int) -> None:
        import llama_cpp

        strand = self._strands[id]
        llama_cpp.llama_memory_seq_rm(self._memory, id, length, -1)
        del strand.tokens[length:], strand.cells[length:]

    def _drop(self, id: int) -> None:
        import llama_cpp

        llama_cpp.llama_memory_seq_rm(self._memory, id, -1, -1)
        del self._strands[id]

    def close(self) -> None:
        """Give back the memory."""
        import llama_cpp

        if self._native:
            llama_cpp.llama_batch_free(self._batch)
            llama_cpp.llama_free(self._native)
            self._native = None


def _same(held: Sequence[int], wanted: Sequence[int]) -> int:
    """Return how many first tokens two prompts share. They are compared in stretches, which is many times faster."""
    most = min(len(held), len(wanted))
    start = 0
    while start < most and held[start : start + STRETCH] == wanted[start : start + STRETCH]:
        start += STRETCH
    for index in range(start, most):
        if held[index] != wanted[index]:
            return index
    return most


def _chain(sampling: Sampling, vocabulary: int) -> Any:
    """Return a sampler of llama.cpp; the steps and their order are llama-cpp-python's."""
    import llama_cpp

    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    steps = [llama_cpp.llama_sampler_init_penalties(vocabulary, _PENALTY_SPAN, sampling.repeat_penalty, 0.0, 0.0)]
    if sampling.temperature == 0.0:
        steps.append(llama_cpp.llama_sampler_init_greedy())
    else:
        seed = sampling.seed if sampling.seed is not None else llama_cpp.LLAMA_DEFAULT_SEED
        steps += [
            llama_cpp.llama_sampler_init_top_k(_TOP_K),
            llama_cpp.llama_sampler_init_top_p(sampling.top_p, 1),
            llama_cpp.llama_sampler_init_min_p(sampling.min_p, 1),
            llama_cpp.llama_sampler_init_temp(sampling.temperature),
            llama_cpp.llama_sampler_init_dist(seed),
        ]
    for step in steps:
        llama_cpp.llama_sampler_chain_add(chain, step)
    return chain
