"""Exported files: their names suit every system, and they appear whole or not at all."""

import json
import os
import re
from pathlib import Path

import pytest

from rehearse.errors import TranscriptError
from rehearse.scenario import Scenario, Son
from rehearse.transcripts import Saved, file_name, to_json, write_private


def saved(title: str) -> Saved:
    return Saved("id", title, Scenario(Son("Dániel")), "2026-11-22T06:49:46.123+00:00", "2026-11-22T06:49:46.123+00:00")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Sunday: the talk?", "rehearsal-sunday-the-talk-2026-11-22.md"),
        ("", "rehearsal-dániel-2026-11-22.md"),
        ("CON", "rehearsal-con-2026-11-22.md"),
        ("../../etc/passwd", "rehearsal-etc-passwd-2026-11-22.md"),
        ('a\\b/c:d*e?f"g<h>i|j', "rehearsal-a-b-c-d-e-f-g-h-i-j-2026-11-22.md"),
        ("\u202egnp.exe\x00\n. ", "rehearsal-gnp-exe-2026-11-22.md"),
        ("💛", "rehearsal-2026-11-22.md"),
    ],
)
def test_a_name_that_every_system_accepts(title: str, name: str) -> None:
    assert file_name(saved(title), ".md") == name
    assert file_name(saved(title), "md") == name


@pytest.mark.parametrize("title", ["x" * 500, "é" * 500, "字" * 500, "𝒳" * 500])
def test_a_long_title_is_cut(title: str) -> None:
    name = file_name(saved(title), ".html")
    assert len(name.encode()) < 130
    assert re.fullmatch(r"rehearsal-\w+-2026-11-22\.html", name)


def test_json_is_readable_and_whole() -> None:
    text = to_json({"a": "é", "b": [1]})
    assert json.loads(text) == {"a": "é", "b": [1]}
    assert "é" in text and text.endswith("}\n")
    with pytest.raises(TranscriptError):
        to_json({"a": {1, 2}})


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match="could not be written"):
        write_private(tmp_path / "nowhere" / "x.md", "text")


def test_a_failure_leaves_the_older_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.md"
    write_private(file, "old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TranscriptError, match="No space left"):
        write_private(file, "new")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]
