"""What she says of a finding: the same line is treated so from then on, and others are not."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from doubles import ToyEmbedder, ToyRewriter, parts, scenario, toy_check
from rehearse import settings
from rehearse.errors import DataError
from rehearse.parts import Parts
from rehearse.rehearsal import Rehearsal
from rehearse.tone.remarks import Remark, Remarks, stung_reason
from rehearse.transcripts import Transcripts


def test_a_line_she_calls_fine_is_not_flagged_again_and_others_are() -> None:
    check = toy_check()
    assert check.check("You never change, you clown!").flagged
    check.heed([Remark("You never change, you clown.", stung=False)])
    assert not check.check("you never change you clown").flagged
    assert not check.check("Hello. You never change, you clown!").flagged
    assert check.check("You never call.").flagged


def test_a_line_she_says_stung_is_flagged_from_then_on_and_others_are_not() -> None:
    check = toy_check()
    assert not check.check("Suit yourself.").flagged
    check.heed([Remark("Suit yourself.", stung=True)])
    report = check.check("Well. Suit yourself!")
    assert [each.text for each in report.findings] == ["Suit yourself!"]
    assert not check.check("It rains.").flagged


def test_a_remark_taken_back_is_forgotten() -> None:
    check = toy_check()
    check.heed([Remark("You never call.", stung=False)])
    assert not check.check("You never call.").flagged
    check.heed([])
    assert check.check("You never call.").flagged


def test_of_two_remarks_on_a_line_the_later_counts() -> None:
    said = Remarks(ToyEmbedder(), [Remark("Fine.", stung=True), Remark("fine", stung=False)])
    assert said.verdicts(["Fine!"]) == [False] and len(said.remarks) == 1


def test_nearly_the_same_is_the_same_and_something_else_is_not() -> None:
    said = Remarks(ToyEmbedder(), [Remark("you only ever think of your work and of your friends at the club", stung=True)])
    near = "you only ever think of your work and of your friends at the pub"
    assert said.verdicts([near, "you think of me"]) == [True, None]


@pytest.mark.parametrize("text", ["", " ", "?!"])
def test_an_empty_remark_is_none(text: str) -> None:
    assert Remarks(ToyEmbedder(), [Remark(text, stung=True)]).verdicts(["Hello."]) == [None]


def test_every_finding_shows_a_line_of_its_kind_and_a_gentler_way() -> None:
    (finding,) = toy_check().check("You never call me.").findings
    assert finding.kind == "absolute" and finding.example and finding.gentler
    assert not toy_check().check(finding.gentler).flagged


def test_other_marks_and_capitals_make_no_other_sentence() -> None:
    said = Remarks(ToyEmbedder(), [Remark("You don’t change, you clown!", stung=False)])
    assert said.verdicts(["you don't change you clown", "YOU DON’T CHANGE; YOU CLOWN…"]) == [False, False]


def test_the_report_says_what_is_so_only_because_of_her() -> None:
    check = toy_check()
    check.heed([Remark("You never change.", stung=False, number=3), Remark("Suit yourself.", stung=True, number=4)])
    found = check.check("You never change. Suit yourself. You never call.").to_dict()
    assert found["remarks"] == [
        {"start": 0, "end": 17, "text": "You never change.", "stung": False, "number": 3},
        {"start": 18, "end": 32, "text": "Suit yourself.", "stung": True, "number": 4},
    ]
    hers, its = found["findings"]
    assert (hers["text"], hers["said"], hers["score"], hers["why"]) == ("Suit yourself.", True, 1.0, stung_reason())
    assert its["text"] == "never" and "said" not in its
    # The check marks this by itself, so her remark changes nothing and nothing is said of it.
    check.heed([Remark("You never call.", stung=True)])
    found = check.check("You never call.").to_dict()
    assert "remarks" not in found and "said" not in found["findings"][0]


def test_what_she_said_stings_is_not_offered_to_her_as_gentler() -> None:
    wording, draft = "I miss the days when you call.", "You never call on the days I miss."
    rewriter, check = ToyRewriter(wording), toy_check()
    offered = [each.text for each in check.check(draft, rewriter=rewriter).findings[0].suggestions]
    assert wording in offered and len(offered) > 1
    check.heed([Remark(wording, stung=True)])
    left = [each.text for each in check.check(draft, rewriter=rewriter).findings[0].suggestions]
    assert left == [each for each in offered if each != wording]


def test_only_a_new_remark_is_embedded() -> None:
    class Counting(ToyEmbedder):
        read: list[str] = []

        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            self.read += texts
            return super().encode(texts)

    embedder = Counting()
    first = Remarks(embedder, [Remark("one", stung=True), Remark("two", stung=True)])
    again = Remarks(embedder, [Remark("two", stung=False), Remark("three", stung=True)], first)
    assert embedder.read == ["one", "two", "three"]
    for _ in range(2):
        assert again.verdicts(["Two.", "three three", "one", "one"]) == [False, True, None, None]
    assert embedder.read == ["one", "two", "three", "three three", "one"], "and each sentence once"
    assert again.verdicts([f"number {number}" for number in range(2000)]) == [None] * 2000
    assert again.verdicts(["one more"]) == [None] and len(again._found) < 3


def test_a_damaged_reason_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "remarks.toml").write_text('stung = " "', encoding="utf-8")
    monkeypatch.setattr(settings, "prompts_folder", lambda: tmp_path)
    with pytest.raises(DataError, match="no words"):
        stung_reason()


# -- in a rehearsal ------------------------------------------------------------------------------------------------------------


def test_a_talk_under_way_and_the_next_start_heed_what_is_kept(home: Path) -> None:
    given = parts(home, "Hm.")
    rehearsal = Rehearsal.start(scenario(), parts=given)
    assert rehearsal.check("You never change.").flagged
    with Transcripts(settings.database_path()) as elsewhere:
        elsewhere.remarks.add("You never change.", stung=False)
        assert not rehearsal.check("You never change!").flagged
        assert rehearsal.check("You never call.").flagged
        list(rehearsal.say("You never change."))
        assert rehearsal.path[0].report is not None and not rehearsal.path[0].report["flagged"]
        elsewhere.remarks.take_back(1)
    assert rehearsal.check("You never change.").flagged
    given.transcripts.remarks.add("Suit yourself.", stung=True)
    given.transcripts.close()
    with Transcripts(settings.database_path()) as store:
        loaded, started = toy_check(), Parts(store)
        started.bring(loaded)
        assert loaded.check("suit yourself").flagged, "heeded as soon as it is there"
        again = Rehearsal.open(rehearsal.id, parts=started)
        assert again.check("suit yourself").flagged and not again.check("It rains.").flagged


def test_a_line_that_stings_moves_him_and_its_talk_carries_no_remark(home: Path) -> None:
    given = parts(home, "Hm.")
    given.transcripts.remarks.add("Suit yourself.", stung=True)
    rehearsal = Rehearsal.start(scenario(), parts=given)
    list(rehearsal.say("Suit yourself."))
    hers = rehearsal.path[0]
    assert hers.openness < scenario().openness
    assert hers.report is not None and hers.report["findings"][0]["said"] is True
    assert "remarks" not in hers.report
    given.transcripts.close()


def test_a_store_that_cannot_be_read_keeps_no_check_away(home: Path) -> None:
    given = parts(home)
    given.transcripts.close()
    given.check = None
    given.bring(toy_check())
    assert given.check is not None
