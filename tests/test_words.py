"""The words of the page: every name the code asks for is there, and none stands there unused."""

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from rehearse.data import read_toml
from rehearse.errors import SettingError
from rehearse.kinds import flagged_kinds
from rehearse.scenario import TEMPERAMENTS
from rehearse.settings import LANGUAGES, prompts_folder
from rehearse.son.levels import levels
from rehearse.turn import Openness
from rehearse.ui import words
from rehearse.ui.pictures import LEFT

SOURCES = sorted(Path(words.__file__).parent.glob("*.py"))
WHOLE = re.compile(r"""say\(\s*["']([a-z]+\.[a-z_]*[a-z])["']""")
ANY = re.compile(r"""["']([a-z]+\.[a-z_]+)["']""")
# Put together in the code: the beginning is known, the rest comes with the data.
BEGUN = re.compile(r"""say\(\s*(?:f["']([a-z]+\.[a-z_]*)\{|"([a-z]+\.[a-z_]+_)"\s*\+)""")


def told(file: str = "page.toml") -> dict[str, str]:
    tables = read_toml(prompts_folder() / file)
    return {f"{group}.{name}": text for group, table in tables.items() for name, text in table.items()}


def known() -> set[str]:
    return set(told())


def test_every_name_the_page_asks_for_has_words() -> None:
    asked = {name for path in SOURCES for name in WHOLE.findall(path.read_text(encoding="utf-8"))}
    assert len(asked) > 40
    assert sorted(asked - known()) == []


def test_no_words_stand_unused() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    begun = tuple(first or second for first, second in BEGUN.findall(text))
    unused = [name for name in sorted(known() - set(ANY.findall(text))) if not name.startswith(begun)]
    assert unused == []


def test_every_temperament_has_a_word() -> None:
    assert all(words.say(f"temperament.{each}") for each in TEMPERAMENTS)


def test_an_unknown_name_is_a_mistake_of_the_code() -> None:
    with pytest.raises(KeyError):
        words.say("talk.nothing_of_the_kind")


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_a_translation_stands_in_the_same_order(language: str) -> None:
    other = told(f"page-{language}.toml")
    assert list(other) == list(told())
    assert [len(other[name].split()) for name in ("date.months", "date.weekdays")] == [12, 7]


def test_where_he_is_has_the_words_of_its_data() -> None:
    for value, level in levels().items():
        assert (words.how_open(value), words.so_open(value)) == (level.label, level.sentence)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_stands_beside_a_plot_fits_there(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSE_LANGUAGE", language)
    beside = [words.how_open(value) for value in Openness] + [words.say(f"kind.{kind}") for kind in flagged_kinds()]
    # Letters of 14 pixels, of which half that is a fair mean.
    assert [each for each in beside if len(each) * 7 > LEFT - 22] == []


def test_a_day_is_told_as_people_say_it(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now().astimezone()
    told = [words.day((now - timedelta(days=days)).astimezone(timezone.utc).isoformat()) for days in (0, 1)]
    assert told == ["today", "yesterday"]
    assert words.day("2024-02-29T12:00:00+00:00") == "29 February 2024"
    assert words.day("not a moment") == "not a mome"
    monkeypatch.setenv("REHEARSE_LANGUAGE", "es")
    assert words.day("2024-02-29T12:00:00+00:00") == "29 de febrero de 2024"


def test_the_language_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert words.say("talk.send") == "Send"
    monkeypatch.setenv("REHEARSE_LANGUAGE", "ES")
    assert words.say("talk.send") == "Enviar"
    monkeypatch.setenv("REHEARSE_LANGUAGE", "../../etc")
    with pytest.raises(SettingError, match="language"):
        words.say("talk.send")
