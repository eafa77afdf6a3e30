"""The words of the page: every name the code asks for is there, and none stands there unused."""

import re
from pathlib import Path

import pytest

from rehearse.data import read_toml
from rehearse.scenario import TEMPERAMENTS
from rehearse.settings import prompts_folder
from rehearse.ui import words

SOURCES = sorted(Path(words.__file__).parent.glob("*.py"))
WHOLE = re.compile(r"""say\(\s*["']([a-z]+\.[a-z_]*[a-z])["']""")
ANY = re.compile(r"""["']([a-z]+\.[a-z_]+)["']""")
# Put together in the code: the beginning is known, the rest comes with the data.
BEGUN = re.compile(r"""say\(\s*(?:f["']([a-z]+\.[a-z_]*)\{|"([a-z]+\.[a-z_]+_)"\s*\+)""")


def known() -> set[str]:
    return {f"{group}.{name}" for group, table in read_toml(prompts_folder() / "page.toml").items() for name in table}


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
