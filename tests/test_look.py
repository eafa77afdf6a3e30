"""The second look: how a line is laid before the layers, what the heads make of it, and how it counts beside the check."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rehearse.distress import METS
from rehearse.errors import DataError, VoiceError
from rehearse.kinds import kinds
from rehearse.listener import Listener
from rehearse.look import Card, Form, Look
from rehearse.tone.heard import Glance, Heard, Reading, Weights
from rehearse.tone.judge import Judge, joined, leaning
from tests.doubles import ToyReader, toy_check, toy_judge

WIDTH = 4
NAMES = tuple(kinds())
MET_NAMES = (*METS, "none")
FORM = Form(before="He: ", head="She: ", tail=" ->", most_before=6, most=8)
EVEN = Weights(reading=1.0, glance=1.0, bias=0.0, kind=1.0, threshold=0.5)


class ToyLayers:
    """One token a letter; each row holds how far along it is, and the letter."""

    room = 64

    def __init__(self) -> None:
        self.read: list[str] = []

    def tokens(self, text: str) -> list[int]:
        return [ord(letter) for letter in text]

    def states(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        self.read.append("".join(map(chr, tokens)))
        return np.array([[index, token, 1, 0] for index, token in enumerate(tokens)], np.float32)

    def close(self) -> None:
        pass


def heads() -> dict[str, NDArray[np.float32]]:
    """Return heads that find a line the more blaming the later letters stand in the alphabet."""
    sizes = {"flag": 1, "kind": len(NAMES), "met": len(MET_NAMES)}
    made = {f"{name}.weight": np.zeros((size, 2 * WIDTH), np.float32) for name, size in sizes.items()}
    made |= {f"{name}.bias": np.zeros(size, np.float32) for name, size in sizes.items()}
    made["flag.weight"][0, 1] = 1.0
    made["flag.bias"][0] = -110.0
    made["kind.bias"][NAMES.index("pressure")] = 3.0
    made["met.bias"][MET_NAMES.index("none")] = 5.0
    return made


def look(form: Form = FORM) -> Look:
    return Look(ToyLayers(), heads(), Card(form, 3, NAMES, MET_NAMES, EVEN, 0.5))


def test_a_line_is_laid_in_its_form_and_what_is_too_long_is_cut() -> None:
    made = look()
    made.at([Heard("abcdefghij", "him: not now, Mom")])
    assert isinstance(made.layers, ToyLayers)
    # Of his line the end is kept, which hers answers; of hers the beginning.
    assert made.layers.read == [", Mom\nShe: abcdefgh ->"]
    tokens, start, end = made.laid(Heard("abc", "him: hm"))
    assert "".join(map(chr, tokens[start:end])) == "abc"


def test_a_sentence_of_hers_before_is_not_taken_for_his() -> None:
    made = look()
    made.at([Heard("abc", "I waited.")])
    assert isinstance(made.layers, ToyLayers)
    assert made.layers.read == ["She: abc ->"]


def test_the_heads_read_the_mean_of_her_words_alone() -> None:
    mild, hard = look().at([Heard("aaa"), Heard("zzz")])
    assert mild.blame == pytest.approx(ord("a") - 110) and hard.blame == pytest.approx(ord("z") - 110)
    assert sum(np.exp(list(hard.kinds.values()))) == pytest.approx(1, abs=1e-5)
    assert max(hard.kinds, key=lambda name: hard.kinds[name]) == "pressure"
    assert sum(hard.mets.values()) == pytest.approx(1, abs=1e-5) and hard.mets["none"] > 0.9


def test_what_was_looked_at_is_not_read_again() -> None:
    made = look()
    first = made.at([Heard("abc"), Heard("abc")])
    assert made.at([Heard("abc")]) == first[:1]
    assert isinstance(made.layers, ToyLayers) and len(made.layers.read) == 1


def test_nothing_said_is_looked_at_without_harm() -> None:
    assert np.isfinite(look().at([Heard("")])[0].blame)


def card(folder: Path, **changed: object) -> Path:
    told = {
        "form": {"before": "He: ", "head": "She: ", "tail": " ->", "most_before": 6, "most": 8},
        "layers": 3,
        "kinds": list(NAMES),
        "mets": list(MET_NAMES),
        "weights": {"reading": 1, "glance": 1, "bias": 0, "kind": 1, "threshold": 0.5},
        "danger": 0.5,
    }
    path = folder / "look.json"
    path.write_text(json.dumps(told | changed), encoding="utf-8")
    return path


def test_a_card_is_read(tmp_path: Path) -> None:
    assert Card.read(card(tmp_path)) == Card(FORM, 3, NAMES, MET_NAMES, EVEN, 0.5)


@pytest.mark.parametrize(
    "changed",
    [{"kinds": ["blame"]}, {"mets": ["none"]}, {"form": {"before": ""}}, {"layers": None}, {"weights": {"reading": 1}}],
)
def test_a_card_that_does_not_fit_is_refused(tmp_path: Path, changed: dict[str, object]) -> None:
    with pytest.raises(DataError):
        Card.read(card(tmp_path, **changed))


def test_danger_is_heard_in_a_piece_of_a_longer_draft() -> None:
    second = look(replace(FORM, most=40))
    # Letters late in the alphabet speak for distress.
    second.heads["met.weight"][MET_NAMES.index("distress"), 1] = 10.0
    second.heads["met.bias"][MET_NAMES.index("distress")] = -10.0 * 91
    listener = Listener()
    assert listener.met("zzzz. zzzz.") is None
    listener.second = second
    assert listener.met("zzzz. zzzz.") == "distress"
    assert listener.met("aaaa. aaaa. aaaa. zzzz. zzzz.") == "distress"
    assert listener.met("aaaa. aaaa.") is None and listener.met(" ") is None


# -- beside the check ------------------------------------------------------------------------------------------------------


class ToyLook:
    """Hears blame wherever a line says ``sigh``, and none elsewhere."""

    def __init__(self) -> None:
        self.asked: list[Heard] = []

    def at(self, heard: Sequence[Heard]) -> list[Glance]:
        self.asked += heard
        even = dict.fromkeys(NAMES, float(np.log(1 / len(NAMES))))
        return [Glance(9.0 if "sigh" in each.text else -9.0, even | {"guilt_trip": -0.1}, {"none": 1.0}) for each in heard]


def test_the_second_look_finds_what_was_missed_and_lets_go_what_was_not_there() -> None:
    judge = toy_judge()
    blamed, missed = "You never call.", "sigh, I only wondered."
    before = [bool(each.flagged) for each in (*judge.passages(blamed), *judge.passages(missed))]
    judge.bring(ToyLook(), replace(EVEN, glance=2.0))
    after = [bool(each.flagged) for each in (*judge.passages(blamed), *judge.passages(missed))]
    assert before == [True, False] and after == [False, True]


def test_a_quick_answer_does_not_wait_for_it() -> None:
    judge, second = toy_judge(), ToyLook()
    judge.bring(second, EVEN)
    judge.passages("sigh.", quick=True)
    judge.lets_through(["sigh."])
    assert second.asked == []
    judge.passages("sigh.")
    assert second.asked == [Heard("sigh.")]


def test_the_check_offers_no_wording_of_hers_that_the_second_look_flags() -> None:
    check, second = toy_check(), ToyLook()
    check.judge.bring(second, replace(EVEN, glance=0.001))
    report = check.check("You never call. I sigh a lot.")
    asked = {each.text for each in second.asked}
    own = [each.text for finding in report.findings for each in finding.suggestions if each.source == "reworded"]
    assert report.flagged and set(own) <= asked


class Broken(ToyLook):
    def at(self, heard: Sequence[Heard]) -> list[Glance]:
        raise VoiceError("It cannot look.", "Nothing is to be done.")


def test_where_it_cannot_look_the_check_goes_on_as_it_is() -> None:
    judge = toy_judge()
    before = judge.passages("You never call. sigh.")
    judge.bring(Broken(), EVEN)
    assert judge.passages("You never call. sigh.") == before


def test_how_a_glance_is_joined() -> None:
    even = Glance(0.0, {}, {})
    assert joined(0.5, even, EVEN) == 0.5
    assert joined(0.5, replace(even, blame=1.0), EVEN) > joined(0.5, even, EVEN) > joined(0.2, even, EVEN)
    assert joined(1.0, replace(even, blame=1e9), EVEN) == 1.0


def test_the_kinds_lean_and_keep_what_they_have_together() -> None:
    reading = ToyReader().read([Heard("You never call.")])[0]
    flagged = [name for name in NAMES if kinds()[name].flagged]
    glance = Glance(0.0, {name: (-0.1 if name == "comparison" else -5.0) for name in NAMES}, {})
    leant = leaning(reading, glance, EVEN)
    assert leant.kinds["comparison"] >= reading.kinds["comparison"]
    assert sum(leant.kinds[name] for name in flagged) == pytest.approx(sum(reading.kinds[name] for name in flagged), abs=0.01)
    assert leaning(reading, glance, replace(EVEN, kind=0.0)).kinds == pytest.approx(reading.kinds, abs=0.01)


def test_the_gentle_kinds_lean_too_as_far_as_they_are_told_to() -> None:
    reading = Reading(0.1, {"blame": 0.5, "pride": 0.1, "plain": 0.4}, (0, 3))
    glance = Glance(0.0, {"blame": -1.0, "pride": math.log(0.4), "plain": math.log(0.1)}, {})
    even, all_of_it = (leaning(reading, glance, replace(EVEN, kind=0.0, gentle=share)).kinds for share in (0.5, 1.0))
    assert even["pride"] == even["plain"] == pytest.approx(0.25)
    assert (all_of_it["pride"], all_of_it["plain"], all_of_it["blame"]) == pytest.approx((0.4, 0.1, 0.5))


def test_what_is_named_kind_hangs_on_the_second_look_where_there_is_one() -> None:
    class Warm:
        def at(self, heard: Sequence[Heard]) -> list[Glance]:
            return [Glance(-3.0, {name: math.log(0.9 if name == "pride" else 0.005) for name in NAMES}, {}) for _ in heard]

    judge = Judge(ToyReader(), dict.fromkeys(NAMES, 0.5))
    assert judge.passages("It rains.")[0].warm == ("",)
    judge.bring(Warm(), replace(EVEN, gentle=1.0))
    assert judge.passages("It rains.")[0].warm == ("pride",)


def test_a_judge_without_it_says_so() -> None:
    judge = Judge(ToyReader(), {}, 0.0)
    assert judge.second is None
