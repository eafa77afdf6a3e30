"""The words of the page, from ``prompts/page.toml`` or the same file in another language."""

from datetime import date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path

from rehearse import data, settings
from rehearse.errors import DataError
from rehearse.turn import Openness


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


def how_open(openness: int) -> str:
    """Return where he is in a word or three."""
    return say(f"level.{Openness(int(openness)).name.lower()}")


def so_open(openness: int) -> str:
    """Return where he is in a sentence."""
    return say(f"level.{Openness(int(openness)).name.lower()}_is")


def day(moment: str) -> str:
    """Return the day of a stored moment as people say it, in the time of this computer; today and yesterday by name.

    :param moment: UTC, in ISO 8601. One that is no date of this system's calendar is returned as it stands.
    """
    try:
        then = datetime.fromisoformat(moment.removesuffix("Z"))
        local = (then if then.tzinfo else then.replace(tzinfo=timezone.utc)).astimezone().date()
    except (ValueError, OverflowError, OSError):
        return moment[:10]
    today = datetime.now().astimezone().date()
    if local == today:
        return say("date.today")
    if local == today - timedelta(days=1):
        return say("date.yesterday")
    return _dated(local)


def weekday(day_: date) -> str:
    """Return a day with the name it has in the week."""
    return say("date.weekday", weekday=say("date.weekdays").split()[day_.weekday()], day=_dated(day_))


def _dated(day_: date) -> str:
    return say("date.day", day=day_.day, month=say("date.months").split()[day_.month - 1], year=day_.year)
