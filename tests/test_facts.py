"""Her fact is kept as far as it holds no sting, and another's deed is wished for only where it may be."""

import pytest

from rehearse.tone.facts import LONGEST, innocent
from rehearse.tone.fidelity import sound
from rehearse.tone.grammar import third
from rehearse.tone.recasts import load


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("i sat up till two", "i sat up till two"),
        ("i sat up till two, as one does for a son", "i sat up till two"),
        ("i waited by the phone like a fool", "i waited by the phone"),
        ("i cooked the lamb you like, not that anyone came", "i cooked the lamb you like"),
        ("i ironed your shirt and hung it by the door", "i ironed your shirt and hung it by the door"),
        ("priya's husband cleared his in two years, i just mention it", "priya's husband cleared his in two years"),
        ("i cried a bit after you left, so your father had to drive", "i cried a bit after you left"),
    ],
)
def test_a_fact_ends_where_the_sting_begins(words: str, kept: str) -> None:
    assert innocent(words) == kept


@pytest.mark.parametrize(
    "words",
    [
        "",
        "i waited",
        "nobody rang me on my birthday",
        "i waited and you never came",
        "i gave you everything, didn't i",
        "i sat here wondering what you were thinking",
        "where were you at eight",
    ],
)
def test_what_stings_is_no_fact(words: str) -> None:
    assert innocent(words) == ""


def test_a_fact_is_no_story() -> None:
    assert len(innocent("i waited and " * 20 + "i waited").split()) <= LONGEST


@pytest.mark.parametrize(
    ("hers", "kind", "made"),
    [
        ("I waited for you until Two, like a fool.", "guilt_trip", "I waited for you until Two. I missed you."),
        ("i kept ur plate warm, not that u care", "guilt_trip", "i kept ur plate warm. i missed u"),
        ("Every son here carries his mother's shopping.", "comparison", "I'd love it if you carried my shopping now and then."),
        ("It's fine.", "guilt_trip", "I'm a bit sad about it, and I'll be all right."),
        ("Who will I talk to when you go?", "clinging", "I'll miss you, and I'm glad for you."),
    ],
)
def test_a_fact_is_said_with_a_feeling_or_a_wish(hers: str, kind: str, made: str) -> None:
    assert made in load().of(hers, kind)


def test_another_s_deed_is_not_told_again() -> None:
    # With a kind question behind it, it still compares.
    assert load().of("Your cousin Faizel has opened his second shop.", "comparison") == []


def test_another_s_deed_with_others_in_it_is_no_wish_of_hers() -> None:
    made = load().of("Every son here carries his wife's shopping.", "comparison")
    assert not [each for each in made if "carried" in each]


def test_her_words_may_stay_where_a_feeling_answers_them() -> None:
    hers = "I sat by the window till eight"
    assert sound(hers, "I sat by the window till eight. I missed you.", [hers])
    assert not sound(hers, "I sat by the window till eight.", [hers])


@pytest.mark.parametrize(
    ("base", "form"), [("wash", "washes"), ("carry", "carries"), ("ring", "rings"), ("stay", "stays"), ("have", "has")]
)
def test_a_verb_goes_with_he(base: str, form: str) -> None:
    assert third(base) == form
