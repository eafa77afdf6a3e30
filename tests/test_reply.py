"""His answer: sentence by sentence, tried again where the guard refuses it, and stopped where she stops it."""

from collections.abc import Iterator, Sequence
from threading import Event

import pytest

from doubles import scenario, son
from rehearse.errors import VoiceError
from rehearse.son import Son, reply
from rehearse.son.choice import Chosen
from rehearse.son.guard import rules
from rehearse.turn import Openness, Turn
from rehearse.voice.scripted import ScriptedVoice
from rehearse.voice.voice import Message, Sampling
from test_choice import TableRanker

HERS = Turn("mother", "How is the new job?", Openness.WARY)
GOOD = "It's fine. Long days."
BAD = "As an AI language model, I have no job."


class PieceByPiece(ScriptedVoice):
    """Says the pieces it was given, and counts how often it was closed."""

    def __init__(self, *answers: Sequence[str]) -> None:
        super().__init__()
        self.left = [list(answer) for answer in answers]
        self.closed = 0
        # Kept, so that none is closed merely by being forgotten.
        self.given: list[Iterator[str]] = []

    def stream(self, prompt: Sequence[Message], sampling: Sampling, stop: Event) -> Iterator[str]:
        self.samplings.append(sampling)
        self.given.append(self._pieces(stop))
        return self.given[-1]

    def _pieces(self, stop: Event) -> Iterator[str]:
        try:
            for piece in self.left.pop(0):
                if stop.is_set():
                    return
                yield piece
        finally:
            self.closed += 1


def said(speaker: Son, path: Sequence[Turn] = (HERS,), *, stop: Event | None = None, seed: int | None = 7) -> list[str]:
    return list(speaker.reply(scenario(openness=Openness.WARY), path, stop or Event(), seed=seed))


def test_a_good_answer_comes_sentence_by_sentence() -> None:
    speaker = son(GOOD)
    assert said(speaker) == ["It's fine.", " Long days."]
    assert speaker.refused == []


def test_an_answer_without_a_last_full_stop_is_whole_if_it_is_all_there_is() -> None:
    assert said(son("yeah")) == ["yeah"]
    assert "".join(said(son("It's fine. I guess so but"))) == "It's fine.", "a sentence that broke off is left out"


def test_a_refused_answer_is_tried_again_unseen() -> None:
    speaker = son(BAD, "*shrugs* Fine.", GOOD)
    assert "".join(said(speaker)) == GOOD
    assert speaker.refused == ["assistant", "narration"]


def test_after_three_refusals_a_safe_line_is_said() -> None:
    speaker = son(*[BAD] * reply.TRIES, GOOD)
    assert said(speaker)[0] in rules().safe[Openness.WARY]
    assert len(speaker.refused) == reply.TRIES == len(speaker.voice.prompts)  # type: ignore[attr-defined]


def test_a_safe_line_fits_where_her_line_left_him() -> None:
    shut = Turn("mother", "Your fault.", Openness.SHUT)
    assert said(son(*[BAD] * 3), [shut])[0] in rules().safe[Openness.SHUT]
    assert said(son(*[BAD] * 3), [])[0] in rules().safe[Openness.WARY], "with no line of hers, where the talk starts"


def test_an_empty_answer_is_tried_again() -> None:
    assert "".join(said(son("", "  ", GOOD))) == GOOD


@pytest.mark.parametrize("marks", ["“", '"', "?", "—"])
def test_marks_alone_are_tried_again(marks: str) -> None:
    assert "".join(said(son(marks, GOOD))) == GOOD


def test_an_answer_may_begin_with_a_quote() -> None:
    assert "".join(said(Son(PieceByPiece(["“", "Fine", ".", "”"])))) == "“Fine.”"


def test_a_later_sentence_that_breaks_a_rule_ends_the_answer_before_it() -> None:
    speaker = son(f"It's fine. {BAD}", GOOD)
    assert said(speaker) == ["It's fine."]
    assert speaker.refused == ["assistant"]


def test_even_if_the_piece_after_the_full_stop_breaks_it() -> None:
    speaker = son("It's fine. 🙂 Bye.", GOOD)
    assert said(speaker) == ["It's fine."]
    assert speaker.refused == ["emoji"]


def test_what_was_refused_is_never_seen() -> None:
    """Not one word of a sentence is shown before the whole of it passed."""
    pieces = said(son("I am here. I hear you and I hate you. Bye."))
    assert "".join(pieces) == "I am here."


def test_he_stops_after_four_sentences() -> None:
    voice = PieceByPiece([f"{word}. " for word in ("One", "Two", "Three", "Four", "Five", "Six")])
    assert "".join(said(Son(voice))) == "One. Two. Three. Four."
    assert voice.closed == 1, "the voice is told to stop, not left speaking"


def test_he_does_not_say_what_he_said_before() -> None:
    path = [Turn("son", "I don't know what you want from me.", Openness.WARY), HERS]
    speaker = son("I don't know what you want from me.", GOOD)
    assert "".join(said(speaker, path)) == GOOD
    assert speaker.refused == ["repeat"]


def test_stop_before_he_begins() -> None:
    stop = Event()
    stop.set()
    assert said(son(GOOD), stop=stop) == []


def test_stop_between_two_sentences() -> None:
    stop = Event()
    answer = Son(PieceByPiece(["One", ".", " Two", ".", " Three", "."])).reply(scenario(), [HERS], stop)
    assert next(answer) == "One."
    stop.set()
    assert list(answer) == []


def test_a_stop_is_no_refusal() -> None:
    """Nothing is tried again and no safe line is said."""
    stop = Event()
    voice = PieceByPiece(["As "], [GOOD])
    stopping = voice.stream

    def stream(*given: object) -> Iterator[str]:
        yield from stopping(*given)  # type: ignore[arg-type]
        stop.set()

    voice.stream = stream  # type: ignore[method-assign, assignment]
    assert said(Son(voice), stop=stop) == []
    assert len(voice.left) == 1


def test_dropping_the_answer_closes_the_voice() -> None:
    voice = PieceByPiece(["One. ", "Two. ", "Three. "])
    answer = Son(voice).reply(scenario(), [HERS], Event())
    next(answer)
    answer.close()  # type: ignore[attr-defined]
    assert voice.closed == 1


def test_a_seed_makes_each_try_repeatable_and_each_try_another() -> None:
    def seeds(seed: int | None) -> list[int | None]:
        speaker = son(BAD, BAD, GOOD)
        said(speaker, seed=seed)
        return [each.seed for each in speaker.voice.samplings]  # type: ignore[attr-defined]

    assert seeds(7) == seeds(7) == [7, 8, 9]
    assert len(set(seeds(None))) == 3 and seeds(None) != seeds(None)


def test_a_seed_has_the_whole_talk_read_anew_and_no_seed_does_not() -> None:
    for seed, afresh in ((7, True), (None, False)):
        speaker = son(BAD, GOOD)
        said(speaker, seed=seed)
        assert [each.afresh for each in speaker.voice.samplings] == [afresh] * 2  # type: ignore[attr-defined]


@pytest.mark.parametrize(("tuned", "most"), [(True, 64), (False, 96)])
def test_each_voice_is_asked_in_its_own_form(tuned: bool, most: int) -> None:
    speaker = son(GOOD, tuned=tuned)
    said(speaker)
    voice = speaker.voice
    assert voice.samplings[0].most == most  # type: ignore[attr-defined]
    system = voice.prompts[0][0].content  # type: ignore[attr-defined]
    assert system.startswith("You are Daniel" if tuned else "You play Daniel")


def test_a_voice_that_fails_is_said() -> None:
    with pytest.raises(VoiceError):
        said(son())


class ToyHearer:
    """Hears the same in every line, or cannot hear at all."""

    def __init__(self, acts: dict[str, float] | None) -> None:
        self.heard = acts
        self.asked: list[tuple[str, str]] = []

    def acts(self, line: str, his: str) -> dict[str, float]:
        self.asked.append((line, his))
        if self.heard is None:
            raise VoiceError("The layers cannot read.", "Try again.")
        return self.heard


def test_he_answers_what_was_heard_that_her_line_does(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def chosen(*given: object) -> Chosen:
        asked.append(given[-1])
        return Chosen("Hm.")

    monkeypatch.setattr(reply, "choose", chosen)
    speaker = Son(ScriptedVoice(*["Blue."] * 12), TableRanker({}))
    path = [Turn("mother", "Hi.", Openness.WARY), Turn("son", "Yeah?", Openness.WARY), HERS]
    for hearer in (None, ToyHearer({"why": 1.0}), ToyHearer(None)):
        speaker.hearer = hearer
        assert list(speaker.reply(scenario(), path, Event(), seed=1)) == ["Hm."]
        assert hearer is None or hearer.asked == [(HERS.text, "Yeah?")]
    assert asked == [None, {"why": 1.0}, None]
