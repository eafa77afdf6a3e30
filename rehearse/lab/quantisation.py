"""Measuring which quantisation the tuned voice bears: its size, its speed, and what it costs in sense.

Run it from a checkout: ``python -m rehearse.lab.quantisation``. The loss is taken on dialogues of writers the voice never
learnt from, of his lines alone, each told what was really said before it. Speeds are taken in turn, so that whatever else
the computer does falls on all alike; they are llama.cpp's own, with nothing of ours round them.
"""

import argparse
import ctypes
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from rehearse import catalog, settings
from rehearse.lab import performance, voice_data
from rehearse.lab.son_measure import surprise, told
from rehearse.voice import merging
from rehearse.voice.weights import Weights

# Quantisations of four to eight bits, with their numbers in llama.cpp.
TRIED = {"F16": 1, "Q8_0": 7, "Q5_1": 9, "Q5_0": 8, "Q4_K_M": 15, "IQ4_NL": 25, "Q4_1": 3, "Q4_0": 2}
SHIPPED, ADAPTED = "as shipped", "as shipped, with the adapter"
# Of how many dialogues the loss is taken.
DIALOGUES = 30
CONTEXT = 1024
# Tokens read at once, then written one by one, then by several answers side by side.
READ, WRITTEN, WIDTH = 256, 16, 4
ROUNDS = 5

Row = dict[str, Any]


class Bench:
    """A file in llama.cpp, and nothing else."""

    def __init__(self, path: Path, adapter: Path | None = None) -> None:
        """Load a file."""
        import llama_cpp

        self.weights = Weights(path, adapter)
        given = llama_cpp.llama_context_default_params()
        given.n_ctx = given.n_batch = CONTEXT
        given.n_ubatch = 512
        given.n_seq_max, given.kv_unified = WIDTH, True
        given.n_threads = given.n_threads_batch = settings.threads()
        given.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        given.no_perf = True
        self.native: Any = llama_cpp.llama_init_from_model(self.weights.model, given)
        self.memory: Any = llama_cpp.llama_get_memory(self.native)
        if self.weights.adapter:
            adapters = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(self.weights.adapter)
            llama_cpp.llama_set_adapters_lora(self.native, adapters, 1, (ctypes.c_float * 1)(1.0))

    def decode(self, rows: Sequence[tuple[int, int, int, bool]]) -> None:
        """Compute tokens, each given with its position, its sequence, and whether its scores are wanted."""
        import llama_cpp

        batch = llama_cpp.llama_batch_init(len(rows), 0, 1)
        batch.n_tokens = len(rows)
        for index, (token, position, sequence, scored) in enumerate(rows):
            batch.token[index], batch.pos[index], batch.logits[index] = token, position, scored
            batch.n_seq_id[index], batch.seq_id[index][0] = 1, sequence
        llama_cpp.llama_decode(self.native, batch)
        llama_cpp.llama_get_logits(self.native)
        llama_cpp.llama_batch_free(batch)

    def loss(self, samples: Sequence[voice_data.Sample]) -> float:
        """Return the mean negative log likelihood of a token of his lines."""
        import llama_cpp
        import numpy as np

        total, count = 0.0, 0
        for sample in samples:
            cut = [(self.weights.tokenize(text), learnt) for text, learnt in told(sample)]
            tokens = [token for part, _ in cut for token in part][:CONTEXT]
            wanted = [learnt for part, learnt in cut for _ in part][1:CONTEXT]
            llama_cpp.llama_memory_clear(self.memory, False)
            self.decode([(token, place, 0, learnt) for place, (token, learnt) in enumerate(zip(tokens, wanted, strict=False))])
            for place in (place for place, learnt in enumerate(wanted) if learnt):
                scores = llama_cpp.llama_get_logits_ith(self.native, place)
                total += surprise(np.ctypeslib.as_array(scores, shape=(self.weights.size,)), tokens[place + 1])
                count += 1
        return round(total / max(1, count), 4)

    def speeds(self, tokens: Sequence[int]) -> tuple[float, float, float]:
        """Return how many tokens a second are read, written by one answer, and written by several side by side."""
        import llama_cpp

        llama_cpp.llama_memory_clear(self.memory, False)
        started = time.perf_counter()
        self.decode([(token, place, 0, place == READ - 1) for place, token in enumerate(tokens[:READ])])
        read = READ / (time.perf_counter() - started)
        found = []
        for width in (1, WIDTH):
            llama_cpp.llama_memory_seq_rm(self.memory, -1, READ, -1)
            for sequence in range(1, width):
                llama_cpp.llama_memory_seq_cp(self.memory, 0, sequence, 0, READ)
            started = time.perf_counter()
            for step in range(WRITTEN):
                self.decode([(tokens[step], READ + step, sequence, True) for sequence in range(width)])
            found.append(WRITTEN * width / (time.perf_counter() - started))
        return read, found[0], found[1]

    def close(self) -> None:
        """Give back the memory."""
        import llama_cpp

        llama_cpp.llama_free(self.native)
        self.weights.close()


def held_out(dialogues: int) -> list[voice_data.Sample]:
    """Return so many dialogues of writers the voice never learnt from, taken evenly from all of them."""
    samples = [each for each in voice_data.samples(voice_data.files("test")) if each.task == "reply" and len(each.learnt) > 1]
    return samples[:: max(1, len(samples) // dialogues)][:dialogues]


def rows(dialogues: int = DIALOGUES, rounds: int = ROUNDS) -> list[Row]:
    """Return one row a file: name, size, loss, and the medians of its speeds."""
    base, adapter = catalog.verified("voice"), catalog.verified("adapter")
    samples = held_out(dialogues)
    with TemporaryDirectory(prefix="rehearse-quantisation-") as name:
        files: dict[str, tuple[Path, Path | None]] = {SHIPPED: (base, None), ADAPTED: (base, adapter)}
        whole = Path(name) / "F16.gguf"
        merging.quantise(base, whole, TRIED["F16"])
        merging.merge(whole, adapter)
        for kind, number in TRIED.items():
            path = Path(name) / f"{kind}.gguf"
            if kind != "F16":
                merging.quantise(whole, path, number)
            files[f"merged, {kind}"] = path, None
        found = [_row(name, *files[name], samples) for name in files]
        _time(found, files, rounds)
    return found


def _row(name: str, path: Path, adapter: Path | None, samples: Sequence[voice_data.Sample]) -> Row:
    bench = Bench(path, adapter)
    try:
        size = path.stat().st_size + (adapter.stat().st_size if adapter else 0)
        loss = bench.loss(samples)
    finally:
        bench.close()
    sys.stderr.write(f"{name}: {loss}\n")
    return {"name": name, "megabytes": round(size / 1e6, 1), "loss": loss}


def _time(found: list[Row], files: dict[str, tuple[Path, Path | None]], rounds: int) -> None:
    """Add the medians of the speeds to rows, all files taken in turn."""
    opened = {name: Bench(*files[name]) for name in files}
    times: dict[str, list[tuple[float, float, float]]] = {name: [] for name in files}
    try:
        for number in range(rounds + 1):
            for name in list(files)[:: 1 if number % 2 else -1]:
                bench = opened[name]
                taken = bench.speeds(bench.weights.tokenize("I went to the market and bought apples. " * 40))
                # The first round warms up.
                times[name] += [taken] if number else []
    finally:
        for bench in opened.values():
            bench.close()
    for row in found:
        row["read"], row["written"], row["side_by_side"] = (
            round(median(column)) for column in zip(*times[row["name"]], strict=True)
        )


def main() -> int:
    """Print the table as JSON."""
    chosen = argparse.ArgumentParser(description=__doc__)
    chosen.add_argument("--dialogues", type=int, default=DIALOGUES)
    chosen.add_argument("--rounds", type=int, default=ROUNDS)
    chosen.add_argument("--write", metavar="FILE", help="also write the table into a document, such as docs/performance.md")
    given = chosen.parse_args()
    found = rows(given.dialogues, given.rounds)
    if given.write:
        performance.write(Path(given.write), "quantisation", performance.quantisation_table(found))
    print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
