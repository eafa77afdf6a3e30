"""What a line of hers does, told by rules, on lines labelled by hand."""

import json
from pathlib import Path

import pytest

from rehearse import settings
from rehearse.errors import DataError
from rehearse.kinds import kinds
from rehearse.son import act, bank, choice
from rehearse.turn import Openness

LABELLED = [json.loads(line) for line in (Path(__file__).parent / "data" / "acts.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("How was the shift? I kept your plate.", "how_is"),
        ("Hector, why don't you call me? I have to hear it from Yolanda.", "why"),
        ("You bought parts? When was this?", "when"),
        ("Ibrahim, my son, are you in the shop?", "yes_no"),
        ("Did the person live?", "others"),
        ("You iron your own shirts? In a hotel?", "checking"),
        ("Do you want company, or quiet?", "either"),
        ("Are you still coming on Sunday?", "plan"),
        ("What would help her, do you think?", "opinion"),
        ("Can I order you some soup?", "offer"),
        ("May I still call you Kaito?", "permission"),
        ("Would you show me your game?", "request"),
        ("how much did you drink", "how_many"),
        ("You're the man of that house till I'm back. No moping, you hear?", "order"),
        ("Thank you for picking up. I know you're tired.", "thanks"),
        ("I’m sorry, I’ve been angry with a letter I never saw.", "apology"),
        ("You don't have to tell me.", "yielding"),
        ("Hi Tom, it's Mom.", "greeting"),
        ("Hi Tom, it's Mom. How are you?", "how_is"),
        ("Lentils. With normal cumin.", "plain"),
        ("…", "plain"),
        ("", "plain"),
    ],
)
def test_the_last_thing_she_asks_or_does_counts(line: str, wanted: str) -> None:
    assert act.told(line) == wanted


def test_most_labelled_lines_are_told_right() -> None:
    assert len(LABELLED) >= 200
    assert {name for row in LABELLED for name in row["acts"]} <= act.names()
    # Some lines do two things at once; then the label names both, the likelier one first.
    first = sum(act.told(row["text"]) == row["acts"][0] for row in LABELLED) / len(LABELLED)
    any_of = sum(act.told(row["text"]) in row["acts"] for row in LABELLED) / len(LABELLED)
    assert first >= 0.74
    assert any_of >= 0.83


def test_no_labelled_line_is_of_a_held_out_writer() -> None:
    assert not {row["id"][:3] for row in LABELLED} & {"d04", "d07"}


@pytest.mark.parametrize(
    ("name", "answer", "wanted"),
    [
        ("how_many", "Twelve, I think.", True),
        ("how_many", "It was cold.", False),
        ("when", "Last Tuesday.", True),
        ("when", "I don't know.", False),
        ("where", "At Lena's.", True),
        ("who", "My landlord.", True),
        ("who", "Fine.", False),
        ("how_is", "At work.", False),
        ("what", "Soup.", True),
        ("what", "Why do you ask?", False),
    ],
)
def test_the_form_of_an_answer_to_a_question_for_a_fact(name: str, answer: str, wanted: bool) -> None:
    assert act.answered(name, answer) is wanted


HEAD = 'leads="a"\nasking="b"\ntags="c"\nwhole="d"\nunknown={asks="x",other="y"}\nheard={rules=1.0,beside=0.5}\n'


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEAD + '[[act]]\nname="x"\nwhat="w"\nasks=["("]',
        HEAD + '[[act]]\nname="x"\nwhat="w"',
        HEAD + '[[act]]\nname="x"\nwhat="w"\nasked=["b"]\nasks=["a"]',
        HEAD.replace(',other="y"', "") + '[[act]]\nname="x"\nwhat="w"\nasks=["b"]',
        HEAD + '[[act]]\nname="x"\nwhat="w"\nasks=["b"]\n' * 2,
        HEAD.replace("rules=1.0", "rules=0") + '[[act]]\nname="x"\nwhat="w"\nasks=["b"]\n',
        HEAD.replace("beside=0.5", "beside=2") + '[[act]]\nname="x"\nwhat="w"\nasks=["b"]\n',
        HEAD.replace("heard", "said") + '[[act]]\nname="x"\nwhat="w"\nasks=["b"]\n',
    ],
)
def test_rules_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "acts.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError):
        act._read(path)


def test_rules_that_are_as_they_should_be_are_read(tmp_path: Path) -> None:
    path = tmp_path / "acts.toml"
    path.write_text(HEAD + '[[act]]\nname="x"\nwhat="w"\nasks=["b"]\n', encoding="utf-8")
    assert act._read(path).beside == 0.5


# -- the bank -------------------------------------------------------------------------------------------------------------


def test_there_are_eight_lines_for_every_act_at_every_openness() -> None:
    few = int(choice.numbers().act["few"])
    for name in act.names():
        meant = bank.meant_for(name, few)
        for level in Openness:
            fitting = bank.fitting(level, frozenset({"plain"}), "", [name])
            assert len(set(fitting) & meant) >= 8, (name, level)
            # After a line that blames too there must be something that does not answer another question.
            assert len(bank.fitting(level, frozenset({"blame"}), "", [name])) >= 4, (name, level)


def test_a_line_that_cannot_answer_what_she_does_is_left_out() -> None:
    every = {line.text: line for line in bank.portable_lines()}
    for name in act.names():
        for line in bank.fitting(Openness.GUARDED, frozenset(kinds()), "", [name]):
            rows = [each for each in bank.portable_lines() if each.text == line]
            assert any(not each.acts or name in each.acts for each in rows)
    assert "How long has it been like that?" not in bank.fitting(Openness.GUARDED, frozenset({"feeling"}), "", ["others"])
    assert every["How long has it been like that?"].acts


def test_a_line_of_the_bank_that_names_an_unknown_act_is_refused(tmp_path: Path) -> None:
    row = {"text": "Hm.", "openness": [1], "answers": ["gentle"], "acts": ["no such"]}
    (tmp_path / "x.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="act"):
        bank._read(tmp_path)


def test_a_group_of_kinds_is_spelled_out(tmp_path: Path) -> None:
    rows = [{"text": "Hm.", "openness": [1], "answers": [group]} for group in ("gentle", "blaming")]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    gentle, blaming = bank._read(tmp_path)
    assert gentle.answers == {name for name, kind in kinds().items() if not kind.flagged}
    assert blaming.answers == {name for name, kind in kinds().items() if kind.flagged}
    assert gentle.gentle
    assert not blaming.gentle


def test_the_carried_rules_are_read() -> None:
    assert act.rules() is act.rules()
    assert (settings.prompts_folder() / "acts.toml").is_file()


# -- heard by the second look ----------------------------------------------------------------------------------------------


def test_without_a_hearer_the_rules_tell() -> None:
    assert act.likely("Thank you for calling.", {}) == ("thanks",)
    assert act.likely("Thank you for calling.", {"no such act": 1.0}) == ("thanks",)


def test_what_was_heard_counts_and_the_rules_beside_it() -> None:
    line = "Dont they give you a rota"
    assert act.told(line) == "order"
    assert act.likely(line, {"others": 0.9, "order": 0.05, "why": 0.05}) == ("others",)
    assert act.likely(line, {"others": 0.54, "yes_no": 0.44, "order": 0.02}) == ("others", "yes_no")
    # What the rules tell outweighs what was heard to be a little likelier.
    assert act.likely("Thank you for calling.", {"praise": 0.5, "thanks": 0.4, "why": 0.1})[0] == "thanks"


def test_what_he_says_can_answer_all_that_her_line_may_do() -> None:
    both = set(bank.fitting(Openness.GUARDED, frozenset({"curiosity"}), "", ["yes_no", "others"]))
    assert both and both <= set(bank.fitting(Openness.GUARDED, frozenset({"curiosity"}), "", ["yes_no"]))
    alone = bank.fitting(Openness.GUARDED, frozenset({"curiosity"}), "", ["who"])
    every = sorted(act.names())
    assert bank.fitting(Openness.GUARDED, frozenset({"curiosity"}), "", ["who", *every]) == alone, "too few can answer anything"
