"""``rehearse evaluate``: how good the check, the son and the rewording are, on writers they never learnt from."""

import argparse
import json
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearse.errors import RehearseError


@dataclass(frozen=True, slots=True)
class Result:
    """One figure: ``bar`` is what it should reach (``None`` if nothing is asked of it), ``beside`` what simpler ways reach."""

    name: str
    value: float
    unit: str = ""
    bar: float | None = None
    beside: dict[str, float] | None = None
    lower_is_better: bool = False

    @property
    def ok(self) -> bool:
        """Whether the bar is reached."""
        if self.bar is None:
            return True
        return self.value <= self.bar if self.lower_is_better else self.value >= self.bar

    def to_dict(self) -> dict[str, Any]:
        """Return the figure as the contract of ``evaluate --json`` and ``bench --json`` has it."""
        beside = self.beside or {}
        first = next(iter(beside.values()), None)
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "beside": beside,
            "ratio": round(self.value / first, 3) if first else None,
            "bar": self.bar,
            "ok": self.ok,
        }


class NoData(RehearseError):
    """There is no labelled data to measure on."""


def machine() -> dict[str, Any]:
    """Return what the figures were taken on."""
    import os

    import psutil

    return {
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "python": platform.python_version(),
    }


def report(results: list[Result], *, as_json: bool) -> int:
    """Print figures as a table or as JSON; return 0, or 2 if there are none."""
    if as_json:
        sys.stdout.write(json.dumps({"results": [each.to_dict() for each in results], "machine": machine()}, indent=1) + "\n")
        return 0 if results else 2
    width = max((len(each.name) for each in results), default=0)
    for each in results:
        bar = "" if each.bar is None else f"  (bar {'≤' if each.lower_is_better else '≥'} {each.bar}: {'reached' if each.ok else 'not reached'})"
        beside = "".join(f"; {name} {value}" for name, value in (each.beside or {}).items())
        sys.stdout.write(f"{each.name:<{width}}  {each.value} {each.unit}{bar}{beside}\n")
    return 0 if results else 2


def evaluate(chosen: argparse.Namespace) -> int:
    """Run ``rehearse evaluate``."""
    data = [Path(chosen.data)] if chosen.data else None
    if data and not data[0].is_file():
        raise NoData("The file of labelled data cannot be read.", "Give a JSONL file of labelled lines or dialogues.")
    measures: dict[str, Callable[[list[Path] | None], list[Result]]] = {"tone": tone, "son": son, "reword": reword}
    return report(measures[chosen.what](data), as_json=chosen.json)


def tone(data: list[Path] | None) -> list[Result]:
    """Measure the check."""
    from rehearse.lab.tone_measure import measure

    return measure(data)


def son(data: list[Path] | None) -> list[Result]:
    """Measure the son."""
    from rehearse.lab.son_measure import measure

    return measure(data)


def reword(data: list[Path] | None) -> list[Result]:
    """Measure the rewording."""
    from rehearse.lab.reword_measure import measure

    return measure(data)
