"""What she is met with outside the role: plain kind words, and help lines by country, from ``prompts/help.toml``."""

import locale
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rehearse import data, settings
from rehearse.distress import METS, Met
from rehearse.errors import DataError


@dataclass(frozen=True, slots=True)
class HelpLine:
    """Somebody to call: what it is for, where the number was found and on which day."""

    country: str
    name: str
    number: str
    serves: tuple[str, ...]
    source: str
    written: str


@dataclass(frozen=True, slots=True)
class Words:
    """What is said to her for one reason to step out. ``unsent`` and ``kept`` are empty where nothing is to be written down."""

    heading: str
    words: tuple[str, ...]
    go_on: str
    back: str
    unsent: str = ""
    kept: str = ""


@dataclass(frozen=True, slots=True)
class _Help:
    met: dict[str, Words]
    lines: tuple[HelpLine, ...]
    countries: dict[str, str]
    general: dict[str, str]


# “out” is her own wish to stop; the others are what :func:`rehearse.distress.met` returns.
OUT = "out"


@cache
def _read(path: Path, language: str) -> _Help:
    tables = data.read_words(path, language)
    try:
        met = {name: Words(**{**table, "words": tuple(table["words"])}) for name, table in tables["met"].items()}
        lines = tuple(
            HelpLine(each["country"], each["name"], each["number"], tuple(each["for"]), each["source"], each["written"])
            for each in tables["line"]
        )
        found = _Help(met, lines, dict(tables["countries"]), dict(tables["words"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(path, f"a field is missing or unknown ({error})") from error
    if set(met) != {*METS, OUT} or set(found.general) != {"check", "elsewhere", "private", "country"}:
        raise DataError(path, "it needs words for every reason to step out, and four general sentences")
    served = {(line.country, each) for line in lines for each in line.serves}
    if served != {(country, each) for country in found.countries for each in ("distress", "violence", "abuse")}:
        raise DataError(path, "every country needs a line for distress, violence and abuse")
    return found


def _all() -> _Help:
    return _read(settings.prompts_folder() / "help.toml", settings.language())


def words(met: Met | str) -> Words:
    """Return what she is told for a reason to step out.

    :param met: what her draft was met as, or :data:`OUT` if she stepped out herself.
    :raises DataError: if ``prompts/help.toml`` is not as it should be.
    """
    return _all().met[met]


def general(name: str) -> str:
    """Return one of the general sentences: ``check``, ``elsewhere``, ``private`` or ``country``."""
    return _all().general[name]


def countries() -> dict[str, str]:
    """Return the countries that have lines, their two letters first."""
    return dict(_all().countries)


def lines(country: str, met: Met | str = OUT) -> tuple[HelpLine, ...]:
    """Return the help lines of a country, the emergency number first.

    :param country: two letters; one without lines gives none.
    :param met: leaves out lines for something else; a wish for no contact, and stepping out, are served as distress is.
    """
    need = met if met in ("violence", "abuse") else "distress"
    return tuple(line for line in _all().lines if line.country == country and need in line.serves)


def here() -> str:
    """Return the country this computer is set to, if it has lines; the first one that has otherwise."""
    known = countries()
    try:
        name = locale.getlocale()[0] or ""
    except ValueError:  # a locale that Python cannot read
        name = ""
    region = name.replace("-", "_").partition("_")[2][:2].upper()
    return region if region in known else next(iter(known))
