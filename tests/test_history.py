"""All her talks together, and the picture and the table made of them."""

import re
from pathlib import Path

import pytest

from doubles import parts, scenario
from rehearse.history import History
from rehearse.parts import Parts
from rehearse.rehearsal import Rehearsal
from rehearse.turn import Openness
from rehearse.ui import pictures


@pytest.fixture
def kept(tmp_path: Path) -> Parts:
    return parts(tmp_path, *["Hm."] * 40)


def talk(kept: Parts, *lines: str) -> Rehearsal:
    rehearsal = Rehearsal.start(scenario(), parts=kept)
    for line in lines:
        list(rehearsal.say(line))
    return rehearsal


def told(kept: Parts) -> History:
    return History.of(kept.transcripts, kept.transcripts.list())


def test_each_talk_has_its_flagged_lines_by_kind_oldest_first(kept: Parts) -> None:
    talk(kept, "You never call. You never write.", "It is your fault.")
    talk(kept, "I miss our talks.", "You never call.")
    first, second = told(kept).talks
    assert (first.lines, dict(first.flagged)) == (2, {"absolute": 1, "blame": 1}), "two places in a line are one line"
    assert (second.lines, dict(second.flagged)) == (2, {"absolute": 1})
    assert told(kept).kinds == ("absolute", "blame")


def test_how_far_he_opened_is_the_farthest_and_not_the_end(kept: Parts) -> None:
    rehearsal = talk(kept, *["I am sorry. I understand."] * 3, *["It is your fault."] * 2)
    farthest = max(turn.openness for turn in rehearsal.path)
    assert told(kept).talks[0].reached == farthest > rehearsal.openness


def test_a_talk_without_a_line_of_hers_is_none(kept: Parts) -> None:
    talk(kept)
    assert told(kept).talks == ()


def test_only_the_try_on_the_screen_counts(kept: Parts) -> None:
    rehearsal = talk(kept, "You never call.")
    rehearsal.go_back(rehearsal.path[0].id)
    list(rehearsal.say("I miss our talks."))
    assert told(kept).kinds == ()


def test_one_talk_is_not_enough_for_a_picture(kept: Parts) -> None:
    talk(kept, "Hello.")
    assert "<svg" not in pictures.history(told(kept))


def test_the_picture_says_the_numbers_and_the_table_says_them_too(kept: Parts) -> None:
    talk(kept, "You never call.", "You never write.")
    talk(kept, "Hello.")
    shown = pictures.history(told(kept))
    assert re.findall(r'class="inside"[^>]*>(\d+)<', shown) == ["2"]
    assert shown.count("<tr") == 3
    assert "2 × always, never" in shown
    assert "grade" not in re.sub(r"it is no grade", "", shown)


def test_many_talks_keep_to_the_last_dozen_and_the_table_has_all(kept: Parts) -> None:
    for _ in range(15):
        talk(kept, "Hello.")
    shown = pictures.history(told(kept))
    assert ">15</text>" in shown
    assert ">3</text>" not in shown
    assert shown.count("<tr") == 16


def test_every_point_of_the_talk_leads_to_its_line_and_so_does_the_table(kept: Parts) -> None:
    rehearsal = talk(kept, "You never call.", "I miss our talks <b>.")
    debrief = rehearsal.debrief()
    hers = [turn.id for turn in rehearsal.path if turn.speaker == "mother"]
    plot, table = pictures.openness(debrief), pictures.openness_table(debrief)
    assert re.findall(r'data-act="turn" data-value="(\w+)"', plot) == hers
    assert re.findall(r'data-act="turn" data-value="(\w+)"', table) == hers
    assert "<b>" not in plot + table
    assert plot.count("<circle") == 1 + 2 * len(hers)


def test_levels_are_named_in_the_plot(kept: Parts) -> None:
    plot = pictures.openness(talk(kept, "Hello.").debrief())
    assert plot.count('class="grid"') == len(Openness)
    assert "Wary but listening" in plot
