"""``rehearse evaluate``: how good the check, the son, the rewording and the listener are, on what they never learnt from."""

import argparse
import json
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearse import distress, settings
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
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "python": platform.python_version(),
    }


def _processor() -> str:
    """Return the processor's name, and whether it has the wide instructions that decide how fast a voice is."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    facts = dict(line.partition(":")[::2] for line in told.splitlines() if ":" in line)
    named = {name.strip(): value.strip() for name, value in facts.items()}
    flags = named.get("flags", "").split()
    wide = next((text for flag, text in (("avx512f", "AVX-512"), ("avx2", "AVX2")) if flag in flags), "")
    return " with ".join(filter(None, [named.get("model name") or platform.machine(), wide]))


def report(results: list[Result], *, as_json: bool) -> int:
    """Print figures as a table or as JSON; return 0, or 2 if there are none."""
    if as_json:
        sys.stdout.write(json.dumps({"results": [each.to_dict() for each in results], "machine": machine()}, indent=1) + "\n")
        return 0 if results else 2
    width = max((len(each.name) for each in results), default=0)
    for each in results:
        bar = (
            ""
            if each.bar is None
            else f"  (bar {'≤' if each.lower_is_better else '≥'} {each.bar}: {'reached' if each.ok else 'not reached'})"
        )
        beside = "".join(f"; {name} {value}" for name, value in (each.beside or {}).items())
        sys.stdout.write(f"{each.name:<{width}}  {each.value} {each.unit}{bar}{beside}\n")
    return 0 if results else 2


def evaluate(chosen: argparse.Namespace) -> int:
    """Run ``rehearse evaluate``; the exit status is 0 whatever the figures, and 2 if they could not be taken.

    :raises NoData: if the file given is not labelled data.
    """
    data = [_labelled(Path(chosen.data))] if chosen.data else None
    measures: dict[str, Callable[..., list[Result]]] = {
        "tone": tone,
        "son": son,
        "reword": reword,
        "safety": safety,
    }
    given = {"answers": chosen.answers, "keep": Path(chosen.keep) if chosen.keep else None} if chosen.what == "son" else {}
    try:
        results = measures[chosen.what](data, **{name: value for name, value in given.items() if value is not None})
    except RehearseError as error:
        if settings.debug():
            raise
        sys.stderr.write(f"{error}\n")
        results = []
    return report(results, as_json=chosen.json)


def _labelled(path: Path) -> Path:
    """Return the path of a file of labelled data, once its rows are known to have what is measured on."""
    from rehearse.lab import corpus

    remedy = "Give a JSONL file of labelled lines or dialogues."
    try:
        useless = [number for number, row in enumerate(corpus.read(path), 1) if not _usable(row)]
    except (OSError, ValueError) as error:
        raise NoData("The file of labelled data cannot be read.", remedy) from error
    if useless:
        raise NoData(f"Row {useless[0]} of the labelled data is neither a labelled line nor a dialogue.", remedy)
    return path


def _usable(row: dict[str, Any]) -> bool:
    """Whether a row has what the measures need; what its writer was asked for beyond that may be missing."""
    if row.get("met") in ("none", *distress.METS):
        return isinstance(row.get("text"), str)
    if "turns" not in row:
        return _usable_line(row, "text")
    son, turns = row.get("son"), row["turns"]
    known = (
        isinstance(son, dict) and {"name", "age", "stage", "temperament"} <= set(son) and isinstance(row.get("situation"), str)
    )
    return known and isinstance(turns, list) and bool(turns) and all(map(_usable_turn, turns))


def _usable_turn(turn: object) -> bool:
    if not isinstance(turn, dict) or not isinstance(turn.get("son"), str) or turn.get("openness") not in (1, 2, 3, 4, 5):
        return False
    return _usable_line(turn, "mother") and ("door" not in turn or _usable_turn(turn["door"]))


def _usable_line(row: dict[str, Any], key: str) -> bool:
    lists = [row.get("kinds", []), row.get("spans", [])]
    return isinstance(row.get(key), str) and isinstance(row.get("flag"), bool) and all(isinstance(each, list) for each in lists)


def tone(data: list[Path] | None) -> list[Result]:
    """Measure the check."""
    from rehearse.lab.tone_measure import measure

    return measure(data)


def son(data: list[Path] | None, *, answers: int | None = None, keep: Path | None = None) -> list[Result]:
    """Measure the son.

    :param answers: how many answers are drawn.
    :param keep: a file in which what the voices say is kept, so that measuring can be stopped and taken up again.
    """
    from rehearse.lab.son_measure import ANSWERS, measure

    return measure(data, answers=answers or ANSWERS, keep=keep)


def reword(data: list[Path] | None) -> list[Result]:
    """Measure the rewording."""
    from rehearse.lab.reword_measure import measure

    return measure(data)


def safety(data: list[Path] | None) -> list[Result]:
    """Measure what is met outside the role."""
    from rehearse.lab.safety_measure import measure

    return measure(data)
