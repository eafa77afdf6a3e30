"""The ledger: what was told stays told, and what nobody told is not made up where it matters."""

import json
from collections import Counter

import pytest

from doubles import scenario
from rehearse import settings
from rehearse.lab import voice_data
from rehearse.son.guard import Guard
from rehearse.son.ledger import CONTRADICTS, INVENTS, Ledger
from rehearse.turn import Openness, Turn

NOBODY = Ledger(scenario(situation="He has not called since spring."))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I'm 25, Mom.", CONTRADICTS),
        ("I’m thirty years old.", CONTRADICTS),
        ("I'm 24, Mom.", None),
        ("I'm twenty-four.", None),
        ("I'm 10 minutes away.", None),
        ("When I'm forty I'll laugh about it.", None),
        ("Hi, this is Kevin.", CONTRADICTS),
        ("Hi, it's me. I'm Daniel.", None),
        ("I'm Dan, remember?", None),
        ("I'm fine.", None),
        ("I'm Sorry.", None),
        ("My sister told me about it.", INVENTS),
        ("Ask Dad about it.", INVENTS),
        ("My wife says hello.", INVENTS),
        ("I moved to Denver in June.", INVENTS),
        ("I like it in Leeds.", None),
        ("I talked to Mom in May.", None),
        ("I'm from work, give me a second.", None),
        ("My brother-in-arms, as they say.", INVENTS),
    ],
)
def test_against_the_scene_alone(text: str, found: str | None) -> None:
    assert NOBODY.broken(text, whole=True) == found


def test_what_she_told_is_known() -> None:
    told = Ledger.of(scenario(), [Turn("mother", "Your sister is in Denver with your father.", Openness.WARY)])
    for text in ("My sister told me.", "I'm going to Denver too.", "Ask Dad about it."):
        assert told.broken(text, whole=True) is None


def test_what_he_assumed_stays() -> None:
    path = [
        Turn("mother", "How are you and your girlfriend?", Openness.WARY),
        Turn("son", "My girlfriend Ana has a new job.", Openness.WARY),
        Turn("mother", "That is nice.", Openness.WARY),
    ]
    assert Ledger.of(scenario(), path).broken("My girlfriend Sara is well.", whole=True) == CONTRADICTS
    assert Ledger.of(scenario(), path).broken("My girlfriend Ana is well.", whole=True) is None


def test_the_dead_do_not_call() -> None:
    ledger = Ledger(scenario(situation="His father died in March and they have not spoken since the funeral."))
    assert ledger.broken("Dad is fine, he's watching the game.", whole=True) == CONTRADICTS
    assert ledger.broken("I miss Dad.", whole=True) is None


def test_a_growing_answer_is_judged_by_its_whole_words() -> None:
    for length in range(1, len("I'm 24 now, Mom.") + 1):
        assert NOBODY.broken("I'm 24 now, Mom."[:length]) is None
    assert NOBODY.broken("I'm 2") is None and NOBODY.broken("I'm 25 now") == CONTRADICTS


def test_the_guard_asks_the_ledger() -> None:
    assert Guard([], [], ledger=NOBODY).broken("My sister told me.", whole=True) == INVENTS
    assert Guard([], []).broken("My sister told me.", whole=True) is None


def test_honest_sons_rarely_break_it(record_property) -> None:
    """Writers knew more of their sons than the scene says; even so few of their lines are refused, and hardly one contradicts."""
    files = sorted((settings.models_folder() / "son" / "dialogues").glob("*.jsonl"))
    found: Counter[str] = Counter()
    lines = 0
    for row in (json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()):
        hers: list[str] = []
        his: list[str] = []
        for turn in row["turns"]:
            hers.append(turn["mother"])
            lines += 1
            found[Ledger(voice_data.scenario_of(row), hers, his).broken(turn["son"], whole=True) or ""] += 1
            his.append(turn["son"])
    record_property("found", dict(found))
    assert found[CONTRADICTS] <= lines * 0.002 and found[INVENTS] <= lines * 0.03
