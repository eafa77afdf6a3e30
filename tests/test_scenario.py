"""The scenarios carried with the app, and what is refused of those given from outside."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from rehearse import settings
from rehearse.errors import DataError, ScenarioError
from rehearse.scenario import LONGEST, TEMPERAMENTS, Scenario, Son, nearest, scenarios
from rehearse.turn import Openness

NAMES = [
    "missed-calls", "never-visits", "old-argument", "moved-away", "the-girlfriend", "behind-his-door", "left-the-faith",
    "opened-up-once", "new-father", "an-apology", "money", "the-wedding", "after-the-divorce", "grief",
]  # fmt: skip

WHOLE = """
order = 1
title = "A title"
teaser = "A teaser."
situation = "He moved out. His mother calls."
hope = "I hope."
openness = 2
speaks_first = "mother"
practice = 4

[son]
name = "Sami"
age = 20
stage = "student"
temperament = "joking"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder of scenarios that the app reads instead of its own."""
    monkeypatch.setattr(settings, "prompts_folder", lambda: tmp_path)
    (tmp_path / "scenarios").mkdir()
    return tmp_path / "scenarios"


def test_fourteen_in_order() -> None:
    """They come in the order of their files' `order`."""
    assert [scenario.id for scenario in scenarios()] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_is_whole(name: str) -> None:
    """Each can be loaded by name and has everything the screen and the voice need."""
    scenario = Scenario.load(name)
    assert scenario.id == name
    assert scenario.son.name and scenario.son.age and scenario.son.stage and scenario.son.temperament
    assert scenario.hope.startswith(("I ", "I'"))
    assert scenario.openness in (1, 2, 3)
    assert "His mother" in scenario.situation or "his mother" in scenario.situation
    assert scenario.situation.startswith(("He ", "His ", "Two years ago he ", "In April he ", "Last spring he ", "When he "))
    assert 2 <= len(re.findall(r"[.?!](?:\s|$)", scenario.situation)) <= 3
    assert len(re.findall(r"[.?!](?:\s|$)", scenario.teaser)) == 1
    assert len(scenario.title) <= 60 and len(scenario.teaser) <= 130
    assert bool(scenario.opening) == (scenario.speaks_first == "son")


def test_they_show_many_sons() -> None:
    """Ages from 14 to 41, every temperament, every practice, no name twice, three who speak first."""
    ages = [scenario.son.age or 0 for scenario in scenarios()]
    assert (min(ages), max(ages)) == (14, 41)
    assert {scenario.son.temperament for scenario in scenarios()} == set(TEMPERAMENTS)
    assert {scenario.practice for scenario in scenarios()} == set(range(1, 11))
    assert {scenario.openness for scenario in scenarios()} == {1, 2, 3}
    assert max(Counter(scenario.son.name for scenario in scenarios()).values()) == 1
    assert sum(scenario.speaks_first == "son" for scenario in scenarios()) == 3


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    """She is told what to choose from."""
    with pytest.raises(ScenarioError, match="missed-calls"):
        Scenario.load("no-such-scene")


@pytest.mark.parametrize("name", NAMES)
def test_plain_data_and_back(name: str) -> None:
    """What is written out can be read in again."""
    scenario = Scenario.load(name)
    assert Scenario.from_dict(scenario.to_dict()) == scenario


def test_a_name_is_enough() -> None:
    """All but his name may be left out."""
    assert Scenario.from_dict({"son": {"name": " Sami "}}) == Scenario(Son("Sami"), openness=Openness.GUARDED)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"son": "Sami"},
        {"son": {}},
        {"son": {"name": 7}},
        {"son": {"name": "Sami", "age": "20"}},
        {"son": {"name": "Sami", "age": True}},
        {"son": {"name": "Sami", "age": 4}},
        {"son": {"name": "Sami", "temperament": "sunny"}},
        {"son": {"name": "S" * (LONGEST["name"] + 1)}},
        {"son": {"name": "Sami"}, "openness": 6},
        {"son": {"name": "Sami"}, "practice": 0},
        {"son": {"name": "Sami"}, "speaks_first": "father"},
        {"son": {"name": "Sami"}, "situation": "a" * (LONGEST["situation"] + 1)},
    ],
)
def test_what_cannot_be_used_is_refused(given: dict[str, Any]) -> None:
    """A missing, wrong, long or impossible field is refused with a sentence."""
    with pytest.raises(ScenarioError):
        Scenario.from_dict(given)


def test_a_whole_file_is_read(folder: Path) -> None:
    """The file's name is the scenario's."""
    (folder / "one.toml").write_text(WHOLE, encoding="utf-8")
    assert Scenario.load("one").son == Son("Sami", 20, "student", "joking")


@pytest.mark.parametrize(
    ("found", "put"),
    [
        ('title = "A title"', ""),
        ('teaser = "A teaser."', ""),
        ("practice = 4", ""),
        ("practice = 4", "practice = 11"),
        ('speaks_first = "mother"', 'speaks_first = "son"'),
        ('name = "Sami"', ""),
        ("[son]", "[son"),
    ],
)
def test_a_damaged_file_is_refused(folder: Path, found: str, put: str) -> None:
    """Nothing half is shown."""
    assert found in WHOLE
    (folder / "one.toml").write_text(WHOLE.replace(found, put), encoding="utf-8")
    with pytest.raises(DataError, match="one.toml"):
        scenarios()


def test_the_nearest_to_a_boy_of_fourteen_are_boys() -> None:
    assert [each.id for each in nearest(15, "")][:2] == ["behind-his-door", "after-the-divorce"]


def test_temperament_counts_and_so_do_years() -> None:
    found = [each.son for each in nearest(21, "withdrawn")]
    assert found[0].temperament == "withdrawn"
    assert abs((found[0].age or 0) - 21) <= 4
    assert found[-1].temperament != "withdrawn"


def test_nothing_said_of_him_leaves_the_order_as_it_is() -> None:
    assert nearest(None, "") == scenarios()
