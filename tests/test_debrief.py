"""The look back: her own lines word for word, and one sentence for each way a talk can have gone."""

from pathlib import Path

import pytest

from doubles import report, scenario
from rehearse import article, data, settings
from rehearse.debrief import Debrief
from rehearse.errors import DataError
from rehearse.kinds import kinds
from rehearse.scenario import Scenario, scenarios
from rehearse.turn import Openness, Turn

TOLD = data.read_toml(settings.prompts_folder() / "debrief.toml")


def hers(text: str, openness: int, *, flagged: tuple[str, ...] = (), kind: tuple[str, ...] = ()) -> Turn:
    said = report(findings=dict.fromkeys(flagged, 0.9), strengths=kind, text=text)
    return Turn("mother", text, Openness(openness), reason="He heard it.", report=said.to_dict())


def his(openness: int = 2) -> Turn:
    return Turn("son", "Fine.", Openness(openness))


def look_back(*path: Turn) -> Debrief:
    return Debrief.of(scenario(openness=Openness.GUARDED), path)


def sentence(name: str, kind: str = "", practice: int = 1) -> str:
    return str(
        TOLD[name].format(
            name="Daniel", kind=kinds()[kind].label if kind else "", in_talk=article.practice(practice).in_talk, practice=""
        )
    )


def test_lines_are_hers_exactly_with_where_they_took_him() -> None:
    odd = "  You “never” call…\n{name} 😀 "
    found = look_back(hers(odd, 1, flagged=("absolute",)), his(1), hers("I am sorry.", 2, kind=("apology",)), his(2)).lines
    assert [line.text for line in found] == [odd, "I am sorry."]
    assert [(line.number, line.before, line.after, line.moved) for line in found] == [(1, 2, 1, -1), (2, 1, 2, 1)]
    assert [(line.flagged, line.strengths) for line in found] == [(("absolute",), ()), ((), ("apology",))]
    assert all(line.reason == "He heard it." for line in found)


def test_remarks_quote_a_line_of_hers() -> None:
    found = look_back(hers("Your fault.", 1, flagged=("blame",)), his(1), hers("I am sorry.", 2, kind=("apology",)), his(2))
    assert found.opened.line == found.lines[1] and found.closed.line == found.lines[0]


# -- opened ------------------------------------------------------------------------------------------------------------------


def test_the_line_that_opened_him_latest() -> None:
    found = look_back(hers("One.", 3, kind=("pride",)), hers("Two.", 4, kind=("memory",)), hers("Three.", 4, kind=("thanks",)))
    assert (found.opened.sentence, found.opened.line) == (sentence("opened", "memory"), found.lines[1])
    assert found.opened.practice == kinds()["memory"].practice


def test_the_kind_line_that_came_nearest() -> None:
    found = look_back(hers("One.", 2, kind=("pride", "thanks")), hers("Two.", 2, kind=("memory",)))
    assert (found.opened.sentence, found.opened.line) == (sentence("nearly", "pride"), found.lines[0])


@pytest.mark.parametrize("line", [hers("Plain.", 2), hers("Mixed.", 2, flagged=("blame",), kind=("pride",))])
def test_nothing_opened_him(line: Turn) -> None:
    found = look_back(line)
    assert (found.opened.sentence, found.opened.line) == (sentence("nothing_opened"), None)


# -- closed ------------------------------------------------------------------------------------------------------------------


def test_the_line_that_closed_him_most() -> None:
    path = [
        hers("One.", 1, flagged=("advice",)),
        hers("Two.", 3, kind=("pride",)),
        hers("Three.", 1, flagged=("blame", "advice")),
    ]
    found = look_back(*path)
    assert (found.closed.sentence, found.closed.line) == (sentence("closed", "blame"), found.lines[2])
    assert found.closed.practice == kinds()["blame"].practice


def test_a_line_he_took_without_moving() -> None:
    found = look_back(hers("One.", 2, flagged=("advice",)), hers("Two.", 2, flagged=("pressure", "blame")))
    assert (found.closed.sentence, found.closed.line) == (sentence("landed_hard", "pressure"), found.lines[1])


def test_nothing_closed_him() -> None:
    found = look_back(hers("One.", 2))
    assert (found.closed.sentence, found.closed.line) == (sentence("nothing_closed"), None)


# -- one thing to try --------------------------------------------------------------------------------------------------------


def test_what_to_try_instead_of_the_kind_she_used_most() -> None:
    path = [hers("One.", 2, flagged=("advice",)), hers("Two.", 2, flagged=("blame",)), hers("Three.", 2, flagged=("blame",))]
    practice = kinds()["blame"].practice
    found = look_back(*path).next
    assert (found.sentence, found.practice) == (sentence("try_again", "blame", practice), practice)


def test_without_blame_the_next_practice_she_has_not_used() -> None:
    order = TOLD["next"]["order"]
    assert look_back(hers("One.", 2)).next.practice == order[0]
    used = next(kind for kind in kinds().values() if not kind.flagged and kind.name != "plain" and kind.practice == order[0])
    found = look_back(hers("One.", 2, kind=(used.name,))).next
    assert (found.sentence, found.practice) == (sentence("try_new", practice=order[1]), order[1])


# -- the end -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", list(Openness))
def test_each_ending(level: Openness) -> None:
    assert look_back(hers("One.", int(level)), his(int(level))).ending == TOLD["ending"][str(int(level))].format(name="Daniel")


@pytest.mark.parametrize("path", [[], [his(2)]], ids=["nothing", "only he spoke"])
def test_before_she_said_anything(path: list[Turn]) -> None:
    found = look_back(*path)
    assert found.lines == () and found.start == Openness.GUARDED
    assert {found.opened.sentence, found.closed.sentence, found.next.sentence, found.ending} == {TOLD["empty"]}


def test_no_sentence_is_left_with_a_gap() -> None:
    for path in ([hers("One.", 3, kind=("pride",))], [hers("One.", 1, flagged=("blame",))], [hers("One.", 2)]):
        found = look_back(*path)
        for text in (found.opened.sentence, found.closed.sentence, found.next.sentence, found.ending):
            assert "{" not in text and "}" not in text and text.endswith((".", "?", "!", "”", '"'))


@pytest.mark.parametrize("odd", [{}, {"findings": 3}, {"findings": [{"kind": "rude"}, None], "strengths": [{"kind": ["x"]}]}])
def test_an_imported_report_of_any_form_does_no_harm(odd: dict[str, object]) -> None:
    found = look_back(Turn("mother", "One.", Openness.SHUT, report=odd), his(1))
    assert (found.lines[0].flagged, found.lines[0].strengths) == ((), ())
    assert found.opened.line is None and found.closed.line is None


def test_a_line_that_was_not_checked_is_shown_all_the_same() -> None:
    found = look_back(Turn("mother", "One.", Openness.GUARDED))
    assert [line.text for line in found.lines] == ["One."]


@pytest.mark.parametrize(("old", "new"), [("closed = ", "shut = "), ('5 = "', '6 = "'), ("order = [3,", "order = [4,")])
def test_a_file_that_is_not_as_it_should_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    text = (settings.prompts_folder() / "debrief.toml").read_text(encoding="utf-8")
    assert f"\n{old}" in text
    (tmp_path / "debrief.toml").write_text(text.replace(f"\n{old}", f"\n{new}", 1), encoding="utf-8")
    monkeypatch.setattr(settings, "prompts_folder", lambda: tmp_path)
    with pytest.raises(DataError, match="debrief.toml"):
        look_back()


# -- the hardest line, in another place ---------------------------------------------------------------------------------------


def test_the_hardest_line_is_the_flagged_one_that_closed_him_most() -> None:
    found = look_back(
        hers("One.", 2, flagged=("blame", "absolute")), hers("Two.", 1, flagged=("advice",)), hers("Three.", 1, kind=("pride",))
    )
    assert found.hardest == found.lines[1]


def test_it_comes_back_in_another_situation_that_rests_on_its_practice() -> None:
    found = Debrief.of(Scenario.load("behind-his-door"), (hers("You must tell me.", 1, flagged=("pressure",)),))
    assert found.elsewhere is not None
    elsewhere = Scenario.load(found.elsewhere)
    assert elsewhere.id != "behind-his-door"
    assert elsewhere.practice == kinds()["pressure"].practice


def test_where_no_other_situation_rests_on_its_practice_it_is_the_next_one() -> None:
    found = Debrief.of(Scenario.load("missed-calls"), (hers("You never call.", 1, flagged=("absolute",)),))
    order = [each.id for each in scenarios()]
    assert found.elsewhere == order[order.index("missed-calls") + 1]


@pytest.mark.parametrize("path", [(), (hers("I am sorry.", 3, kind=("apology",)),)])
def test_without_a_flagged_line_nothing_comes_back(path: tuple[Turn, ...]) -> None:
    found = look_back(*path)
    assert (found.hardest, found.elsewhere) == (None, None)
