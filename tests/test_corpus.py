"""The hand-written data: what a row must be, which rows are near-duplicates, and that what is here is in order."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearse import settings
from rehearse.lab import corpus

LINE: dict[str, Any] = {
    "id": "w-1", "text": "You never call. It rains.", "flag": True, "kinds": ["absolute", "blame"], "spans": ["You never call"],
    "gentler": "I miss your calls.", "register": "text",
}  # fmt: skip
GENTLE: dict[str, Any] = {"id": "w-2", "text": "I miss you so much today.", "flag": False, "kinds": ["feeling"], "spans": []}
TURN: dict[str, Any] = {"mother": "Hi.", "kinds": ["plain"], "flag": False, "son": "Hey.", "openness": 2}
DOOR: dict[str, Any] = {
    "mother": "Finally.", "kinds": ["blame"], "flag": True, "gentler": "Good to hear you.", "son": "Okay.", "openness": 1,
}  # fmt: skip
DIALOGUE: dict[str, Any] = {
    "id": "d-1", "son": {"name": "Tom", "age": 20, "stage": "student", "temperament": "joking"}, "situation": "He moved out.",
    "turns": [TURN, {**TURN, "door": DOOR}],
}  # fmt: skip
BANK: dict[str, Any] = {"id": "b-1", "text": "I know.", "openness": [1, 2], "answers": ["blame", "gentle"], "acts": ["plain"]}


@pytest.mark.parametrize("row", [LINE, GENTLE, DIALOGUE, BANK], ids=["line", "gentle", "dialogue", "bank"])
def test_good_rows(row: dict[str, Any]) -> None:
    assert corpus.problems_of(row) == []


BAD = [
    (LINE, {"id": ""}, "id is missing"),
    (LINE, {"text": "  "}, "text is missing"),
    (LINE, {"flag": 1}, "flag must be true or false"),
    (LINE, {"kinds": []}, "kinds must be a list"),
    (LINE, {"kinds": ["rude"]}, "unknown kinds"),
    (LINE, {"kinds": ["feeling"]}, "main kind feeling does not go with flag true"),
    (GENTLE, {"kinds": ["feeling", "blame"]}, "carries a flagged kind"),
    (LINE, {"spans": "You never call"}, "spans must be a list"),
    (LINE, {"spans": ["you never"]}, "span not found"),
    (LINE, {"spans": [""]}, "span not found"),
    (LINE, {"spans": []}, "spans go with flagged lines"),
    (GENTLE, {"spans": ["I miss"]}, "spans go with flagged lines"),
    (LINE, {"gentler": ""}, "needs gentler"),
    (LINE, {"register": "loud"}, "register must be one of"),
    (DIALOGUE, {"son": {"name": "Tom"}}, "son.age is missing"),
    (DIALOGUE, {"son": {**DIALOGUE["son"], "temperament": "kind"}}, "temperament must be one of"),
    (DIALOGUE, {"situation": ""}, "situation is missing"),
    (DIALOGUE, {"turns": [TURN]}, "turns are missing"),
    (DIALOGUE, {"turns": [TURN, {**TURN, "son": ""}]}, "turn 2: son is missing"),
    (DIALOGUE, {"turns": [TURN, {**TURN, "openness": 6}]}, "turn 2: openness must be 1 to 5"),
    (DIALOGUE, {"turns": [TURN, {**TURN, "openness": 5}]}, "jumps by more than 2"),
    (DIALOGUE, {"turns": [TURN, {**TURN, "son": "word " * 61}]}, "longer than 60 words"),
    (DIALOGUE, {"turns": [TURN, {**TURN, "son": "*sighs* Hi."}]}, "narration or emoji"),
    (DIALOGUE, {"turns": [TURN, {**TURN, "son": "Hi 😀"}]}, "narration or emoji"),
    (DIALOGUE, {"turns": [TURN, {**TURN, "door": TURN}]}, "one of the two lines must be flagged"),
    (DIALOGUE, {"turns": [TURN, {**TURN, "door": {**DOOR, "gentler": ""}}]}, "door: a flagged line needs gentler"),
    (BANK, {"text": ""}, "text is missing"),
    (BANK, {"openness": [0]}, "openness must list levels"),
    (BANK, {"answers": ["rude"]}, "answers must list kinds"),
    (BANK, {"acts": ["juggling"]}, "acts must list what"),
]


@pytest.mark.parametrize(("row", "change", "problem"), BAD, ids=[f"{number} {bad[2]}" for number, bad in enumerate(BAD)])
def test_bad_rows(row: dict[str, Any], change: dict[str, Any], problem: str) -> None:
    found = corpus.problems_of({**copy.deepcopy(row), **change})
    assert any(problem in each for each in found), found


# -- near-duplicates ---------------------------------------------------------------------------------------------------------


def test_the_same_sentence_in_other_clothes_is_found() -> None:
    texts = [
        ("a", "You never call me on my birthday, Tom."),
        ("b", "you NEVER call me on my birthday, Tom!"),
        ("c", "I went to the market and bought apples."),
        ("d", "It’s late and I don’t want to fight."),
        ("e", "It's late and I don't want to fight."),
    ]
    assert corpus.near_duplicates(texts) == [("a", "b", 1.0), ("d", "e", 1.0)]


def test_alike_is_not_the_same() -> None:
    texts = [("a", "You never call me on my birthday."), ("b", "You never call me when your father is ill.")]
    assert corpus.near_duplicates(texts) == []
    assert corpus.near_duplicates(texts, 0.2)[0][:2] == ("a", "b")


def test_short_greetings_are_nobodys_own() -> None:
    assert corpus.near_duplicates([("a", "Hi, it's me."), ("b", "Hi, it's me.")]) == []


@given(st.lists(st.text(alphabet="abc ", max_size=30), max_size=8))
def test_the_index_finds_what_comparing_all_pairs_finds(texts: list[str]) -> None:
    named = [(str(number), text) for number, text in enumerate(texts)]
    long = [(name, corpus.trigrams(text)) for name, text in named if len(text.split()) >= 5]
    pairs = {
        (first, second)
        for number, (second, ours) in enumerate(long)
        for first, theirs in long[:number]
        if len(ours & theirs) / len(ours | theirs) >= corpus.NEAR
    }
    assert {pair[:2] for pair in corpus.near_duplicates(named)} == pairs


# -- reading and checking files ----------------------------------------------------------------------------------------------


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(("bad", "problem"), [("{", "not JSON"), ("[]", "not a JSON object")])
def test_a_broken_file_names_its_line(tmp_path: Path, bad: str, problem: str) -> None:
    path = write(tmp_path / "w.jsonl", LINE, "", bad)
    with pytest.raises(ValueError, match=f"w.jsonl:3: {problem}"):
        list(corpus.read(path))


def test_files_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert corpus.main([str(write(tmp_path / "w.jsonl", LINE, GENTLE)), str(write(tmp_path / "d.jsonl", DIALOGUE, BANK))]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert counts["lines"] == 2 and counts["flagged"] == 1 and counts["kind absolute"] == 1 and counts["register text"] == 1
    assert counts["several sentences"] == 1
    assert (counts["dialogues"], counts["exchanges"], counts["doors"], counts["portable lines"]) == (1, 2, 1, 1)


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([{**LINE, "flag": False}], "w.jsonl w-1: main kind"),
        ([LINE, {**GENTLE, "id": "w-1"}], "id used twice: w-1"),
        ([GENTLE, {**GENTLE, "id": "w-3"}], "near-duplicates: w-2 w-3"),
    ],
)
def test_files_out_of_order(tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: list[object], problem: str) -> None:
    assert corpus.main([str(write(tmp_path / "w.jsonl", *rows))]) == 1
    assert problem in capsys.readouterr().out


def test_a_pair_may_be_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pair = [{**GENTLE, "pair": "p1"}, {**GENTLE, "id": "w-3", "pair": "p1"}]
    assert corpus.main([str(write(tmp_path / "w.jsonl", *pair))]) == 0
    capsys.readouterr()


DATA = [*settings.models_folder().glob("tone/lines/*.jsonl"), *settings.models_folder().glob("son/*/*.jsonl")]
FILES = sorted(each for each in DATA if each.parent.name != "read")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_here_is_in_order(path: Path) -> None:
    rows = list(corpus.read(path))
    assert rows
    assert {row.get("id"): problems for row in rows if (problems := corpus.problems_of(row))} == {}
    names = [row["id"] for row in rows]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ({"id": "s-1", "text": "I could kill for a coffee.", "met": "none"}, []),
        ({"id": "s-1", "text": "He hit me.", "met": "violence"}, []),
        ({"id": "s-1", "text": " ", "met": "none"}, ["text is missing"]),
    ],
)
def test_a_draft_to_be_met_outside_the_role(row: dict[str, Any], wrong: list[str]) -> None:
    assert corpus.problems_of(row) == wrong
    assert corpus.problems_of(row | {"met": "anger"})[-1].startswith("met must be one of")
