"""Cutting a draft into sentences: every offset is exact, and a cut falls where a person would make one."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rehearse.tone.sentences import sentences, whole, without

ANY = st.text(alphabet=st.characters(exclude_categories=()), max_size=120)
TYPED = st.lists(
    st.sampled_from(["You never call.", "ok", " ", "\n", "“", "”", "it’s fine.i’m", "…", "?!", "Dr.", "3.5", "😀", "\ud83d"])
).map("".join)


def texts(draft: str) -> list[str]:
    return [each.text for each in sentences(draft)]


@given(ANY | TYPED)
@example("\ud800")
@example("a\u2028b")
@example("\x1c.\x1d")
def test_offsets_are_those_of_the_draft(draft: str) -> None:
    end = 0
    for each in sentences(draft):
        assert draft[each.start : each.end] == each.text
        assert each.text == each.text.strip() and any(sign.isalnum() for sign in each.text)
        assert each.start >= end
        end = each.end


@given(ANY | TYPED)
def test_no_word_is_lost(draft: str) -> None:
    kept = "".join(texts(draft))
    assert [sign for sign in kept if sign.isalnum()] == [sign for sign in draft if sign.isalnum()]


@given(ANY)
def test_a_broken_paste_keeps_its_length(draft: str) -> None:
    mended = whole(draft)
    assert len(mended) == len(draft)
    mended.encode("utf-8")
    assert all(new == old or new == "\ufffd" for new, old in zip(mended, draft, strict=True))


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        ("You never call. I miss you!", ["You never call.", "I miss you!"]),
        ("hi honey\nhow are you", ["hi honey", "how are you"]),
        ("one\n\n\n  two  \n", ["one", "two"]),
        ("it's fine.i'm used to it", ["it's fine.", "i'm used to it"]),
        ("it’s fine.i’m used to it", ["it’s fine.", "i’m used to it"]),
        ("really?You said so then", ["really?", "You said so then"]),
        ("It is 3.5 miles, e.g. by bus.", ["It is 3.5 miles, e.g. by bus."]),
        ("Dr. Smith called. Fine.", ["Dr. Smith called.", "Fine."]),
        ("You never call me. I miss you.", ["You never call me.", "I miss you."]),
        ("No. I liked it. “Oh no.” You left.", ["No.", "I liked it.", "“Oh no.”", "You left."]),
        ("lol ok. I'll stop", ["lol ok.", "I'll stop"]),
        ("Number no. 5 and Mrs. Yip came.", ["Number no. 5 and Mrs. Yip came."]),
        ("", []),
        (" \n ", []),
        ("...", []),
        ("…!? 😀", []),
        ("😀 Hello there. ❤", ["😀 Hello there."]),
    ],
)
def test_cuts(draft: str, expected: list[str]) -> None:
    assert texts(draft) == expected


@pytest.mark.parametrize(
    ("draft", "left"),
    [
        ("Hi. You never call. Bye.", "Hi. Bye."),
        ("You never call. Bye.", "Bye."),
        ("Hi. You never call.", "Hi."),
        ("Hi.\nYou never call.\nBye.", "Hi.\n\nBye."),
        ("You never call.", ""),
    ],
)
def test_a_sentence_can_be_left_out(draft: str, left: str) -> None:
    assert without(draft, draft.find("never")) == left


def test_quoted_words_stay_whole_and_keep_their_quotes() -> None:
    draft = "He said “I can't come.” I cried."
    found = sentences(draft)
    assert "".join(each.text for each in found).count("“") == 1
    assert found[0].start == 0 and found[-1].end == len(draft)
    assert found[-1].text.endswith("I cried.")


def test_letters_beyond_ascii_do_not_shift_offsets() -> None:
    draft = "Señora 😀 Müller rang. Ça va? 你好。Yes."
    for each in sentences(draft):
        assert draft[each.start : each.end] == each.text
    assert texts(draft)[0] == "Señora 😀 Müller rang."


@pytest.mark.parametrize(
    "draft", ["a" + " " * 50_000 + "b", "a. " * 15_000, "\n" * 50_000, "word " * 10_000], ids=["gap", "many", "lines", "one"]
)
def test_a_huge_draft_is_cut_quickly(draft: str) -> None:
    sentences("warm up. the library.")
    started = time.perf_counter()
    sentences(draft)
    assert time.perf_counter() - started < 2
