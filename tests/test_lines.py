"""Labelled messages cut into labelled sentences: a label goes only where it belongs beyond doubt."""

import json
from pathlib import Path
from typing import Any

import pytest

from rehearse import settings
from rehearse.kinds import flagged_kinds, gentle_kinds
from rehearse.lab import lines
from rehearse.lab.lines import Example, Message
from rehearse.tone.heard import Heard


def message(
    text: str,
    *,
    flag: bool = False,
    kinds: tuple[str, ...] = ("plain",),
    spans: tuple[str, ...] = (),
    before: str = "",
    gentler: str = "",
    pair: str = "",
) -> Message:
    return Message("m", text, before, flag, kinds, spans, pair, gentler)


def cut(given: Message) -> list[Example]:
    return lines.examples([given])


def test_one_sentence_keeps_everything() -> None:
    found = cut(message("Well, you never call.", flag=True, kinds=("absolute", "blame"), spans=("you never call",)))
    assert found == [Example("m", Heard("Well, you never call.", ""), True, ("absolute", "blame"), ((6, 20),), "m")]


def test_a_flagged_sentence_without_spans_is_flagged_whole() -> None:
    assert cut(message("You never call.", flag=True, kinds=("absolute",))) == [
        Example("m", Heard("You never call.", ""), True, ("absolute",), (), "m")
    ]


def test_only_the_sentence_a_span_touches_is_flagged() -> None:
    found = cut(message("Hi Tom. You never call. I miss you.", flag=True, kinds=("absolute",), spans=("never call",)))
    assert [(each.heard.text, each.flag, each.kinds, each.spans) for each in found] == [
        ("Hi Tom.", False, (), ()),
        ("You never call.", True, ("absolute",), ((4, 14),)),
        ("I miss you.", False, (), ()),
    ]


def test_kinds_are_unknown_where_several_sentences_are_flagged() -> None:
    found = cut(
        message("You never call. It is your fault.", flag=True, kinds=("absolute", "blame"), spans=("never", "your fault"))
    )
    assert [(each.flag, each.kinds) for each in found] == [(True, ()), (True, ())]


def test_a_span_over_two_sentences_flags_both_with_offsets_of_each() -> None:
    text = "You never call. You never write."
    found = cut(message(text, flag=True, kinds=("absolute",), spans=("never call. You never",)))
    assert [each.spans for each in found] == [((4, 15),), ((0, 9),)]
    assert [each.heard.text[a:b] for each in found for a, b in each.spans] == ["never call.", "You never"]


def test_a_flagged_message_of_several_sentences_without_spans_is_kept_whole() -> None:
    (found,) = cut(message("You never call. I miss you.", flag=True, kinds=("absolute",)))
    assert (found.heard.text, found.flag, found.kinds, found.spans) == ("You never call. I miss you.", True, ("absolute",), ())


def test_a_gentle_message_is_gentle_in_every_sentence() -> None:
    found = cut(message("I miss you. Come if you like.", kinds=("feeling", "invitation")))
    assert [(each.flag, each.kinds) for each in found] == [(False, ()), (False, ())]
    assert cut(message("I miss you.", kinds=("feeling",)))[0].kinds == ("feeling",)


def test_each_sentence_is_heard_as_the_check_hears_it() -> None:
    found = cut(message("I miss you. Come.", before="I'm busy."))
    assert [each.heard.before for each in found] == ["him: I'm busy.", "I miss you."]
    assert lines.his("") == ""


@pytest.mark.parametrize("text", ["", "…", " \n"])
def test_a_message_without_words_gives_nothing(text: str) -> None:
    assert cut(message(text)) == []


# -- messages ----------------------------------------------------------------------------------------------------------------


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_lines_and_both_doors_of_a_dialogue_become_messages(tmp_path: Path) -> None:
    line = {
        "id": "w-1",
        "text": "You never call.",
        "flag": True,
        "kinds": ["absolute"],
        "spans": ["never"],
        "gentler": "Call me.",
    }
    after = {"id": "w-2", "text": "Hi.", "flag": False, "kinds": ["plain"], "spans": [], "before": "Hey.", "pair": "p"}
    bank = {"id": "b-1", "text": "I know.", "openness": [1], "answers": ["plain"]}
    turn = {"kinds": ["plain"], "flag": False, "openness": 2}
    door = {"mother": "Finally.", "kinds": ["blame"], "flag": True, "gentler": "Hello.", "son": "Bye.", "openness": 1}
    talk = {
        "id": "d-1",
        "turns": [{"mother": "Hi.", "son": "Hey.", **turn}, {"mother": "Well?", "son": "Fine.", **turn, "door": door}],
    }
    found = lines.messages([write(tmp_path / "w.jsonl", line, after, bank), write(tmp_path / "d.jsonl", talk)])
    assert [(each.id, each.text, each.before, each.flag) for each in found] == [
        ("w-1", "You never call.", "", True),
        ("w-2", "Hi.", "Hey.", False),
        ("d-1/1", "Hi.", "", False),
        ("d-1/2", "Well?", "Hey.", False),
        ("d-1/2b", "Finally.", "Hey.", True),
    ]
    assert (found[0].spans, found[0].gentler, found[1].pair, found[4].gentler) == (("never",), "Call me.", "p", "Hello.")


def test_parts_hold_whole_writers_and_share_none() -> None:
    parts = {name: {path.name for path in lines.files(name)} for name in ("train", "development", "test")}
    everything = {
        path.name for folder in ("tone/lines", "son/dialogues") for path in (settings.models_folder() / folder).glob("*.jsonl")
    }
    if not everything:
        pytest.skip("the data is not carried with the app")
    assert sum(len(each) for each in parts.values()) == len(everything) == len(set().union(*parts.values()))
    assert "w04.jsonl" in parts["test"] and {"w02.jsonl", "d04.jsonl"} <= parts["development"]


def test_what_is_here_gives_examples_with_offsets_in_place() -> None:
    path = next(iter(lines.files("development")), None)
    if path is None:
        pytest.skip("the data is not carried with the app")
    messages = lines.messages([path])
    found = lines.examples(messages)
    assert len(found) >= len(messages) * 0.9
    assert {each.flag for each in found} == {True, False}
    for each in found:
        assert all(0 <= start < end <= len(each.heard.text) for start, end in each.spans)
        assert each.flag or not each.spans
        assert not each.kinds or (each.kinds[0] in flagged_kinds()) == each.flag


def test_the_articles_phrases_are_examples_too() -> None:
    found = lines.article_examples()
    flagged = [each for each in found if each.flag]
    assert flagged and len(flagged) < len(found)
    assert all(set(each.kinds) <= (flagged_kinds() if each.flag else gentle_kinds()) for each in found)
    assert all(each.spans == ((0, len(each.heard.text)),) for each in flagged)


def test_gentler_wordings_are_sentences_that_do_not_blame_in_the_group_of_their_line() -> None:
    row = message("You never call.", flag=True, before="Busy.", gentler="I miss you. Call me?", pair="p1")
    assert lines.gentler_examples([row]) == [
        Example("m/gentler", Heard("I miss you.", "him: Busy."), False, (), (), "p1"),
        Example("m/gentler", Heard("Call me?", "I miss you."), False, (), (), "p1"),
    ]
    assert lines.gentler_examples([message("Hello.", gentler="Hi.")]) == []


def test_messages_of_several_sentences_are_learnt_whole_too() -> None:
    rows = [message("Hi. You never call.", flag=True, spans=("never call",)), message("Hello there."), message("Hi. Bye.")]
    assert [(each.heard.text, each.flag) for each in lines.whole_examples(rows)] == [
        ("Hi. You never call.", True),
        ("Hi. Bye.", False),
    ]
