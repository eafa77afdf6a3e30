"""Patterns that say her sentence again: each makes its example, none fires where it is not safe, a damaged file is refused."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rehearse import settings
from rehearse.errors import DataError
from rehearse.kinds import flagged_kinds
from rehearse.tone import recasts
from rehearse.tone.recasts import Recast, load
from test_phrasebook_data import STING

EVERY = load().recasts


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the file that a test may damage."""
    folder = tmp_path / "prompts"
    shutil.copytree(settings.prompts_folder(), folder)
    monkeypatch.setattr(settings, "prompts_folder", lambda: folder)
    return folder / "recasts.toml"


def test_there_are_enough_for_each_kind() -> None:
    assert len(EVERY) >= 120
    assert {kind for each in EVERY for kind in each.kinds} == flagged_kinds()


def test_each_pattern_makes_its_example() -> None:
    # One test for all of them: a thousand would cost every run more than what they do.
    assert [each.example for each in EVERY if each.example[1] not in load().of(each.example[0], each.kinds[0])] == []


def test_no_wording_stings() -> None:
    lines = [to for each in (*EVERY, *load().abouts) for to in each.to] + [
        line for many in load().honest.values() for line in many
    ]
    assert [line for line in lines if STING.search(line)] == []


@pytest.mark.parametrize(
    ("hers", "kind", "first"),
    [
        ("u never ring me", "absolute", "id love it if u rang me sometimes"),
        ("Well, you never call me anymore, Toby.", "absolute", "I'd love it if you called me sometimes, Toby."),
        ("You never visit your own mother.", "guilt_trip", "I'd love it if you visited me sometimes."),
        ("You never tell Anna anything.", "absolute", "I'd love it if you told Anna something sometimes."),
        ("You’re overreacting, love.", "dismissal", "I can see this matters to you. Would you tell me more, love?"),
        ("told u the boots would leak", "being_right", "i was worried that the boots would leak"),
        ("You left me on read for nine days.", "blame", "I was hurt when you left me on read for nine days."),
    ],
)
def test_slots_are_filled_with_her_words_in_her_style(hers: str, kind: str, first: str) -> None:
    assert load().of(hers, kind)[0] == first


@pytest.mark.parametrize(
    ("hers", "kind"),
    [
        ("You never call because I bore you.", "absolute"),
        ("You never come unless you want something and you know it.", "absolute"),
        ("She said you can't see the board from where you sit at the back of that room.", "clinging"),
        ("The soup is warm.", "blame"),
        ("", "blame"),
        ("…", "blame"),
        ("You used to be fun at parties and so did I, once, before all of this.", "clinging"),
    ],
)
def test_where_it_is_not_safe_nothing_is_made(hers: str, kind: str) -> None:
    assert load().of(hers, kind) == []


@pytest.mark.parametrize(
    ("words", "topic"),
    [
        ("that car is a heap", "the car"),
        ("you need a real job", "work"),
        ("what about your exams", "your exams"),
        ("in the car park", None),
        ("my car is old", None),
        ("she was at the wedding", None),
    ],
)
def test_what_a_line_is_about(words: str, topic: str | None) -> None:
    found = load().topic(words)
    assert (found.words if found else None) == topic


@pytest.mark.parametrize("sign", ["a", " ", "you never call ", "do i have to ", "never ", "'"])
def test_a_huge_sentence_takes_no_time_to_refuse(sign: str) -> None:
    """Patterns are tried on short sentences only: a long one could keep some of them busy for ever."""
    from rehearse.tone.own import LONGEST, Blaming, proposed
    from rehearse.tone.sentences import Sentence

    text = (sign * 5000)[: LONGEST + 1]
    assert proposed(Blaming(Sentence(0, len(text), text), "absolute", (0, len(text)))) == []
    proposed(Blaming(Sentence(0, LONGEST, text[:LONGEST]), "absolute", (0, LONGEST)))


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace('kinds = ["absolute", "blame", "guilt_trip"]', 'kinds = ["rude"]', 1),
        lambda text: text.replace("I'd love it if you {past} sometimes.", "I'd love it if you {thing} sometimes.", 1),
        lambda text: text.replace("I'd love it if you called me sometimes.", "Call me.", 1),
        lambda text: text.replace("remember to )?<contact>", "remember to ?<contact>", 1),
        lambda text: text.replace("remember to )?<contact>", "remember to )?<unheard>", 1),
        lambda text: text.replace("bring brought brought bringing", "bring brought", 1),
        lambda text: text.replace("[honest]\nblame", "[honest]\nrude", 1),
        lambda text: text.replace('sort = ["quarrel"]', 'sort = ["weather"]', 1),
        lambda text: text.replace("[verbs]", "[nouns]", 1),
        lambda text: "[",
    ],
    ids=["kind", "slot", "example", "brackets", "slot name", "verb", "honest", "sort", "table", "no TOML"],
)
def test_a_damaged_file_is_refused(file: Path, damage: Callable[[str], str]) -> None:
    text = file.read_text(encoding="utf-8")
    assert damage(text) != text
    file.write_text(damage(text), encoding="utf-8")
    with pytest.raises(DataError):
        recasts.load()


@pytest.mark.parametrize(
    ("hers", "kind", "wording"),
    [
        ("You're always shouting at me.", "absolute", "It's hard for me when you shout at me."),
        ("You said you'd fix the fence.", "blame", "I was hoping you'd fix the fence."),
        ("Promise me you'll never ride that bike.", "pressure", "I worry about you riding that bike. It's your decision."),
        ("u never charge ur phone", "absolute", "id be so glad if u charged ur phone now and then"),
    ],
)
def test_a_verb_is_put_into_the_form_it_needs(hers: str, kind: str, wording: str) -> None:
    made = load().of(hers, kind)
    assert wording.replace("id be", "i'd be") in made or wording in made


def test_what_stands_under_a_negation_is_not_asked_for() -> None:
    assert not [each for each in load().of("Please don't go and make a fuss of it.", "pressure") if "Would you make" in each]
    assert "Would you make a pot of tea? I'd be glad of it." in load().of("Make a pot of tea.", "pressure")


def test_a_strict_pattern_keeps_to_its_kinds() -> None:
    strict = [each for each in EVERY if each.loose == recasts.VERY_LOOSE]
    assert strict
    for each in strict:
        line = each.example[0]
        other = next(kind for kind in sorted(flagged_kinds()) if kind not in each.kinds)
        assert each.example[1] in load().of(line, each.kinds[0])
        assert not any(to in load().of(line, other) for to in each.to if "{" not in to) or _shared(each)


def _shared(strict: Recast) -> bool:
    """Whether a wording of a strict pattern is made by others too."""
    return any(set(each.to) & set(strict.to) for each in EVERY if each is not strict)


def test_nobody_advises_a_state() -> None:
    assert not [each for each in load().of("You should know better.", "advice") if "knowing" in each]
