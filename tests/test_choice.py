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
from rehearse.scenario import TEMPERAMENTS
from rehearse.son import bank, choice
from rehearse.son.guard import Guard
from rehearse.son.ranker import PARTS, Ranker
from rehearse.son.reply import Son
from rehearse.turn import Openness, Turn
from rehearse.voice.scripted import ScriptedVoice


class TableRanker(Ranker):
    """Scores answers by a table; what is not in it gets ``rest``."""

    def __init__(self, table: dict[str, float], rest: float = 0.0) -> None:
        self.table, self.rest = table, rest

    def scores(self, line, openness, answers):
        return np.array([self.table.get(answer, self.rest) for answer in answers], dtype=np.float32)


def hers(text: str = "You never call.", *, kind: str | None = "absolute", openness: int = 1, strength: str | None = None) -> Turn:
    report = {
        "findings": [{"kind": kind, "score": 0.9}] if kind else [],
        "strengths": [{"kind": strength}] if strength else [],
    }
    return Turn("mother", text, Openness(openness), report=report)


def choose(table: dict[str, float], turn: Turn, thoughts: list[str], rest: float = 0.0) -> choice.Chosen:
    return choice.choose(TableRanker(table, rest), turn, "", thoughts, Guard([], []), random.Random(1))


def test_asked_for_a_fact_he_answers_in_his_own_words() -> None:
    found = choose({"Soup.": 0.2}, hers("What did you eat?", kind=None, strength="curiosity", openness=3), ["Soup."], rest=0.2)
    assert found == choice.Chosen("Soup.")


def test_where_feelings_are_spoken_of_a_portable_line_wins_unless_his_own_fits_clearly_better() -> None:
    close = choose({"I had a bucket.": 0.3}, hers(), ["I had a bucket."], rest=0.2)
    assert close.from_bank
    assert close.text in bank.fitting(Openness.SHUT, frozenset({"absolute"}), "")
    clear = choose({"I called you Sunday.": 0.9}, hers(), ["I called you Sunday."], rest=0.2)
    assert clear == choice.Chosen("I called you Sunday.")


def test_the_best_of_his_thoughts_is_said() -> None:
    turn = hers("How was work?", kind=None, openness=2)
    assert choose({"Fine.": 0.1, "Long.": 0.8, "Blue.": 0.3}, turn, ["Fine.", "Long.", "Blue."]).text == "Long."


def test_without_a_thought_the_bank_speaks_and_without_a_reading_it_does_not() -> None:
    assert choose({}, hers(), []).from_bank
    assert (
        choice.choose(TableRanker({}), Turn("mother", "Hm.", Openness.SHUT), "", [], Guard([], []), random.Random(1)).text == ""
    )


def test_a_portable_line_he_has_said_is_not_said_again() -> None:
    fitting = bank.fitting(Openness.SHUT, frozenset({"absolute"}), "")
    long = [line for line in fitting if len(line.split()) > 3]
    guard = Guard([], long)
    found = choice.choose(TableRanker({}), hers(), "", [], guard, random.Random(1))
    assert found.text not in long


def test_not_always_the_same_line_of_those_that_fit_alike() -> None:
    said = {choice.choose(TableRanker({}), hers(), "", [], Guard([], []), random.Random(seed)).text for seed in range(12)}
    assert len(said) > 3


def test_a_son_with_a_ranker_thinks_of_several_answers_and_says_one() -> None:
    voice = ScriptedVoice("Fine.", "We had soup at Lena's.", "*shrugs*", "Blue.")
    son = Son(voice, TableRanker({"We had soup at Lena's.": 0.9}))
    turn = hers("What did you eat?", kind=None, strength="curiosity", openness=3)
    assert list(son.reply(scenario(), [turn], Event(), seed=3)) == ["We had soup at Lena's."]
    assert len(voice.prompts) == choice.numbers().thoughts
    assert son.refused == ["narration"]
    assert len({each.seed for each in voice.samplings}) == len(voice.samplings)


def test_stop_while_he_thinks_says_nothing() -> None:
    stop = Event()
    stop.set()
    assert list(Son(ScriptedVoice("Fine."), TableRanker({})).reply(scenario(), [hers()], stop)) == []


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
