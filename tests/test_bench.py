"""The benchmark's parts: what is compared with what, and what happens where a figure cannot be taken. No speed is tested here."""

import ast
import builtins
import json
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from doubles import toy_check
from rehearse import cli
from rehearse.errors import VoiceError
from rehearse.lab import bench, bench_shelf, bench_voice, evaluation, measuring, performance
from rehearse.lab.evaluation import Result
from rehearse.transcripts import Transcripts
from rehearse.voice.voice import Count


@pytest.mark.parametrize(
    ("value", "bar", "lower", "ok"),
    [
        (1.0, None, False, True),
        (0.9, 0.9, False, True),
        (0.89, 0.9, False, False),
        (3.0, 3.0, True, True),
        (3.1, 3.0, True, False),
    ],
)
def test_a_bar_is_reached_from_its_own_side(value: float, bar: float | None, lower: bool, ok: bool) -> None:
    assert Result("x", value, bar=bar, lower_is_better=lower).ok is ok


def test_a_result_is_the_contract() -> None:
    found = Result("voice", 100.0, "tokens/s", 95.0, {"plain": 80.0, "other": 50.0}).to_dict()
    assert found == {
        "name": "voice",
        "value": 100.0,
        "unit": "tokens/s",
        "beside": {"plain": 80.0, "other": 50.0},
        "ratio": 1.25,
        "bar": 95.0,
        "ok": True,
    }
    assert Result("alone", 1.0).to_dict()["ratio"] is None
    assert Result("zero", 1.0, beside={"plain": 0.0}).to_dict()["ratio"] is None


def test_the_report_as_json_and_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    results = [Result("voice", 100.0, "tokens/s", 120.0, {"plain": 80.0}), Result("check", 3.0, "ms", 4.0, lower_is_better=True)]
    assert evaluation.report(results, as_json=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said) == {"results", "machine"}
    assert [each["ok"] for each in said["results"]] == [False, True]
    assert evaluation.report(results, as_json=False) == 0
    assert capsys.readouterr().out.splitlines() == [
        "voice  100.0 tokens/s  (bar ≥ 120.0: not reached); plain 80.0",
        "check  3.0 ms  (bar ≤ 4.0: reached)",
    ]
    assert evaluation.report([], as_json=False) == 2


def test_ours_beside_theirs_is_a_median_and_its_bar_a_share_of_theirs() -> None:
    found = measuring.beside("check", [9.0, 1.0, 2.0], [4.0, 2.0, 100.0], "ms", "plain", bar=1.15)
    assert (found.value, found.beside, found.bar, found.ok) == (2.0, {"plain": 4.0}, 4.6, True)
    faster = measuring.beside("voice", [90.0, 94.0, 96.0], [100.0], "tokens/s", "plain", bar=0.95, lower_is_better=False)
    assert (faster.value, faster.bar, faster.ok) == (94.0, 95.0, False)
    assert measuring.beside("x", [1.0], [2.0], "s", "plain").bar is None


def test_one_figure_that_fails_does_not_keep_the_others_away() -> None:
    def fails() -> list[Result]:
        raise VoiceError("It is mute.", "Speak up.")

    results, failures = bench.taken({"voice": fails, "shelf": lambda: [Result("list", 1.0)]})
    assert [each.name for each in results] == ["list"]
    assert failures == ["The figures of “voice” could not be taken: It is mute. Speak up."]


@pytest.mark.parametrize(("broken", "status"), [(False, 0), (True, 2)])
def test_the_exit_status(broken: bool, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def shelf(_: Path) -> list[Result]:
        if broken:
            raise measuring.NotTaken("No.", "Try again.")
        return [Result("list", 9.0, "ms", 1.0, lower_is_better=True)]

    for name in ("start", "voice", "loss", "ready", "memory", "check"):
        monkeypatch.setattr(bench, name, lambda *_: [Result("figure", 1.0)])
    monkeypatch.setattr(bench, "shelf", shelf)
    assert cli.main(["bench", "--json"]) == status
    said = capsys.readouterr()
    assert len(json.loads(said.out)["results"]) == (6 if broken else 7)
    assert bool(said.err) == broken


def test_a_program_apart_has_a_home_of_its_own(tmp_path: Path) -> None:
    code = "import os, rehearse; print('words before'); print(str(os.environ['REHEARSE_HOME'] == {!r}).lower())".format(
        str(tmp_path / "home")
    )
    assert measuring.apart(code, tmp_path / "home") is True


@pytest.mark.parametrize("code", ["print(1.0); raise SystemExit('it broke')", "pass"])
def test_a_program_that_fails_gives_no_figure(code: str, tmp_path: Path) -> None:
    with pytest.raises(measuring.NotTaken, match="it broke|printed nothing"):
        measuring.apart(code, tmp_path)


@pytest.mark.parametrize("code", [bench._PLAIN_START, bench._OUR_START, bench._PLAIN_LOAD, bench._READY, bench._MEMORY])
def test_the_programs_are_programs(code: str) -> None:
    tree = ast.parse(code)
    names = [each for each in ast.walk(tree) if isinstance(each, ast.Name)]
    made = {each.id for each in names if isinstance(each.ctx, ast.Store)} | set(dir(builtins))
    made |= {each.asname or each.name.split(".")[0] for each in ast.walk(tree) if isinstance(each, ast.alias)}
    made |= {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}
    assert {each.id for each in names} <= made


def test_the_check_is_held_against_the_encoding_of_the_same_sentences() -> None:
    encoded: list[Sequence[str]] = []
    found = bench.check(toy_check(), encoded.append)
    assert [each.name for each in found] == [
        "check of four sentences, nothing found",
        "the same draft again, nothing found",
        "a sentence more, nothing found",
        "check of four sentences, with suggestions",
        "the same draft again, with suggestions",
        "a sentence more, with suggestions",
    ]
    assert all(len(each) == 4 for each in encoded[1:])
    assert len(encoded) == 1 + len(bench.PLAIN_DRAFTS) + len(bench.BLAMING_DRAFTS)
    assert [each.bar is None for each in found] == [False, True, True, True, True, True]


def test_the_shelf_is_filled_and_read(tmp_path: Path) -> None:
    found = bench_shelf.shelf(tmp_path / "shelf", size=3, turns=4)
    assert [each.name.partition(",")[0] for each in found] == [
        "first page of the shelf",
        "search for a word of few",
        "search for a word of all",
        "append a turn",
        "export of all",
        "memory that takes beside the store",
    ]
    assert all("3 rehearsals, 12 turns" in each.name for each in found[:-1])
    assert [each.bar for each in found] == [100, 100, 100, 5, None, 50]


def test_few_rehearsals_hold_the_word_that_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_shelf, "RARE", 4)
    monkeypatch.setattr(bench_shelf, "TOGETHER", 4)
    with Transcripts(tmp_path / "rehearsals.db") as store:
        one = bench_shelf.fill(store, 6, 8)
        assert store.count() == store.count("soup") == 6
        assert store.count("lighthouse") == 1
        assert [len(store.turns(each.id)) for each in store.list()] == [8] * 6 and store.get(one).leaf_id


def test_a_talk_is_measured_turn_by_turn() -> None:
    class Voice:
        """Says two words to every line, and remembers how long the prompts were."""

        tuned, context = True, 4096

        def __init__(self) -> None:
            self.prompts: list[Any] = []
            self.reworded = 0
            self.count = Count()

        def tokens(self, prompt: Sequence[Any]) -> int:
            return len(prompt)

        def stream(self, prompt: Sequence[Any], sampling: Any, stop: Any) -> Any:
            self.prompts.append((len(prompt), sampling.most))
            yield "Yeah, "
            yield "fine."

        def several(self, prompt: Sequence[Any], samplings: Sequence[Any], stop: Any) -> list[list[str]]:
            self.reworded += 1
            return [["I miss you."] for _ in samplings]

    voice = Voice()
    looked: list[str] = []
    turns = list(bench_voice.talk(voice, 0, looked.append))  # type: ignore[arg-type]
    assert [number for number, _ in turns] == list(range(1, bench_voice.LATE + 1))
    assert all(seconds > 0 for _, seconds in turns)
    # Before both turns that are compared, a line was reworded and another door was tried.
    assert voice.reworded == 2
    assert len(looked) == bench_voice.LATE
    doors = 2 * (bench_voice.EARLY - 1), 2 * (bench_voice.LATE - 1)
    lengths = [length for length, _ in voice.prompts]
    assert [lengths.count(length) for length in doors] == [3, 2]
    # And she went back an exchange, at the first line to its beginning, and on from where she was.
    assert lengths.count(2 * (bench_voice.LATE - 2)) == 2
    # The prompt grows by his answer and her next line.
    assert sorted(set(lengths)) == list(range(2, 2 + 2 * bench_voice.LATE, 2))


def test_importing_the_bench_loads_nothing_heavy() -> None:
    code = "import sys, rehearse.lab.bench; print(*{'gradio', 'llama_cpp', 'sentence_transformers', 'torch'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(bench.__file__).parents[2], text=True, capture_output=True, timeout=60
    )
    assert done.stdout.split() == [], done.stderr


def test_figures_go_into_a_document_between_their_marks(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    before = "# A\n\n<!-- bench -->\n\nold\n\n<!-- end of bench -->\n\nkept\n"
    document.write_text(before, encoding="utf-8")
    results = [
        Result("loop | x", 0.9, "s", 1.0, {"plain": 2.0}, lower_is_better=True),
        Result("alone", 3.0, "MB", 2.0, None, True),
    ]
    performance.write(document, "bench", performance.bench_table(results))
    text = document.read_text(encoding="utf-8")
    assert "old" not in text and text.startswith("# A\n\n<!-- bench -->\n") and text.endswith("<!-- end of bench -->\n\nkept\n")
    assert "| 0.9 s | plain: 2 | 0.45 | ≤ 1 | reached |" in text and "| 3 MB |  |  | ≤ 2 | **not reached** |" in text
    with pytest.raises(measuring.NotTaken, match="has no place"):
        performance.write(document, "quantisation", "x")


def test_the_quantisations_are_told_beside_the_adapter_and_the_shipped_file() -> None:
    rows = [
        {"name": "as shipped", "megabytes": 98.4, "loss": 3.8, "read": 100, "written": 50, "side_by_side": 60},
        {"name": "as shipped, with the adapter", "megabytes": 108.2, "loss": 3.1, "read": 90, "written": 40, "side_by_side": 50},
        {"name": "merged, Q8_0", "megabytes": 144.8, "loss": 3.11, "read": 150, "written": 60, "side_by_side": 90},
    ]
    table = performance.quantisation_table(rows)
    assert "| merged, Q8_0 | 144.8 | 3.1100 | +0.0100 | 150 (1.50 ×) | 60 (1.20 ×) | 90 (1.50 ×) |" in table


def test_what_the_figures_were_taken_on_names_no_one() -> None:
    table = performance.bench_table([Result("alone", 1.0)])
    assert table.startswith("Taken on ") and str(Path.home()) not in table and platform.node() not in table
