"""Reading the data files carried with the app."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from rehearse.errors import DataError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Made = TypeVar("Made")


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file.

    :raises DataError: if it is missing or not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(path, "it cannot be read") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(path, f"it is not valid TOML ({error})") from error


def read_rows(folder: Path, made: Callable[[dict[str, Any]], Made], wrong: str) -> tuple[Made, ...]:
    """Return what is made of every line of the JSON Lines files of a folder, file by file in the order of their names.

    :param made: makes one of a row; a row that it cannot use it refuses with a ``LookupError``, ``TypeError`` or ``ValueError``.
    :param wrong: what is then said of the line.
    :raises DataError: if a line is not JSON, or is refused.
    """
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                found.append(made(json.loads(line)))
            except (LookupError, TypeError, ValueError) as error:
                raise DataError(path, f"line {number} {wrong} ({error})") from error
    return tuple(found)


def read_words(path: Path, language: str) -> dict[str, Any]:
    """Return the tables of a TOML file with what people read in a language.

    What the twin of the file says, ``debrief-es.toml`` beside ``debrief.toml``, stands in the place of the English; what it
    leaves out stays as it is.

    :raises DataError: if one of the two cannot be read, or the twin has something that the English has not.
    """
    english = read_toml(path)
    if language == "en":
        return english
    twin = path.with_name(f"{path.stem}-{language}{path.suffix}")
    translated: dict[str, Any] = _translated(english, read_toml(twin), twin, "the file")
    return translated


def _translated(english: Any, other: Any, twin: Path, where: str) -> Any:
    if isinstance(english, dict) and isinstance(other, dict):
        if unknown := set(other) - set(english):
            raise DataError(twin, f"{where} has what the English has not: {', '.join(sorted(unknown))}")
        return {name: _translated(each, other[name], twin, name) if name in other else each for name, each in english.items()}
    if isinstance(english, list) and isinstance(other, list) and len(english) == len(other):
        return [_translated(each, theirs, twin, where) for each, theirs in zip(english, other, strict=True)]
    if not isinstance(english, str) or not isinstance(other, str) or not other.strip():
        raise DataError(twin, f"{where} is not of the form that the English has")
    if gaps(english) != gaps(other):
        raise DataError(twin, f"{where} has other gaps than the English")
    return other


def gaps(text: str) -> list[str]:
    """Return the names in the braces of a text, in the order of the alphabet."""
    return sorted(re.findall(r"{(\w+)}", text))
