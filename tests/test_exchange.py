"""One voice in the place of another while the app runs: nobody is cut off, and what is not needed any more is closed."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event, Thread

import pytest

import tiny
from doubles import parts, scenario
from rehearse.errors import VoiceError
from rehearse.rehearsal import Rehearsal
from rehearse.son import Son
from rehearse.transcripts import written
from rehearse.turn import Openness, Turn, voice_of, voices
from rehearse.voice import exchange
from rehearse.voice.exchange import Exchange, held
from rehearse.voice.fit import TooBig
from rehearse.voice.scripted import ScriptedVoice
from rehearse.voice.voice import Message, Sampling

ASKED = [Message("user", "Hello.")]


class Named(ScriptedVoice):
    """A scripted voice with a name, that knows whether it was closed."""

    def __init__(self, name: str, *answers: str, held: int = 0) -> None:
        super().__init__(*answers or ("One two three.",) * 9, tuned=False)
        self.name, self.held, self.closed = name, held, False

    def stream(self, prompt: Sequence[Message], sampling: Sampling, stop: Event) -> Iterator[str]:
        for piece in super().stream(prompt, sampling, stop):
            assert not self.closed, "it speaks though it was closed"
            yield piece

    def close(self) -> None:
        assert not self.closed, "it was closed twice"
        self.closed = True


def said(voice: Exchange) -> str:
    return "".join(voice.stream(ASKED, Sampling(), Event()))


def never() -> Named:
    raise AssertionError("nothing had to come back")


def test_the_new_one_speaks_and_the_old_one_is_closed() -> None:
    old, new = Named("old"), Named("new", "Four.")
    place = Exchange(old)
    assert Exchange.over(place) is place and Exchange.over(old).name == "old"
    place.put(lambda: new, never)
    assert old.closed and not new.closed
    assert (place.name, said(place), place.tuned, place.context) == ("new", "Four.", False, 4096)
    assert place.count.written == 1 and place.tokens(ASKED) == 1
    place.close()
    assert new.closed


def test_an_answer_that_has_begun_is_finished_by_the_voice_that_began_it() -> None:
    old, new = Named("old"), Named("new", "Four.")
    place = Exchange(old)
    answer = place.stream(ASKED, Sampling(), Event())
    first = next(answer)
    place.put(lambda: new, never)
    assert not old.closed and said(place) == "Four."
    assert first + "".join(answer) == "One two three." and old.closed
    dropped = place.stream(ASKED, Sampling(), Event())
    new.enqueue("Five six.", "Seven.")
    next(dropped)
    third = Named("third")
    place.put(lambda: third, never)
    assert not new.closed
    dropped.close()  # type: ignore[attr-defined]
    assert new.closed


def test_one_that_cannot_be_loaded_changes_nothing() -> None:
    old = Named("old")
    place = Exchange(old)

    def fails() -> Named:
        raise VoiceError("It is broken.", "Choose another.")

    with pytest.raises(VoiceError, match="It is broken"):
        place.put(fails, never)
    assert not old.closed and said(place) == "One two three."


def big(free: list[int], voice: Named) -> Callable[[], Named]:
    """Return what loads a voice that needs 100, where so much is free at each try."""

    def load() -> Named:
        now = free.pop(0)
        if now < 100:
            raise TooBig(voice.name, 100, now)
        return voice

    return load


def test_where_the_memory_does_not_hold_both_the_old_one_goes_first() -> None:
    old, new = Named("old", held=60), Named("new")
    place = Exchange(old)
    place.put(big([50, 110], new), never)
    assert old.closed and place.name == "new"


def test_it_does_not_go_in_vain() -> None:
    old = Named("old", held=30)
    place = Exchange(old)
    with pytest.raises(TooBig):
        place.put(big([50], Named("new")), never)
    assert not old.closed and said(place)


def test_it_comes_back_if_the_new_one_fails_all_the_same() -> None:
    old, back = Named("old", held=60), Named("old")
    place = Exchange(old)
    with pytest.raises(TooBig):
        place.put(big([50, 90], Named("new")), lambda: back)
    assert old.closed and not back.closed and said(place)


def test_who_asks_while_another_is_on_its_way_waits_for_it() -> None:
    old, new, loading, go_on = Named("old", held=60), Named("new", "Four."), Event(), Event()
    place, tries = Exchange(old), [50, 110]

    def slow() -> Named:
        if len(tries) == 1:
            loading.set()
            assert go_on.wait(20)
        return big(tries, new)()

    answer = place.stream(ASKED, Sampling(), Event())
    next(answer)
    changing = Thread(target=place.put, args=(slow, never))
    changing.start()
    # The old one finishes first.
    assert not loading.wait(0.1) and not old.closed
    list(answer)
    assert loading.wait(20) and old.closed
    heard: list[str] = []
    asking = Thread(target=lambda: heard.append(said(place)))
    asking.start()
    go_on.set()
    asking.join(20)
    changing.join(20)
    assert heard == ["Four."]


def test_an_answer_that_does_not_end_keeps_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "PATIENCE", 0.05)
    old = Named("old", held=60)
    place = Exchange(old)
    answer = place.stream(ASKED, Sampling(), Event())
    next(answer)
    with pytest.raises(VoiceError, match="He is still answering"):
        place.put(big([50, 110], Named("new")), never)
    assert "".join(answer) == " two three." and not old.closed and said(place)


def test_what_is_no_place_is_held_as_it_is() -> None:
    voice = Named("own")
    with held(voice) as lent:
        assert lent is voice
    with held(Exchange(voice)) as lent:
        assert lent is voice


# -- in a talk ---------------------------------------------------------------------------------------------------------------


def test_each_answer_keeps_the_name_of_the_voice_that_gave_it(home: Path) -> None:
    given = parts(home)
    place = Exchange(Named("Small", "Hm.", "Fine, I guess."))
    given.son = Son(place)
    talk = Rehearsal.start(scenario(), parts=given)
    list(talk.say("Hello."))
    answer = talk.say("How was work?")
    first = next(answer)
    # In the middle of an answer: it is finished by the voice that began it.
    place.put(lambda: Named("Qwen3 4B", "Better today."), never)
    assert first + "".join(answer) == "Fine, I guess."
    assert "".join(talk.say("And today?")) == "Better today."
    his = [turn for turn in talk.path if turn.speaker == "son"]
    assert [voice_of(turn) for turn in his] == ["Small", "Small", "Qwen3 4B"]
    assert voices(talk.path) == {his[2].id: "Qwen3 4B"}
    document = given.transcripts.export(talk.id)
    for form in ("markdown", "html"):
        text = written(document, form)
        assert text.count("From here on another voice plays Daniel: Qwen3 4B.") == 1
        assert text.index("Fine, I guess") < text.index("another voice plays") < text.index("Better today")
        assert "played by a language model (Small, Qwen3 4B)." in text
    assert given.transcripts.import_(document).id
    given.transcripts.close()


def test_a_voice_that_was_imported_is_of_any_form() -> None:
    reports = [None, {"voice": 7}, {"voice": ["x"]}, {"voice": ""}, {"voice": "x" * 500}]
    his = [Turn("son", "Hm.", Openness.WARY, report=report) for report in reports]
    assert [len(voice_of(turn)) for turn in his] == [0, 0, 0, 0, 120]
    assert voice_of(Turn("mother", "Hm.", Openness.WARY, report={"voice": "x"})) == ""


@pytest.mark.model
def test_real_voices_change_places_while_one_speaks(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    from rehearse.voice.choice import open_voice
    from rehearse.voice.llama import LlamaVoice

    paths = [tmp_path / "one.gguf", tmp_path / "two.gguf"]
    for number, path in enumerate(paths):
        path.write_bytes(tiny.model(number + 1)[0])
    place = Exchange(open_voice(str(paths[0])))
    assert isinstance(place._last, LlamaVoice) and place._last.held > 0
    answer = place.stream(ASKED, Sampling(most=40, seed=1), Event())
    first = next(answer)
    place.put(lambda: open_voice(str(paths[1])), never)
    assert place.name == "two" and first + "".join(answer)
    assert said(place)
    place.close()
