"""Cutting: the blame goes, what is left stands and is hers word for word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearse.tone.cutting import stands, trimmed
from rehearse.tone.own import Blaming, replaced, shortened
from rehearse.tone.recasts import load
from rehearse.tone.sentences import sentences


def cut(hers: str, blamed: str) -> list[str]:
    start = hers.find(blamed)
    assert start >= 0
    return trimmed(hers, (start, start + len(blamed)), load())


@pytest.mark.parametrize(
    ("hers", "blamed", "left"),
    [
        ("You're late, as usual.", "as usual", "You're late."),
        ("running late as usual??", "as usual", "running late??"),
        ("now im to park round the corner like a criminal", "like a criminal", "now im to park round the corner"),
        ("I made soup, not that you'd care.", "not that you'd care", "I made soup."),
        ("Sorry for the six missed calls, but what do you expect?", "what do you expect", "Sorry for the six missed calls."),
        ("You always do this, and I have the table ready for six.", "You always do this", "I have the table ready for six."),
        ("I'm glad you came, you never do!", "you never do", "I'm glad you came."),
    ],
)
def test_what_is_left_stands(hers: str, blamed: str, left: str) -> None:
    assert cut(hers, blamed) == [left]


@pytest.mark.parametrize(
    ("hers", "blamed"),
    [
        ("It's your fault.", "It's your fault"),
        ("You never call, of course.", "You never call"),
        ("If you cared, you'd be here by now.", "you'd be here by now"),
        ("When I ring, you hang up.", "you hang up"),
        (
            "You never once asked me how the long day at the clinic was, love.",
            "You never once asked me how the long day at the clinic was",
        ),
    ],
)
def test_where_nothing_stands_nothing_is_left(hers: str, blamed: str) -> None:
    assert [each for each in cut(hers, blamed) if blamed in each] == []
    assert all(stands(each) for each in cut(hers, blamed))


@given(st.text("abc you're, late.;- and but", max_size=80), st.integers(0, 80), st.integers(0, 80))
def test_a_cut_adds_no_word(hers: str, one: int, other: int) -> None:
    for each in trimmed(hers, (min(one, other), max(one, other)), load()):
        assert each.lower().rstrip(".?") in hers.lower()


def blaming(draft: str, *blamed: str, kind: str = "guilt_trip") -> list[Blaming]:
    return [Blaming(each, kind, (0, len(each.text))) for each in sentences(draft) if each.text in blamed]


def test_a_draft_keeps_its_innocent_sentences_as_they_are() -> None:
    draft = "Thanks for doing the lawn.  Only took three weeks.\nThe roses are out."
    blamed = blaming(draft, "Only took three weeks.")
    assert replaced(draft, blamed, ["I'm very glad."]) == "Thanks for doing the lawn.  I'm very glad.\nThe roses are out."
    assert shortened(draft, blamed) == ["Thanks for doing the lawn.\nThe roses are out."]


def test_a_draft_is_said_again_only_where_half_of_its_blame_can_be() -> None:
    draft = "You never call. You never write. You never come. Soup is on."
    blamed = blaming(draft, "You never call.", "You never write.", "You never come.")
    assert replaced(draft, blamed, ["I miss your calls.", "", ""]) == ""
    assert replaced(draft, blamed, ["I miss your calls.", "", "I miss you."]) == "I miss your calls. I miss you. Soup is on."
    assert replaced(draft, blamed, ["", "", ""]) == ""


def test_where_the_end_is_left_out_an_honest_line_may_stand_for_it() -> None:
    draft = "The baby was christened at noon on Sunday. You sent a card."
    made = shortened(draft, blaming(draft, "You sent a card."))
    honest = load().honest["guilt_trip"]
    assert made == [
        "The baby was christened at noon on Sunday.",
        *(f"The baby was christened at noon on Sunday. {line}" for line in honest),
    ]


def test_of_a_single_sentence_and_of_too_little_nothing_is_made() -> None:
    alone = blaming("You never call.", "You never call.")
    assert replaced("You never call.", alone, ["I miss you."]) == "" and shortened("You never call.", alone) == []
    draft = "Hi. You never once called me in all those weeks."
    assert shortened(draft, blaming(draft, "You never once called me in all those weeks.")) == []


def test_where_she_texts_two_lines_are_not_run_together() -> None:
    draft = "ive made soup for tonight\nyou never eat it anyway"
    (blamed,) = blaming(draft, "you never eat it anyway")
    assert replaced(draft, [blamed], ["hope u like it"]) == "ive made soup for tonight\nhope u like it"
