"""What he never says: each rule by lines that must and must not match, and by what hand-written sons said."""

import json
from collections import Counter
from pathlib import Path

import pytest

from rehearse import settings
from rehearse.errors import DataError
from rehearse.son import guard
from rehearse.son.guard import Guard, finished_sentences, rules
from rehearse.turn import Openness

# For each rule: lines that must be refused, and near misses that a son may well say.
LINES: dict[str, tuple[list[str], list[str]]] = {
    "assistant": (
        [
            "As an AI language model, I don't have a mother.",
            "I'm a text-based assistant, so I can't visit.",
            "I’m here to help you with that.",
            "How can I assist you today?",
            "Is there anything else I can do for you?",
            "Glad I could help.",
        ],
        [
            "I'm here, aren't I?",
            "As an adult I get to decide that.",
            "How can I help if you won't say what's wrong?",
            "Is there anything else?",
            "I'm the assistant manager now.",
        ],
    ),
    "narration": (
        [
            "*sighs* I know, Mom.",
            "I know. _looks away from the phone_ Fine.",
            "(pauses) I guess so.",
            "I've got two shifts left. (laughs)",
            "I'm fine. [guarded]",
            "“I'm fine,” he said.",
            '"Not now." He sighed and hung up.',
            "He sighs. I don't know.",
            "Okay. She nods, waiting.",
        ],
        [
            "I told Dad in June. Ask him what he said.",
            "The van (the white one) broke down.",
            "She's done it for forty years, she said. I don't want forty years.",
            "She said, about time.",
            "I got the 2*4 boards and the 3*6 ones.",
            "I work (most) Sundays.",
            "She smiles a lot more since we moved.",
        ],
    ),
    "speaks for her": (
        ["Mom: You never call.", "I'm busy.\nMother: Too busy for me?", '"Mom": hello', "Assistant: Sure.", "user : hi"],
        ["Mom, listen: I can't.", "I told Mom: no.", "You know what: fine.", "Me and you both."],
    ),
    "counsellor": (
        [
            "I’m so sorry to hear that.",
            "I'm sorry for your loss.",
            "Your feelings are valid.",
            "It's completely normal to feel that way.",
            "Thank you for sharing that with me.",
            "Communication is key, Mom.",
        ],
        [
            "I'm sorry, Mom.",
            "I hear you.",
            "It's normal. Everybody's tired.",
            "Thank you for the parcel.",
            "That must've been hard.",
            "Sorry to bring it up.",
        ],
    ),
    "comforts while shut": (
        [
            "I'm here for you.",
            "You’re not alone, Mom.",
            "It's going to be okay.",
            "You did your best.",
            "I understand how you feel.",
            "You're a good mother.",
        ],
        [
            "I'm here, go on.",
            "I'm not okay.",
            "It's okay.",
            "You did what you did.",
            "I don't understand how you do that.",
            "Good for you.",
        ],
    ),
    "emoji": (
        ["Love you too ❤", "Okay 🙂", "sure :)", "haha :-D", "Home soon #blessed"],
        [
            "It was 3:30.",
            "You're #1, you know.",
            "Two things:don't call at work.",
            "Fine — really… “fine”.",
            "I said: (nothing).",
        ],
    ),
    "cruel or sexual": (
        [
            "I hate you.",
            "You're dead to me.",
            "you’re dead to me",
            "Shut the fuck up, Mom.",
            "I'll kill myself.",
            "Go kill yourself.",
            "I wish you were dead.",
            "You're a terrible mother.",
            "Go to hell.",
            "I'll slap you.",
            "Nobody loves you.",
            "I want to have sex.",
        ],
        [
            "I hate your couch.",
            "I hate this.",
            "The phone was dead to begin with.",
            "This job is killing me.",
            "I wish you were here.",
            "You're a tough woman.",
            "Nobody wants that.",
            "What the hell, Mom.",
            "I'll beat the traffic.",
            "Shut up, really?",
        ],
    ),
    "form": (
        [
            "- I work a lot",
            "• first",
            "1. Call less.",
            "Well:\n2. Visit more.",
            "See https://example.com",
            "```code",
            "<|im_end|>",
            "# Reply",
        ],
        ["4. Maybe 5. It was a long day.", "Twenty - no, thirty.", "I'm 24. You know that.", "-ish. Around six.", "No < yes."],
    ),
}


def test_every_rule_has_its_lines() -> None:
    """A rule without three lines on each side is not known to do what it says."""
    assert [rule.name for rule in rules().patterns] == list(LINES)
    for name, (bad, fine) in LINES.items():
        assert len(bad) >= 3 and len(fine) >= 3, name


@pytest.mark.parametrize(("name", "line"), [(name, line) for name, (bad, _) in LINES.items() for line in bad])
def test_what_must_match(name: str, line: str) -> None:
    found = Guard([], [], openness=Openness.SHUT).broken(line)
    assert found is not None
    pattern = next(rule.pattern for rule in rules().patterns if rule.name == name)
    assert pattern.search(line.replace("’", "'")), f"only {found} matched"


@pytest.mark.parametrize(("name", "line"), [(name, line) for name, (_, fine) in LINES.items() for line in fine])
def test_what_must_not_match(name: str, line: str) -> None:
    words = line.split(" ")
    for count in range(1, len(words) + 1):
        grown = " ".join(words[:count])
        assert Guard([], [], openness=Openness.SHUT).broken(grown) is None, grown


def test_safe_lines_pass_their_own_guard() -> None:
    for level, lines in rules().safe.items():
        assert len(lines) >= 3 and len(set(lines)) == len(lines)
        for line in lines:
            assert Guard([], [], openness=level).broken(line, whole=True) is None, f"{level}: {line}"
            assert len(line.split()) <= 12


def dialogues() -> list[dict]:  # type: ignore[type-arg]
    files = sorted((settings.models_folder() / "son" / "dialogues").glob("*.jsonl"))
    return [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def test_honest_lines_of_sons_pass(record_property) -> None:
    """Hand-written answers are what he should sound like: of a thousand, at most two may be refused."""
    talks = dialogues()
    if not talks:
        pytest.skip("the dialogues are not carried with the app")
    refused: Counter[str] = Counter()
    lines = 0
    for talk in talks:
        before: list[str] = []
        for turn in talk["turns"]:
            for son in [turn["son"], *([turn["door"]["son"]] if "door" in turn else [])]:
                lines += 1
                level = Openness((turn["door"] if son is not turn["son"] else turn)["openness"])
                broken = Guard([], before, openness=level).broken(son, whole=True)
                if broken:
                    refused[broken] += 1
            before.append(turn["son"])
    record_property("lines", lines)
    record_property("refused", dict(refused))
    assert sum(refused.values()) <= lines * 0.002, refused


# -- the rules without a pattern -------------------------------------------------------------------------------------------


def test_he_does_not_say_her_line() -> None:
    watch = Guard(["You never call me anymore.", "Hi there."], [])
    assert watch.broken("you never call me anymore") == "speaks for her"
    assert watch.broken("You never call me anymore. You said that.") is None
    assert watch.broken("Hi there.") is None, "a short line may be said by both"


def test_he_does_not_repeat_himself() -> None:
    watch = Guard([], ["I don't want to talk about the wedding with you today.", "I know."])
    assert watch.broken("I don't want to talk about the wedding with you today!") == "repeat"
    assert watch.broken("Look, I don't want to talk about the wedding with anyone.") == "repeat"
    assert watch.broken("I don't want to talk about the dog.") is None
    assert watch.broken("I know.") is None


def test_most_of_an_earlier_line_in_other_order_is_a_repeat() -> None:
    watch = Guard([], ["I work nights now and I sleep all day, you know that."])
    assert watch.broken("You know that I work nights now and I sleep all day.") == "repeat"
    assert watch.broken("I work nights now, so ask me something else, please.") is None


def test_going_round_in_circles_is_a_repeat() -> None:
    assert Guard([], []).broken("I don't know. I don't know. I don't know. I don't know.") == "repeat"
    assert Guard([], []).broken("No. No, no. I said no.") is None


def test_who_is_not_shut_may_comfort() -> None:
    line = "You did your best, Mom."
    assert Guard([], [], openness=Openness.SHUT).broken(line) == "comforts while shut"
    assert Guard([], [], openness=Openness.WARMING).broken(line) is None


@pytest.mark.parametrize(
    ("text", "growing", "whole"),
    [
        ("“", None, "form"),
        ('"', None, "form"),
        ("—", None, "form"),
        ("?", "form", "form"),
        ("…", None, None),
        ("...", None, None),
        ("", None, None),
        ("‘Course I am.", None, None),
    ],
)
def test_marks_alone_are_no_answer_but_may_begin_one(text: str, growing: str | None, whole: str | None) -> None:
    watch = Guard([], [])
    assert (watch.broken(text), watch.broken(text, whole=True)) == (growing, whole)


def test_when_he_has_said_enough() -> None:
    watch = Guard([], [])
    assert not watch.full("One. Two. Three.")
    assert watch.full("One. Two. Three. Four.")
    assert not watch.full("word " * (rules().longest_words - 1))
    assert watch.full("word " * rules().longest_words)


@pytest.mark.parametrize("level", list(Openness))
def test_safe_lines_take_turns(level: Openness) -> None:
    lines = rules().safe[level]
    said: list[str] = []
    for _ in lines:
        said.append(Guard([], said).safe(level))
    assert sorted(said) == sorted(lines)
    assert Guard([], said).safe(level) in lines


@pytest.mark.parametrize(
    ("text", "finished"),
    [
        ("I know. I was", "I know."),
        ("I know", ""),
        ("Wait... what?", "Wait... what?"),
        ("“I know.” Then", "“I know.”"),
        ("It was 3.5 miles", ""),
        ("", ""),
    ],
)
def test_the_finished_part_of_a_growing_answer(text: str, finished: str) -> None:
    assert finished_sentences(text) == finished


# -- the file ----------------------------------------------------------------------------------------------------------------

WHOLE = """
longest_words = 60
most_sentences = 4
repeat_words = 8
repeat_share = 0.6
[[rule]]
name = "a"
why = "b"
pattern = '''x'''
[safe]
1 = ["a"]
2 = ["a"]
3 = ["a"]
4 = ["a"]
5 = ["a"]
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("'''x'''", "'''('''"),
        ("why = ", "reason = "),
        ("longest_words", "long"),
        ('5 = ["a"]', ""),
        ('5 = ["a"]', "5 = []"),
        ('5 = ["a"]', '6 = ["a"]'),
        ("longest_words = 60", "longest_words = = 60"),
    ],
)
def test_a_file_that_is_not_as_it_should_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    monkeypatch.setattr(settings, "prompts_folder", lambda: tmp_path)
    assert old in WHOLE
    (tmp_path / "guard.toml").write_text(WHOLE.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match="guard.toml"):
        guard.rules()
