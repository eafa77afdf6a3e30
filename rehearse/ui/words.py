"""The words of the page in its language, from ``prompts/page.toml``, and what is said there of a failure.

The sentences of failures stand in the code, in English; ``prompts/errors-es.toml`` says each of them in another language.
"""

import re
from datetime import date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path

from rehearse import data, settings
from rehearse.errors import DataError, RehearseError, Sentence
from rehearse.turn import Openness

# A size as :func:`rehearse.voice.fit.gigabytes` says it.
_SIZE = re.compile(r"\d+\.\d+ GB")


@cache
def _read(path: Path, language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for group, table in data.read_words(path, language).items():
        for name, text in table.items():
            if not isinstance(text, str) or not text.strip():
                raise DataError(path, f"{group}.{name} has no words")
            found[f"{group}.{name}"] = text
    return found


@cache
def _failures(folder: Path, language: str) -> dict[str, str]:
    """Return what is said in the place of each English sentence; nothing where the page is English itself."""
    if language == "en":
        return {}
    path = folder / f"errors-{language}.toml"
    found = data.read_toml(path)
    for english, other in found.items():
        if not isinstance(other, str) or not other.strip() or data.gaps(other) != data.gaps(english):
            raise DataError(path, f"“{english}” has no words, or other gaps")
    return found


def say(name: str, /, **filled: object) -> str:
    """Return the words of this name, as ``group.name``, with what stands in braces filled in.

    :raises KeyError: if there are no such words: a mistake in the code, not of a person.
    """
    text = _read(settings.prompts_folder() / "page.toml", settings.language())[name]
    return text.format(**{gap: _number(each) for gap, each in filled.items()}) if filled else text


def trouble(error: RehearseError) -> str:
    """Return what happened and what to do, in the language of the page; a sentence it does not have stays English."""
    return " ".join(_said(each) for each in error.sentences)


def _said(sentence: Sentence) -> str:
    known = _failures(settings.prompts_folder(), settings.language())
    filled: dict[str, object] = {}
    for gap, each in sentence.fillings.items():
        # What fills a gap may be a piece that is said otherwise in other languages, too.
        filled[gap] = (
            _said(each) if isinstance(each, Sentence) else _number(known.get(each, each) if isinstance(each, str) else each)
        )
    return str(Sentence(known.get(sentence.words, sentence.words), filled))


def _number(value: object) -> object:
    """Return a size or a broken number with the sign that the language of the page puts before its tenths."""
    if isinstance(value, float) or (isinstance(value, str) and _SIZE.fullmatch(value)):
        return str(value).replace(".", say("number.point"))
    return value


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
    return date_of(local)


def weekday(day_: date) -> str:
    """Return a day with the name it has in the week."""
    return say("date.weekday", weekday=say("date.weekdays").split()[day_.weekday()], day=date_of(day_))


def date_of(day_: date) -> str:
    """Return a day with its month and its year."""
    return say("date.day", day=day_.day, month=say("date.months").split()[day_.month - 1], year=day_.year)
