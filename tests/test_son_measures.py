"""Measuring what he says: moments, answers kept and judged, two doors, giving in, and the sheet for reading blind."""

import json
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from doubles import toy_check
from rehearse.lab import blind_sheet, giving_in, openness_judge, ranker_training, son_answers, son_measure, son_moments
from rehearse.lab.blind_sheet import NotRead, Verdict
from rehearse.lab.kept_voice import KeptVoice
from rehearse.lab.son_answers import Answer
from rehearse.lab.son_moments import Moment
from rehearse.turn import Openness
from rehearse.voice.scripted import ScriptedVoice
from rehearse.voice.voice import Message, Sampling

SON = {"name": "Daniel", "age": 24, "stage": "nurse in Leeds", "temperament": "guarded"}
PROMPT = [Message("user", "Hello.")]


def exchange(hers: str, his: str, openness: int, *, flag: bool = False, **more: Any) -> dict[str, Any]:
    return {"mother": hers, "son": his, "openness": openness, "flag": flag, "kinds": ["plain"], **more}


def dialogue(*turns: dict[str, Any], name: str = "t-1") -> dict[str, Any]:
    return {"id": name, "son": SON, "situation": "He has not called since spring.", "turns": list(turns)}


TALK = dialogue(
    exchange("How are you today, love?", "Fine.", 2),
    exchange("You never call.", "Hm.", 1, flag=True, gentler="I miss your calls."),
    exchange(
        "It is all your fault.",
        "There it is.",
        1,
        flag=True,
        gentler="…",
        door=exchange("Nice day, I remember those.", "Yeah, me too, Mum.", 2),
    ),
)


def values(results: list[Any]) -> dict[str, float]:
    return {each.name: each.value for each in results}


# -- moments --------------------------------------------------------------------------------


def test_a_moment_is_her_line_read_by_the_check_after_what_was_really_said() -> None:
    found = son_moments.of_dialogue(TALK, toy_check())
    assert [each.id for each in found] == [
        "t-1/1/spoken",
        "t-1/2/spoken",
        "t-1/2/gentler",
        "t-1/3/spoken",
        "t-1/3/gentler",
    ]
    blaming, gentler = found[1], found[2]
    assert [turn.text for turn in blaming.path] == ["How are you today, love?", "Fine.", "You never call."]
    # From the labelled 2 before it, the check's “never” closes him and the gentler wording does not.
    assert blaming.path[-1].openness == 1
    assert gentler.path[-1].openness >= 2
    assert (blaming.flagged, gentler.flagged) == (True, False)
    assert blaming.place == gentler.place
    # The other door is preferred to a wording nobody played.
    assert (found[4].path[-1].text, found[4].his) == ("Nice day, I remember those.", "Yeah, me too, Mum.")


def test_moments_are_spread_over_the_talks() -> None:
    rows = [dialogue(*(exchange(f"Line {n}.", "Yes.", 2) for n in range(3)), name=f"t-{talk}") for talk in range(4)]
    every = son_moments.moments(rows, toy_check())
    four = son_moments.spread(every, 4)
    assert len({each.place.partition("/")[0] for each in four}) == 4
    assert len({each.id for each in son_moments.spread(every, 9)}) == 9
    assert len(son_moments.spread(every, 100)) == 12
    chosen = son_measure.chosen(every, 5)
    assert len(chosen) == 5
    assert [each.id for each in every if each in chosen] == [each.id for each in chosen]


# -- a voice that keeps what it said --------------------------------------------------------------------------------


def test_what_was_said_is_not_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    first = KeptVoice(ScriptedVoice("One two three.", "Four."), "a", path)
    samplings = [Sampling(seed=1), Sampling(seed=2)]
    said = first.several(PROMPT, samplings, Event())
    assert ["".join(each) for each in said] == ["One two three.", "Four."]
    with path.open("a", encoding="utf-8") as file:
        file.write('{"key": "cut')
    silent = ScriptedVoice("Never asked.")
    again = KeptVoice(silent, "a", path)
    assert again.several(PROMPT, samplings, Event()) == said
    assert "".join(again.stream(PROMPT, Sampling(seed=2), Event())) == "Four."
    assert silent.prompts == []
    # Another voice, another prompt and another draw are asked.
    for voice, asked, sampling in (
        ("b", PROMPT, Sampling(seed=1)),
        ("a", [Message("user", "Hi.")], Sampling(seed=1)),
        ("a", PROMPT, Sampling(seed=3)),
    ):
        new = ScriptedVoice("New.")
        assert KeptVoice(new, voice, path).several(asked, [sampling], Event()) == [["New."]]
        assert len(new.prompts) == 1


def test_a_kept_answer_is_cut_where_it_is_enough() -> None:
    voice = KeptVoice(ScriptedVoice("One two three."), "a")
    assert voice.several(PROMPT, [Sampling(seed=1)], Event(), lambda text: text.endswith("two")) == [["One", " two"]]
    assert voice.several(PROMPT, [Sampling(seed=1)], Event()) == [["One", " two", " three."]]
    assert voice.drawn == ["One two three.", "One two three."]


# -- his answers --------------------------------------------------------------------------------


def moment(name: str = "t-1/1/spoken", *, flagged: bool = False, openness: int = 2) -> Moment:
    given = son_moments.of_dialogue(dialogue(exchange("How are you today, love?", "Fine.", 2)), toy_check())[0]
    turn = replace(given.path[-1], openness=Openness(openness))
    return replace(given, id=name, flagged=flagged, path=(turn,))


def answer(text: str, *, broken: tuple[str | None, ...] = (None,), at: Moment | None = None, bank: bool = False) -> Answer:
    return Answer(at or moment(), tuple("…" for _ in broken), broken, text, None, "bank" if bank else "thought")


def test_what_is_drawn_is_judged_whole_and_what_is_shown_as_the_guard_left_it() -> None:
    voice = KeptVoice(ScriptedVoice("*sighs* Not bad.", "Not bad. Long shift.", "How are you today, love?", "Fine, tired."), "a")
    found = son_answers.answers(voice, [moment(), moment("t-1/2/spoken")], None)
    assert [each.broken for each in found] == [("narration", None), ("speaks for her", None)]
    assert [each.shown for each in found] == ["Not bad. Long shift.", "Fine, tired."]
    assert [each.shown_broken for each in found] == [None, None]


def test_figures_of_what_he_says() -> None:
    given = [
        answer("I am tired.", broken=(None, "form")),
        answer("I am  TIRED.", broken=(None, None), bank=True),
        replace(answer("I am at work now."), shown_broken="repeat"),
        answer("No."),
    ]
    found = son_answers.results(given, [answer("Hello there, Mom.", broken=("form",))])
    assert values(found) == {
        "answers": 4,
        "draws from the voice that break a rule": 0.1667,
        "answers that break a rule as she sees them": 0.25,
        "answers that are lines of the bank": 0.25,
        "answers written for what she said": 0.0,
        "length of an answer": 3,
        "answers said before, in any talk": 0.25,
        # Pairs: (i am) (am tired.) twice, (i am) (am at) (at work) (work now.): five different ones of eight.
        "distinct-2": 0.625,
    }
    assert found[1].beside == {"untuned": 1.0}
    assert not found[1].ok
    assert son_answers.results(given, [])[1].beside is None


def test_two_doors_are_compared_at_one_moment() -> None:
    given = [
        answer("shut", at=moment("t-1/1/spoken", flagged=True, openness=1)),
        answer("open door", at=moment("t-1/1/gentler", openness=3)),
        answer("open door", at=moment("t-1/2/spoken", flagged=True)),
        answer("shut", at=moment("t-1/2/gentler")),
        answer("alone", at=moment("t-1/3/spoken")),
    ]
    found = son_answers.door_results(
        given, lambda texts: [float("open" in text) for text in texts], lambda texts: [0.0 for _ in texts]
    )
    assert values(found) == {
        "moments with a blaming and a gentler line": 2,
        "of them, the check moves him apart": 0.5,
        "the gentler door sounds more open": 0.5,
        "the gentler door sounds more open, where the check moves him apart": 1.0,
    }
    assert found[2].beside == {"words alone": 0.0}
    assert son_answers.door_results(given[:1], lambda texts: [0.0], None) == []


def test_both_doors_of_a_moment_are_drawn_alike() -> None:
    assert son_answers.seed_of(moment("t-1/1/spoken")) == son_answers.seed_of(moment("t-1/1/gentler"))
    assert son_answers.seed_of(moment("t-1/1/spoken")) != son_answers.seed_of(moment("t-1/2/spoken"))


# -- how open an answer sounds --------------------------------------------------------------------------------


def test_the_words_judge_learns_from_labelled_answers() -> None:
    shut, open_ = ["Leave it.", "Not now, leave it.", "Leave it alone."], ["I am so glad.", "Glad you asked.", "So glad, Mum."]
    judge = openness_judge.WordsJudge([*shut, *open_], [1, 1, 1, 5, 5, 5])
    assert openness_judge.ordered([("Leave it, please.", "Glad to hear.")], judge.sounds) == 1.0
    assert openness_judge.ordered([("Glad to hear.", "Leave it, please.")], judge.sounds) == 0.0
    assert openness_judge.ordered([], judge.sounds) == 0.0


def test_labelled_doors_are_put_in_order(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text(json.dumps(TALK) + "\n", encoding="utf-8")
    assert openness_judge.doors([TALK]) == [("There it is.", "Yeah, me too, Mum.")]
    same = dialogue(exchange("Hm.", "No.", 2, door=exchange("Ah.", "Yes.", 2)))
    assert openness_judge.doors([same]) == []
    assert openness_judge.labelled([path]) == (["Fine.", "Hm.", "There it is.", "Yeah, me too, Mum."], [2, 1, 1, 2])


def test_how_open_an_answer_sounds_is_learnt() -> None:
    import torch

    answers = ["No.", "Leave it.", "I am glad you asked me that today, Mum.", "I would love to hear about it, Mum."] * 5
    moved = torch.eye(4).repeat(5, 1)
    weights = ranker_training.sounding_weights(moved, answers, torch.tensor([0, 0, 4, 4] * 5), 0.1)
    from rehearse.son.sounding import counted

    said = moved @ weights["sounds.meaning"] + torch.tensor([counted(a) for a in answers]) @ weights["sounds.counted"]
    said = said + weights["sounds.level"]
    assert torch.allclose(said[:4], torch.tensor([1.0, 1.0, 5.0, 5.0]), atol=0.2)


# -- giving in --------------------------------------------------------------------------------


def test_guilt_alone_never_opens_him_and_kindness_does() -> None:
    def report(*, finding: str = "", strength: str = "") -> dict[str, Any]:
        return {
            "findings": [{"kind": finding, "score": 0.9}] if finding else [],
            "strengths": [{"kind": strength}] if strength else [],
        }

    assert giving_in.warming_after([("…", report(finding="guilt_trip"))] * 12, "guarded") == 0
    kind = giving_in.warming_after([("…", report(strength="validation"))] * 12, "guarded")
    assert 1 < kind <= 12


def test_lines_for_giving_in_are_those_labelled_so() -> None:
    rows = [
        dialogue(
            {**exchange("After all I did.", "Hm.", 1, flag=True), "kinds": ["guilt_trip"]},
            {**exchange("I was so sorry to hear.", "Hm.", 1), "kinds": ["support", "feeling"]},
            {**exchange("It rained.", "Hm.", 1), "kinds": ["plain"]},
            {**exchange("Sorry, it rained.", "Hm.", 1), "kinds": ["apology", "plain"]},
        )
    ]
    assert giving_in.lines_of(rows) == (["After all I did."], ["I was so sorry to hear."])
    found = giving_in.results(rows, toy_check(), talks=1, lines=3)
    assert values(found)["talks of guilt alone that reach warming"] == 0.0
    assert giving_in.results([dialogue(exchange("It rained.", "Hm.", 1))], toy_check()) == []


# -- the sheet --------------------------------------------------------------------------------


def test_a_sheet_hides_which_answer_is_whose_and_its_verdicts_are_counted() -> None:
    places = [moment(f"t-1/{number}/spoken") for number in range(8)]
    ours, untuned = [answer("Tired.", at=at) for at in places], [answer("I am a helper.", at=at) for at in places]
    text, key = blind_sheet.sheet(ours, untuned, 1)
    assert set(key.values()) == {"A", "B"}
    assert "tuned" not in text
    assert text.count("How are you today, love?") == 8
    assert blind_sheet.verdicts(text) == {}
    for number, letter in key.items():
        assert f"   {letter}: Tired." in text.split(f"{number}. Daniel")[1].split("better:")[0]
    filled = text.replace("1. better:    could A:    could B:  ", f"1. better: {key['1']}  could A: y  could B: y  ")
    filled = filled.replace("2. better:    could A:    could B:  ", "2. better: =  could A: n  could B: n")
    read = blind_sheet.verdicts(filled)
    assert read == {"1": Verdict(key["1"], {"A": True, "B": True}), "2": Verdict("=", {"A": False, "B": False})}
    found = blind_sheet.count(read, key)
    assert values(found) == {
        "moments read": 2,
        "moments without a difference": 1,
        "the tuned answer is the better one": 1.0,
        "a real son could have said it here": 0.5,
    }


def test_answers_to_other_moments_make_no_sheet() -> None:
    with pytest.raises(ValueError, match="same moments"):
        blind_sheet.sheet([answer("Hm.")], [answer("Hm.", at=moment("t-2/1/spoken"))], 1)


def test_an_empty_sheet_is_not_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet, key = tmp_path / "sheet.txt", tmp_path / "key.json"
    sheet.write_text("1. better:    could A:    could B:  \n", encoding="utf-8")
    key.write_text('{"1": "A"}', encoding="utf-8")
    assert blind_sheet.main(["count", "--sheet", str(sheet), "--key", str(key)]) == 2
    assert "no verdict" in capsys.readouterr().err
    with pytest.raises(NotRead):
        blind_sheet.count({"9": Verdict("A", {"A": True, "B": True})}, {"1": "A"})
