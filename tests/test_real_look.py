"""The second look with its real layers: what it hears of lines it never learnt from."""

from collections.abc import Iterator

import pytest

from rehearse import settings
from rehearse.hearer import Hearer
from rehearse.lab.act_measure import Shares, shares
from rehearse.lab.act_training import Line, files, lines
from rehearse.lab.look_fitting import loaded
from rehearse.look import Look
from rehearse.son import act
from rehearse.tone.encoder import MiniLM, base_model
from rehearse.tone.heard import Heard

pytestmark = pytest.mark.model

# Of 535, on all of which the rules tell 0.60 and both 0.75 rightly.
LINES = 240


@pytest.fixture(scope="module")
def look() -> Iterator[Look]:
    found = loaded(settings.models_folder() / "tone")
    yield found
    found.close()


@pytest.fixture(scope="module")
def hearer(look: Look) -> Hearer:
    return Hearer.load(look, MiniLM(base_model()))


def test_the_acts_it_hears_are_ours(hearer: Hearer) -> None:
    assert set(hearer.names) == act.names()


def test_it_hears_what_a_line_does_far_oftener_than_the_rules_tell(hearer: Hearer) -> None:
    if not files("test"):
        pytest.skip("the labelled lines are not here")
    given: list[Line] = lines("test")[:LINES]
    found = dict(shares(given, [hearer.acts(row.text, row.before) for row in given]))
    rules, ours = found["rules alone"], found["as the app tells it"]
    assert isinstance(ours, Shares)
    assert ours.first >= rules.first + 0.1
    assert ours.any >= 0.7


@pytest.mark.parametrize(
    ("his", "line", "wanted"),
    [
        ("I might look for another job.", "so u r leaving the firm then", {"checking", "plan", "yes_no"}),
        ("Okay.", "what are u having for dinner", {"doing", "what"}),
        ("", "I should have asked you before I sold it. That was wrong of me.", {"apology"}),
        ("I might.", "Bye love, sleep well.", {"goodbye"}),
    ],
)
def test_lines_as_they_are_typed(hearer: Hearer, his: str, line: str, wanted: set[str]) -> None:
    assert act.likely(line, hearer.acts(line, his))[0] in wanted


def test_it_hears_blame_in_the_harder_of_two_lines(look: Look) -> None:
    hard, mild = look.at(
        [Heard("So that's how it is. Your own mother, last on the list."), Heard("I'd love to see you when you have time.")]
    )
    assert hard.blame > mild.blame + 1
