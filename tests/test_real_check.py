"""The check with its real models, on the article's own wordings and on what everybody types first."""

from collections.abc import Iterator

import pytest

from rehearse import article
from rehearse.lab import lines
from rehearse.tone import ToneCheck, encoder
from rehearse.tone.heard import Heard
from rehearse.tone.remarks import Remark

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def check() -> Iterator[ToneCheck]:
    yield ToneCheck.load()


CAUTIONS = [caution for practice in article.practices() for caution in practice.warns]
OFFERS = [offer for practice in article.practices() for offer in practice.offers]


@pytest.mark.parametrize("caution", CAUTIONS, ids=[each.text for each in CAUTIONS])
@pytest.mark.parametrize("form", ["{}", "{}."])
def test_what_the_article_warns_against_is_flagged_with_its_kind(check: ToneCheck, caution: article.Caution, form: str) -> None:
    report = check.check(form.format(caution.text))
    assert report.kinds[:1] == (caution.kind,)


@pytest.mark.parametrize("offer", OFFERS, ids=[each.text for each in OFFERS])
def test_what_the_article_offers_is_not_flagged(check: ToneCheck, offer: article.Offer) -> None:
    assert not check.check(offer.text).flagged
    assert not check.check(offer.sentence).flagged


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("You never call me anymore.", "absolute"),
        ("After all I did for you, you can't even visit?", "guilt_trip"),
        ("Your brother manages to come every week.", "comparison"),
        ("You should quit that job.", "advice"),
    ],
)
def test_outspoken_lines_are_flagged_with_their_kind(check: ToneCheck, text: str, kind: str) -> None:
    report = check.check(text)
    assert report.kinds[:1] == (kind,)
    for finding in report.findings:
        assert text[finding.start : finding.end] == finding.text
        assert [each.source for each in finding.suggestions if each.source != "reworded"] == [
            "article",
            "phrasebook",
            "phrasebook",
        ]


@pytest.mark.parametrize(
    "text",
    [
        "Hi honey, how was work?",
        "I love you.",
        "Happy birthday!",
        "The parcel came this morning.",
        "I'm sorry about Sunday. I was unfair.",
    ],
)
def test_ordinary_lines_are_not_flagged(check: ToneCheck, text: str) -> None:
    assert not check.check(text).flagged


def test_one_hard_sentence_among_kind_ones_is_found_where_it_stands(check: ToneCheck) -> None:
    text = "Hi love, hope work is good. You never talk to me anymore. I made soup today."
    (finding,) = check.check(text).findings
    assert finding.text in "You never talk to me anymore."
    assert text[finding.start : finding.end] == finding.text


def test_no_wording_offered_for_held_out_lines_would_itself_be_flagged(check: ToneCheck) -> None:
    flagged = [each for each in lines.messages(lines.files("test")) if each.flag][:60]
    offered = {
        suggestion.text for each in flagged for finding in check.check(each.text).findings for suggestion in finding.suggestions
    }
    assert len(offered) > 20
    assert [text for text in offered if check.check(text).flagged] == []


def test_what_she_calls_fine_or_says_stings_is_treated_so_and_its_neighbours_are_not(check: ToneCheck) -> None:
    fine, stung = "You only ring me when your car is broken.", "I guess I'll have the soup by myself then."
    assert check.check(fine).flagged
    heeding = check.anew()
    heeding.heed([Remark(fine, stung=False), Remark(stung, stung=True)])
    for same in (fine, "you only ring me when your car is broken", "Oh you only ring me when your car is broken!"):
        assert not heeding.check(same).flagged, same
    for other in ("You never call me anymore.", "You only ring me when you want money.", "You always were like this."):
        assert heeding.check(other).flagged, other
    for same in (stung, "I guess I will have the soup by myself then."):
        assert heeding.check(same).flagged, same
    for other in ("Hi honey, how was work?", "I made soup today.", "The parcel came this morning."):
        assert not heeding.check(other).flagged, other


def test_what_is_read_of_a_text_does_not_hang_on_what_is_read_beside_it() -> None:
    _, tuned = encoder.load()
    long = " ".join(f"On day {number} we walked to the harbour and back." for number in range(40))
    heard = [
        Heard("You never call me any more.", "Hi love."),
        Heard("", ""),
        Heard("How was your week?"),
        Heard(long, "him: What did you do all summer?"),
        *(Heard(f"I saw {number} geese today.", "Nice weather.") for number in range(40)),
    ]
    together = tuned.read(heard)
    alone = [reading for each in heard for reading in tuned.read([each])]
    assert [each.span for each in together] == [each.span for each in alone]
    # As good as none: a difference that the layers saw would not stay small in eight bits. The heads' sums alone may differ.
    for one, other in zip(together, alone, strict=True):
        assert one.score == pytest.approx(other.score, abs=2e-4)
        assert one.kinds == pytest.approx(other.kinds, abs=2e-4)
    assert together[0].score > 0.5 > 0.3 > together[2].score
