"""The middle of the embedded voice: what its layers make of a line before they turn to what comes next.

The second look (:mod:`rehearse.look`) reads there. The file it reads with is made once from the voice and from what was learnt
for it, in a few seconds: the first layers alone, the learnt products added to them, quantised again. It lies in the data folder,
named after what it was made of.
"""

import ctypes
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from rehearse import catalog, settings
from rehearse.errors import RehearseError, VoiceError
from rehearse.voice import gguf, merging
from rehearse.voice.weights import NotAModel, Weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# To be raised whenever the same two files would give another one.
RECIPE = 1
NEEDED_BYTES = 350_000_000
_WHOLE, _QUANTISED = 1, 7
_PREFIX = "look-"


def key(blocks: int) -> str:
    """Return what the file of so many layers is named after."""
    parts = [each.sha256 for role in ("voice", "look") if (each := catalog.entry(role))]
    return hashlib.sha256(f"{parts} {RECIPE} {blocks}".encode()).hexdigest()[:16]


def found(blocks: int) -> Path | None:
    """Return the file, if it is there and whole; ``None`` otherwise."""
    path = settings.voices_folder() / f"{_PREFIX}{key(blocks)}.gguf"
    try:
        told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        whole = path.stat().st_size == told["size"] and catalog.sha256_of(path) == told["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return path if whole else None


def build(blocks: int) -> Path:
    """Make the file and remove older ones; what is there already is only returned. Takes a few seconds.

    :param blocks: how many of the voice's layers are used.
    :raises VoiceError: if there is too little room, the parts do not fit together, or llama.cpp refuses.
    :raises ModelMissing: if a file is not there.
    :raises ModelChanged: if it is not the pinned one.
    """
    ready = found(blocks)
    if ready is not None:
        return ready
    base, adapter = catalog.verified("voice"), catalog.verified("look")
    folder = settings.private_folder(settings.voices_folder())
    if shutil.disk_usage(folder).free < NEEDED_BYTES + merging.SPARE_BYTES:
        raise VoiceError("There is not enough room on the disk for the second look.", "The check goes on without it.")
    merging.tidy(folder)
    making = Path(tempfile.mkdtemp(prefix=merging.MAKING, dir=folder))
    try:
        made = making / "made.gguf"
        make(base, adapter, blocks, made)
        return merging.keep(made, folder / f"{_PREFIX}{key(blocks)}.gguf", _PREFIX)
    except OSError as error:
        raise VoiceError("The second look could not be written.", "Free some space; the check goes on without it.") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)


def make(base: Path, adapter: Path, blocks: int, target: Path) -> None:
    """Write the first layers of a voice with what was learnt for them; what is needed on the way lies beside the target.

    :raises VoiceError: if the parts do not fit together, or llama.cpp refuses.
    :raises OSError: if it cannot be written.
    """
    short, whole = target.with_name("short.gguf"), target.with_name("whole.gguf")
    try:
        gguf.shorten(base, short, blocks)
        merging.quantise(short, whole, _WHOLE)
        merging.merge(whole, adapter)
        merging.quantise(whole, target, _QUANTISED)
    except gguf.NotGguf as error:
        raise VoiceError("The second look does not fit the voice.", "Install rehearse again to restore both.") from error
    finally:
        for each in (short, whole):
            each.unlink(missing_ok=True)


class Middle:
    """The layers in memory. Safe to call from several threads; they wait for each other."""

    def __init__(self, path: Path, *, room: int, threads: int) -> None:
        """Load them.

        :param room: how many tokens one text may have.
        :raises VoiceError: if the file cannot be loaded or there is too little memory.
        """
        import llama_cpp

        self.room = room
        self._lock = Lock()
        self._native: Any = None
        try:
            self._weights = Weights(path)
        except NotAModel as error:
            raise _not_to_be_had() from error
        given = llama_cpp.llama_context_default_params()
        given.n_ctx = given.n_batch = given.n_ubatch = room
        given.n_seq_max = 1
        given.embeddings = True
        # One row a token, as the layers leave it.
        given.pooling_type = llama_cpp.LLAMA_POOLING_TYPE_NONE
        given.n_threads = given.n_threads_batch = threads
        given.no_perf = True
        self._native = llama_cpp.llama_init_from_model(self._weights.model, given)
        if not self._native:
            self._weights.close()
            raise _not_to_be_had()
        self.width = int(llama_cpp.llama_model_n_embd(self._weights.model))
        self._batch = llama_cpp.llama_batch_init(room, 0, 1)

    def tokens(self, text: str) -> list[int]:
        """Return the tokens of a text."""
        return self._weights.tokenize(text) if text else []

    def states(self, tokens: Sequence[int]) -> "NDArray[np.float32]":
        """Return one row for each token (tokens, width).

        :param tokens: at least one, and no more than there is room for.
        :raises VoiceError: if llama.cpp cannot read them.
        """
        import llama_cpp
        import numpy as np

        with self._lock:
            batch = self._batch
            batch.n_tokens = len(tokens)
            for index, token in enumerate(tokens):
                batch.token[index] = token
                batch.pos[index] = index
                batch.n_seq_id[index] = 1
                batch.seq_id[index][0] = 0
                batch.logits[index] = True
            llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self._native), True)
            if llama_cpp.llama_decode(self._native, batch):
                raise _not_to_be_had()
            rows = llama_cpp.llama_get_embeddings(self._native)
            kept = np.ctypeslib.as_array(ctypes.cast(rows, ctypes.POINTER(ctypes.c_float)), (len(tokens), self.width))
            return np.array(kept, np.float32)

    def close(self) -> None:
        """Give back the memory."""
        import llama_cpp

        with self._lock:
            if self._native:
                llama_cpp.llama_batch_free(self._batch)
                llama_cpp.llama_free(self._native)
                self._native = None
                self._weights.close()


def _not_to_be_had() -> VoiceError:
    return VoiceError("The second look could not be loaded.", "The check goes on without it; closing other programs may help.")


def apart(blocks: int) -> Path:
    """Make the file in a process of its own, if it is not there yet, and return it.

    :raises VoiceError: if it cannot be made.
    """
    ready = found(blocks)
    if ready is None:
        merging.run(["rehearse.voice.middle", str(blocks)], lambda share: None)
        ready = found(blocks)
    if ready is None:
        raise _not_to_be_had()
    return ready


def main(arguments: Sequence[str]) -> int:
    """Make the file for so many layers."""
    merging.give_way()
    try:
        build(int(arguments[0]))
    except RehearseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
