"""Our adapter merged into the embedded voice, once, on her own computer.

As it comes, the voice is a file that llama.cpp has no fast way to compute with, and an adapter on top costs a fifth more.
Merged and quantised again it speaks faster than the bare file; the figures are in ``docs/performance.md``. This takes some
seconds of a processor, so it is done in a process of its own (``python -m rehearse.voice.merging``) that gives way to
everything else. Until it is ready, and wherever the disk is too full, the adapter serves as it is.

The finished file is named after what it was made of. Beside it stands its SHA-256, written last: without that it does not count.
"""

import contextlib
import ctypes
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rehearse import catalog, settings
from rehearse.errors import RehearseError, VoiceError
from rehearse.voice import gguf

# To be raised whenever the same two files would give another one.
RECIPE = 1
# The quantisations that lose next to nothing (docs/performance.md), each with its number in llama.cpp; which of them is
# the fastest depends on the processor and is measured on it.
QUANTISATIONS = {"Q8_0": 7}
_WHOLE = 1
# What lies on the disk for a moment, and what must stay free beside it.
NEEDED_BYTES = 600_000_000
SPARE_BYTES = 1 << 30
# Processes that were cut off leave their folder behind; after so long nobody works in it any more.
_STALE_SECONDS = 3600
_PREFIX = "son-"
# What a folder is called in which something is made.
MAKING = "making-"

Tell = Callable[[float], None]


def key() -> str:
    """Return what the merged file is named after: the voice, our adapter and the way they are put together.

    :raises ModelMissing: if the catalog names no adapter, so that there is nothing to merge.
    """
    parts = [each.sha256 for role in ("voice", "adapter") if (each := catalog.entry(role))]
    return hashlib.sha256(f"{parts} {RECIPE} {sorted(QUANTISATIONS)}".encode()).hexdigest()[:16]


def found() -> Path | None:
    """Return the merged file, if it is there and whole; ``None`` otherwise."""
    for note in settings.voices_folder().glob(f"{_PREFIX}{key()}-*.json"):
        path = note.with_suffix(".gguf")
        try:
            told = json.loads(note.read_text(encoding="utf-8"))
            if path.stat().st_size == told["size"] and catalog.sha256_of(path) == told["sha256"]:
                return path
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def possible() -> bool:
    """Whether there is something to merge, and the disk has room for it."""
    if catalog.entry("adapter") is None:
        return False
    folder = settings.private_folder(settings.voices_folder())
    return shutil.disk_usage(folder).free >= NEEDED_BYTES + SPARE_BYTES


def build(tell: Tell) -> Path:
    """Make the merged file and remove older ones; what is there already is only returned.

    :param tell: is given the share that is done, from 0 to 1.
    :raises VoiceError: if there is too little room or llama.cpp refuses.
    :raises ModelMissing: if a file is not there.
    :raises ModelChanged: if it is not the pinned one.
    """
    ready = found()
    if ready is not None:
        return ready
    if not possible():
        raise VoiceError("There is not enough room on the disk for a faster voice.", "He speaks without it, only slower.")
    base, adapter = catalog.verified("voice"), catalog.verified("adapter")
    folder = settings.private_folder(settings.voices_folder())
    tidy(folder)
    making = Path(tempfile.mkdtemp(prefix=MAKING, dir=folder))
    try:
        whole = making / "whole.gguf"
        quantise(base, whole, _WHOLE)
        tell(0.3)
        merge(whole, adapter)
        tell(0.6)
        made = {}
        for name, number in QUANTISATIONS.items():
            made[name] = making / f"{name}.gguf"
            quantise(whole, made[name], number)
            tell(0.6 + 0.2 * len(made) / len(QUANTISATIONS))
        whole.unlink()
        # With one to choose from there is nothing to try.
        chosen = fastest(made) if len(made) > 1 else next(iter(made))
        tell(0.95)
        return keep(made[chosen], folder / f"{_PREFIX}{key()}-{chosen}.gguf", _PREFIX)
    except OSError as error:
        raise VoiceError(
            "The faster voice could not be written.", "Free some space; he speaks without it, only slower."
        ) from error
    finally:
        shutil.rmtree(making, ignore_errors=True)


def merge(whole: Path, adapter: Path) -> None:
    """Add an adapter's products to the weights of a file in half precision, in place.

    :raises VoiceError: if they do not fit together.
    """
    import numpy as np

    try:
        base, layers = gguf.read(whole), gguf.read(adapter)
        names = sorted({name.rpartition(".lora_")[0] for name in layers.tensors})
        for name in names:
            down, up = (gguf.numbers(adapter, layers.tensors[f"{name}.lora_{side}"]).astype(np.float32) for side in "ab")
            weights = gguf.numbers(whole, base.tensors[name], change=True)
            scale = float(layers.facts["adapter.lora.alpha"]) / down.shape[0]
            weights[:] = weights.astype(np.float32) + scale * (up @ down)
    except (gguf.NotGguf, KeyError, ValueError) as error:
        raise VoiceError("The son's adapter does not fit the voice.", "Install rehearse again to restore both.") from error


def fastest(files: dict[str, Path], rounds: int = 3) -> str:
    """Return the name of the file that answers fastest on this computer: a line read, and several answers drawn from it."""
    from threading import Event

    from rehearse.voice.strands import Strands
    from rehearse.voice.voice import Sampling
    from rehearse.voice.weights import NotAModel, Weights

    opened: dict[str, tuple[Weights, Strands]] = {}
    best = dict.fromkeys(files, float("inf"))
    try:
        for name, path in files.items():
            weights = Weights(path)
            opened[name] = weights, Strands(weights, context=256, threads=settings.threads())
        # In turn, and only the best of each counts: she may be using the computer meanwhile.
        for number in range(rounds * len(files)):
            name = list(files)[number % len(files)]
            weights, strands = opened[name]
            strands.forget()
            read = weights.tokenize("How have you been these days? I thought of you. " * 5)
            started = time.perf_counter()
            over: set[int] = set()
            drawing = strands.draw(read, [Sampling(seed=seed) for seed in range(4)], Event(), over, 4 * 16)
            for drawn, (which, _) in enumerate(drawing):
                if drawn >= 4 * 15:
                    over.add(which)
            best[name] = min(best[name], time.perf_counter() - started)
    except NotAModel as error:
        raise VoiceError("The faster voice could not be tried.", "He speaks without it, only slower.") from error
    finally:
        for weights, strands in opened.values():
            strands.close()
            weights.close()
    return min(best, key=lambda name: best[name])


def quantise(source: Path, target: Path, number: int) -> None:
    """Write a file in another quantisation, given by its number in llama.cpp.

    :raises VoiceError: if llama.cpp refuses.
    """
    import llama_cpp

    from rehearse.voice.weights import started

    started()
    given = llama_cpp.llama_model_quantize_default_params()
    given.ftype, given.allow_requantize = number, True
    # One, so that he keeps the other core.
    given.nthread = 1
    if llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(given)):
        raise VoiceError("llama.cpp could not make the faster voice.", "He speaks without it, only slower.")


def keep(made: Path, target: Path, prefix: str) -> Path:
    """Move a finished file to its place, with its SHA-256 beside it, and remove the older ones of this prefix."""
    note = target.with_suffix(".json")
    told = {"size": made.stat().st_size, "sha256": catalog.sha256_of(made)}
    made.chmod(0o600)
    os.replace(made, target)
    writing = made.with_name(note.name)
    writing.write_text(json.dumps(told), encoding="utf-8")
    writing.chmod(0o600)
    os.replace(writing, note)
    for old in [*target.parent.glob(f"{prefix}*.gguf"), *target.parent.glob(f"{prefix}*.json")]:
        # One that is in use cannot be removed on Windows; it goes the next time.
        if old.stem != target.stem:
            with contextlib.suppress(OSError):
                old.unlink()
    return target


def tidy(folder: Path) -> None:
    """Remove what a making that was cut off has left in a folder."""
    for left in folder.glob(f"{MAKING}*"):
        if time.time() - left.stat().st_mtime > _STALE_SECONDS:
            shutil.rmtree(left, ignore_errors=True)


def give_way() -> None:
    """Put this process below everything else that runs: he may be answering."""
    import psutil

    psutil.Process().nice(getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", 10))


def main() -> int:
    """Make the merged file in a process of its own; prints the share that is done, line by line."""
    give_way()

    def tell(share: float) -> None:
        # Whoever started this may be gone: the broken pipe then ends it, and what lies half made is removed.
        sys.stdout.write(f"{share:.2f}\n")
        sys.stdout.flush()

    try:
        build(tell)
    except RehearseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    tell(1.0)
    return 0


def apart(tell: Tell) -> Path | None:
    """Make the merged file in a process of its own and return it; ``None`` where that cannot be done.

    :param tell: is given the share that is done, from 0 to 1.
    """
    run(["rehearse.voice.merging"], tell)
    return found()


def run(module: list[str], tell: Tell) -> None:
    """Run one of our modules, with its arguments, in a process that gives way to everything else; wait for its end.

    :param tell: is given the shares that it prints.
    """
    import subprocess

    root = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    command = [sys.executable, "-m", *module]
    try:
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
            creationflags=hidden,
        ) as process:
            for line in process.stdout or ():
                tell(float(line))
    except (OSError, ValueError):
        # Whoever asked looks whether what was to be made is there.
        return


if __name__ == "__main__":
    raise SystemExit(main())
