"""The judge of wordings: what its rules refuse, and how what it learnt decides."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from doubles import ToyEmbedder
from rehearse.errors import DataError
from rehearse.tone.fidelity import BUCKETS, MEASURES, Fidelity, brought_in, features, sound

FEATURES = 3 * ToyEmbedder.DIMENSIONS + MEASURES + 2 * BUCKETS


@pytest.mark.parametrize(
    ("line", "wording", "blamed"),
    [
        ("Your sister called.", "My sister called.", []),
        ("My sister called.", "I'm glad your sister called.", []),
        ("You never call me.", "I never call you.", []),
        ("He shouted at you.", "I shouted at you.", []),
        ("You're overreacting.", "You're overreacting. I'm glad to hear it.", ["You're overreacting"]),
        ("u never ring me", "i miss u, you never ring me", ["u never ring me"]),
        ("You never call.", "I miss you. I miss you.", []),
        ("You never call.", "I was scared of you, and I was scared of you.", []),
    ],
    ids=["his to hers", "hers to his", "doer", "his doing", "blame kept", "blame kept texted", "sentence twice", "words twice"],
)
def test_what_the_rules_refuse(line: str, wording: str, blamed: list[str]) -> None:
    if line == "You're overreacting.":
        # Of two words the rule says nothing: they stand in many kind sentences.
        blamed = ["you're overreacting, you are"]
        wording = "I know you're overreacting, you are."
    assert not sound(line, wording, blamed)


@pytest.mark.parametrize(
    ("line", "wording"),
    [
        ("Your sister called.", "I'm glad your sister called."),
        ("You never call me.", "I'd love it if you called me."),
        ("You shouted at me and I shouted at you.", "I shouted at you, and I'm sorry."),
        ("My knee hurts.", "My knee hurts, and I'd love a hand."),
    ],
)
def test_what_the_rules_let_through(line: str, wording: str) -> None:
    assert sound(line, wording)


def test_what_he_did_may_be_named_as_the_occasion_of_a_feeling() -> None:
    line = "You walked past me at the shops."
    assert sound(line, "I was hurt when you walked past me at the shops.", [line])
    assert not sound(line, "Honestly, you walked past me at the shops.", [line])


def test_what_is_brought_in_is_seen_by_its_stem() -> None:
    assert brought_in("You never call me.", "I called you on Sunday.") == {"i", "on", "sunda"}
    assert brought_in("u never call", "you never called") == set()


def judge(weights: "np.ndarray", sentence: float = 0.5, voice: float = 0.5, common: str = "i\nmiss\nhear") -> Fidelity:
    return Fidelity(
        ToyEmbedder(),
        {
            "weights": weights,
            "thresholds": np.array([sentence, 0.5, 0.5, voice], np.float32),
            "common": np.frombuffer(common.encode(), np.uint8),
        },
    )


def nearness_counts() -> "np.ndarray":
    weights = np.zeros(FEATURES + 1, np.float32)
    weights[3 * ToyEmbedder.DIMENSIONS] = 10.0
    weights[-1] = -5.0
    return weights


def test_as_many_features_as_weights() -> None:
    u, v = ToyEmbedder().encode(["You never call.", "I miss your calls."])
    assert features(u, v, "You never call.", "I miss your calls.").shape == (FEATURES,)


def test_what_reads_right_is_kept_the_likeliest_first() -> None:
    found = judge(nearness_counts()).keeps(
        "You never call me.",
        ["The soup is warm.", "I would love it so much if you call.", "I love it when you call me."],
        [],
        "sentence",
    )
    assert found == ["I love it when you call me."]
    lax = judge(nearness_counts(), sentence=0.05)
    found = lax.keeps(
        "You never call me.", ["The soup is warm.", "I would love a call.", "I love it when you call me."], [], "sentence"
    )
    assert found == ["I love it when you call me.", "I would love a call."]


def test_what_the_voice_made_needs_more_and_brings_in_less() -> None:
    line, near, new = "You never call me.", "I miss it, call me.", "A dragon, call me."
    strict = judge(nearness_counts(), sentence=0.1, voice=0.999)
    assert strict.keeps(line, [near], [], "sentence") == [near] and strict.keeps(line, [near], [], "voice") == []
    lax = judge(nearness_counts(), sentence=0.01, voice=0.01, common="i\nmiss\nit")
    assert lax.keeps(line, [near, new], [], "voice") == [near]
    assert set(lax.keeps(line, [near, new], [], "sentence")) == {near, new}


def test_a_mere_cut_must_read_as_surely_as_a_shortened_draft() -> None:
    line, cut = "I kept the dish warm for you, and you never came.", "I kept the dish warm for you."
    sure = judge(nearness_counts(), sentence=0.01)
    score = float(sure.scores(line, [cut])[0])
    assert (sure.keeps(line, [cut], [], "sentence") == [cut]) == (score >= sure.thresholds["whole"])
    sure.thresholds["whole"] = score + 0.01
    assert sure.keeps(line, [cut], [], "sentence") == []
    sure.thresholds["whole"] = score - 0.01
    assert sure.keeps(line, [cut], [], "sentence") == [cut]


def test_nothing_to_judge_costs_nothing() -> None:
    assert judge(nearness_counts()).keeps("You never call me.", [], [], "sentence") == []


def test_a_file_that_lacks_a_part_is_refused(tmp_path: Path) -> None:
    save_file({"weights": np.zeros(3, np.float32)}, tmp_path / "some.safetensors")
    with pytest.raises(DataError):
        Fidelity.read(ToyEmbedder(), tmp_path / "some.safetensors")
