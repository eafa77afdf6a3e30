"""What the voice is told: only what is known, and a text that grows at its end alone."""

from collections.abc import Sequence

import pytest

from doubles import scenario
from rehearse.scenario import Scenario, Son
from rehearse.son import prompt
from rehearse.son.levels import levels
from rehearse.turn import Openness, Turn
from rehearse.voice.scripted import ScriptedVoice
from rehearse.voice.voice import Message

TEMPLATES = ["tuned", "plain"]


def talk(exchanges: int, *, words: int = 3) -> list[Turn]:
    """Return a talk of so many exchanges, her line last; his level changes on the way."""
    path: list[Turn] = []
    for number in range(exchanges):
        openness = Openness(2 + number % 3)
        path.append(Turn("mother", " ".join([f"hers{number}"] * words), openness, path[-1].id if path else None))
        path.append(Turn("son", " ".join([f"his{number}"] * words), openness, path[-1].id))
    return path[:-1]


def text(messages: Sequence[Message]) -> str:
    return "\n".join(f"{each.role}: {each.content}" for each in messages)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_turns_messages_are_a_prefix_of_the_next_turns(name: str) -> None:
    chosen, path = prompt.template(name), talk(8)
    whole = prompt.reply(scenario(), path, chosen)
    for last in range(1, len(path), 2):
        earlier = prompt.reply(scenario(), path[:last], chosen)
        assert whole[: len(earlier)] == earlier
    assert [each.role for each in whole[:4]] == ["system", "user", "assistant", "user"]


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_line_of_hers_carries_where_it_left_him_and_his_carry_nothing(name: str) -> None:
    chosen, path = prompt.template(name), talk(3)
    asked = prompt.reply(scenario(), path, chosen)[1:]
    for message, turn in zip(asked, path, strict=True):
        if turn.speaker == "mother":
            assert message.content.startswith(f"{turn.text} [{levels()[turn.openness].name}")
        else:
            assert message == Message("assistant", turn.text)


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_is_known_is_told(name: str) -> None:
    known = scenario(name="Sami", age=31, stage="father of a girl.", temperament="joking", situation="He moved out in May.")
    told = prompt.system(known, prompt.template(name))
    for piece in ("Sami", "31 years old", "Father of a girl.", "You are joking.", "He moved out in May."):
        assert piece in told
    assert "girl.." not in told


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_is_unknown_is_not_mentioned(name: str) -> None:
    told = prompt.system(Scenario(Son("Sami")), prompt.template(name))
    assert "Sami" in told
    for piece in ("years", "None", "You are .", "  ", " ,", "{", "}", "guarded"):
        assert piece not in told


def test_what_she_hopes_for_is_not_told() -> None:
    told = text(prompt.reply(scenario(hope="that he forgives me"), talk(2), prompt.template("plain")))
    assert "forgives" not in told


@pytest.mark.parametrize("name", TEMPLATES)
def test_braces_are_only_letters(name: str) -> None:
    """What she types is never taken for a place of the template."""
    scene = scenario(name="{age}", situation="{name} {0} {{x}}", stage="{level}")
    told = text(prompt.reply(scene, [Turn("mother", "{text} {level} {nobody}", Openness.WARY)], prompt.template(name)))
    for piece in ("{age}", "{name} {0} {{x}}", "{level}", "{text} {level} {nobody}"):
        assert piece in told


@pytest.mark.parametrize("name", TEMPLATES)
def test_he_speaks_first(name: str) -> None:
    chosen, scene = prompt.template(name), scenario(speaks_first="son", openness=Openness.SHUT)
    asked = prompt.reply(scene, [], chosen)
    assert [each.role for each in asked] == ["system", "user"]
    assert "You speak first" in asked[1].content and "shut" in asked[1].content
    path = [Turn("son", "Hi.", Openness.SHUT), Turn("mother", "Hello.", Openness.GUARDED)]
    then = prompt.reply(scene, path, chosen)
    assert then[:2] == asked
    assert [each.role for each in then] == ["system", "user", "assistant", "user"]


@pytest.mark.parametrize("name", TEMPLATES)
def test_two_lines_in_a_row_become_one_message(name: str) -> None:
    chosen = prompt.template(name)
    first, second = Turn("mother", "Hello.", Openness.GUARDED), Turn("mother", "Are you there?", Openness.WARY)
    asked = prompt.reply(scenario(), [first, second], chosen)
    assert [each.role for each in asked] == ["system", "user"]
    lines = [prompt.said(each.text, each.openness, chosen) for each in (first, second)]
    assert asked[1].content == "\n".join(lines)


def test_an_answer_stopped_before_its_first_word_is_no_message() -> None:
    """An empty answer in the prompt would teach the voice to be silent."""
    said = [Turn("mother", "Hello.", Openness.GUARDED), Turn("son", "", Openness.GUARDED, state="stopped")]
    asked = prompt.reply(scenario(), [*said, Turn("mother", "Still there?", Openness.GUARDED)], prompt.template("tuned"))
    assert [each.role for each in asked] == ["system", "user"]
    assert all(each.content for each in asked)


@pytest.mark.parametrize("name", ["tuned", "plain", "reword", "felt"])
def test_every_template_draws_within_reason(name: str) -> None:
    sampling = prompt.template(name).sampling
    assert 0 <= sampling.temperature <= 1.2 and 0 < sampling.top_p <= 1 and 16 <= sampling.most <= 128 and sampling.seed is None


# -- a talk longer than the voice can keep in mind -------------------------------------------------------------------------


def counted(asked: Sequence[Message]) -> int:
    return ScriptedVoice().tokens(asked)


def fitted(path: Sequence[Turn], context: int, name: str = "tuned") -> list[Message]:
    voice = ScriptedVoice()
    voice.context = context
    asked = prompt.fitted(scenario(), path, prompt.template(name), voice)
    if len(path) > 2:
        assert voice.tokens(asked) <= context - prompt.template(name).sampling.most - 8 or len(asked) <= 4
    return asked


def test_a_talk_that_fits_is_told_whole() -> None:
    path = talk(20)
    assert fitted(path, 4096) == prompt.reply(scenario(), path, prompt.template("tuned"))


def test_the_oldest_leave_the_scene_and_her_last_line_stay() -> None:
    path = talk(60)
    asked = fitted(path, 300)
    assert asked[0] == Message("system", prompt.system(scenario(), prompt.template("tuned")))
    assert asked[-1].content.startswith(path[-1].text)
    assert "hers0 " not in text(asked)
    assert asked[1].role == "user" and "You speak first" not in asked[1].content


def test_what_left_stays_out_so_that_the_prefix_holds_for_many_turns() -> None:
    """Reading everything anew at each turn is what the rule is there to avoid."""
    path = talk(120)
    asked = [fitted(path[:last], 300) for last in range(1, len(path) + 1, 2)]
    breaks = sum(later[: len(earlier)] != earlier for earlier, later in zip(asked, asked[1:], strict=False))
    assert 1 <= breaks <= 12, "each break drops half of what fits, about 16 exchanges"


def test_the_same_talk_is_told_the_same_way() -> None:
    path = talk(90)
    assert fitted(path, 300) == fitted(list(path), 300)


@pytest.mark.parametrize("exchanges", [1, 2, 3, 5])
def test_of_a_letter_too_long_for_the_voice_the_end_is_asked(exchanges: int) -> None:
    """Nothing loops, and what is asked fits beside the answer."""
    path = talk(exchanges, words=500)
    asked = fitted(path, 300)
    end = asked[-1].content.rpartition(" [")[0]
    assert asked[0].content == prompt.system(scenario(), prompt.template("tuned")) and len(asked) == 2
    assert path[-1].text.endswith(f" {end}") and len(end.split()) >= 50
    assert counted(asked) <= 300 - prompt.template("tuned").sampling.most - 8


def test_a_letter_without_a_space_is_cut_too() -> None:
    asked = fitted([Turn("mother", "a" * 4000, Openness.WARY)], 200)
    assert asked[-1].content.startswith("a")


def test_the_small_voice_reads_no_more_of_a_talk_than_it_learnt_from_however_much_it_could() -> None:
    path = talk(120)
    longest = prompt.template("tuned").longest
    assert 0 < counted(fitted(path, 4096)) <= longest < counted(prompt.reply(scenario(), path, prompt.template("tuned")))
    assert counted(fitted(path, 4096, "plain")) > longest


def test_what_he_felt_at_a_letter_is_asked_of_its_end() -> None:
    voice, chosen = ScriptedVoice(), prompt.template("felt")
    voice.context = 300
    letter = Turn("mother", " ".join(f"word{number}" for number in range(600)), Openness.WARY)
    asked = prompt.shortened(lambda turn: prompt.felt(scenario(), turn, chosen), letter, chosen, voice)
    assert "word599 [" in asked[-1].content and counted(asked) <= 300 - chosen.sampling.most


def test_many_lines_of_his_in_a_row() -> None:
    path = [Turn("son", f"word{number} " * 20, Openness.WARY) for number in range(30)] + [Turn("mother", "Hi", Openness.WARY)]
    assert fitted(path, 200)[-1].content.startswith("Hi [")
