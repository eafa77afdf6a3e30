"""Choosing his answer among what he thought of and the lines that fit many talks."""

import json
import random
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from doubles import ToyEmbedder, scenario
from rehearse import settings
from rehearse.errors import DataError
from rehearse.kinds import kinds
from rehearse.lab import bank_reading, corpus, voice_data
from rehearse.scenario import TEMPERAMENTS
from rehearse.son import bank, choice
from rehearse.son.guard import Guard
from rehearse.son.ranker import PARTS, Ranker
from rehearse.son.reply import Son
from rehearse.son.sounding import counted
from rehearse.turn import Openness, Turn
from rehearse.voice.scripted import ScriptedVoice


class TableRanker(Ranker):
    """Scores answers by a table; what is not in it gets ``rest``."""

    def __init__(self, table: dict[str, float], rest: float = 0.0, sounding: dict[str, float] | None = None) -> None:
        self.table, self.rest, self.sounding = table, rest, sounding or {}

    def scores(self, line, openness, answers):
        return np.array([self.table.get(answer, self.rest) for answer in answers], dtype=np.float32)

    def sounds(self, answers):
        return np.array([self.sounding.get(answer, 2.5) for answer in answers], dtype=np.float32)


@pytest.fixture
def alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no line of the bank be known to hold oftener than another."""
    monkeypatch.setattr(bank, "holds", lambda line, doubt: 0.0)
    monkeypatch.setattr(bank, "holds_after", lambda line, act, doubt, act_doubt: 0.0)


def hers(text: str = "You never call.", *, kind: str | None = "absolute", openness: int = 1, strength: str | None = None) -> Turn:
    report = {
        "findings": [{"kind": kind, "score": 0.9}] if kind else [],
        "strengths": [{"kind": strength}] if strength else [],
    }
    return Turn("mother", text, Openness(openness), report=report)


def choose(table: dict[str, float], turn: Turn, thoughts: list[str], rest: float = 0.0) -> choice.Chosen:
    return choice.choose(TableRanker(table, rest), turn, "", thoughts, Guard([], []), random.Random(1))


@pytest.mark.usefixtures("alike")
def test_asked_for_a_fact_he_sooner_answers_in_his_own_words() -> None:
    asked = hers("What did you eat?", kind=None, strength="curiosity", openness=3)
    told = hers("I went to the market.", kind=None, strength="memory", openness=3)
    table = {"I had soup.": 2.1}
    assert choose(table, asked, ["I had soup."], rest=0.2) == choice.Chosen("I had soup.")
    assert choose(table, told, ["I had soup."], rest=0.2).source == "bank"


@pytest.mark.usefixtures("alike")
def test_where_feelings_are_spoken_of_a_portable_line_wins_unless_his_own_fits_clearly_better() -> None:
    close = choose({"I had a bucket.": 0.3}, hers(), ["I had a bucket."], rest=0.2)
    assert close.source == "bank"
    assert close.text in bank.fitting(Openness.SHUT, frozenset({"absolute"}), "")
    clear = choose({"I called you Sunday.": 3.1}, hers(), ["I called you Sunday."], rest=0.2)
    assert clear == choice.Chosen("I called you Sunday.")


@pytest.mark.usefixtures("alike")
def test_the_best_of_his_thoughts_is_said() -> None:
    turn = hers("How was work?", kind=None, openness=2)
    assert choose({"Fine.": 0.1, "Long.": 3.8, "Blue.": 0.3}, turn, ["Fine.", "Long.", "Blue."]).text == "Long."


def test_without_a_thought_the_bank_speaks_and_without_a_reading_it_does_not() -> None:
    assert choose({}, hers(), []).source == "bank"
    assert (
        choice.choose(TableRanker({}), Turn("mother", "Hm.", Openness.SHUT), "", [], Guard([], []), random.Random(1)).text == ""
    )


def test_a_portable_line_he_has_said_is_not_said_again() -> None:
    fitting = bank.fitting(Openness.SHUT, frozenset({"absolute"}), "")
    long = [line for line in fitting if len(line.split()) > 3]
    guard = Guard([], long)
    found = choice.choose(TableRanker({}), hers(), "", [], guard, random.Random(1))
    assert found.text not in long


@pytest.mark.usefixtures("alike")
def test_not_always_the_same_line_of_those_that_fit_alike() -> None:
    said = {choice.choose(TableRanker({}), hers(), "", [], Guard([], []), random.Random(seed)).text for seed in range(12)}
    assert len(said) > 3


def test_a_son_with_a_ranker_thinks_of_several_answers_and_says_one() -> None:
    voice = ScriptedVoice("Fine.", "We had soup at Lena's.", "*shrugs*", "Blue.")
    son = Son(voice, TableRanker({"We had soup at Lena's.": 5.0}))
    turn = hers("What did you eat?", kind=None, strength="curiosity", openness=3)
    assert list(son.reply(scenario(), [turn], Event(), seed=3)) == ["We had soup at Lena's."]
    assert len(voice.prompts) == choice.numbers().thoughts
    assert son.refused == ["narration"]
    assert len({each.seed for each in voice.samplings}) == len(voice.samplings)


def test_stop_while_he_thinks_says_nothing() -> None:
    stop = Event()
    stop.set()
    assert list(Son(ScriptedVoice("Fine."), TableRanker({})).reply(scenario(), [hers()], stop)) == []


def test_of_two_thoughts_that_fit_alike_the_one_that_sounds_as_he_is_wins() -> None:
    ranker = TableRanker({}, 0.5, {"Glad you asked me.": 4.0, "Drop it now.": 1.0})
    for level, wanted in ((1, "Drop it now."), (4, "Glad you asked me.")):
        turn = hers("What?", kind=None, strength="curiosity", openness=level)
        found = choice.choose(ranker, turn, "", ["Glad you asked me.", "Drop it now."], Guard([], []), random.Random(1))
        assert found.source == "bank" or found.text == wanted
        scores = dict(
            zip(("shut", "open"), (choice._astray(each, turn.openness, choice.numbers()) for each in (1.0, 4.0)), strict=True)
        )
        assert (scores["open"] < scores["shut"]) == (level == 4)


@pytest.mark.usefixtures("alike")
def test_his_first_sentence_may_stand_for_the_whole_thought() -> None:
    thought = "We had soup. I sold the boat to a man with a hat who was asleep in it."
    turn = hers("What did you eat?", kind=None, strength="curiosity", openness=3)
    assert choose({"We had soup.": 1.8, thought: 1.8}, turn, [thought]).text == "We had soup."
    assert choose({"We had soup.": 0.1, thought: 1.9}, turn, [thought]).text == thought


@pytest.mark.usefixtures("alike")
def test_one_word_is_no_answer_to_stand_for_a_thought() -> None:
    turn = hers("What did you eat?", kind=None, strength="curiosity", openness=3)
    assert choose({"Soup.": 1.9, "Soup. With bread.": 1.8}, turn, ["Soup. With bread."]).text == "Soup. With bread."


@pytest.mark.usefixtures("alike")
def test_giving_her_words_back_costs_him() -> None:
    turn = hers("I will move the meeting to Sunday.", kind=None, openness=3)
    said = ["I will move the meeting.", "Sunday is better."]
    assert choose({said[0]: 3.75, said[1]: 3.65}, turn, said).text == "Sunday is better."
    assert choose({said[0]: 3.75, said[1]: 3.65}, hers("Nice day.", kind=None, openness=3), said).text == said[0]


@pytest.mark.parametrize(
    ("his", "wanted"),
    [
        (["No, Ma. I said it."], "You can say it, Ma. I won't bite."),
        (["ok amma", "Fine."], "You can say it, Amma. I won't bite."),
        (["Fine."], "You can say it, Mum. I won't bite."),
        ([], "You can say it, Mum. I won't bite."),
    ],
)
def test_a_portable_line_calls_her_what_he_calls_her(his: list[str], wanted: str) -> None:
    assert bank.addressed("You can say it, Mum. I won't bite.", his) == wanted
    assert bank.addressed("Fine.", his) == "Fine."


def test_a_portable_line_he_has_said_under_another_name_is_not_said_again() -> None:
    named = [line for line in bank.fitting(Openness.SHUT, frozenset({"absolute"}), "") if "Mum" in line or "Mom" in line]
    his = [bank.addressed(line, ["Ma, stop."]) for line in named]
    assert named
    for seed in range(10):
        guard = Guard([], [*his, "Ma, stop."])
        found = choice.choose(TableRanker({}), hers(), "", [], guard, random.Random(seed), [*his, "Ma, stop."])
        assert found.text not in his


# -- the bank -------------------------------------------------------------------------------------------------------------


def test_every_portable_line_passes_the_guard_at_its_openness() -> None:
    broken = [line.text for line in bank.portable_lines() if Guard([], []).broken(line.text, whole=True)]
    assert broken == []


def test_there_is_a_line_after_every_kind_at_the_levels_it_leads_to() -> None:
    lines = bank.portable_lines()
    assert len(lines) >= 600
    for name, kind in kinds().items():
        levels = (Openness.SHUT, Openness.GUARDED) if kind.flagged else (Openness.GUARDED, Openness.WARY, Openness.WARMING)
        for level in levels:
            assert bank.fitting(level, frozenset({name}), ""), (name, level)


def test_a_line_of_another_temperament_is_left_out() -> None:
    for temperament in TEMPERAMENTS:
        others = {line.text for line in bank.portable_lines() if line.temperaments and temperament not in line.temperaments} - {
            line.text for line in bank.portable_lines() if not line.temperaments or temperament in line.temperaments
        }
        assert not others & set(bank.fitting(Openness.GUARDED, frozenset(kinds()), temperament))


@pytest.mark.parametrize(
    "row",
    [
        "nonsense",
        "{}",
        '{"text": " ", "openness": [1], "answers": ["blame"]}',
        '{"text": "Hm.", "openness": [9], "answers": ["blame"]}',
    ],
)
def test_a_line_that_is_not_one_is_refused(tmp_path: Path, row: str) -> None:
    (tmp_path / "x.jsonl").write_text(row + "\n", encoding="utf-8")
    with pytest.raises(DataError):
        bank._read(tmp_path)


# -- the ranker -----------------------------------------------------------------------------------------------------------


def parts(width: int) -> dict[str, np.ndarray]:
    zero = np.zeros((width, 2), dtype=np.float32)
    return {
        "hers.down": zero,
        "hers.up": zero,
        "his.down": zero,
        "his.up": zero,
        "openness": np.zeros((5, width), dtype=np.float32),
        "sounds.meaning": np.zeros(width, dtype=np.float32),
        "sounds.counted": np.zeros(len(counted("")), dtype=np.float32),
        "sounds.level": np.full(1, 2.5, dtype=np.float32),
    }


def test_without_corrections_the_nearest_in_meaning_fits_best() -> None:
    embedder = ToyEmbedder()
    width = embedder.encode(["a"]).shape[1]
    scores = Ranker(embedder, parts(width)).scores("how was the soup", Openness.WARY, ["the soup was hot", "blue paint dries"])
    assert scores[0] > scores[1]


def test_an_answer_is_read_once() -> None:
    read: list[str] = []

    class Counting(ToyEmbedder):
        def encode(self, texts):
            read.extend(texts)
            return super().encode(texts)

    ranker = Ranker(Counting(), parts(ToyEmbedder().encode(["a"]).shape[1]))
    ranker.prepare(["the soup was hot", "blue paint dries"])
    answers = ["blue paint dries", "new words", "the soup was hot"]
    first = ranker.scores("how was the soup", Openness.WARY, answers)
    assert read == ["the soup was hot", "blue paint dries", "new words", "how was the soup"]
    fresh = Ranker(ToyEmbedder(), ranker.parts)
    assert np.allclose(
        fresh.scores("how was the soup", Openness.WARY, ["blue paint dries", "new words", "the soup was hot"]), first
    )


def test_how_open_he_is_changes_what_fits() -> None:
    embedder = ToyEmbedder()
    width = embedder.encode(["a"]).shape[1]
    learnt = parts(width)
    learnt["openness"][0] = 5 * embedder.encode(["leave me alone"])[0]
    ranker = Ranker(embedder, learnt)
    answers = ["leave me alone", "the soup was hot"]
    shut, open_ = (ranker.scores("how was the soup", level, answers) for level in (Openness.SHUT, Openness.OPEN))
    assert shut.argmax() == 0
    assert open_.argmax() == 1


def test_how_open_an_answer_sounds_is_a_weighted_sum() -> None:
    embedder = ToyEmbedder()
    learnt = parts(embedder.encode(["a"]).shape[1])
    learnt["sounds.meaning"] = 2 * embedder.encode(["glad"])[0]
    learnt["sounds.counted"][2] = 0.5
    sounds = Ranker(embedder, learnt).sounds(["glad", "blue", "blue?"])
    assert sounds[0] > sounds[1]
    assert sounds[2] - sounds[1] == pytest.approx(0.5)


def test_what_can_be_counted_in_an_answer() -> None:
    asked, long, refused = counted("Why?"), counted("I am glad you told me that, Mum. " * 4), counted("No. I don’t want it!")
    assert (asked[2], asked[3], asked[16]) == (1.0, 1.0, 1.0)
    assert long[0] > asked[0]
    assert (long[8], long[2], long[6]) == (1.0, 0.0, 0.0)
    assert (refused[6], refused[7], refused[11]) == (1.0, 1.0, 1.0)
    assert all(each == 0.0 for each in counted("")[:16])


def test_a_file_that_is_no_ranker_is_refused(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"hers.down": np.zeros((2, 2), dtype=np.float32)}, tmp_path / "ranker.safetensors")
    with pytest.raises(DataError, match="ranker"):
        Ranker.read(ToyEmbedder(), tmp_path / "ranker.safetensors")


def test_the_carried_ranker_has_all_its_parts() -> None:
    found = Ranker.read(ToyEmbedder(), settings.models_folder() / "son" / "ranker.safetensors")
    assert set(found.parts) == set(PARTS)
    assert found.parts["openness"].shape == (5, 384)


def test_the_bank_is_one_object_a_line() -> None:
    for path in (settings.models_folder() / "son" / "bank").glob("*.jsonl"):
        assert all(isinstance(json.loads(line), dict) for line in path.read_text(encoding="utf-8").splitlines())


def counts(folder: Path, given: object) -> None:
    """Write what readers found into a folder of models, and let the app read there."""
    (folder / "son" / "bank").mkdir(parents=True)
    (folder / "son" / "bank" / "holds.json").write_text(json.dumps(given), encoding="utf-8")


def test_a_line_that_mostly_holds_goes_before_one_that_mostly_does_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fitting = [line for line in bank.fitting(Openness.SHUT, frozenset({"absolute"}), "") if not bank.addresses(line)]
    good, bad = fitting[0], fitting[1]
    monkeypatch.setattr(choice.bank, "fitting", lambda *given: [bad, good])
    counts(tmp_path, {good: {"all": [12, 20]}, bad: {"all": [8, 20]}, "Another.": {"all": [50, 100]}})
    monkeypatch.setattr(settings, "models_folder", lambda: tmp_path)
    assert choose({bad: 0.3, good: 0.2}, hers(), []).text == good, "a little better a fit does not make up for it"
    assert choose({bad: 0.99, good: -0.99}, hers(), []).text == bad, "a far better one does"


def test_how_much_a_line_holds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    often = {"Often.": [9, 10], "Once.": [1, 1], "Seldom.": [1, 10], "Half.": [89, 179]}
    counts(tmp_path, {line: {"all": each} for line, each in often.items()})
    monkeypatch.setattr(settings, "models_folder", lambda: tmp_path)
    found = [bank.holds(line, 2) for line in ("Often.", "Once.", "Nobody read it.", "Half.", "Seldom.")]
    assert found == sorted(found, reverse=True), "one verdict weighs less than many"
    assert found[2] == 0
    assert found[3] == pytest.approx(0, abs=0.05)


def test_how_much_oftener_a_line_holds_after_what_she_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    counts(tmp_path, {"Sure.": {"all": [10, 20], "plan": [9, 10], "why": [1, 10]}})
    monkeypatch.setattr(settings, "models_folder", lambda: tmp_path)
    after = {act: bank.holds_after("Sure.", act, 4, 2) for act in ("plan", "why", "thanks")}
    assert after["plan"] > after["thanks"] == 0 > after["why"]
    assert bank.holds_after("Nobody read it.", "plan", 4, 2) == 0


def test_of_two_lines_the_one_that_holds_after_what_she_does_goes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    line = "How are you?"
    here, there = [each for each in bank.fitting(Openness.WARY, frozenset({"curiosity"}), "") if not bank.addresses(each)][:2]
    monkeypatch.setattr(choice.bank, "fitting", lambda *given: [there, here])
    asked = "how_is"
    rows = {here: {"all": [10, 20], asked: [9, 10]}, there: {"all": [10, 20], asked: [1, 10], "why": [9, 10]}}
    counts(tmp_path, rows)
    monkeypatch.setattr(settings, "models_folder", lambda: tmp_path)
    turn = hers(line, kind=None, openness=3, strength="curiosity")
    assert choose({there: 0.3, here: 0.2}, turn, []).text == here


@pytest.mark.parametrize(
    "wrong", [[], *({"A.": each} for each in ({"all": [2, 1]}, {"all": [-1, 1]}, {"all": [1]}, "b", {"why": [1, 1]})), {}]
)
def test_counts_that_are_none_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wrong: object) -> None:
    counts(tmp_path, wrong)
    monkeypatch.setattr(settings, "models_folder", lambda: tmp_path)
    with pytest.raises(DataError, match="holds.json"):
        bank.holds("Okay.", 2)


def test_the_counts_are_those_of_the_verdicts() -> None:
    folder = settings.models_folder() / "son"
    if not (folder / "read").is_dir():
        pytest.skip("the verdicts are not part of an installed copy")
    lines = {each.text for each in bank.portable_lines()}
    rows = list(corpus.read(folder / "read" / "holds.jsonl"))
    assert all(isinstance(row["said"], bool) and row["moment"] and row["reader"] for row in rows)
    found = bank_reading.counted(rows, lines)
    assert json.loads((folder / "bank" / "holds.json").read_text()) == json.loads(json.dumps(found))


def test_no_reader_read_a_moment_of_a_held_out_writer() -> None:
    folder = settings.models_folder() / "son"
    if not (folder / "read").is_dir():
        pytest.skip("the verdicts are not part of an installed copy")
    held_out = tuple(f"{path.stem}-" for path in voice_data.files("test"))
    assert held_out
    assert not [row["moment"] for row in corpus.read(folder / "read" / "holds.jsonl") if row["moment"].startswith(held_out)]


@pytest.mark.usefixtures("alike")
def test_what_she_is_called_is_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice.bank, "fitting", lambda *given: ["Enough, Mum.", "Leave it."])
    ranker = TableRanker({"Enough, Mum.": 0.9})
    said = [choice.choose(ranker, hers(), "", [], Guard([], []), random.Random(1), his).text for his in ([], ["Hi, Ma."])]
    assert said == ["Leave it.", "Enough, Ma."]


def test_a_table_without_doubt_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A line that nobody read would hold without end, or not at all."""
    text = (settings.prompts_folder() / "son.toml").read_text(encoding="utf-8")
    for name in ("acts.toml", "kinds.toml"):
        if (settings.prompts_folder() / name).is_file():
            (tmp_path / name).write_text((settings.prompts_folder() / name).read_text(encoding="utf-8"), encoding="utf-8")
    assert "act_doubt = 4" in text
    (tmp_path / "son.toml").write_text(text.replace("act_doubt = 4", "act_doubt = 0"), encoding="utf-8")
    monkeypatch.setattr(settings, "prompts_folder", lambda: tmp_path)
    with pytest.raises(DataError, match="doubt"):
        choice.numbers()
