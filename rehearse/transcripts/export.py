"""Carrying a rehearsal out as a file: what it says, what it is called, and that nobody else may read it."""

import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rehearse.errors import TranscriptError
from rehearse.transcripts import files
from rehearse.transcripts.markdown import to_markdown
from rehearse.transcripts.page import to_html
from rehearse.transcripts.record import Saved
from rehearse.transcripts.talk import openness_labels

__all__ = ["file_name", "openness_labels", "to_html", "to_json", "to_lines", "to_markdown", "write_private", "written"]

# A name may have 255 bytes on most disks, and a whole path 260 characters on Windows.
_LONGEST_NAME = 80


def to_json(document: Mapping[str, Any]) -> str:
    """Return an exported rehearsal as JSON that :func:`rehearse.transcripts.read_document` reads.

    :raises TranscriptError: if the document is not plain data.
    """
    return _json(document, 2) + "\n"


def _json(document: Mapping[str, Any], indent: int | None) -> str:
    try:
        return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=indent)
    except (TypeError, ValueError, RecursionError) as error:
        raise TranscriptError(
            "The rehearsal is not plain data and cannot be exported.", "Export it from the list of rehearsals."
        ) from error


def to_lines(documents: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield exported rehearsals as JSON, one on each line, that :func:`rehearse.transcripts.read_documents` reads.

    :raises TranscriptError: if one is not plain data.
    """
    for document in documents:
        yield _json(document, None) + "\n"


def written(document: Mapping[str, Any], form: str, labels: Mapping[int, str] | None = None, *, lang: str = "en") -> str:
    """Return an exported rehearsal as ``markdown``, ``html`` or ``json``.

    :param labels: the word for each level of openness, where it is not the English one.
    :param lang: the language of the words around what was said.
    """
    if form == "json":
        return to_json(document)
    return (to_html if form == "html" else to_markdown)(document, labels or openness_labels(), lang=lang)


def file_name(saved: Saved, suffix: str) -> str:
    """Return a name for a downloaded file that every system accepts, such as ``rehearsal-daniel-2026-11-22.html``.

    The leading word also keeps a title such as “CON” or “.profile” from meaning something to the system.

    :param suffix: what the name ends with, such as ``.json``.
    """
    words = unicodedata.normalize("NFC", saved.title or saved.scenario.son.name)
    plain = "".join(letter if letter.isalnum() else "-" for letter in words)
    plain = "-".join(part for part in plain.split("-") if part)
    plain = plain.encode("utf-8")[:_LONGEST_NAME].decode("utf-8", "ignore").rstrip("-")
    date = "".join(letter for letter in saved.created[:10] if letter in "0123456789-")
    ending = "".join(letter for letter in suffix if letter.isascii() and letter.isalnum())
    return "-".join(part for part in ("rehearsal", plain.lower(), date) if part) + f".{ending}"


def write_private(path: Path, text: str | Iterable[str]) -> None:
    """Write a file that only its owner may read; it appears whole or not at all, replacing an older one.

    :param text: the whole of it, or its pieces as they come.
    :raises TranscriptError: if it cannot be written.
    """
    try:
        files.write_private(Path(path).absolute(), [text] if isinstance(text, str) else text)
    except OSError as error:
        raise TranscriptError(
            "The file could not be written ({why}).", "Choose another folder, or free some space.", why=error.strerror
        ) from error
