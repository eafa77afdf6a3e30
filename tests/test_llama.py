"""The real embedded voice through llama.cpp: streaming, what it reads again, stopping, and one caller at a time."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from doubles import ToyEmbedder, scenario
from rehearse import catalog, settings
from rehearse.errors import RehearseError, VoiceError
from rehearse.scenario import Scenario
from rehearse.scenario import Son as Daniel
from rehearse.son import Son, examples, prompt
from rehearse.son.rewriter import VoiceRewriter
from rehearse.turn import Openness, Turn
from rehearse.voice import strands
from rehearse.voice.llama import LlamaVoice
from rehearse.voice.voice import Message, Sampling

pytestmark = pytest.mark.model

GREEDY = Sampling(temperature=0.0, most=12, seed=1)
DRAWN = Sampling(temperature=0.8, most=16, seed=5, afresh=True)


@pytest.fixture(scope="module")
def voice() -> Iterator[LlamaVoice]:
    """Return the shipped voice without our adapter: what is tested here does not depend on it."""
    try:
        path = catalog.verified("voice")
    except RehearseError as error:
        pytest.skip(str(error))
    pytest.importorskip("llama_cpp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REHEARSE_CONTEXT", "4096")
        # One, because two on a busy machine wait for each other most of the time.
        patch.setenv("REHEARSE_THREADS", "1")
        loaded = LlamaVoice.load(path, name="shipped")
    yield loaded
    loaded.close()


def asked(*lines: str) -> list[Message]:
    """Return the prompt of a talk of these lines, hers first."""
    path = [Turn(("mother", "son")[number % 2], line, Openness.GUARDED) for number, line in enumerate(lines)]  # type: ignore[arg-type]
    return prompt.reply(scenario(), path, prompt.template("tuned"))


def said(voice: LlamaVoice, given: list[Message], sampling: Sampling = GREEDY, stop: Event | None = None) -> str:
    return "".join(voice.stream(given, sampling, stop or Event()))


def long_prompt(voice: LlamaVoice, tokens: int, mark: str) -> list[Message]:
    given = asked(f"{mark} " + "I went to the market and bought apples. " * (tokens // 9))
    assert voice.tokens(given) > tokens * 0.8
    return given


def test_it_streams(voice: LlamaVoice) -> None:
    pieces = list(voice.stream(asked("Hi, it's Mom."), GREEDY, Event()))
    assert len(pieces) > 1 and "".join(pieces).strip()
    assert 0 < voice.count.written <= GREEDY.most
    assert "<|" not in "".join(pieces)
    assert voice.count.prompt == voice.tokens(asked("Hi, it's Mom."))


def test_letters_of_several_bytes_come_whole(voice: LlamaVoice) -> None:
    given = [Message("user", "Repeat exactly: 😀 café ’ 😀")]
    for piece in voice.stream(given, Sampling(temperature=0.0, most=16, seed=1), Event()):
        piece.encode("utf-8")
        assert "\ufffd" not in piece


def test_tokens_of_a_turn_are_a_prefix_of_the_next_turns(voice: LlamaVoice) -> None:
    lines = ["Hi, it's Mom.", "Hey.", "You never call me.", "I work late.", "I miss you, that's all."]
    tokens = [voice.tokenize(asked(*lines[:count])) for count in (1, 3, 5)]
    for earlier, later in zip(tokens, tokens[1:], strict=False):
        assert later[: len(earlier)] == earlier


def test_they_are_with_examples_shown_too_and_only_what_is_new_is_read(voice: LlamaVoice) -> None:
    """As a voice without our adapter is asked, in the chat form of its own file."""
    scene, lines = scenario(), ["How is the new job?", "You never call me.", "I am sorry. I miss our talks."]
    chosen = examples.shown(prompt.template("plain"), examples.Nearest(ToyEmbedder()).to(scene))
    path: list[Turn] = []
    before: list[int] = []
    for number, line in enumerate(lines):
        path.append(Turn("mother", line, Openness(2 + number)))
        tokens = voice.tokenize(prompt.fitted(scene, path, chosen, voice))
        assert tokens[: len(before)] == before
        text = said(voice, prompt.fitted(scene, path, chosen, voice), replace(GREEDY, most=4))
        assert voice.count.read <= len(tokens) - len(before) + 8 if before else voice.count.read > 300
        before = tokens
        path.append(Turn("son", text.strip() or "Hm.", Openness(2 + number)))


def test_the_next_turn_reads_only_what_is_new(voice: LlamaVoice) -> None:
    first = asked("Hi, it's Mom. How have you been these days?")
    answer = said(voice, first)
    second = asked("Hi, it's Mom. How have you been these days?", answer.strip(), "I am glad.")
    said(voice, second)
    assert voice.count.prompt == voice.tokens(second)
    new = voice.tokens(second) - voice.tokens(first)
    assert voice.count.read <= new
    said(voice, second)
    assert voice.count.read == 1, "the same prompt again: one token is always read"


def test_the_same_seed_gives_the_same_answer(voice: LlamaVoice) -> None:
    given = asked("How is the new job, Daniel?")
    first, again = said(voice, given, DRAWN), said(voice, given, DRAWN)
    assert first == again
    said(voice, asked("Something else was asked in between."), DRAWN)
    assert said(voice, given, DRAWN) == first
    others = {said(voice, given, replace(DRAWN, seed=seed)) for seed in (6, 7, 8)}
    assert others != {first}


def test_the_same_words_as_the_plain_library_draws(voice: LlamaVoice) -> None:
    """Same file, prompt, sampler and seed: what is kept and how it is drawn is ours, the words are llama.cpp's."""
    import llama_cpp

    plain = llama_cpp.Llama(str(catalog.verified("voice")), n_ctx=1024, n_threads=1, n_threads_batch=1, verbose=False)
    tokens = voice.tokenize(asked("How is the new job, Daniel?"))
    for sampling in (replace(GREEDY, afresh=True), DRAWN, replace(DRAWN, seed=11, repeat_penalty=1.3)):
        plain.reset()
        answer = plain.create_completion(
            tokens,
            max_tokens=sampling.most,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            min_p=sampling.min_p,
            repeat_penalty=sampling.repeat_penalty,
            seed=sampling.seed,
        )
        assert said(voice, asked("How is the new job, Daniel?"), sampling) == answer["choices"][0]["text"]
    plain.close()


def test_several_answers_are_drawn_side_by_side(voice: LlamaVoice) -> None:
    given = asked("How is the new job, Daniel?")
    samplings = [replace(DRAWN, seed=seed) for seed in range(4)]
    first = voice.several(given, samplings, Event())
    assert voice.count.read == voice.count.prompt, "the prompt is read once for all of them"
    assert len({"".join(pieces) for pieces in first}) > 1
    assert voice.several(given, samplings, Event()) == first
    few = voice.several(given, samplings, Event(), lambda text: len(text) > 8)
    assert all(len("".join(pieces[:-1])) <= 8 for pieces in few)
    assert [pieces[:1] for pieces in few] == [pieces[:1] for pieces in first]
    assert len(voice.several(given, [replace(DRAWN, seed=seed, most=4) for seed in range(11)], Event())) == 11, "more than fit"


def test_the_answer_that_was_chosen_need_not_be_read_again(voice: LlamaVoice) -> None:
    given = asked("Hi, it's Mom.")
    answers = voice.several(given, [replace(DRAWN, seed=seed, afresh=False) for seed in range(4)], Event())
    chosen = "".join(answers[2])
    following = asked("Hi, it's Mom.", chosen, "I am glad.")
    said(voice, following)
    assert voice.count.read <= voice.tokens(following) - voice.tokens(given) - len(answers[2]) + 2


def read_for(voice: LlamaVoice, *lines: str) -> tuple[int, int]:
    """Return how many tokens were read to answer a talk, and how many are new since her line before."""
    given = asked(*lines)
    said(voice, given)
    return voice.count.read, voice.tokens(given) - (voice.tokens(asked(*lines[:-2])) if len(lines) > 2 else 0)


def test_his_prefix_outlives_going_back_two_doors_another_talk_and_a_rewording(voice: LlamaVoice) -> None:
    """What was read of the talk is not read again, whatever was asked in between."""
    talk = ["Hi, it's Mom.", "Hey.", "You never call me.", "I work late.", "I miss you, that's all."]
    for length in (1, 3, 5):
        said(voice, asked(*talk[:length]))
    read, new = read_for(voice, "Hi, it's Mom.", "Hey.", "How was your week?")
    assert read <= new, "going back: only the other line is read"
    said(voice, asked("Good evening, Tom.", "Who is this?", "Your aunt."))
    VoiceRewriter(voice).variants("You never call me.", 4)
    read, new = read_for(voice, *talk, "Me too.", "Then let us talk on Sunday.")
    assert read <= new, "the first door, after the second, another talk and a rewording"
    read, new = read_for(voice, "Hi, it's Mom.", "Hey.", "How was your week?", "Long.", "Tell me.")
    assert read <= new, "the second door, after all that"


def test_a_talk_that_was_left_alone_gives_way_to_a_new_one(voice: LlamaVoice, monkeypatch: pytest.MonkeyPatch) -> None:
    def talk_of(name: str, situation: str, line: str) -> list[Message]:
        path = [Turn("mother", line, Openness.GUARDED)]
        return prompt.reply(Scenario(Daniel(name, 24), situation), path, prompt.template("tuned"))

    first = talk_of("Ravi", "He moved to Leeds and did not say when. She rings him on a Sunday.", "How was the drive up?")
    second = talk_of("Tom", "They meet at his sister's door after a year of silence.", "She had her baby this morning.")
    third = talk_of("Ade", "He left the choir and she heard it from the pastor.", "I found your old bicycle in the shed.")

    def read_again(given: list[Message]) -> bool:
        said(voice, given)
        return voice.count.read > 1

    said(voice, first)
    said(voice, second)
    assert not read_again(first), "another talk alone does not take its place"
    monkeypatch.setattr(strands, "IDLE", 0.0)
    said(voice, third)
    monkeypatch.undo()
    assert read_again(first)


def test_what_was_read_of_a_talk_before_its_older_turns_left_is_given_up_and_other_talks_stay(voice: LlamaVoice) -> None:
    chosen = prompt.template("tuned")
    situation = "He moved to Leeds and did not say when. She rings him on a Sunday, and neither of them has had a meal yet."
    long_one = Scenario(Daniel("Ravi", 24), situation)
    path: list[Turn] = []
    for number in range(14):
        line = f"On day {number} I walked past the harbour with your old umbrella and thought of you."
        path += [Turn("mother", line, Openness.GUARDED), Turn("son", "Did it rain?", Openness.GUARDED)]
    whole, later = (prompt.reply(long_one, path[first:-1], chosen) for first in (0, 14))
    other = prompt.reply(Scenario(Daniel("Tom", 31), "They meet at a door."), path[:1], chosen)

    def read_anew(given: list[Message]) -> int:
        said(voice, given)
        return voice.count.read

    voice._talks.forget()
    said(voice, other)
    said(voice, whole)
    assert read_anew(whole) == 1
    said(voice, later)
    assert read_anew(other) == 1, "another talk stays"
    assert read_anew(later) == 1
    assert read_anew(whole) > 200


def test_a_talk_far_past_the_context_goes_on_and_reads_little_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scene stays, the oldest turns leave in large steps, and between two steps only what is new is read."""
    monkeypatch.setenv("REHEARSE_CONTEXT", "512")
    monkeypatch.setenv("REHEARSE_THREADS", "1")
    voice = LlamaVoice.load(catalog.verified("voice"))
    chosen = prompt.template("tuned")
    path: list[Turn] = []
    read, whole, steps = 0, 0, 0
    try:
        for number in range(36):
            path.append(Turn("mother", f"This is day {number} of the month, and I think of you.", Openness.GUARDED))
            given = prompt.fitted(scenario(), path, chosen, voice)
            assert given[0].content == prompt.system(scenario(), chosen)
            assert f"day {number} " in given[-1].content
            answer = said(voice, given, replace(GREEDY, most=4)).strip()
            path.append(Turn("son", answer or "Hm.", Openness.GUARDED))
            read, whole = read + voice.count.read, whole + voice.count.prompt
            steps += voice.count.read > 60
    finally:
        voice.close()
    assert len(path) == 72 and voice.context == 512
    assert 3 <= steps <= 9, "the first prompt, and each time older turns leave"
    assert read < whole / 3


def test_rewordings_of_a_line_are_the_same_each_time_and_leave_his_answer_alone(voice: LlamaVoice) -> None:
    first = VoiceRewriter(voice).variants("You never call me.", 4)
    said(voice, asked("Hello."))
    assert VoiceRewriter(voice).variants("You never call me.", 4) == first and len(first) == 4
    stop = Event()
    stop.set()
    assert VoiceRewriter(voice, stop=stop).variants("You never call me.", 4) == []


def test_a_prompt_beyond_the_context_is_said(voice: LlamaVoice) -> None:
    with pytest.raises(VoiceError, match="longer than this voice can keep in mind.*REHEARSE_CONTEXT"):
        said(voice, asked("word " * 5000))
    assert said(voice, asked("Hi, it's Mom.")), "and it can speak on"


def test_a_file_that_is_no_model_is_said(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(VoiceError, match="broken.gguf could not be loaded"):
        LlamaVoice.load(path)


def test_the_son_speaks_through_it(voice: LlamaVoice) -> None:
    """Prompt, voice and guard together: something is said, of the length he may have."""
    path = [Turn("mother", "How is the new job?", Openness.GUARDED)]
    answer = "".join(Son(voice).reply(scenario(), path, Event(), seed=3))
    assert answer.strip() and len(answer.split()) <= 80


# -- stopping ----------------------------------------------------------------------------------------------------------------


def test_stop_in_the_middle_of_an_answer(voice: LlamaVoice) -> None:
    stop = Event()
    answer = voice.stream(asked("Tell me everything."), Sampling(temperature=0.0, most=96, seed=1), stop)
    next(answer)
    stop.set()
    assert list(answer) == []
    assert said(voice, asked("Hi, it's Mom."))


def test_stop_while_it_reads_a_long_prompt_ends_in_under_a_second(voice: LlamaVoice) -> None:
    given = long_prompt(voice, 3600, "Once.")
    stop = Event()
    ended: list[float] = []

    def run() -> None:
        assert said(voice, given, GREEDY, stop) == ""
        ended.append(time.perf_counter())

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.5)
    assert thread.is_alive(), "it had read everything before the stop: the prompt is too short for this machine"
    stopped = time.perf_counter()
    stop.set()
    thread.join(30)
    assert ended and ended[0] - stopped < 1
    assert said(voice, asked("Hi, it's Mom.")), "the half-read prompt does not linger"


def test_after_a_stop_the_same_seed_still_gives_the_same_answer(voice: LlamaVoice) -> None:
    given = asked("How is the new job, Daniel?")
    before = said(voice, given, DRAWN)
    stop = Event()
    answer = voice.stream(given, DRAWN, stop)
    next(answer)
    stop.set()
    list(answer)
    assert said(voice, given, DRAWN) == before


def test_a_dropped_answer_lets_the_next_one_in(voice: LlamaVoice) -> None:
    answer = voice.stream(asked("Tell me everything."), Sampling(most=96, seed=1), Event())
    next(answer)
    answer.close()  # type: ignore[attr-defined]
    assert said(voice, asked("Hi, it's Mom."))


def test_waiting_for_another_answer_can_be_stopped(voice: LlamaVoice) -> None:
    speaking = voice.stream(asked("Tell me everything."), Sampling(most=96, seed=1), Event())
    next(speaking)
    stop = Event()
    threading.Timer(0.1, stop.set).start()
    started = time.perf_counter()
    assert list(voice.stream(asked("Hello?"), GREEDY, stop)) == []
    assert time.perf_counter() - started < 1
    speaking.close()  # type: ignore[attr-defined]


def test_twenty_quick_rounds_of_stop_and_send_let_one_caller_in_at_a_time(voice: LlamaVoice) -> None:
    """A cancelled answer may still be inside llama.cpp when the next line is sent: two at once would crash the process."""
    inside, most, failures = [0], [0], []
    guard = threading.Lock()
    draw = voice._talks.draw

    def watched(*given: object, **named: object) -> Iterator[tuple[int, int]]:
        with guard:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        try:
            yield from draw(*given, **named)
        finally:
            with guard:
                inside[0] -= 1

    def rounds(who: str) -> None:
        try:
            for number in range(20):
                stop = Event()
                threading.Timer(0.005 * (number % 5), stop.set).start()
                for _ in voice.stream(asked(f"{who} {number}. How are you?"), DRAWN, stop):
                    pass
        except BaseException as error:
            failures.append(error)
            raise

    voice._talks.draw = watched
    try:
        threads = [threading.Thread(target=rounds, args=(who,)) for who in ("Ann", "Bea")]
        for each in threads:
            each.start()
        for each in threads:
            each.join(100)
    finally:
        voice._talks.draw = draw
    assert failures == [] and not any(each.is_alive() for each in threads)
    assert most[0] == 1 and inside[0] == 0
    assert said(voice, asked("Hi, it's Mom."))


def test_the_context_is_the_one_that_was_set(voice: LlamaVoice) -> None:
    assert voice.context == settings.context() == 4096
