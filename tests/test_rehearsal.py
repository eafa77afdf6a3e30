"""A rehearsal: what she can do, what is kept, and what happens when something fails in the middle."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event

import pytest

from doubles import ToyReader, parts, scenario, toy_check
from rehearse.errors import NotFound, RehearseError, VoiceError
from rehearse.parts import Parts
from rehearse.rehearsal import LONGEST_LINE, NothingSaid, Rehearsal
from rehearse.son import Son
from rehearse.turn import Openness
from rehearse.voice.scripted import ScriptedVoice
from rehearse.voice.voice import Message, Sampling

BLAMING = "It is your fault that you never call."


@pytest.fixture
def given(home: Path) -> Iterator[Parts]:
    """Return parts whose son has three answers queued."""
    made = parts(home, "I know. Long days.", "Maybe. I have to go.", "Okay. Talk soon.")
    with made.transcripts:
        yield made


@pytest.fixture
def talk(given: Parts) -> Rehearsal:
    return Rehearsal.start(scenario(), parts=given)


class BreaksOff(ScriptedVoice):
    """Says these pieces, and then cannot go on."""

    def stream(self, prompt: Sequence[Message], sampling: Sampling, stop: Event) -> Iterator[str]:
        self.prompts.append(list(prompt))
        while self._answers:
            yield self._answers.popleft()
        raise VoiceError("The server broke off.", "Ask again.")


def said(answer: Iterator[str]) -> str:
    return "".join(answer)


# -- saying ------------------------------------------------------------------------------------------------------------------


def test_a_new_rehearsal_is_empty(talk: Rehearsal) -> None:
    assert (talk.path, talk.turns, talk.openness, talk.saved.leaf_id) == ([], [], Openness.GUARDED, None)
    assert talk.scenario == scenario()


def test_she_speaks_and_he_answers(talk: Rehearsal) -> None:
    assert said(talk.say("  Hello Daniel. \n")) == "I know. Long days."
    hers, his = talk.path
    assert (hers.speaker, hers.text, hers.parent_id, hers.state) == ("mother", "Hello Daniel.", None, "complete")
    assert (his.speaker, his.text, his.parent_id, his.state) == ("son", "I know. Long days.", hers.id, "complete")
    assert hers.report is not None and hers.report["text"] == "Hello Daniel." and hers.reason
    assert his.openness == hers.openness == talk.openness


def test_blame_closes_him_and_he_is_told_so(talk: Rehearsal, given: Parts) -> None:
    said(talk.say(BLAMING))
    hers = talk.path[0]
    assert hers.openness == Openness.SHUT and "pulled back" in hers.reason
    assert hers.report is not None and hers.report["flagged"]
    assert given.son is not None
    assert given.son.voice.prompts[0][-1].content == f"{BLAMING} [shut]"  # type: ignore[attr-defined]


def test_warmth_adds_up_over_turns(talk: Rehearsal) -> None:
    moves = []
    for line in ("I am proud of you.", "I am sorry."):
        said(talk.say(line))
        moves.append(talk.openness)
    assert moves == [Openness.GUARDED, Openness.WARY]


def test_his_last_line_is_heard_by_the_check(home: Path) -> None:
    reader = ToyReader()
    given = parts(home, "I'm busy.", "Still busy.", check=toy_check(reader))
    talk = Rehearsal.start(scenario(), parts=given)
    said(talk.say("Hello."))
    talk.check("Again.")
    said(talk.say("Oh."))
    before = {each.text: each.before for call in reader.calls for each in call}
    assert before == {"Hello.": "", "Again.": "him: I'm busy.", "Oh.": "him: I'm busy."}


def test_her_line_is_on_disk_before_he_begins(talk: Rehearsal, given: Parts) -> None:
    answer = talk.say("Hello Daniel.")
    first = next(answer)
    assert first == "I know."
    assert [(turn.speaker, turn.state) for turn in talk.path] == [("mother", "complete"), ("son", "partial")]
    assert talk.path[1].text == first, "and his words as they come"
    answer.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("draft", ["", " ", "\n\t"])
def test_nothing_to_send_is_said(talk: Rehearsal, draft: str) -> None:
    with pytest.raises(NothingSaid, match="Write a line first"):
        said(talk.say(draft))
    assert talk.turns == []


def test_a_very_long_line_is_cut(talk: Rehearsal) -> None:
    said(talk.say("word " * 2000))
    assert len(talk.path[0].text) <= LONGEST_LINE


def test_a_draft_is_checked_without_being_kept(talk: Rehearsal) -> None:
    assert talk.check(BLAMING).flagged
    assert talk.turns == []


def test_what_she_was_offered_for_her_last_marked_line_is_not_offered_for_the_next(talk: Rehearsal) -> None:
    said(talk.say(BLAMING))
    said(talk.say("I am glad you answered."))
    last = {each["text"] for finding in talk.path[0].report["findings"] for each in finding["suggestions"]}
    offered = {each.text for finding in talk.check(BLAMING).findings for each in finding.suggestions}
    assert last and offered and not last & offered


def test_what_she_has_said_is_not_offered_to_her(talk: Rehearsal) -> None:
    first = talk.check(BLAMING).findings[0].suggestions[0].text
    said(talk.say(first))
    assert first not in {each.text for each in talk.check(BLAMING).findings[0].suggestions}


def test_a_seed_reaches_the_voice(talk: Rehearsal, given: Parts) -> None:
    said(talk.say("Hello.", seed=11))
    assert given.son is not None and given.son.voice.samplings[0].seed == 11  # type: ignore[attr-defined]


# -- trying another way ------------------------------------------------------------------------------------------------------


def test_going_back_gives_her_words_and_loses_nothing(talk: Rehearsal) -> None:
    said(talk.say("Hello Daniel."))
    said(talk.say(BLAMING))
    first, second = talk.path[0], talk.path[2]
    assert talk.go_back(second.id) == BLAMING
    assert [turn.text for turn in talk.path] == ["Hello Daniel.", "I know. Long days."]
    assert talk.openness == first.openness
    said(talk.say("I miss you."))
    third = talk.path[2]
    assert [turn.id for turn in talk.tries(third.id)] == [second.id, third.id] == [turn.id for turn in talk.tries(second.id)]
    assert len(talk.turns) == 6
    assert talk.go_back(first.id) == "Hello Daniel." and talk.path == []


def test_each_try_is_heard_in_its_own_talk(talk: Rehearsal, given: Parts) -> None:
    """The voice is not told of the try she went back from."""
    said(talk.say(BLAMING))
    talk.go_back(talk.path[0].id)
    said(talk.say("I miss you."))
    assert given.son is not None
    asked = given.son.voice.prompts[1]  # type: ignore[attr-defined]
    assert all("fault" not in each.content for each in asked)
    assert talk.path[0].openness == Openness.GUARDED


def test_showing_a_try_goes_to_its_newest_end(talk: Rehearsal) -> None:
    said(talk.say("Hello Daniel."))
    said(talk.say("How are you?"))
    long_way = [turn.id for turn in talk.path]
    talk.go_back(long_way[0])
    said(talk.say("Hi."))
    assert [turn.text for turn in talk.path] == ["Hi.", "Okay. Talk soon."]
    talk.show(long_way[0])
    assert [turn.id for turn in talk.path] == long_way


def test_he_can_answer_again(talk: Rehearsal) -> None:
    said(talk.say("Hello Daniel."))
    assert said(talk.answer()) == "Maybe. I have to go."
    hers, his = talk.path
    assert his.text == "Maybe. I have to go."
    assert [turn.text for turn in talk.tries(his.id)] == ["I know. Long days.", "Maybe. I have to go."]
    assert his.parent_id == hers.id and len(talk.turns) == 3


def test_lines_that_are_not_hers_or_not_there(talk: Rehearsal) -> None:
    said(talk.say("Hello Daniel."))
    with pytest.raises(NotFound, match="That line is his"):
        talk.go_back(talk.path[1].id)
    for ask in (talk.go_back, talk.show, talk.tries):
        with pytest.raises(NotFound, match="no longer there"):
            ask("0" * 32)


def test_an_answer_needs_a_line(talk: Rehearsal) -> None:
    with pytest.raises(NothingSaid, match="no line of yours"):
        said(talk.answer())


# -- he speaks first ---------------------------------------------------------------------------------------------------------


def test_he_opens_with_the_scenes_line_and_then_with_others(given: Parts) -> None:
    scene = scenario(speaks_first="son", opening="Hey. You rang?")
    talk = Rehearsal.start(scene, parts=given)
    assert said(talk.answer()) == "Hey. You rang?"
    assert [(turn.text, turn.state) for turn in talk.path] == [("Hey. You rang?", "complete")]
    assert said(talk.answer()) == "I know. Long days."
    assert len(talk.tries(talk.path[0].id)) == 2
    said(talk.say("Hello."))
    assert [turn.speaker for turn in talk.path] == ["son", "mother", "son"]


def test_without_a_line_for_it_he_finds_one(given: Parts) -> None:
    talk = Rehearsal.start(scenario(speaks_first="son"), parts=given)
    assert said(talk.answer()) == "I know. Long days."


# -- stopping ----------------------------------------------------------------------------------------------------------------


def test_stop_keeps_what_he_said(talk: Rehearsal) -> None:
    answer = talk.say("Hello.")
    assert next(answer) == "I know."
    talk.stop()
    assert list(answer) == []
    his = talk.path[-1]
    assert (his.text, his.state) == ("I know.", "stopped")


def test_a_stop_of_her_own_works_too_and_ends_no_later_answer(talk: Rehearsal) -> None:
    stop = Event()
    answer = talk.say("Hello.", stop=stop)
    next(answer)
    stop.set()
    assert list(answer) == []
    assert talk.path[-1].state == "stopped"
    assert said(talk.say("And now?")) == "Maybe. I have to go."
    assert talk.path[-1].state == "complete"


def test_closing_the_answer_keeps_what_he_said(talk: Rehearsal) -> None:
    answer = talk.say("Hello.")
    next(answer)
    answer.close()  # type: ignore[attr-defined]
    his = talk.path[-1]
    assert (his.text, his.state) == ("I know.", "stopped")


def test_after_a_stop_before_his_first_word_the_talk_goes_on(talk: Rehearsal, given: Parts) -> None:
    stop = Event()
    stop.set()
    assert said(talk.say("Hello.", stop=stop)) == ""
    assert (talk.path[-1].text, talk.path[-1].state) == ("", "stopped")
    said(talk.say("Are you there?"))
    assert given.son is not None
    assert all(each.content for each in given.son.voice.prompts[-1])  # type: ignore[attr-defined]


# -- failing -----------------------------------------------------------------------------------------------------------------


def test_with_the_check_off_nothing_is_flagged_and_he_stays_where_he_is(talk: Rehearsal, given: Parts) -> None:
    given.check = None
    assert said(talk.say(BLAMING)) == "I know. Long days."
    hers = talk.path[0]
    assert (hers.openness, hers.report, hers.reason) == (Openness.GUARDED, None, "")
    with pytest.raises(RehearseError, match="check is not ready"):
        talk.check("Hello.")
    given.check = toy_check()
    said(talk.say("I am sorry."))
    assert talk.openness == Openness.GUARDED, "a line that was not read counts for nothing later"


def test_without_a_son_her_line_is_kept(talk: Rehearsal, given: Parts) -> None:
    answering, given.son = given.son, None
    with pytest.raises(RehearseError, match="Daniel is not ready yet.*Your line is kept"):
        said(talk.say("Hello."))
    assert [turn.text for turn in talk.path] == ["Hello."]
    given.son = answering
    assert said(talk.answer()) == "I know. Long days."
    assert len(talk.turns) == 2


def test_a_voice_that_fails_leaves_her_line_and_a_way_on(home: Path) -> None:
    given = parts(home)
    talk = Rehearsal.start(scenario(), parts=given)
    with pytest.raises(VoiceError):
        said(talk.say("Hello."))
    assert talk.path[0].text == "Hello."
    assert [(turn.text, turn.state) for turn in talk.turns[1:]] == [("", "partial")], "it was not she who stopped him"
    assert given.son is not None
    given.son.voice.enqueue("Here now.")  # type: ignore[attr-defined]
    assert said(talk.answer()) == "Here now."
    assert [turn.text for turn in talk.path] == ["Hello.", "Here now."]


def test_a_voice_that_breaks_off_leaves_what_he_said_until_then(home: Path) -> None:
    given = parts(home)
    voice = BreaksOff("It was fine. Long", " days, and")
    given.son = Son(voice)
    talk = Rehearsal.start(scenario(), parts=given)
    with pytest.raises(VoiceError, match="broke off"):
        said(talk.say("How was work?"))
    assert [(turn.text, turn.state) for turn in talk.path[1:]] == [("It was fine. Long days, and", "partial")]
    assert len(voice.prompts) == 1, "nothing is asked again once he has begun"
    given.son = Son(ScriptedVoice("Here now."))
    assert said(talk.answer()) == "Here now."


def test_of_what_he_said_until_then_no_rule_is_broken_either(home: Path) -> None:
    given = parts(home)
    given.son = Son(BreaksOff("It was fine.", " As an", " AI"))
    talk = Rehearsal.start(scenario(), parts=given)
    said(talk.say("How was work?"))
    assert [(turn.text, turn.state) for turn in talk.path[1:]] == [("It was fine.", "complete")]


def test_errors_carry_no_words_of_the_talk(home: Path) -> None:
    talk = Rehearsal.start(scenario(), parts=parts(home))
    with pytest.raises(VoiceError) as raised:
        said(talk.say("secretword"))
    assert "secretword" not in str(raised.value) and "spring" not in str(raised.value)


# -- keeping -----------------------------------------------------------------------------------------------------------------


def test_the_store_is_the_truth(talk: Rehearsal, given: Parts) -> None:
    said(talk.say("Hello Daniel."))
    again = Rehearsal.open(talk.id, parts=given)
    assert again.path == talk.path and again.scenario == talk.scenario
    said(again.say("And you?"))
    assert len(talk.path) == 4
    with pytest.raises(NotFound):
        Rehearsal.open("0" * 32, parts=given)


def test_ending_looks_back_and_can_be_taken_up_again(talk: Rehearsal) -> None:
    said(talk.say(BLAMING))
    debrief = talk.end()
    assert [line.text for line in debrief.lines] == [BLAMING]
    assert talk.saved.ended is not None
    said(talk.say("I am sorry."))
    assert talk.saved.ended is None
