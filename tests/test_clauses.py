"""Her sentence in clauses: asides left out, what is run together taken apart, a blaming clause said again beside her fact."""

import pytest

from rehearse.tone import recasts
from rehearse.tone.clauses import clauses, plainly
from rehearse.tone.own import Blaming, mended
from rehearse.tone.sentences import Sentence


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("you cancel on me, always, on sunday", "you cancel on me, on sunday"),
        ("you cancel on me, every time", "you cancel on me"),
        ("answer me when i'm talking to you", "answer me"),
        ("you need more vitamin d trust me", "you need more vitamin d"),
        ("you, always", "you, always"),
        ("the soup is warm", "the soup is warm"),
    ],
)
def test_asides_that_only_press_are_left_out(words: str, left: str) -> None:
    assert plainly(words) == left


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("you should ring joe he's only round the corner he's your brother", "you should ring joe"),
        ("i saw the post, you might have told me", "you might have told me"),
    ],
)
def test_what_is_run_together_is_taken_apart(words: str, first: str) -> None:
    assert first in clauses(words)
    assert clauses(words)[0] == words


@pytest.mark.parametrize(
    "words", ["the day she's back we'll eat", "i know it's up to you", "if that's what you want", "i say you're late"]
)
def test_what_belongs_together_stays_together(words: str) -> None:
    assert clauses(words) == [words]


@pytest.mark.parametrize(
    ("hers", "kind", "wording"),
    [
        ("You couldn't ring me when your uncle was ill.", "blame", "I was hoping you'd ring me when your uncle was ill."),
        ("u should ring joe hes only round the corner", "advice", "would u like to ring joe? its up to u"),
        ("What exactly did the lawyer say?", "pressure", "I'd like to hear what the lawyer said, if you want to tell me."),
        ("As I foresaw, the shop has closed.", "being_right", "The shop has closed. I'm sorry it's hard now."),
        ("Your fence is still not fixed.", "blame", "Could you see to your fence, when you can?"),
    ],
)  # fmt: skip
def test_what_stands_round_a_verb_is_kept(hers: str, kind: str, wording: str) -> None:
    assert wording in recasts.load().of(hers, kind)


@pytest.mark.parametrize(
    ("hers", "kind"),
    [
        # What is over is not asked for any more.
        ("You never rang when I was ill.", "absolute"),
        ("You never call when you should and not when you shouldn't.", "absolute"),
    ],
)
def test_when_is_said_once_and_what_is_over_is_not_wished_for(hers: str, kind: str) -> None:
    assert not [each for each in recasts.load().of(hers, kind) if "if you rang when" in each or each.count(" when ") > 1]


def test_a_blaming_clause_is_said_again_beside_her_fact() -> None:
    hers = "Dad is out of hospital, and you never call me."
    start = hers.index("you never")
    blaming = Blaming(Sentence(0, len(hers), hers), "absolute", (start, len(hers) - 1))
    assert "Dad is out of hospital. I'd love it if you called me sometimes." in mended(blaming, recasts.load())


@pytest.mark.parametrize("span", [(0, 45), (0, 1)])
def test_without_an_innocent_clause_nothing_is_mended(span: tuple[int, int]) -> None:
    hers = "Dad is out of hospital, and you never call me."
    assert mended(Blaming(Sentence(0, len(hers), hers), "absolute", span), recasts.load()) == []
