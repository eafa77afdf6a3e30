"""Gentler wordings: the article's first, ours for the kind, her own only if it is hers and the check lets it through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doubles import ToyEmbedder, ToyReader, ToyRewriter, toy_check, toy_judge
from rehearse import article
from rehearse.kinds import flagged_kinds, kinds
from rehearse.tone import phrasebook, reword
from rehearse.tone.heard import Heard
from rehearse.tone.own import Blaming, proposed
from rehearse.tone.report import Suggestion
from rehearse.tone.reword import ENOUGH, SAME_MEANING, Reworder, distinct, fits
from rehearse.tone.sentences import Sentence, sentences


@pytest.fixture(scope="module")
def reworder() -> Reworder:
    return Reworder(toy_judge(), ToyEmbedder())


# -- fits --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("original", "reworded"),
    [
        ("You never call me.", "I miss hearing from you."),
        ("You never call Tom on Sundays.", "I hoped you would call Tom on Sundays."),
        ("I called 4 times.", "I called 4 times and I worried."),
        ("you never visit leeds", "I would love to see Leeds with you."),
        ("You never call me.", "When you call, I’m glad. I’ll wait."),
        ("You never call.", "I miss you, Mom misses you."),
        ("Call!", "I would like it if you called me."),
        ("Calm down.", "I'm cross just now, and I'd like to talk once I've calmed down."),
    ],
    ids=[
        "plain",
        "her name",
        "her number",
        "her name in small letters",
        "I",
        "mom",
        "short lines have room",
        "and as much as a kind answer needs",
    ],
)
def test_what_is_hers_is_let_through(original: str, reworded: str) -> None:
    assert fits(original, reworded)


@pytest.mark.parametrize(
    ("original", "reworded"),
    [
        ("You never call me.", ""),
        ("You never call me.", "…!"),
        ("You never call me.", "You never call me!"),
        ("You never call me.", "you NEVER call me"),
        ("You never call me.", "I miss hearing from Tom."),
        ("You never call me.", "I miss our 3 talks a week."),
        ("You never call me.", "I miss our talks since 2nd grade."),
        ("You never call me.", "It was good. We went with Anna then."),
        ("You never call me.", " ".join(["word"] * 17)),
        ("You never call me at all on any Sunday.", " ".join(["word"] * 19)),
    ],
    ids=["empty", "marks", "same", "same in capitals", "name", "number", "ordinal", "name later on", "17 words of 4", "19 of 9"],
)
def test_what_is_not_hers_is_not(original: str, reworded: str) -> None:
    assert not fits(original, reworded)


@given(st.text(max_size=60))
def test_nothing_fits_itself(text: str) -> None:
    assert not fits(text, text)


# -- phrases -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(flagged_kinds()))
def test_one_of_the_article_then_two_of_ours_for_the_kind(reworder: Reworder, kind: str) -> None:
    found = reworder.phrases("I wonder why the phone is silent.", kind, kinds()[kind].practice)
    assert [each.source for each in found] == ["article", "phrasebook", "phrasebook"]
    offered = {offer.sentence for practice in article.practices() for offer in practice.offers}
    assert found[0].text in offered
    for each in found[1:]:
        assert any(phrase.to() == each.text and kind in phrase.kinds for phrase in phrasebook.phrases())


def test_the_phrase_nearest_to_her_concern_is_chosen(reworder: Reworder) -> None:
    for wanted in [each for each in phrasebook.phrases() if "blame" in each.kinds][:10]:
        found = reworder.phrases(wanted.to(), "blame", wanted.practice)
        assert wanted.to() in [each.text for each in found]


def test_the_findings_own_practice_is_preferred(reworder: Reworder) -> None:
    """With words that are near to nothing, the practice alone decides."""
    for practice in article.practices():
        if practice.offers:
            assert reworder.phrases("…", "blame", practice.number)[0].practice == practice.number


def test_no_suggestion_is_one_the_check_would_flag() -> None:
    """A reader that minds a word of the article and of ours gets neither offered."""

    class Strict(ToyReader):
        def read(self, heard: list[Heard]) -> list:  # type: ignore[override]
            return [
                type(reading)(0.9 if "love" in each.text.lower() else reading.score, reading.kinds, reading.span)
                for each, reading in zip(heard, super().read(heard), strict=True)
            ]

    strict = Strict()
    reworder = Reworder(toy_judge(strict), ToyEmbedder())
    everything = [
        *(offer.sentence for one in article.practices() for offer in one.offers),
        *(each.to() for each in phrasebook.phrases()),
    ]
    assert any("love" in text.lower() for text in everything), "the word must occur for this test to mean anything"
    kept = {each.text for each in reworder._phrases}
    assert kept < set(everything) and any(text in kept for text in everything)
    assert [text for text in kept if "love" in text.lower()] == []


def test_all_phrases_are_read_at_once() -> None:
    """One by one they would take seconds of the first flagged line."""
    reader = ToyReader()
    Reworder(toy_judge(reader), ToyEmbedder()).phrases("You never call.", "blame", 1)
    assert len(reader.calls) == 1


def test_phrases_known_to_be_refused_are_neither_offered_nor_read() -> None:
    reader = ToyReader()
    refused = {each.to() for each in phrasebook.phrases()}
    found = Reworder(toy_judge(reader), ToyEmbedder(), refused).phrases("You never call.", "blame", 1)
    assert [each.source for each in found] == ["article"]
    assert reader.calls == []


def test_where_nothing_passes_nothing_is_offered() -> None:
    assert Reworder(toy_judge(threshold=0.0), ToyEmbedder()).phrases("You never call.", "blame", 1) == []


def test_what_she_was_just_offered_is_not_offered_again(reworder: Reworder) -> None:
    line, practice = "You never call me.", kinds()["absolute"].practice
    first = reworder.phrases(line, "absolute", practice)
    again = reworder.phrases(line, "absolute", practice, {each.text for each in first})
    assert [each.source for each in again] == ["article", "phrasebook", "phrasebook"]
    assert not {each.text for each in first} & {each.text for each in again}


def test_where_there_is_nothing_else_it_is_offered_again(reworder: Reworder) -> None:
    every = {each.text for each in reworder._phrases}
    assert len(reworder.phrases("You never call me.", "absolute", 1, every)) == 3


def test_two_findings_of_a_draft_are_not_offered_the_same_phrase() -> None:
    findings = toy_check().check("You never call. You never write. You never come. It is your fault.").findings
    offered = [each.text for finding in findings for each in finding.suggestions if each.source != "reworded"]
    assert len(findings) == 4 and len(set(offered)) == len(offered) == 12


# -- her own words -----------------------------------------------------------------------------------------------------------

# The patterns know nothing to make of this one: what is offered comes from the voice.
HERS = "You never grasp the soup on sunday, boy."


def blaming(text: str, kind: str = "absolute") -> Blaming:
    return Blaming(Sentence(0, len(text), text), kind, (0, len(text)))


def test_the_patterns_come_first_and_the_voice_is_not_asked(reworder: Reworder) -> None:
    voice = ToyRewriter("I miss it when you call me.")
    found = reworder.own(blaming("You never call me."), 4, voice)
    assert found[0] == Suggestion("I'd love it if you called me sometimes.", "reworded", 4)
    assert len(found) == ENOUGH and voice.asked == []


def test_without_a_voice_there_are_the_patterns(reworder: Reworder) -> None:
    assert reworder.own(blaming("You never call me."), 4)


def test_her_own_words_reworded_nearest_first(reworder: Reworder) -> None:
    assert proposed(blaming(HERS)) == []
    near, nearer = "I miss the soup on sunday.", "I miss it when you do not grasp the soup on sunday."
    found = reworder.own(blaming(HERS), 4, ToyRewriter(near, nearer))
    assert found == [Suggestion(nearer, "reworded", 4), Suggestion(near, "reworded", 4)]


def test_a_rewording_the_check_flags_is_not_shown(reworder: Reworder) -> None:
    assert reworder.own(blaming(HERS), 1, ToyRewriter("Why do you never grasp the soup?")) == []
    assert reworder.own(blaming(HERS), 1, ToyRewriter("I would grasp the soup on sunday. It is your fault.")) == []


def test_a_rewording_that_lost_her_concern_is_not_shown(reworder: Reworder) -> None:
    far = "The cat is warm."
    vectors = ToyEmbedder().encode([HERS, far])
    assert vectors[0] @ vectors[1] < SAME_MEANING
    assert reworder.own(blaming(HERS), 1, ToyRewriter(far)) == []


def test_a_rewording_offered_twice_is_shown_once(reworder: Reworder) -> None:
    soup = "Do grasp the soup on sunday."
    assert len(reworder.own(blaming(HERS), 1, ToyRewriter(soup, soup))) == 1


def test_nothing_to_reword_costs_no_reading() -> None:
    reader = ToyReader()
    assert Reworder(toy_judge(reader), ToyEmbedder()).own(blaming(HERS), 1, ToyRewriter()) == []
    assert reader.calls == []


def test_what_does_not_read_right_is_not_shown() -> None:
    """The judge of wordings has the last word over the rules, for the patterns too."""

    class Refusing:
        def keeps(self, line: str, wordings: list[str], blamed: list[str], made: str) -> list[str]:
            return []

    strict = Reworder(toy_judge(), ToyEmbedder(), fidelity=Refusing())  # type: ignore[arg-type]
    assert strict.own(blaming("You never call me."), 1, ToyRewriter("I miss it when you call me.")) == []


# -- a whole line ------------------------------------------------------------------------------------------------------------


def test_a_line_with_findings_gets_those_of_the_strongest_first() -> None:
    check = toy_check()
    text = "You must grasp it. It is your babyish fault."
    report = check.check(text)
    found = check.reword(text)
    own = [each for each in found if each.source == "reworded"]
    assert found[: len(own)] == tuple(own)
    strongest = [each for each in report.findings[1].suggestions if each.source != "reworded"]
    assert list(found[len(own) : len(own) + len(strongest)]) == strongest
    assert len({each.text.lower() for each in found}) == len(found)


def test_of_a_longer_line_the_whole_is_worded_and_its_innocent_sentences_stay() -> None:
    found = toy_check().reword("The soup is on the stove, love. You never call me.")
    assert found[0].source == "reworded" and found[0].text.startswith("The soup is on the stove, love.")
    assert all("never" not in each.text for each in found)


def test_a_line_without_findings_gets_its_nearest_phrases() -> None:
    found = toy_check().reword("Will you come on Sunday?")
    assert [each.source for each in found] == ["article", "phrasebook", "phrasebook"]


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_line_gets_nothing(text: str) -> None:
    assert toy_check().reword(text) == ()


def test_every_suggestion_passes_the_check_itself() -> None:
    check = toy_check()
    for text in ("You never call.", "It is your fault.", "After all I sacrificed.", "You must come."):
        for each in check.reword(text, ToyRewriter("I would love it if you call.", "you never ever call")):
            assert not check.check(each.text).flagged, each
            assert sentences(each.text)


def test_distinct_keeps_the_first_of_each_text() -> None:
    first, again = Suggestion("Call me.", "article", 1), Suggestion("CALL ME.", "phrasebook", 2)
    assert distinct([first, again, first]) == (first,)


def test_a_sentence_is_worded_once_however_often_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick answer, the close one and the check before sending ask for the same."""
    asked: list[str] = []

    def proposed(blaming: Blaming) -> list[str]:
        asked.append(blaming.sentence.text)
        return ["I miss your calls, love."]

    monkeypatch.setattr(reword, "proposed", proposed)
    check = toy_check()
    draft = "Hello. You never call me."
    quick = check.check(draft, quick=True)
    assert asked == ["You never call me."]
    assert check.check(draft) == quick and check.check(f"Well, {draft}").flagged
    assert asked == ["You never call me."]
    assert check.check("You never write to me.").flagged
    assert len(asked) == 2
