"""Exchanges shown to voices without our adapter: which ones, from whom, and where they stand in the prompt."""

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from doubles import ToyEmbedder, scenario, toy_check
from rehearse import data, settings
from rehearse.errors import DataError
from rehearse.kinds import flagged_kinds
from rehearse.lab import exchange_picking
from rehearse.parts import Parts
from rehearse.rehearsal import Rehearsal
from rehearse.scenario import TEMPERAMENTS, scenarios
from rehearse.son import Son, examples, prompt
from rehearse.son.examples import Example
from rehearse.son.guard import Guard
from rehearse.son.ranker import Ranker
from rehearse.transcripts import Transcripts
from rehearse.turn import Openness, Turn
from rehearse.voice.scripted import ScriptedVoice

FILE = settings.models_folder() / "son" / "examples.jsonl"
ROW = {
    "id": "d01-001/1",
    "situation": "She rings.",
    "age": 20,
    "temperament": "tender",
    "openness": 3,
    "kind": "plain",
    "mother": "How are you?",
    "son": "Fine.",
}


def ranker() -> Ranker:
    """Return one whose encoder alone is asked."""
    return Ranker(ToyEmbedder(), {})


# -- what is carried ---------------------------------------------------------------------------------------------------------


def test_a_few_hundred_are_carried_in_a_small_file() -> None:
    found = examples.examples()
    assert 200 <= len(found) <= 500
    assert FILE.stat().st_size < 300_000
    assert len({each.mother for each in found}) == len(found)


def test_they_are_of_every_kind_openness_and_temperament() -> None:
    found = examples.examples()
    kinds, levels = Counter(each.kind for each in found), Counter(each.openness for each in found)
    assert flagged_kinds() <= set(kinds)
    assert max(kinds.values()) < len(found) / 8, "one kind has taken over"
    assert set(levels) == set(Openness) and min(levels.values()) >= 10
    assert all(
        sum(each.openness == level and each.temperament == name for each in found) >= 3
        for level in list(Openness)[:4]
        for name in TEMPERAMENTS
    )


def test_none_is_of_a_writer_held_out() -> None:
    held = set(data.read_toml(settings.models_folder() / "son" / "parts.toml")["test"])
    assert held
    assert not {each.id[:3] for each in examples.examples()} & held
    lines = {
        turn[who]
        for name in held
        for row in map(json.loads, (FILE.parent / "dialogues" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
        for turn in row["turns"]
        for who in ("mother", "son")
        if len(turn[who].split()) > 4
    }
    assert lines
    assert not lines & {text for each in examples.examples() for text in (each.mother, each.son)}


def test_he_says_nothing_in_them_that_he_may_not_say() -> None:
    for each in examples.examples():
        assert Guard([each.mother], [], openness=Openness(each.openness)).broken(each.son, whole=True) is None, each.id
        assert not re.search(r"\d", each.mother + each.son)


@pytest.mark.parametrize(
    "wrong",
    [
        "nonsense",
        json.dumps({**ROW, "more": 1}),
        json.dumps({key: value for key, value in ROW.items() if key != "son"}),
        *(json.dumps({**ROW, **bad}) for bad in ({"son": " "}, {"openness": 6}, {"temperament": "odd"}, {"kind": "odd"})),
        json.dumps({**ROW, "age": "9"}),
        json.dumps(ROW),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_refused(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "examples.jsonl").write_text(wrong + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"examples\.jsonl"):
        examples._read(tmp_path / "examples.jsonl")


@pytest.mark.parametrize(
    "table",
    [
        "",
        'heading = " "\nform = "{mother}"\neach = {1 = 1, 2 = 1, 3 = 1, 4 = 1, 5 = 1}\nyear = 0.1',
        'heading = "x"\nform = "{mother}"\neach = {1 = 1}\nyear = 0.1',
        'heading = "x"\nform = "{other}"\neach = {1 = 1, 2 = 1, 3 = 1, 4 = 1, 5 = 1}\nyear = 0.1',
        'heading = "x"\nform = "{mother}"\neach = {1 = -1, 2 = 1, 3 = 1, 4 = 1, 5 = 1}\nyear = 0.1',
    ],
)
def test_words_that_are_not_as_they_should_be_are_refused(tmp_path: Path, table: str) -> None:
    (tmp_path / "son.toml").write_text(f"[examples]\n{table}\n", encoding="utf-8")
    with pytest.raises(DataError, match="examples"):
        examples._told(tmp_path / "son.toml")


# -- which ones --------------------------------------------------------------------------------------------------------------


def test_from_shut_to_open_of_his_temperament_and_of_different_kinds() -> None:
    for scene in scenarios():
        found = examples.Nearest(ToyEmbedder()).to(scene)
        assert [each.openness for each in found] == sorted(each.openness for each in found)
        assert set(each.openness for each in found) == set(Openness)
        assert {each.temperament for each in found if each.openness < Openness.OPEN} == {scene.son.temperament}
        for level in Openness:
            kinds = [each.kind for each in found if each.openness == level]
            assert len(set(kinds)) == len(kinds)


def test_the_nearest_situation_comes_first() -> None:
    embedder = ToyEmbedder()
    wanted = next(each for each in examples.of("joking") if each.openness == Openness.WARMING)
    found = examples.Nearest(embedder).to(scenario(temperament="joking", situation=wanted.situation, stage="", age=None))
    assert next(each for each in found if each.openness == Openness.WARMING).situation == wanted.situation


def test_without_an_encoder_the_nearest_in_age_are_shown() -> None:
    young, old = ([each.age for each in examples.Nearest(None).to(scenario(temperament="tender", age=age))] for age in (14, 50))
    assert np.mean(young) + 10 < np.mean(old)


def test_what_is_not_told_of_him_is_no_hindrance() -> None:
    found = examples.Nearest(ToyEmbedder()).to(scenario(temperament="", age=None, stage="", situation=""))
    assert {each.openness for each in found} == set(Openness)


# -- where they stand --------------------------------------------------------------------------------------------------------


def test_the_facts_of_the_scene_stand_as_they_were_and_before_them() -> None:
    plain = prompt.template("plain")
    scene = scenario(name="{age}", situation="He has {not} called.")
    found = examples.Nearest(ToyEmbedder()).to(scene)
    told, bare = prompt.system(scene, examples.shown(plain, found)), prompt.system(scene, plain)
    assert told.startswith(f"{bare}\n\n")
    shown = told[len(bare) :]
    assert all(f"“{each.mother}”" in shown and f"“{each.son}”" in shown for each in found)
    assert "Nothing that is said in them happened to you" in shown


def test_braces_in_an_example_are_only_letters() -> None:
    odd = Example("x", "x", 20, "tender", 3, "plain", "{name} {0}", "{{age}}")
    told = prompt.system(scenario(), examples.shown(prompt.template("plain"), [odd]))
    assert "“{name} {0}”" in told and "“{{age}}”" in told


def test_each_prompt_of_a_talk_begins_with_the_one_before(tmp_path: Path) -> None:
    """What the voice has read is not read again, on whatever branch she goes on."""
    voice = ScriptedVoice(*[f"Hm, number {number}." for number in range(9)], tuned=False)
    with Transcripts(tmp_path / "rehearsals.db") as store:
        talk = Rehearsal.start(scenario(), parts=Parts(store, toy_check(), Son(voice, ranker())))
        for line in ("You never call me.", "I am sorry.", "I was wondering how work is.", "Thank you."):
            list(talk.say(line))
        talk.go_back(talk.path[0].id)
        list(talk.say("I miss you."))
    whole = voice.prompts[3]
    assert len(whole) == 8
    for number, earlier in enumerate(voice.prompts[:4]):
        assert whole[: len(earlier)] == earlier and len(earlier) == 2 * number + 2
    other = voice.prompts[4]
    assert other[0] == whole[0], "the first line said another way is answered from the same examples"
    assert "“" in whole[0].content


def test_the_tuned_voice_is_asked_as_it_learnt_and_a_short_memory_is_left_for_the_talk() -> None:
    path = [Turn("mother", "How are you?", Openness.WARY)]
    for voice, name in ((ScriptedVoice("Fine."), "tuned"), (ScriptedVoice("Fine.", tuned=False), "plain")):
        voice.context = examples.LEAST_CONTEXT - 1 if name == "plain" else 4096
        list(Son(voice).reply(scenario(), path, Event()))
        assert voice.prompts == [prompt.reply(scenario(), path, prompt.template(name))]


def test_before_the_encoder_is_there_examples_are_shown_too() -> None:
    voice = ScriptedVoice("Fine.", tuned=False)
    list(Son(voice).reply(scenario(), [Turn("mother", "How are you?", Openness.WARY)], Event()))
    assert "one said" in voice.prompts[0][0].content


# -- how they are picked -----------------------------------------------------------------------------------------------------


def dialogue(number: int, hers: str, his: str, **more: object) -> dict[str, object]:
    turn = {"mother": hers, "son": his, "openness": 3, "kinds": ["plain"], **more}
    who = {"name": "Marek", "age": 20, "temperament": "tender"}
    return {"id": f"d{number}", "son": who, "situation": "She rings.", "turns": [turn]}


def test_only_what_many_families_could_have_said_is_picked() -> None:
    every = [dialogue(number, "How was your day at work?", "It was fine, I guess.") for number in range(exchange_picking.COMMON)]
    every += [
        dialogue(90, "How was your day at work?", "Marek was fine, I guess."),
        dialogue(91, "And how was your day?", "It was fine."),
        dialogue(92, "How was your day?", "It was 9."),
        dialogue(93, "How was?", "It was fine."),
        dialogue(94, "How was your day at work?", "As an AI it was fine."),
    ]
    found = [name for name, _ in exchange_picking.exchanges(every)]  # type: ignore[arg-type]
    assert found == [f"d{number}" for number in range(exchange_picking.COMMON)]


def test_no_family_is_picked_twice_and_rare_kinds_come_first() -> None:
    base = Example("", "x", 20, "tender", 3, "plain", "hers", "his")
    given = [(f"d{number // 2}", replace(base, id=str(number), kind="blame" if number == 9 else "plain")) for number in range(12)]
    vectors = np.eye(12, dtype=np.float32)
    found = exchange_picking.picked(given, vectors, 4)
    assert len(found) == 4 and 9 in found
    assert len({given[position][0] for position in found}) == 4
