"""What mothers ask and tell every day, and what is written for him to answer."""

import random
from collections import Counter
from pathlib import Path
from threading import Event

import pytest

from doubles import ToyEmbedder, scenario
from rehearse import catalog, settings
from rehearse.errors import DataError
from rehearse.lab import corpus, everyday_reading, voice_data
from rehearse.scenario import Son as Who
from rehearse.son import Son, choice, everyday
from rehearse.son.everyday import Answer, Asked, Everyday
from rehearse.son.guard import Guard
from rehearse.son.levels import levels
from rehearse.tone import ToneCheck
from rehearse.turn import Openness, Turn
from rehearse.voice.scripted import ScriptedVoice
from test_choice import TableRanker

EVERY = tuple(Openness)
TOM = Who("Tom", 24, temperament="guarded")


def answer(text: str, levels: tuple[Openness, ...] = EVERY, **more: object) -> Answer:
    return Answer(text, frozenset(levels), **more)  # type: ignore[arg-type]


def finder(*every: Asked) -> Everyday:
    embedder = ToyEmbedder()
    return Everyday(embedder, every, embedder.encode(everyday.read(every)))


DINNER = Asked(("What did you have for dinner?", "What was for supper?"), (answer("Toast."), answer("Eggs and rice.")))
ANGRY = Asked(("Are you angry with me?",), (answer("A bit."),))


# -- which of it her line is ------------------------------------------------------------------------------------------------


def test_a_line_that_is_near_in_words_is_found_and_another_is_not() -> None:
    found = finder(DINNER, ANGRY)
    assert found.near("What did you have for your dinner?") == [DINNER]
    assert found.near("The garden is all under water.") == []


def test_what_she_calls_him_makes_no_difference() -> None:
    found = finder(ANGRY)
    for line in ("Tom, are you angry with me, my love?", "Hi honey, are you angry with me?", "Oh Tom. Are you angry with me?"):
        assert found.near(line, "Tom") == [ANGRY], line


@pytest.mark.parametrize(
    ("line", "plain"),
    [
        ("Hi honey, how was work?", "how was work?"),
        ("Are you sleeping okay, my love?", "Are you sleeping okay?"),
        ("Hello Tom. How's the baby?", "How's the baby?"),
        ("You're still my baby.", "You're still my baby."),
        ("I love you, son.", "I love you."),
        ("Tom", "Tom"),
    ],
)
def test_what_is_left_of_a_line_without_his_name(line: str, plain: str) -> None:
    assert everyday.nearness().plain(line, "Tom") == plain


def test_a_name_with_odd_letters_is_only_a_name() -> None:
    assert everyday.nearness().plain("Are you there, T(o.*m?", "T(o.*m") == "Are you there?"


def test_the_same_words_that_do_something_else_are_not_taken_for_it() -> None:
    assert finder(ANGRY).near("You are not angry with me.") == []


def test_of_a_line_that_says_several_things_what_he_has_to_answer_counts() -> None:
    found = finder(DINNER, ANGRY)
    assert found.near("The bus was full and it rained all the way home. What did you have for dinner?") == [DINNER]


SORT_OF = Asked(("What do you mean, sort of?", "Only sort of?"), (answer("Half yes."),), frozenset({"Sort of."}))


def test_what_follows_a_line_of_his_is_found_after_it_only_and_need_not_be_as_near() -> None:
    found = finder(DINNER, SORT_OF)
    assert found.near("Sort of? What do you mean, love?", "Tom", "Sort of.") == [SORT_OF]
    assert found.near("Sort of? What do you mean, love?", "Tom", "Not really.") == []
    assert found.near("Only sort of?") == []
    assert found.near("I only sort of know the way.", "Tom", "Sort of.") == [], "it asks nothing"
    assert found.answers("Only sort of?", Openness.WARY, TOM, ["Hi.", "Sort of."]) == ["Half yes."]
    assert found.answers("Only sort of?", Openness.WARY, TOM, ["Sort of.", "Right."]) == []


def test_what_is_said_out_of_the_blue_is_found_after_such_a_line_too() -> None:
    found = finder(DINNER, SORT_OF)
    assert found.near("What did you have for dinner?", "Tom", "Sort of.") == [DINNER]


# -- what he may answer -----------------------------------------------------------------------------------------------------


def test_only_what_fits_his_openness_his_age_and_his_temperament() -> None:
    row = Asked(
        ("Are you coming home?",),
        (
            answer("No.", (Openness.SHUT,)),
            answer("After practice.", ages=(13, 19)),
            answer("Only if there's cake.", temperaments=frozenset({"joking"})),
            answer("On Friday."),
        ),
    )
    found = finder(row)
    line = "Are you coming home?"
    assert found.answers(line, Openness.WARY, TOM) == ["On Friday."]
    assert found.answers(line, Openness.SHUT, TOM) == ["No.", "On Friday."]
    assert found.answers(line, Openness.WARY, Who("Tom", 15, temperament="joking")) == [
        "After practice.",
        "Only if there's cake.",
        "On Friday.",
    ]
    # Whose age is not known may be no boy; whose temperament is not known may be any.
    assert found.answers(line, Openness.WARY, Who("Tom")) == ["Only if there's cake.", "On Friday."]


def test_asked_again_he_does_not_say_something_else() -> None:
    found = finder(DINNER)
    assert found.answers(DINNER.hers[1], Openness.WARY, TOM) == ["Toast.", "Eggs and rice."]
    assert found.answers(DINNER.hers[1], Openness.WARY, TOM, ["Hi.", "Toast."]) == []


def test_one_that_breaks_no_rule_is_drawn_and_not_always_the_same() -> None:
    hers = Turn("mother", DINNER.hers[0], Openness.WARY, report={"findings": [], "strengths": []})
    written = ["Toast.", "*shrugs* Soup.", "Eggs and rice.", "Beans."]
    said = {choice.choose_written(TableRanker({}), hers, written, Guard([], []), random.Random(seed)) for seed in range(20)}
    assert {each.text for each in said} == {"Toast.", "Eggs and rice.", "Beans."}
    assert {each.source for each in said} == {"everyday"}
    assert choice.choose_written(TableRanker({}), hers, written[1:2], Guard([], []), random.Random(1)).text == ""


def test_he_says_what_is_written_without_asking_the_voice_and_thinks_where_nothing_is() -> None:
    voice = ScriptedVoice("Blue.", "Blue.", "Blue.", "Blue.")
    speaker = Son(voice, TableRanker({"Blue.": 5.0}), finder(DINNER))
    asked = Turn("mother", DINNER.hers[0], Openness.WARY, report={"findings": [], "strengths": []})
    assert list(speaker.reply(scenario(), [asked], Event(), seed=1))[0] in {"Toast.", "Eggs and rice."}
    assert (speaker.source, voice.prompts) == ("everyday", [])
    other = Turn("mother", "What colour is it?", Openness.WARY, report={"findings": [], "strengths": []})
    assert list(speaker.reply(scenario(), [other], Event(), seed=1)) == ["Blue."]
    assert speaker.source == "thought"


# -- what is carried --------------------------------------------------------------------------------------------------------


def test_the_carried_vectors_are_those_of_what_is_written() -> None:
    Everyday.read(ToyEmbedder(), catalog.verified("everyday"), everyday.written())


def test_nothing_is_written_twice_and_every_row_is_as_it_should_be() -> None:
    folder = settings.models_folder() / "son" / "everyday"
    rows = [row for path in sorted(folder.glob("*.jsonl")) for row in corpus.read(path)]
    assert len(rows) == len(everyday.written())
    assert [(row["id"], problems) for row in rows if (problems := corpus.problems_of(row))] == []
    assert [name for name, count in Counter(row["id"] for row in rows).items() if count > 1] == []
    hers = Counter((his, text.lower().strip(" .?!")) for row in rows for text in row["hers"] for his in row.get("after", [""]))
    assert [each for each, count in hers.items() if count > 1] == []


def test_every_answer_passes_the_guard_where_he_may_say_it() -> None:
    broken = [
        (each.text, int(level), rule)
        for asked in everyday.written()
        for each in asked.answers
        for level in each.openness
        if (rule := Guard([], [], openness=level).broken(each.text, whole=True))
    ]
    assert broken == []


@pytest.mark.parametrize(
    "row",
    [
        "nonsense",
        "{}",
        '{"hers": [], "answers": [{"text": "Hm.", "openness": [1]}]}',
        '{"hers": ["Well?"], "answers": []}',
        '{"hers": ["Well?"], "answers": [{"text": "Hm.", "openness": [9]}]}',
        '{"hers": ["Well?"], "answers": [{"text": "Hm.", "openness": []}]}',
        '{"hers": ["Well?"], "answers": [{"text": " ", "openness": [1]}]}',
        '{"hers": ["Well?"], "answers": [{"text": "Hm.", "openness": [1], "temperaments": ["merry"]}]}',
        '{"hers": ["Well?"], "answers": [{"text": "Hm.", "openness": [1], "ages": [13]}]}',
        '{"hers": ["Well?"], "answers": [{"text": "Hm.", "openness": [1]}], "after": ["A line that he does not have."]}',
    ],
)
def test_what_is_not_as_it_should_be_is_refused(tmp_path: Path, row: str) -> None:
    (tmp_path / "x.jsonl").write_text(row + "\n", encoding="utf-8")
    with pytest.raises(DataError):
        everyday._read(tmp_path)


def test_vectors_of_other_lines_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    assert everyday_reading.save(ToyEmbedder(), [DINNER, ANGRY], path) == 3
    assert Everyday.read(ToyEmbedder(), path, [DINNER, ANGRY]).near("Are you angry with me?") == [ANGRY]
    with pytest.raises(DataError, match="other lines"):
        Everyday.read(ToyEmbedder(), path, [DINNER])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "least = 2\nsurely = 3\nafter = 0.5\nbeside = 0\ndears = ''",
        "least = 0.5\nsurely = 0.4\nafter = 0.5\nbeside = 0\ndears = ''",
        "least = 0.5\nsurely = 0.9\nafter = 0.5\nbeside = 0.1\ndears = '('",
        "least = 0.5\nsurely = 0.9\nafter = 0.5\nbeside = -1\ndears = ''",
        "least = 0.5\nsurely = 0.9\nafter = 0\nbeside = 0.1\ndears = ''",
    ],
)
def test_numbers_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "everyday.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError):
        everyday._nearness(path)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"hers": ["One."], "answers": [{}]}, "at least two ways"),
        ({"hers": ["One.", "Two."], "answers": [{"text": "Hm.", "openness": [1]}] * 4}, "a guarded"),
        ({"hers": ["One.", "Two."], "answers": [{"text": "*sighs*", "openness": [2, 3, 4]}] * 4}, "narration"),
        ({"hers": ["One.", "Two."], "answers": [{"text": "Hm.", "openness": [2, 3, 4], "mood": 1}] * 4}, "unknown"),
        ({"hers": ["One.", "Two."], "answers": [{"text": "Hm.", "openness": [2, 3, 4], "ages": [9, 3]}] * 4}, "ages"),
        ({"hers": ["One.", "Two."], "answers": [{"text": "Hm.", "openness": [1]}] * 4, "after": ["Never said."]}, "after"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(row: dict[str, object], problem: str) -> None:
    assert any(problem in each for each in corpus.problems_of({"id": "e", **row}))


def test_what_is_written_is_learnt_as_talks_of_one_line_by_a_son_of_that_age() -> None:
    samples = voice_data.everyday_samples(1, seed=1)
    assert len(samples) == sum(not asked.after for asked in everyday.written())
    levels_of: dict[str, set[Openness]] = {}
    for each in (answer for asked in everyday.written() for answer in asked.answers):
        levels_of.setdefault(each.text, set()).update(each.openness)
    for sample in samples:
        system, hers, his = sample.messages
        assert sample.learnt == (2,)
        assert levels_of[his.content] & {level for level in Openness if f"[{levels()[level].name}]" in hers.content}
        assert "years old" in system.content


# Put in words that are not among those written, and some that stand in them; a few lines for which nothing is written.
ASKED = {
    "Tom love, have you had something to eat tonight?": "eat",
    "How was your day at work, honey?": "day",
    "You sleeping all right these days?": "sleep",
    "Have I upset you? Are you cross with me, Tom?": "angry",
    "I am so proud of you, my love.": "proud",
    "You never ring me any more.": "call",
}
NOT_WRITTEN = [
    "The heron on the canal has a wire round its left foot.",
    "The second verse wants a bassoon, if you ask me.",
]


@pytest.mark.model
def test_with_the_real_encoder_what_is_asked_in_other_words_is_found() -> None:
    found = Everyday.load(ToneCheck.load().embedder)
    for line, word in ASKED.items():
        near = found.near(line, "Tom")
        assert near, line
        assert any(word in text for text in near[0].hers), (line, near[0].hers)
    assert [line for line in NOT_WRITTEN if found.near(line, "Tom")] == []
