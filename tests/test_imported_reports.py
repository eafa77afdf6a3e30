"""A talk brought back may carry what another version of the check said, or anything at all: it is shown wherever reports are."""

from pathlib import Path
from typing import Any

import pytest

from doubles import parts, scenario
from rehearse.history import History
from rehearse.parts import Parts
from rehearse.rehearsal import Rehearsal
from rehearse.seats import Seats
from rehearse.tone.report import entries
from rehearse.transcripts import openness_labels, read_document, to_html, to_json, to_markdown
from rehearse.turn import Openness, Turn
from rehearse.ui import compare, pictures, render, tries
from rehearse.ui.leaving import Leaving
from rehearse.ui.lookback import lookback
from rehearse.ui.room import Room

WORDS = "You said so."


def finding(**given: Any) -> dict[str, Any]:
    return {"start": 0, "end": 12, "text": WORDS, "score": 0.9, "kind": "blame", "why": "Why.", "practice": 4} | given


NEWER = {
    "text": WORDS,
    "flagged": True,
    "score": 0.9,
    "kinds": ["sarcasm"],
    "findings": [finding(kind="sarcasm")],
    "strengths": [],
}
ODD: list[dict[str, Any]] = [
    NEWER,
    {"findings": [finding(kind="feeling")], "strengths": [finding(kind="blame")]},
    {"findings": [finding(kind=None)], "strengths": [finding(kind=["blame"])]},
    {"findings": [finding(text=None), finding(text=7), "blame", None], "strengths": {"text": WORDS}},
    {"findings": "blame", "strengths": 3},
    {"findings": [{}], "strengths": [{}], "flagged": "perhaps"},
    {"seats": {"spoken": "own", "from": ["nobody"]}},
    {"seats": "changed"},
]


@pytest.fixture
def given(tmp_path: Path) -> Parts:
    return parts(tmp_path / "home", "Hm.")


def brought_back(given: Parts, report: dict[str, Any]) -> Rehearsal:
    store = given.transcripts
    made = store.create(scenario())
    hers = Turn("mother", WORDS, Openness.WARY, report=report)
    store.append(made.id, hers)
    store.append(made.id, Turn("son", "Hm.", Openness.WARY, hers.id))
    document = read_document(to_json(store.export(made.id)))
    return Rehearsal(store.import_(document).id, given)


@pytest.mark.parametrize("report", ODD, ids=range(len(ODD)))
def test_it_is_shown_wherever_reports_are(given: Parts, report: dict[str, Any], tmp_path: Path) -> None:
    talk = brought_back(given, report)
    other = brought_back(given, report)
    room = Room(given, Leaving(given.transcripts, tmp_path / "leaving"))
    assert WORDS in render.talk(talk)
    assert tries.tree(talk) == ""
    assert WORDS in lookback(talk)
    assert "<svg" in pictures.history(History.of(given.transcripts, room.shelf()))
    assert "data-act" in compare.choices(room, talk.id)
    asked = f"{talk.id} {talk.saved.leaf_id} {other.id} {other.saved.leaf_id}"
    assert compare.side_by_side(given.transcripts, asked).count(WORDS) >= 2
    document = given.transcripts.export(talk.id)
    for written in (to_markdown(document, openness_labels()), to_html(document, openness_labels())):
        assert WORDS in written
    Seats(talk).change(gentle=True)
    Seats(talk).back()
    list(talk.say("And now?"))
    assert talk.path[-1].text == "Hm."


def test_an_unknown_kind_is_quoted_and_said_to_be_unknown(given: Parts) -> None:
    shown = render.talk(brought_back(given, NEWER))
    assert f"<q>{WORDS}</q> This was marked by another version of the app" in shown


def test_a_kind_in_the_wrong_part_counts_for_nothing() -> None:
    report = {"findings": [finding(kind="feeling"), finding()], "strengths": [finding(kind="blame"), finding(kind="thanks")]}
    assert entries(report, "findings") == [("blame", 0.9)]
    assert entries(report, "strengths") == [("thanks", 1.0)]
