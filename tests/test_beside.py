"""What stands beside the talk: two doors, what he may have heard, changed seats, silence, and stepping out."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from doubles import parts, scenario
from rehearse.doors import Doors
from rehearse.parts import Parts
from rehearse.rehearsal import MetOutside, NothingSaid, Rehearsal
from rehearse.seats import NoLines, Seats
from rehearse.son import silence
from rehearse.transcripts import openness_labels, to_markdown
from rehearse.turn import Openness, Turn, seat
from rehearse.ui import outside

BLAMING = "It is your fault that you never call."
GENTLE = "I miss your voice."


@pytest.fixture
def given(home: Path) -> Iterator[Parts]:
    made = parts(home, "One answer.", "Another answer.", "A third one.", "A fourth one.")
    with made.transcripts:
        yield made


@pytest.fixture
def talk(given: Parts) -> Rehearsal:
    return Rehearsal.start(scenario(), parts=given)


def said(answer: Iterator[object]) -> list[object]:
    return list(answer)


def prompts(given: Parts) -> list[str]:
    assert given.son is not None
    return [each[-1].content for each in given.son.voice.prompts]  # type: ignore[attr-defined]


# -- two doors ---------------------------------------------------------------------------------------------------------------


def test_both_doors_open_from_one_moment_and_both_are_kept(talk: Rehearsal, given: Parts) -> None:
    said(talk.say("Hello Daniel."))
    moment = talk.path[-1].id
    doors = Doors(talk)
    said(doors.open(BLAMING, GENTLE, seed=5))
    hers = [door.hers for door in doors.found]
    assert [turn.text for turn in hers] == [BLAMING, GENTLE] and {turn.parent_id for turn in hers} == {moment}
    assert hers[0].openness < hers[1].openness, "each is heard by itself"
    assert [door.answer for door in doors.found] == ["Another answer.", "A third one."]
    assert [turn.text for turn in talk.path[-2:]] == [BLAMING, "Another answer."]
    assert [turn.text for turn in talk.tries(hers[0].id)] == [BLAMING, GENTLE]
    doors.choose(1)
    assert [turn.text for turn in talk.path[-2:]] == [GENTLE, "A third one."]
    assert {"As first written", "Gentler"} <= {turn.label for turn in talk.turns}


def test_both_doors_are_drawn_alike_and_read_only_what_is_new(talk: Rehearsal, given: Parts) -> None:
    said(Doors(talk).open(BLAMING, GENTLE))
    assert given.son is not None
    first, second = given.son.voice.samplings  # type: ignore[attr-defined]
    assert first == second and first.seed is not None and not first.afresh


def test_the_gentler_wording_replaces_only_what_may_land_hard(talk: Rehearsal) -> None:
    gentler = Doors(talk).gentler(f"Hello Daniel. {BLAMING} Tea?")
    assert gentler.startswith("Hello Daniel. ") and gentler.endswith(" Tea?") and BLAMING not in gentler
    assert not talk.check(gentler).flagged
    assert Doors(talk).gentler("Hello Daniel.") == ""


def test_a_stop_leaves_the_second_door_shut(talk: Rehearsal) -> None:
    stop, doors = Event(), Doors(talk)
    for _ in doors.open(BLAMING, GENTLE, stop=stop):
        stop.set()
    assert len(doors.found) == 1 and all(turn.state != "partial" for turn in talk.turns)


def test_doors_that_cannot_open(talk: Rehearsal) -> None:
    for draft, gentler in (("", GENTLE), (BLAMING, " "), (GENTLE, f" {GENTLE} ")):
        with pytest.raises(NothingSaid):
            said(Doors(talk).open(draft, gentler))
    with pytest.raises(MetOutside):
        said(Doors(talk).open("I want to die.", GENTLE))
    assert talk.turns == []


# -- what he may have heard --------------------------------------------------------------------------------------------------


def test_what_he_felt_is_one_sentence_kept_nowhere(talk: Rehearsal, given: Parts) -> None:
    said(talk.say(BLAMING))
    before = talk.turns
    assert talk.felt(talk.path[0].id) == "Another answer."
    assert talk.turns == before
    assert given.son is not None
    asked, sampling = given.son.voice.prompts[-1], given.son.voice.samplings[-1]  # type: ignore[attr-defined]
    assert "do not tell her" in asked[0].content and asked[-1].content == f"{BLAMING} [shut]"
    assert sampling.aside, "his own prompt is kept in mind meanwhile"


def test_what_the_guard_refuses_is_not_shown(talk: Rehearsal, given: Parts) -> None:
    said(talk.say(BLAMING))
    assert given.son is not None
    given.son.voice._answers.clear()  # type: ignore[attr-defined]
    given.son.voice.enqueue(*["As an AI language model, I feel nothing."] * 3)  # type: ignore[attr-defined]
    assert "AI" not in (felt := talk.felt(talk.path[0].id)) and felt.endswith(".")


# -- silence -----------------------------------------------------------------------------------------------------------------


def test_pressed_on_while_shut_he_says_one_word_then_speaks_then_nothing(talk: Rehearsal, given: Parts) -> None:
    answers = []
    for _ in range(6):
        said(talk.say(BLAMING))
        answers.append(talk.path[-1].text)
    assert answers[0] == "One answer.", "the line that shut him is answered"
    assert [silence.brief(each) for each in answers] == [False, True, False, True, False, True]
    assert answers[1] == "Okay." and answers[3] == "…" and len(set(answers)) == 6
    assert len(prompts(given)) == 3, "silence asks no voice"
    assert all(turn.state == "complete" for turn in talk.turns)


def test_silence_offers_patience(talk: Rehearsal) -> None:
    said(talk.say(BLAMING))
    assert talk.silent is None
    said(talk.say(BLAMING))
    assert talk.silent is not None and talk.silent.happened == "Daniel answered with one word."
    assert [each.number for each in talk.silent.practices] == [10, 9]


@pytest.mark.parametrize(
    ("text", "state", "offers"),
    [("…", "complete", True), ("Fine.", "complete", True), ("", "stopped", False), ("I am fine.", "complete", False)],
)
def test_when_patience_is_offered(text: str, state: str, offers: bool) -> None:
    path = [Turn("mother", "Hi.", Openness.SHUT), Turn("son", text, Openness.SHUT, state=state)]  # type: ignore[arg-type]
    assert (silence.offer(scenario(), path) is not None) == offers


def test_kindness_is_always_answered() -> None:
    kind = Turn("mother", "I am sorry.", Openness.SHUT, report={"flagged": False})
    assert silence.said(scenario(openness=Openness.SHUT), [kind]) == ""


# -- changed seats -----------------------------------------------------------------------------------------------------------


def test_her_own_lines_are_played_to_her(talk: Rehearsal, given: Parts) -> None:
    said(talk.say(BLAMING))
    said(talk.say("How is work?"))
    left, asked = talk.path, len(prompts(given))
    seats = Seats(talk)
    assert not seats.changed
    assert seats.change().text == BLAMING and seats.changed
    following = seats.answer("That is not fair, Mom.")
    assert following is not None and following.text == "How is work?"
    assert seats.answer("It is fine.") is None, "she said no more than two"
    assert [seat(turn) for turn in talk.path] == ["own", "her", "own", "her"]
    assert len(prompts(given)) == asked, "no voice is asked"
    seats.back()
    assert talk.path == left and not seats.changed
    assert len(talk.turns) == 8, "what she said in his seat stays"


def test_a_gentle_mother_rewords_her_lines_and_goes_on(talk: Rehearsal) -> None:
    said(talk.say(BLAMING))
    seats = Seats(talk)
    first = seats.change(gentle=True)
    assert first.text != BLAMING and not talk.check(first.text).flagged
    lines = [first.text]
    while (following := seats.answer("I do not know what to say to you.")) is not None:
        lines.append(following.text)
        assert len(lines) < 30
    assert len(lines) > 5 and len(set(lines)) == len(lines)
    assert all(not talk.check(line).flagged for line in lines)


def test_a_gentle_mother_can_begin(talk: Rehearsal) -> None:
    with pytest.raises(NoLines):
        Seats(talk).change()
    assert Seats(talk).change(gentle=True).text
    Seats(talk).back()
    assert talk.path == []


def test_the_gentle_mothers_answer_fits_what_was_just_said(talk: Rehearsal) -> None:
    seats = Seats(talk)
    seats.change(gentle=True)
    asked = seats.answer("Why did you never ask me that?")
    angry = seats.answer("You never listen! I hate these talks.")
    assert asked is not None and "fair question" in asked.text
    assert angry is not None and "angry" in angry.text


def test_an_export_says_who_sat_where(talk: Rehearsal, given: Parts) -> None:
    said(talk.say("Hello Daniel."))
    Seats(talk).change()
    Seats(talk).answer("Hi. I am busy.")
    document = given.transcripts.export(talk.id)
    text = to_markdown(document, openness_labels())
    assert "You, as Daniel" in text and "Your line, played" in text
    carried = given.transcripts.import_(document)
    assert Seats(Rehearsal.open(carried.id, parts=given)).changed
    Seats(Rehearsal.open(carried.id, parts=given)).back()
    assert [turn.text for turn in Rehearsal.open(carried.id, parts=given).path] == ["Hello Daniel.", "One answer."]


# -- stepping out ------------------------------------------------------------------------------------------------------------


def test_words_of_distress_are_not_for_him(talk: Rehearsal, given: Parts) -> None:
    with pytest.raises(MetOutside) as raised:
        said(talk.say("I want to die, Daniel."))
    assert raised.value.met == "distress" and "die" not in str(raised.value)
    assert talk.turns == [] and prompts(given) == []
    said(talk.say("I want to die, Daniel.", go_on=True))
    assert talk.path[-1].text == "One answer.", "she was shown the help lines and chose to go on"


def test_what_is_not_sent_is_kept_and_never_answered(talk: Rehearsal, given: Parts) -> None:
    said(talk.say("Hello Daniel."))
    path = talk.path
    words = talk.keep_unsent("There is so much I would tell you.")
    assert talk.path == path and words.label == "Not sent"
    talk.show(path[0].id)
    assert talk.path == path, "showing the talk does not lead into it"
    talk.show(words.id)
    with pytest.raises(NothingSaid):
        said(talk.answer())
    assert len(prompts(given)) == 1


def test_the_panel_has_words_numbers_and_no_link() -> None:
    html = outside.panel("distress", "<b>Daniel</b>", "GB")
    assert "116 123" in html and "999" in html and "findahelpline.com" in html
    assert "<a " not in html and "href" not in html and "<b>" not in html
    assert html.index("United Kingdom") < html.index("United States")
    assert 'data-act="go_on"' in html and 'data-act="unsent"' not in html
    assert 'data-act="unsent"' in outside.panel("no_contact", "Daniel")
