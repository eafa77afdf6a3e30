"""Writing figures into ``docs/performance.md``, each table between two marks of its own."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rehearse.lab.evaluation import Result, machine
from rehearse.lab.measuring import NotTaken


def bench_table(results: Sequence[Result]) -> str:
    """Return the benchmark's figures as a table."""
    lines = ["| What | Ours | Beside it | Ratio | Bar | |", "|---|---|---|---|---|---|"]
    for each in results:
        row = each.to_dict()
        beside = "; ".join(f"{name}: {value:g}" for name, value in row["beside"].items())
        bar = "" if each.bar is None else f"{'≤' if each.lower_is_better else '≥'} {each.bar:g}"
        reached = "" if each.bar is None else "reached" if each.ok else "**not reached**"
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
        lines.append(f"| {each.name} | {each.value:g} {each.unit} | {beside} | {ratio} | {bar} | {reached} |")
    return f"{_taken_on()}\n\n" + "\n".join(lines)


def quantisation_table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the quantisations as a table, speeds as shares of the first row's."""
    first = rows[0]
    adapted = next(row["loss"] for row in rows if "adapter" in row["name"])
    lines = [
        "| File | MB | Loss | Beside the adapter | Reading | Writing | Four side by side |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        speeds = " | ".join(f"{row[key]} ({row[key] / first[key]:.2f} ×)" for key in ("read", "written", "side_by_side"))
        lines.append(f"| {row['name']} | {row['megabytes']:g} | {row['loss']:.4f} | {row['loss'] - adapted:+.4f} | {speeds} |")
    return f"{_taken_on()}\n\n" + "\n".join(lines)


def _taken_on() -> str:
    """Name the computer the figures were taken on: what kind it is, and nothing of whose it is."""
    told = machine()
    kind = f"{told['processor']}, {told['cores']} cores, {told['memory_gb']:g} GB, {told['system'].split('-')[0]}"
    return f"Taken on {kind}, Python {told['python']}."


def write(path: Path, name: str, table: str) -> None:
    """Put a table between its marks in a document.

    :param name: which marks: ``<!-- name -->`` and ``<!-- end of name -->``.
    :raises NotTaken: if the document has no such marks.
    """
    text = path.read_text(encoding="utf-8")
    marks = re.compile(rf"(<!-- {name} -->\n).*?(\n<!-- end of {name} -->)", re.DOTALL)
    if not marks.search(text):
        raise NotTaken(f"The document {path.name} has no place for the table “{name}”.", "Give docs/performance.md.")
    path.write_text(marks.sub(lambda found: f"{found[1]}\n{table}\n{found[2]}", text), encoding="utf-8")
