"""Words met outside the role: what the rules hear, what they leave alone, and what they are met with."""

import json
from pathlib import Path

import pytest

from doubles import ToyEmbedder
from rehearse import distress, helplines, settings
from rehearse.distress import METS, met
from rehearse.errors import DataError
from rehearse.listener import Listener

SAFETY = settings.models_folder() / "son" / "safety"


def cases(*names: str) -> list[dict[str, str]]:
    return [json.loads(line) for name in names for line in (SAFETY / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I want to die.", "distress"),
        ("i cant do this anymore i want to die", "distress"),
        ("I’m going to kill myself tonight", "distress"),
        ("You told me you want to die and I haven't slept.", "distress"),
        ("He beats me when he drinks.", "violence"),
        ("I beat you with the belt every week.", "violence"),
        ("I'm scared of what you'll do when you come home drunk.", "violence"),
        ("You were abused in that home.", "abuse"),
        ("I was raped when I was nineteen.", "abuse"),
        ("There is a restraining order, but I only want five minutes.", "no_contact"),
        ("You asked me never to contact you again.", "no_contact"),
        ("He beat me. I want to die.", "distress"),
    ],
)
def test_what_is_met(text: str, kind: str) -> None:
    assert met(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I could kill for a coffee.",
        "I died laughing.",
        "I miss you to death.",
        "I'm so sad since you left.",
        "Your grandmother died in March.",
        "I never hit you, and I never will.",
        "I'm not suicidal, only lonely.",
        "You hurt me with what you said.",
        "You asked me not to call at work.",
        "I read about that boy who took his own life.",
        "You beat me at cards again.",
    ],
)
def test_ordinary_talk_is_left_alone(text: str) -> None:
    assert met(text) is None


def test_the_cases_are_whole_and_enough() -> None:
    every = cases("s01", "s02", "s03", "s04", "s05")
    assert len({case["text"] for case in every}) == len({case["id"] for case in every}) == len(every) >= 600
    assert {case["met"] for case in every} == {*METS, "none"}
    assert sum(case["met"] == "none" for case in every) >= 250


def test_the_rules_hold_on_the_cases_they_were_made_on() -> None:
    """A change of one rule shows here what it loses."""
    every = cases("s01", "s02", "s03")
    must = [case for case in every if case["met"] != "none"]
    assert sum(met(case["text"]) is not None for case in must) >= 0.98 * len(must)
    assert [case["id"] for case in every if case["met"] == "none" and met(case["text"])] == []


def test_her_lines_of_the_hand_written_dialogues_are_ordinary_talk() -> None:
    files = sorted((settings.models_folder() / "son" / "dialogues").glob("*.jsonl"))
    lines = [turn["mother"] for path in files for row in map(json.loads, path.open(encoding="utf-8")) for turn in row["turns"]]
    assert len(lines) > 1000
    assert sum(met(line) is not None for line in lines) <= 0.003 * len(lines)


def test_a_very_long_draft_is_read_quickly_enough_to_type_on() -> None:
    assert met("I was so sad that you " * 2000) is None


# -- by meaning --------------------------------------------------------------------------------------------------------------


def toy_listener(threshold: float) -> Listener:
    import numpy as np

    embedder = ToyEmbedder()
    vectors = embedder.encode(["the quarry at midnight calls", "the quarry is lovely at noon"])
    parts = {
        "vectors": vectors,
        "weights": np.array([1.0, -1.0]),
        "met": np.array([0.0, -1.0]),
        "numbers": np.array([1, 0, threshold]),
    }
    return Listener(embedder, parts)


def test_what_is_near_to_a_line_that_was_met_is_met() -> None:
    listener = toy_listener(0.4)
    assert listener.met("The quarry at midnight calls.") == "distress"
    assert listener.met("The quarry is lovely at noon.") is None
    assert listener.met("") is None
    assert Listener().met("The quarry at midnight calls.") is None, "without an encoder the rules stand alone"
    assert Listener().met("I want to die.") == "distress"


def test_one_sentence_is_not_drowned_by_the_others() -> None:
    long = "Rain again. The buses were late. " * 6 + "The quarry at midnight calls. Good night."
    assert toy_listener(0.2).met(long) == "distress"


# -- what it is met with -----------------------------------------------------------------------------------------------------


def test_every_reason_has_words_and_every_country_lines() -> None:
    for reason in (*METS, helplines.OUT):
        told = helplines.words(reason)
        assert told.heading and told.words and told.go_on and told.back
        for country in helplines.countries():
            found = helplines.lines(country, reason)
            assert len(found) >= 2 and all(line.number and line.source and line.written for line in found)
    assert helplines.words("no_contact").unsent and not helplines.words("distress").unsent


def test_known_numbers_stand_there() -> None:
    assert {"988 (call or text)", "911"} <= {line.number for line in helplines.lines("US", "distress")}
    assert "1-800-799-7233" in {line.number for line in helplines.lines("US", "violence")}
    assert "116 123" in {line.number for line in helplines.lines("GB", "distress")}
    assert "13 11 14" in {line.number for line in helplines.lines("AU", "distress")}
    assert helplines.lines("XX", "distress") == ()


@pytest.mark.parametrize(("name", "country"), [("en_GB", "GB"), ("de_DE", "DE"), ("pl_PL", "US"), (None, "US"), ("C", "US")])
def test_the_country_is_that_of_the_computer(monkeypatch: pytest.MonkeyPatch, name: str | None, country: str) -> None:
    monkeypatch.setattr(helplines.locale, "getlocale", lambda: (name, "UTF-8"))
    assert helplines.here() == country


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("distress.toml", "patterns", "pattern"),
        ("distress.toml", 'met = "no_contact"', 'met = "nothing"'),
        ("help.toml", "[met.out]", "[met.away]"),
        ("help.toml", 'country = "NZ"', 'country = "XX"'),
    ],
)
def test_a_file_that_is_not_as_it_should_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, old: str, new: str
) -> None:
    text = (settings.prompts_folder() / file).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new), encoding="utf-8")
    monkeypatch.setattr(settings, "prompts_folder", lambda: tmp_path)
    with pytest.raises(DataError, match=file):
        distress.rules() if file.startswith("distress") else helplines.countries()
