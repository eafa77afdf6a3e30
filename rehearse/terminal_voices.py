"""What the commands of the terminal do with voices."""

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from rehearse import catalog, settings
from rehearse.terminal import write_json
from rehearse.voice import download, fit
from rehearse.voice.progress import Progress


def list_voices(chosen: argparse.Namespace) -> int:
    """Run ``rehearse voices list``."""
    rows: list[dict[str, Any]] = [
        {
            "name": settings.EMBEDDED,
            "here": True,
            "size": found.size,
            "licence": found.licence,
            "expect": "Comes with the app; small and quick.",
        }
        for found in catalog.carried()
        if found.role == "voice"
    ]
    for each in catalog.offered():
        rows.append({**asdict(each), "here": download.path_of(each).is_file(), "arrived": download.arrived(each)})
    speaks = settings.voice()
    rows = [{**row, "speaks": row["name"] == speaks} for row in rows]
    if chosen.json:
        write_json(rows)
        return 0
    for row in rows:
        mark = ">" if row["speaks"] else "*" if row["here"] else " "
        memory = f"{row['ram']:2d} GB" if "ram" in row else "  any"
        sys.stdout.write(
            f"{mark} {row['name']:<13} {row['size'] / 1e9:5.1f} GB  {memory}  {row['licence']:<11} {row['expect']}\n"
        )
        if row.get("arrived"):
            sys.stdout.write(
                f"    {fit.gigabytes(row['arrived'])} of it have arrived; `rehearse voices pull {row['name']}` goes on.\n"
            )
    sys.stdout.write("> speaks for him, * is on this computer; then its size, and the memory the computer should have\n")
    return 0


def pull_voice(chosen: argparse.Namespace) -> int:
    """Run ``rehearse voices pull``."""
    offered = download.found(chosen.name)
    if not chosen.json and not download.path_of(offered).is_file():
        sys.stdout.write(
            f"Fetching {offered.title}, {fit.gigabytes(offered.size)}, from {download.host()}. "
            "It learns the address of this computer and which file is wanted; nothing of yours is sent.\n"
        )
        sys.stdout.flush()
    tell = _Telling(as_json=chosen.json)
    try:
        download.pull(offered, tell)
    except KeyboardInterrupt:
        tell.end()
        sys.stderr.write("Stopped. What has arrived is kept; the same command goes on from there.\n")
        return 130
    finally:
        tell.end()
    if not chosen.json:
        sys.stdout.write(f"{offered.title} is here. `rehearse voices use {offered.name}` lets it speak for him from now on.\n")
    return 0


def use_voice(chosen: argparse.Namespace) -> int:
    """Run ``rehearse voices use``."""
    from rehearse.voice.choice import file_of

    if chosen.name != settings.EMBEDDED:
        file_of(download.found(chosen.name).name)
    settings.choose_voice(chosen.name)
    sys.stdout.write(f"From its next start on, rehearse speaks with {chosen.name}.\n")
    return 0


def remove_voice(chosen: argparse.Namespace) -> int:
    """Run ``rehearse voices remove``."""
    download.remove(chosen.name)
    if settings.chosen_voice() == chosen.name:
        settings.choose_voice(settings.EMBEDDED)
    sys.stdout.write(f"{chosen.name} was removed.\n")
    return 0


class _Telling:
    """Tells how far a download is: a line that is written over in a terminal, lines of JSON if asked for, nothing elsewhere."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.over = sys.stdout.isatty() and not as_json
        self.written = 0

    def __call__(self, progress: Progress) -> None:
        if self.as_json:
            sys.stdout.write(json.dumps(asdict(progress)) + "\n")
            sys.stdout.flush()
        elif self.over:
            line = _line(progress)
            sys.stdout.write("\r" + line.ljust(self.written))
            sys.stdout.flush()
            self.written = len(line)

    def end(self) -> None:
        """Leave the line that was written over."""
        if self.over and self.written:
            sys.stdout.write("\n")
            self.written = 0


def _line(progress: Progress) -> str:
    if progress.state == "checking":
        return "Checking what has arrived…"
    if progress.state != "fetching":
        return ""
    done, total = progress.done / 1e9, progress.total / 1e9
    line = f"{done:.2f} of {total:.2f} GB ({progress.done / max(progress.total, 1):.0%})"
    if progress.speed:
        line += f", {progress.speed / 1e6:.1f} MB a second, {_minutes(progress.left)} left"
    return line


def _minutes(seconds: float) -> str:
    minutes = round(seconds / 60)
    return "less than a minute" if minutes < 1 else f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"
