"""The check: what it reports, where, from which score on, and how little it reads again."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import pytest

from doubles import ToyReader, ToyRewriter, toy_check
from rehearse import article
from rehearse.kinds import flagged_kinds, kinds
from rehearse.tone import check as check_module
from rehearse.tone import judge as judge_module
from rehearse.tone.heard import Heard, Reading
from rehearse.tone.judge import Judge, warmth
from rehearse.tone.report import Source

DRAFT = "Hi Daniel. After all I sacrificed, you never call. I miss you."


def test_the_report_has_the_form_of_the_contract() -> None:
    found = toy_check().check(DRAFT).to_dict()
    assert set(found) == {"text", "flagged", "score", "kinds", "findings", "strengths"}
    assert found["text"] == DRAFT and found["flagged"] is True and found["score"] == 0.9
    assert found["kinds"] == ["guilt_trip"]
    (finding,) = found["findings"]
    assert set(finding) == {"start", "end", "text", "score", "kind", "why", "practice", "suggestions", "example", "gentler"}
    assert finding["kind"] == "guilt_trip" and finding["practice"] == kinds()["guilt_trip"].practice
    assert finding["why"] == kinds()["guilt_trip"].why
    assert finding["suggestions"]
    for each in finding["suggestions"]:
        assert set(each) == {"text", "source", "practice"} and each["source"] in get_args(Source)
        assert each["practice"] in range(1, article.PRACTICES + 1)
    (strength,) = found["strengths"]
    assert strength == {"start": 51, "end": 62, "text": "I miss you.", "kind": "feeling", "practice": kinds()["feeling"].practice}


@pytest.mark.parametrize("lead", ["", "  ", "Señora 😀. ", "\n\n", "\ud83d broken. "])
def test_offsets_are_those_of_the_draft(lead: str) -> None:
    """They point at the words that carry it, wherever the sentence stands."""
    report = toy_check().check(f"{lead}Well. You never call me. Sorry.")
    (finding,), (strength,) = report.findings, report.strengths
    assert (finding.text, strength.text) == ("never", "Sorry.")
    for each in (finding, strength):
        assert report.text[each.start : each.end] == each.text
    assert len(report.text) == len(lead) + len("Well. You never call me. Sorry.")


def test_half_a_character_does_not_stop_the_check() -> None:
    report = toy_check().check("you never \ud83d call", "fine \udc80")
    report.text.encode("utf-8")
    assert report.flagged


@pytest.mark.parametrize(("threshold", "flagged"), [(0.6, True), (0.60001, False)])
def test_each_kind_has_a_threshold_of_its_own(threshold: float, flagged: bool) -> None:
    """ "advise" scores 0.6; the thresholds of other kinds say nothing about it."""
    thresholds = {"advice": threshold, "blame": 0.2 if flagged is False else 0.99}
    assert toy_check(thresholds=thresholds).check("I advise you to rest.").flagged is flagged


def test_the_likeliest_flagged_kind_decides_even_where_a_gentle_one_is_likelier() -> None:
    report = toy_check(thresholds={"blame": 0.25}).check("hmph")
    assert [each.kind for each in report.findings] == ["blame"]


def test_kinds_stand_once_strongest_first() -> None:
    report = toy_check().check("You must come. You never call. It is your fault. You never write.")
    assert report.kinds == ("blame", "absolute", "pressure")
    assert report.score == 0.95


def test_a_gentle_line_is_named_and_plain_never() -> None:
    assert [each.kind for each in toy_check().check("I am proud of you. It rains.").strengths] == ["pride"]


def test_a_gentle_line_is_named_only_where_it_is_not_mostly_plain() -> None:
    reading = Reading(0.1, {"blame": 0.5, "pride": 0.2, "thanks": 0.1, "plain": 0.2}, (0, 3))
    assert [warmth(reading, share) for share in (0.5, 0.6, 0.7)] == ["pride", "pride", ""]
    assert warmth(replace(reading, kinds={"blame": 0.5, "plain": 0.5}), 0.1) == ""


def test_a_sentence_that_is_flagged_is_no_strength() -> None:
    report = toy_check().check("I miss you, and it is your fault.")
    assert report.flagged and report.strengths == ()


def test_flagged_is_true_only_with_a_finding() -> None:
    quiet = toy_check().check("hmph")
    assert (quiet.flagged, quiet.score, quiet.findings, quiet.kinds) == (False, 0.3, (), ())
    assert quiet.to_dict()["flagged"] is False


@pytest.mark.parametrize("draft", ["", " ", "\n\n", "…", "😀", "?!"])
def test_a_draft_without_words_says_nothing_and_reads_nothing(draft: str) -> None:
    reader = ToyReader()
    report = toy_check(reader).check(draft)
    assert (report.text, report.score, report.findings, report.strengths) == (draft, 0.0, (), ())
    assert reader.texts == []


def test_of_a_huge_draft_only_the_beginning_is_read() -> None:
    reader = ToyReader()
    draft = "It rains. " * 399 + "It pours. " + "You never call. " * 5000
    report = toy_check(reader).check(draft)
    assert report.text == draft and not report.flagged
    assert max(len(text) for text in reader.texts) <= judge_module.PASSAGE
    assert sum(len(text) for text in set(reader.texts)) <= 2 * check_module.LONGEST_DRAFT


def test_more_sentences_than_are_remembered() -> None:
    check = toy_check()
    report = check.check(" ".join(f"No {number}." for number in range(700)) + " never", "")
    assert len(check.judge._readings) == judge_module.REMEMBERED
    assert report.score < 0.5


# -- what is read ------------------------------------------------------------------------------------------------------------


def test_each_sentence_is_read_with_the_one_before_it_and_the_first_with_his_line() -> None:
    reader = ToyReader()
    toy_check(reader).check("Hi there. How are you?", "I'm busy.")
    assert [(each.text, each.before) for each in reader.calls[0]] == [
        ("Hi there.", "him: I'm busy."),
        ("How are you?", "Hi there."),
        ("Hi there. How are you?", "him: I'm busy."),
    ]
    toy_check(reader).check("Hi there.")
    assert reader.calls[1][0].before == ""


def test_only_what_changed_is_read_again() -> None:
    reader = ToyReader()
    check = toy_check(reader)
    check.check("Hi there. It rains. I am home.")
    reader.calls.clear()
    check.check("Hi there. It rains. I am home.")
    assert reader.calls == []
    check.check("Hi there. It rains. I am home now.")
    assert reader.texts == ["I am home now.", "Hi there. It rains. I am home now."]
    reader.calls.clear()
    # The sentence after a changed one is read again too: it is heard after other words.
    check.check("Hi there. It snows. I am home now.")
    assert reader.texts == ["It snows.", "I am home now.", "Hi there. It snows. I am home now."]


# -- the whole and its parts -------------------------------------------------------------------------------------------------


class Whole(ToyReader):
    """Reads as its parent does, but a text of several sentences scores what it is told."""

    def __init__(self, score: float) -> None:
        super().__init__()
        self.score = score

    def read(self, heard: Sequence[Heard]) -> list[Reading]:
        return [
            Reading(self.score if each.text.count(".") > 1 else found.score, found.kinds, found.span)
            for each, found in zip(heard, super().read(heard), strict=True)
        ]


def test_a_sentence_that_its_neighbours_make_fair_is_let_through() -> None:
    assert toy_check().check("You never call.").flagged
    report = toy_check(Whole(0.1)).check("I told them you never call. It was not true.")
    assert (report.flagged, report.score) == (False, 0.1)


def test_a_sentence_that_is_as_good_as_sure_is_not_undone_by_kind_ones_round_it() -> None:
    every = dict.fromkeys(flagged_kinds(), 0.5)
    draft = "Hello love. It is your fault. I made soup."
    assert not Judge(Whole(0.1), every).passages(draft)[0].flagged
    (passage,) = Judge(Whole(0.1), every, sure=0.95).passages(draft)
    assert passage.flagged == (1,) and passage.score == 0.95
    assert not Judge(Whole(0.1), every, sure=0.96).passages(draft)[0].flagged


def test_calm_is_more_than_let_through() -> None:
    every = dict.fromkeys(flagged_kinds(), 0.5)
    assert Judge(Whole(0.1), every).calm("Hello love. I made soup. Come in.", 0.35)
    assert not Judge(Whole(0.4), every).calm("Hello love. I made soup. Come in.", 0.35)
    assert Judge(Whole(0.4), every).lets_through(["Hello love. I made soup. Come in."]) == [True]
    # Read again among other texts it might count.
    assert Judge(Whole(0.499), every).lets_through(["Hello love. I made soup. Come in."]) == [False]
    assert not Judge(Whole(0.499), every).passages("Hello love. I made soup. Come in.")[0].flagged
    assert not Judge(Whole(0.1), every).calm("Hello love. It is your fault. I made soup.", 0.35)


def test_where_only_the_whole_blames_its_strongest_sentence_is_named() -> None:
    report = toy_check(Whole(0.8)).check("It is fine. Hmph. I am used to it.")
    assert [each.text for each in report.findings] == ["Hmph"]
    assert report.findings[0].score == report.score == 0.8


def test_a_long_draft_is_judged_passage_by_passage() -> None:
    """One harsh sentence does not drown in a page of kind ones."""
    draft = "It rains today, and the garden is glad of it. " * 20 + "You never call."
    assert toy_check().check(draft).flagged


def test_the_strongest_sentence_counts_beside_the_whole_by_its_share() -> None:
    judge = Judge(Whole(0.2), dict.fromkeys(flagged_kinds(), 0.5), sentence_share=0.5)
    (passage,) = judge.passages("You never call. It rains.")
    assert passage.score == pytest.approx(0.55) and passage.flagged == (0,)


def test_what_was_read_from_the_cache_says_the_same() -> None:
    check = toy_check()
    assert check.check(DRAFT) == check.check(DRAFT)


def test_the_same_sentence_twice_in_a_draft_is_read_once() -> None:
    reader = ToyReader()
    report = toy_check(reader).check("You never call. You never call. You never call.")
    assert len(report.findings) == 3
    assert reader.texts.count("You never call.") == 2, "first of the draft, and after itself"


def test_several_threads_get_the_same_answer() -> None:
    check = toy_check()
    expected = toy_check().check(DRAFT).to_dict()
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(check.check(DRAFT).to_dict())) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [expected] * 8


def test_with_a_rewriter_her_own_words_come_first() -> None:
    rewriter = ToyRewriter("I miss the days when you call.")
    check = toy_check()
    (finding,) = check.check("Hello. You never call on the days I miss.", rewriter=rewriter).findings
    assert rewriter.asked == ["You never call on the days I miss."]
    assert finding.suggestions[0].source == "reworded"
    assert finding.suggestions[0].text == "I miss the days when you call."
