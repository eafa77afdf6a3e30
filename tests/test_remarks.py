"""What she says of a finding: the same line is treated so from then on, and others are not."""

import pytest

from doubles import ToyEmbedder, toy_check
from rehearse.tone.remarks import Remark, Remarks


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
