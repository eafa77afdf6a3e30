"""His openness: a written rule whose every move is small, fair and explained."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doubles import report, scenario
from rehearse.kinds import flagged_kinds, gentle_kinds, kinds
from rehearse.scenario import TEMPERAMENTS
from rehearse.son import Mood, Moved
from rehearse.son.levels import levels, rule
from rehearse.tone import Report
from rehearse.turn import Openness, Turn

WARM = sorted(gentle_kinds() - {"plain"})
EVERYONE = [*TEMPERAMENTS, ""]
LINES = st.builds(
    lambda findings, strengths: report(findings=findings, strengths=strengths),
    st.dictionaries(st.sampled_from(sorted(flagged_kinds())), st.floats(0, 1), max_size=3),
    st.lists(st.sampled_from(sorted(gentle_kinds())), max_size=4),
)


def talk(said: Sequence[Report | Mapping[str, Any]], *, start: int = 2, temperament: str = "guarded") -> list[Moved]:
    """Return how each line moves him, in a talk as a rehearsal keeps it."""
    scene = scenario(openness=Openness(start), temperament=temperament)
    mood, path, openness, moves = Mood(scene), [], scene.openness, []
    for each in said:
        moved = mood.after(openness, each, path)
        openness = moved.openness
        plain = each.to_dict() if isinstance(each, Report) else each
        path += [Turn("mother", "…", openness, path[-1].id if path else None, moved.reason, plain)]
        path += [Turn("son", "…", openness, path[-1].id)]
        moves.append(moved)
    return moves


def once(start: int, temperament: str = "", **said: Any) -> Moved:
    return talk([report(**said)], start=start, temperament=temperament)[0]


# -- each reason -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "said", "end", "reason", "kind"),
    [
        (3, {"findings": {"blame": 0.9}}, 2, "down", "blame"),
        (3, {"findings": {"blame": 0.95, "guilt_trip": 0.97}}, 1, "far_down", "guilt_trip"),
        (2, {"findings": {"blame": 0.95, "guilt_trip": 0.97}}, 1, "down", "guilt_trip"),
        (1, {"findings": {"blame": 0.9}}, 1, "lowest", "blame"),
        (2, {"findings": {"advice": 0.6}}, 2, "holds_flagged", "advice"),
        (2, {"findings": {"absolute": 0.8}, "strengths": ["apology", "validation"]}, 2, "holds_flagged", "absolute"),
        (2, {"strengths": ["curiosity"]}, 2, "holds_gentle", "curiosity"),
        (1, {"strengths": ["curiosity", "apology"]}, 2, "up", "apology"),
        (2, {}, 2, "holds_plain", "plain"),
        (2, {"strengths": ["plain"]}, 2, "holds_plain", "plain"),
        (5, {"strengths": ["pride"]}, 5, "highest", "pride"),
        (5, {}, 5, "holds_plain", "plain"),
    ],
)
def test_each_reason(start: int, said: dict[str, Any], end: int, reason: str, kind: str) -> None:
    moved = once(start, **said)
    assert moved == Moved(Openness(end), rule().reason[reason].format(name="Daniel", kind=kinds()[kind].label))


def test_every_reason_is_one_sentence_of_plain_words() -> None:
    for name, sentence in rule().reason.items():
        text = sentence.format(name="Daniel", kind="is ordinary talk")
        assert "Daniel" in text and "{" not in text and text.endswith("."), name


# -- kindness ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [1, 2, 3, 4])
@pytest.mark.parametrize("temperament", EVERYONE)
def test_one_apology_does_not_melt_him(start: int, temperament: str) -> None:
    """Not even the warmest line moves him by more than one; where a talk begins, an apology alone does not at all, unless he is
    one who opens easily.
    """
    assert once(start, temperament, strengths=["apology", "validation", "autonomy", "pride"]).openness <= start + 1
    if start == 2 and rule().opens[temperament or "unknown"] <= 1:
        assert once(2, temperament, strengths=["apology"]).openness == 2


@pytest.mark.parametrize("temperament", EVERYONE)
def test_kindness_only_reaches_warming_in_5_to_12_turns(temperament: str) -> None:
    weight = rule().weight
    typical = fmean(weight[kind] for kind in WARM)
    line = report(strengths=[min(WARM, key=lambda kind: abs(weight[kind] - typical))])
    reached = [moved.openness for moved in talk([line] * 20, temperament=temperament)]
    turns = 1 + next(number for number, openness in enumerate(reached) if openness >= Openness.WARMING)
    assert 5 <= turns <= 12
    assert reached == sorted(reached), "kindness alone never closes him"


def test_a_heap_of_kind_words_is_not_heard_twice_as_well() -> None:
    two, many = ["apology", "feeling"], ["apology", "feeling"] + ["curiosity"] * 6
    assert talk([report(strengths=two)] * 6) == talk([report(strengths=many)] * 6)


@pytest.mark.parametrize("temperament", EVERYONE)
def test_who_is_shut_takes_the_first_kind_line_and_then_slows(temperament: str) -> None:
    reached = [each.openness for each in talk([report(strengths=["apology"])] * 4, start=1, temperament=temperament)]
    assert reached[0] == 2 and reached[-1] == 3


def test_ordinary_talk_between_kind_lines_takes_nothing_away() -> None:
    kind, plain = report(strengths=["validation"]), report()
    assert [each.openness for each in talk([kind, plain, kind], temperament="")] == [2, 2, 3]


def test_what_opened_him_is_not_counted_again() -> None:
    kind = report(strengths=["validation"])
    assert [each.openness for each in talk([kind] * 7, temperament="")] == [2, 3, 3, 3, 3, 4, 4]


def test_blame_takes_back_what_warmth_had_gathered() -> None:
    """A flagged line that did not move him still counts against the kind ones round it."""
    kind, flagged = report(strengths=["validation"]), report(findings={"advice": 0.7})
    assert [each.openness for each in talk([kind, kind], temperament="")] == [2, 3]
    assert [each.openness for each in talk([kind, flagged, kind], temperament="withdrawn")] == [2, 2, 2]
    assert [each.openness for each in talk([kind, kind], temperament="withdrawn")] == [2, 3]


def test_what_blame_took_is_never_more_than_there_was() -> None:
    """However much small blame went before, a line that is warm enough by itself opens him."""
    flagged, warm = report(findings={"advice": 0.7}), report(strengths=["validation", "apology"])
    assert talk([flagged] * 5 + [warm], start=1, temperament="")[-1].openness == Openness.GUARDED


# -- blame -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperament", EVERYONE)
@pytest.mark.parametrize("kind", sorted(flagged_kinds()))
def test_guilt_only_never_opens(temperament: str, kind: str) -> None:
    for start in levels():
        before = int(start)
        for moved in talk([report(findings={kind: 0.9})] * 8, start=start, temperament=temperament):
            assert moved.openness <= before
            before = int(moved.openness)


@pytest.mark.parametrize("kind", sorted(flagged_kinds()))
def test_a_flagged_line_never_opens_however_kind_the_rest(kind: str) -> None:
    said = [report(findings={kind: 0.5}, strengths=["apology", "validation"])] * 10
    assert max(each.openness for each in talk(said, temperament="tender")) == 2


def test_a_relapse_costs_more_than_the_same_line_did() -> None:
    """The line that a guarded son takes without moving closes one who had begun to trust."""
    line = {"findings": {"advice": 0.8}}
    assert once(3, **line).openness == 3
    assert once(4, **line).openness == 3
    hard = {"findings": {"blame": 0.8, "guilt_trip": 0.8}}
    assert once(3, **hard).openness == 2
    assert once(4, **hard).openness == 2
    assert once(5, **hard).openness == 3


def test_temperaments_differ() -> None:
    """The irritable one closes where the joking one lets it pass; the tender one opens before the withdrawn one."""
    line = {"findings": {"clinging": 0.8}}
    assert (once(3, "irritable", **line).openness, once(3, "joking", **line).openness) == (2, 3)
    kind = [report(strengths=["pride"])] * 6
    assert talk(kind, temperament="tender")[-1].openness > talk(kind, temperament="withdrawn")[-1].openness


# -- always ------------------------------------------------------------------------------------------------------------------


@given(st.lists(LINES, max_size=12), st.integers(1, 5), st.sampled_from(EVERYONE))
def test_moves_at_most_one_up_and_two_down_and_explains_itself(said: list[Report], start: int, temperament: str) -> None:
    before = start
    for each, moved in zip(said, talk(said, start=start, temperament=temperament), strict=True):
        assert -2 <= moved.openness - before <= 1
        assert moved.openness in levels()
        assert not (each.findings and any(one.score for one in each.findings) and moved.openness > before)
        assert moved.reason.startswith(("Daniel", "Ordinary")) and moved.reason.endswith(".")
        if moved.openness > before:
            assert "opened" in moved.reason
        if moved.openness < before:
            assert "pulled back" in moved.reason
        before = moved.openness


@given(LINES, st.integers(1, 5))
def test_a_report_and_its_plain_form_move_him_alike(said: Report, start: int) -> None:
    mood = Mood(scenario())
    assert mood.after(Openness(start), said) == mood.after(Openness(start), said.to_dict())


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"findings": None, "strengths": 3},
        {"findings": ["blame", {"kind": "rude", "score": 1}, {"kind": [], "score": 1}, {"kind": "blame", "score": "high"}]},
        {"findings": [{"kind": "blame"}], "strengths": [{"kind": "gift"}, None]},
        {"findings": [{"kind": "blame", "score": 99}]},
    ],
)
def test_an_imported_report_of_any_form_does_no_harm(odd: dict[str, Any]) -> None:
    kind = report(strengths=["validation"])
    assert [each.openness for each in talk([kind, odd, kind], temperament="")] == [2, 2, 3]
