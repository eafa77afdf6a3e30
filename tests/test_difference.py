"""Word by word, what another wording changes in her sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearse.tone.difference import Piece, difference


def test_what_is_left_out_what_is_new_and_what_stays() -> None:
    assert difference("You never call me on Sundays.", "I miss it when you call me on Sundays.") == (
        Piece("new", "I miss it when"),
        Piece("kept", "you"),
        Piece("left", "never"),
        Piece("kept", "call me on Sundays."),
    )


def test_case_and_punctuation_do_not_make_another_word() -> None:
    assert difference("Call me, please!", "Please call me") != ()
    assert difference("I miss you.", "I miss you") == (Piece("kept", "I miss you"),)


def test_two_sentences_with_nothing_in_common_have_no_difference_to_show() -> None:
    assert difference("After all I did for you.", "What is your week like?") == ()


@pytest.mark.parametrize(("hers", "other"), [("", ""), ("", "Hello there."), ("Hello there.", ""), ("…", "…")])
def test_nothing_said_is_no_mistake(hers: str, other: str) -> None:
    assert " ".join(each.text for each in difference(hers, other) if each.change != "left") in ("", other)


words = st.lists(st.sampled_from(["you", "never", "call", "me,", "I", "miss", "Sunday?"]), max_size=8).map(" ".join)


@given(words, words)
def test_kept_and_new_words_are_the_other_wording_and_kept_and_left_ones_are_hers(hers: str, other: str) -> None:
    pieces = difference(hers, other)
    if pieces:
        assert " ".join(each.text for each in pieces if each.change != "left") == other
        told = " ".join(each.text for each in pieces if each.change != "new").lower()
        assert sorted(word.strip(",?") for word in told.split()) == sorted(word.strip(",?") for word in hers.lower().split())
