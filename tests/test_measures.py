"""The measures themselves: figures with known answers on cases small enough to work out by hand."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from doubles import ToyReader, ToyRewriter, toy_check
from rehearse import cli
from rehearse.lab import baselines, evaluation, reword_measure, son_measure, tone_measure, voice_data
from rehearse.lab.evaluation import NoData, Result
from rehearse.lab.lines import Message
from rehearse.turn import Openness

SON = {"name": "Daniel", "age": 24, "stage": "nurse in Leeds", "temperament": "guarded"}


def write(path: Path, *rows: dict[str, Any]) -> Path:
    """Write rows as JSONL."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def line(text: str, flag: bool, **more: Any) -> dict[str, Any]:
    """Return a labelled line."""
    return {"id": text, "text": text, "flag": flag, "kinds": ["absolute" if flag else "plain"], "spans": [], **more}


def dialogue(*turns: tuple[str, bool, str, int]) -> dict[str, Any]:
    """Return a dialogue of (her line, whether it blames, his answer, openness)."""
    return {
        "id": "t-1",
        "son": SON,
        "situation": "He has not called since spring.",
        "turns": [
            {
                "mother": hers,
                "flag": flag,
                "kinds": ["absolute" if flag else "plain"],
                "gentler": "…",
                "son": his,
                "openness": level,
            }
            for hers, flag, his, level in turns
        ],
    }


def values(results: list[Result]) -> dict[str, float]:
    """Return the figures by name."""
    return {each.name: each.value for each in results}


def bools(*given: int) -> Any:
    """Return an array of yes and no."""
    return np.array(given, bool)


# -- the figures ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("truth", "said", "wanted"),
    [
        (bools(1, 1, 0, 0), bools(1, 1, 0, 0), 1.0),
        (bools(1, 1, 0, 0), bools(1, 0, 1, 0), 0.5),
        (bools(1, 1, 1, 0), bools(1, 0, 0, 0), 0.5),
        (bools(0, 0), bools(0, 0), 0.0),
    ],
)
def test_f1(truth: Any, said: Any, wanted: float) -> None:
    assert tone_measure.f1(truth, said) == wanted


@pytest.mark.parametrize(
    ("truth", "scores", "wanted"),
    [
        (bools(1, 1, 0, 0), [0.9, 0.8, 0.2, 0.1], 1.0),
        (bools(1, 1, 0, 0), [0.1, 0.2, 0.8, 0.9], 0.0),
        (bools(1, 0, 1, 0), [0.9, 0.8, 0.3, 0.1], 0.75),
        (bools(1, 0), [0.5, 0.5], 0.5),
        (bools(1, 1, 0), [0.5, 0.9, 0.5], 0.75),
    ],
)
def test_auc(truth: Any, scores: list[float], wanted: float) -> None:
    assert tone_measure.auc(truth, np.array(scores)) == wanted


@pytest.mark.parametrize(
    ("truth", "scores", "wanted"),
    [
        # Everything in one bin: said 0.75, true in half of the cases.
        (bools(1, 0), [0.75, 0.75], 0.25),
        # Each bin is right.
        (bools(1, 0), [1.0, 0.0], 0.0),
        # Each bin is as wrong as can be.
        (bools(0, 1), [1.0, 0.0], 1.0),
    ],
)
def test_calibration_error(truth: Any, scores: list[float], wanted: float) -> None:
    assert tone_measure.calibration_error(truth, np.array(scores)) == wanted


def test_pairs_and_spans(tmp_path: Path) -> None:
    data = write(
        tmp_path / "lines.jsonl",
        line("You never call me.", True, spans=["You never call me"], pair="a"),
        line("You always cheer me up.", False, pair="a"),
        # Scores lower than its innocent twin: a pair in the wrong order.
        line("Hm, so that is that.", True, spans=["that"], pair="b"),
        line("It must be warm there.", False, pair="b"),
    )
    found = values(tone_measure.measure([data], toy_check(), beside=False))
    assert found["minimal pairs ordered right"] == 0.5
    # The finding is “never” alone, one of the four labelled words: precision 1, recall 1/4.
    assert found["span token F1"] == pytest.approx(0.4)
    # One hit, one miss, one false alarm.
    assert found["flagged or not, F1"] == 0.5
    assert found["recall, absolute"] == 0.5
    assert found["main kind right among true findings"] == 1.0
    assert found["messages"] == 4


def test_the_learning_curve_tells_what_more_writers_bring() -> None:
    def message(text: str, flag: bool) -> Message:
        return Message(text, text, "", flag, (), (), "", "")

    harsh = [message(f"You never {verb} me, never.", True) for verb in ("call", "ask", "tell", "thank")]
    kind = [message(f"It was warm today, I {verb} by the lake.", False) for verb in ("sat", "ate", "slept", "read")]
    # The first writer shares no word with what is measured on.
    odd = [message("zzz", True), message("qqq", False)]
    found = baselines.curve([*harsh, *kind], [3 * odd, *[2 * [*harsh, *kind]] * 7])
    assert list(found) == ["1 writers, 6 messages", "2 writers, 22 messages", "4 writers, 54 messages", "8 writers, 118 messages"]
    assert found["1 writers, 6 messages"] == 0.5
    assert found["8 writers, 118 messages"] == 1.0


def test_lines_of_one_sort_have_no_auc(tmp_path: Path) -> None:
    found = values(tone_measure.measure([write(tmp_path / "l.jsonl", line("How are you?", False))], toy_check(), beside=False))
    assert "AUC" not in found
    assert all(math.isfinite(each) for each in found.values())


def test_the_check_hears_what_he_said_before(tmp_path: Path) -> None:
    reader = ToyReader()
    data = write(tmp_path / "d.jsonl", dialogue(("Hello.", False, "I never slept.", 2), ("Oh love.", False, "Yeah.", 3)))
    tone_measure.measure([data], toy_check(reader), beside=False)
    assert [each.before for call in reader.calls for each in call if each.text == "Oh love."] == ["him: I never slept."]


def test_false_alarms_on_public_text(tmp_path: Path) -> None:
    write(
        tmp_path / "chat.jsonl",
        *({"text": text, "label": "ordinary"} for text in ("I never knew!", "Nice.", "Thank you.", "Good.")),
    )
    write(tmp_path / "talks.jsonl", {"text": "You must stop.", "label": "low"}, {"text": "Tell me more.", "label": "high"})
    found = values(tone_measure.public_results(toy_check(), tmp_path))
    assert found == {
        "flagged in public text, chat": 0.25,
        "flagged in public text, talks": 0.5,
        "flagged in public text, talks, high": 0.0,
        "flagged in public text, talks, low": 1.0,
    }
    assert tone_measure.public_results(toy_check(), tmp_path / "nowhere") == []


# -- the son ----------------------------------------------------------------------------------------------------------------


def test_openness_is_walked_from_the_start() -> None:
    # He starts at 2 (the first line closes him, so he was at 2 before it), closes to 1 at blame, and stays there.
    row = dialogue(("You never call.", True, "Hm.", 1), ("Nice day.", False, "Yeah.", 1), ("It rained.", False, "Yeah.", 3))
    assert list(son_measure.walked(row, toy_check())) == [(1, 1), (1, 1), (1, 3)]
    found = son_measure.mood_results([row], toy_check())
    assert values(found) == {"her lines": 3, "openness within 1": 0.6667, "openness right": 0.6667}
    # One who stays at 2 for ever is never further than 1 away, and never right.
    assert [each.beside for each in found[1:]] == [{"never moved": 1.0}, {"never moved": 0.0}]


def test_surprise_is_the_negative_log_of_the_share() -> None:
    assert son_measure.surprise(np.log(np.array([0.25, 0.75])), 0) == pytest.approx(math.log(4))
    assert son_measure.surprise(np.array([1000.0, 1000.0]), 1) == pytest.approx(math.log(2))


def test_the_loss_is_taken_of_his_lines_alone() -> None:
    row = dialogue(("Hello.", False, "Hi, Mum.", 2))
    (sample,) = voice_data._of_dialogue(row)
    learnt = [text for text, counts in son_measure.told(sample) if counts]
    assert learnt == ["Hi, Mum.<|im_end|>"]


# -- the rewording ----------------------------------------------------------------------------------------------------------


def test_rewording_is_counted_and_compared(tmp_path: Path) -> None:
    data = write(
        tmp_path / "lines.jsonl",
        line("You never grasp me on Sundays.", True, gentler="I miss hearing from you on Sundays."),
        line("Nice day.", False),
    )
    rewriter = ToyRewriter("I miss hearing you on Sundays.", "You never grasp me on Sundays!", "It is all your fault on Sundays.")
    found = reword_measure.measure([data], toy_check(), rewriter)
    assert values(found) == {
        "lines": 1,
        "at least two suggestions that pass the check": 1.0,
        "a rewording of her own that passes": 1.0,
        "her own rewording as near to the hand-written one as her line": 1.0,
        "suggestions flagged, empty or the same": 0,
    }


def test_without_a_fitting_rewording_only_phrases_are_left(tmp_path: Path) -> None:
    data = write(tmp_path / "lines.jsonl", line("You never grasp me.", True, gentler="I miss your calls."))
    found = values(reword_measure.measure([data], toy_check(), ToyRewriter("You never grasp me!")))
    assert found["a rewording of her own that passes"] == 0.0
    assert found["at least two suggestions that pass the check"] == 1.0


def test_what_must_not_be_offered_is_counted() -> None:
    judged = [reword_measure.Reworded(2, 1, 0, True), reword_measure.Reworded(1, 0, 3, None)]
    found = reword_measure.results(judged)
    assert values(found)["suggestions flagged, empty or the same"] == 3
    assert not found[-1].ok
    assert values(found)["at least two suggestions that pass the check"] == 0.5
    assert values(found)["her own rewording as near to the hand-written one as her line"] == 1.0


# -- the command ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("measure", [tone_measure.measure, reword_measure.measure])
def test_without_labelled_lines_nothing_is_measured(measure: Any, tmp_path: Path) -> None:
    with pytest.raises(NoData):
        measure([write(tmp_path / "empty.jsonl")], toy_check())


def test_the_json_is_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    data = write(tmp_path / "lines.jsonl", line("Hello.", False))
    monkeypatch.setattr(evaluation, "tone", lambda given: [Result("read", len(given), "files", 2, {"before": 4.0})])
    assert cli.main(["evaluate", "tone", "--json", "--data", str(data)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["results"] == [
        {"name": "read", "value": 1, "unit": "files", "beside": {"before": 4.0}, "ratio": 0.25, "bar": 2, "ok": False}
    ]
    assert said["machine"]["cores"]


def test_figures_that_cannot_be_taken_are_status_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(_: object) -> list[Result]:
        raise NoData("There is nothing.", "Give something.")

    monkeypatch.setattr(evaluation, "son", refuse)
    assert cli.main(["evaluate", "son", "--json"]) == 2
    said = capsys.readouterr()
    assert json.loads(said.out)["results"] == []
    assert said.err == "There is nothing. Give something.\n"


@pytest.mark.parametrize(
    "row",
    [
        {"text": "no flag"},
        {"text": 1, "flag": True},
        {"text": "x", "flag": True, "spans": "x"},
        {"turns": []},
        {**dialogue(("Hello.", False, "Hi.", 9))},
        {**dialogue(("Hello.", False, "Hi.", 2)), "son": {"name": "Daniel"}},
    ],
)
def test_rows_that_are_not_labelled_data(row: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write(tmp_path / "given.jsonl", line("Hello.", False), row)
    assert cli.main(["evaluate", "tone", "--data", str(data)]) == 1
    assert "Row 2 of the labelled data" in capsys.readouterr().err


@pytest.mark.parametrize("bytes_", [b"not json\n", b"[1]\n", b"\xff\xfe\n"])
def test_files_that_are_not_labelled_data(bytes_: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "given.jsonl"
    path.write_bytes(bytes_)
    assert cli.main(["evaluate", "tone", "--data", str(path)]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_a_file_with_no_more_than_text_and_flag_will_do(tmp_path: Path) -> None:
    data = write(tmp_path / "given.jsonl", {"text": "You never call.", "flag": True}, {"text": "Nice day.", "flag": False})
    assert evaluation._labelled(data) == data
    assert values(tone_measure.measure([data], toy_check(), beside=False))["AUC"] == 1.0


def test_levels_of_a_dialogue_are_those_labelled() -> None:
    row = dialogue(("Hello.", False, "Hi.", 2), ("Nice day.", False, "Yeah.", 3))
    assert [turn.openness for turn in voice_data.turns_of(row)] == [Openness(2), Openness(2), Openness(3), Openness(3)]
