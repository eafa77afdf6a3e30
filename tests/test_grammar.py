"""The small grammar: what is texted spelled out, verbs in their forms, questions told, and a wording put into her style."""

import pytest

from rehearse.tone import recasts
from rehearse.tone.grammar import Style, indirect, regular, sentence, spelled_out


@pytest.mark.parametrize(
    ("texted", "spelled"),
    [
        ("u dont call", "you don't call"),
        ("ur brother", "your brother"),
        ("ur always late", "you're always late"),
        ("ur coming home", "you're coming home"),
        ("Im not Angry", "i'm not angry"),
        ("You’re  late", "you're late"),
        ("why cant u", "why can't you"),
        ("Urgent bread", "urgent bread"),
    ],
)
def test_what_is_texted_is_spelled_out(texted: str, spelled: str) -> None:
    assert spelled_out(texted) == spelled


@pytest.mark.parametrize(
    ("base", "forms"),
    [
        ("call", ("called", "calling")),
        ("invite", ("invited", "inviting")),
        ("reply", ("replied", "replying")),
        ("stay", ("stayed", "staying")),
        ("agree", ("agreed", "agreeing")),
        ("tie", ("tied", "tying")),
    ],
)
def test_regular_verbs(base: str, forms: tuple[str, str]) -> None:
    found = regular(base)
    assert (found.past, found.ing) == forms and found.participle == found.past


def test_verbs_that_double_a_letter_are_told_as_irregular() -> None:
    """Nothing here knows that one says "hugged": whatever doubles must stand in the list."""
    known = recasts.load().verbs.forms
    for base in ("stop", "drop", "hug", "plan", "slam", "skip", "put", "sit", "forget", "get", "let", "cut", "run"):
        assert known[base] != regular(base), base
    assert all(base.isalpha() for base in known)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("who is she", "who she is"),
        ("who's she", "who she is"),
        ("who are you with", "who you are with"),
        ("who paid for it", "who paid for it"),
        ("what did he say", "what he said"),
        ("where does she live", "where she lives"),
        ("is it drugs", "if it is drugs"),
        ("are you drinking again", "if you are drinking again"),
        ("did you see the doctor", "if you saw the doctor"),
        ("when is your scan", "when your scan is"),
        ("are you", ""),
        ("what do you mean", ""),
        ("why would you do that", ""),
        ("are you even my son", ""),
        ("did you think i would not notice", ""),
    ],
)
def test_a_question_is_told_or_left_alone(question: str, told: str) -> None:
    assert indirect(question, recasts.load().verbs) == told


@pytest.mark.parametrize(
    ("hers", "worn"),
    [
        ("You never call.", "I'd love it if you called. It's you I miss."),
        ("you never call", "i'd love it if you called. it's you i miss"),
        ("u never call", "id love it if u called. its u i miss"),
        ("you dont call", "id love it if you called. its you i miss"),
        ("You’re never here.", "I’d love it if you called. It’s you I miss."),
        ("I don't see u.", "I'd love it if u called. It's u I miss."),
    ],
    ids=["plain", "small letters", "u", "no apostrophes", "curly", "u with capitals"],
)
def test_a_wording_is_worn_as_she_writes(hers: str, worn: str) -> None:
    assert Style.of(hers).worn("I'd love it if you called. It's you I miss.") == worn


def test_a_name_she_wrote_keeps_its_capital() -> None:
    assert Style.of("You never call Anna.").worn("I'd love it if you called anna.") == "I'd love it if you called Anna."
    assert Style.of("You never call. Have you no heart?").worn("I'd have liked it.") == "I'd have liked it."


def test_words_become_a_sentence() -> None:
    assert sentence("i think i'm late. are you") == "I think I'm late. Are you."
    assert sentence("are you?") == "Are you?"


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("who was in the car", "who was in the car"),
        ("who is this girl", ""),
        ("what is it to be", ""),
        ("will you open a book", ""),
        ("when will you be back", "when you will be back"),
    ],
)
def test_a_question_is_turned_round_only_where_that_is_safe(question: str, said: str) -> None:
    assert indirect(question, recasts.load().verbs) == said
