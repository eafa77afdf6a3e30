"""The words of the page, from ``prompts/page.toml`` or the same file in another language."""

from functools import cache
from pathlib import Path

from rehearse import data, settings
from rehearse.errors import DataError


@cache
def _read(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for group, table in data.read_toml(path).items():
        for name, text in table.items():
            if not isinstance(text, str) or not text.strip():
                raise DataError(path, f"{group}.{name} has no words")
            found[f"{group}.{name}"] = text
    return found


def _path(language: str) -> Path:
    return settings.prompts_folder() / ("page.toml" if language == "en" else f"page-{language}.toml")


def say(name: str, /, **filled: object) -> str:
    """Return the words of this name, as ``group.name``, with what stands in braces filled in.

    :raises KeyError: if there are no such words: a mistake in the code, not of a person.
    """
    text = _read(_path(settings.language()))[name]
    return text.format(**filled) if filled else text
