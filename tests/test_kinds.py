"""The kinds: the nine that may land as blame, the eleven that do not, and what is refused of their file."""

from pathlib import Path

import pytest

from rehearse import settings
from rehearse.errors import DataError
from rehearse.kinds import flagged_kinds, gentle_kinds, kinds

WHOLE = """
[blame]
flagged = true
practice = 1
label = "accuses"
why = "He defends himself."

[plain]
flagged = false
practice = 3
label = "is plain"
why = "It keeps the door open."
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "prompts_folder", lambda: tmp_path)
    return tmp_path / "kinds.toml"


def test_they_are_those_the_corpus_is_labelled_with() -> None:
    assert flagged_kinds() == set("blame absolute guilt_trip pressure advice comparison dismissal being_right clinging".split())
    assert gentle_kinds() == set(
        "feeling invitation curiosity validation autonomy pride apology memory thanks support plain".split()
    )


def test_flagged_ones_come_first() -> None:
    order = [kind.flagged for kind in kinds().values()]
    assert order == sorted(order, reverse=True)


def test_labels_go_on_from_this() -> None:
    """“this …” is how the page begins them, so none starts with a capital or ends a sentence."""
    for kind in kinds().values():
        assert kind.label[0].islower() and not kind.label.endswith("."), kind.name
        assert kind.why[0].isupper() and kind.why.endswith("."), kind.name


def test_a_whole_file_is_read(path: Path) -> None:
    path.write_text(WHOLE, encoding="utf-8")
    assert flagged_kinds() == {"blame"} and gentle_kinds() == {"plain"}
    assert kinds()["blame"].why == "He defends himself."


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('label = "accuses"\n', "", "blame lacks a field or has one too many"),
        ("practice = 1", "practice = 1\nextra = 2", "blame lacks a field or has one too many"),
        ("practice = 1", "practice = 11", "blame has an empty or impossible field"),
        ('label = "accuses"', 'label = ""', "blame has an empty or impossible field"),
        ("flagged = true", "flagged = 1", "blame has an empty or impossible field"),
        ("flagged = true", "flagged = false", "kinds of both sorts"),
        ("flagged = false", "flagged = true", "kinds of both sorts"),
    ],
)
def test_a_file_that_is_not_as_it_should_be(path: Path, old: str, new: str, problem: str) -> None:
    assert old in WHOLE
    path.write_text(WHOLE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError, match=f"kinds.toml.*{problem}"):
        kinds()


def test_a_missing_file_is_said(path: Path) -> None:
    with pytest.raises(DataError, match="kinds.toml.*cannot be read"):
        kinds()
