"""The tree of tries, and what the panel carries for the underlines."""

import html
import json
import re
from pathlib import Path

import pytest

from doubles import parts, scenario
from rehearse.errors import NotFound
from rehearse.rehearsal import Rehearsal
from rehearse.ui import render, tries
from rehearse.ui.findings import findings


@pytest.fixture
def talk(tmp_path: Path) -> Rehearsal:
    return Rehearsal.start(scenario(), parts=parts(tmp_path, *["Hm."] * 9))


def say(rehearsal: Rehearsal, text: str) -> str:
    list(rehearsal.say(text))
    return next(turn.id for turn in reversed(rehearsal.turns) if turn.text == text)


def test_one_way_through_a_talk_is_no_tree(talk: Rehearsal) -> None:
    say(talk, "Hello.")
    say(talk, "How was your week?")
    assert tries.tree(talk) == ""


def test_every_try_is_there_with_its_name_and_the_one_on_the_screen_is_marked(talk: Rehearsal) -> None:
    say(talk, "Hello.")
    first = say(talk, "You never call.")
    talk.go_back(first)
    second = say(talk, "I miss our talks.")
    talk.parts.transcripts.label(second, "the soft one")
    tree = tries.tree(talk)
    assert re.findall(r'data-act="show" data-value="(\w+)"', tree) == [first, second]
    assert "the soft one: I miss our talks." in tree
    assert tree.count('aria-current="true"') == 1
    assert tree.index('aria-current="true"') > tree.index(first)


def test_a_try_within_a_try_stands_below_it(talk: Rehearsal) -> None:
    first = say(talk, "Hello.")
    talk.go_back(first)
    say(talk, "Hi love.")
    inner = say(talk, "How was your week?")
    talk.go_back(inner)
    say(talk, "Did the parcel come?")
    tree = tries.tree(talk)
    assert tree.count("<ul>") == 2
    assert tree.index("Hi love.") < tree.index("Did the parcel come?")


def test_she_may_go_back_to_a_line_of_his_and_nothing_is_lost(talk: Rehearsal) -> None:
    say(talk, "Hello.")
    his = talk.path[-1].id
    say(talk, "You never call.")
    talk.return_to(his)
    assert [turn.text for turn in talk.path] == ["Hello.", "Hm."]
    assert len(talk.turns) == 4
    with pytest.raises(NotFound):
        talk.return_to(talk.path[0].id)
    with pytest.raises(NotFound):
        talk.return_to("nobody")


def test_a_name_is_shown_as_text(talk: Rehearsal) -> None:
    first = say(talk, "Hello.")
    talk.go_back(first)
    second = say(talk, "Hi.")
    talk.parts.transcripts.label(second, "<b>x</b> ${1}")
    assert "<b>" not in tries.tree(talk)
    assert "<b>" not in render.talk(talk)
    assert "&lt;b&gt;x" in render.talk(talk)


def test_the_panel_carries_what_the_underlines_need(talk: Rehearsal) -> None:
    draft = "I miss you 😀. You never call. It is your fault."
    panel = findings(talk.check(draft).to_dict())
    marks = json.loads(html.unescape(re.search(r'data-marks="([^"]*)"', panel)[1]))  # type: ignore[index]
    assert [(draft[start:end], index, kind) for start, end, index, kind in marks] == [
        ("never", 0, "finding"),
        ("fault", 1, "finding"),
        ("I miss you 😀.", -1, "strength"),
    ]
    assert html.unescape(re.search(r'data-text="([^"]*)"', panel)[1]) == draft  # type: ignore[index]


def test_one_finding_is_explained_at_a_time(talk: Rehearsal) -> None:
    panel = findings(talk.check("You never call. It is your fault.").to_dict())
    assert re.findall(r'data-finding="(\d)"[^>]*?( hidden)?>', panel) == [("0", ""), ("1", " hidden")]
    assert panel.count("data-look") == 2
    assert "data-look" not in findings(talk.check("You never call.").to_dict())


def test_a_wording_is_taken_whole_whatever_its_difference_shows(talk: Rehearsal) -> None:
    panel = findings(talk.check("You never call.").to_dict())
    for shown, inside in re.findall(
        r'data-text="([^"]*)" aria-label="[^"]*"><span class="words">(.*?)</span><span class="source"', panel
    ):
        kept = re.sub(r"<del>.*?</del> ?", "", inside)
        assert re.sub(r"<[^>]+>", "", kept).strip() == shown
