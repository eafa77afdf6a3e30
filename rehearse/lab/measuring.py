"""How the benchmark measures: ours and theirs in turn, medians, and programs in a process of their own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from rehearse.errors import RehearseError
from rehearse.lab.evaluation import Result

ROUNDS = 5
_PATIENCE = 600


class NotTaken(RehearseError):
    """A figure could not be taken."""


def beside(
    name: str,
    ours: list[float],
    plain: list[float],
    unit: str,
    library: str,
    *,
    bar: float | None = None,
    lower_is_better: bool = True,
) -> Result:
    """Return the median of ours beside that of a plain library.

    :param bar: what ours may be, as a share of the plain library's; ``None`` asks nothing.
    """
    theirs = median(plain)
    reach = None if bar is None else round(bar * theirs, 3)
    return Result(name, round(median(ours), 3), unit, reach, {library: round(theirs, 3)}, lower_is_better)


def timed(call: Callable[[], Any]) -> float:
    """Return how many milliseconds a call takes."""
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def apart(code: str, home: Path) -> Any:
    """Return what a program prints at its end, as JSON, run in a process of its own.

    :raises NotTaken: if it fails.
    """
    root = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "REHEARSE_HOME": str(home), "PYTHONPATH": paths, "GRADIO_ANALYTICS_ENABLED": "False"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=_PATIENCE, env=environment)
    lines = done.stdout.split("\n")
    said = next((line for line in reversed(lines) if line.strip()), "")
    if done.returncode or not said:
        last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise NotTaken(f"The program that was measured failed ({last}).", "`rehearse doctor` may say why.")
    return json.loads(said)
