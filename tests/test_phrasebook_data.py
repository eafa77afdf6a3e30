"""The phrasebook as data: enough for each kind, nothing that blames, pushes or repeats, and a damaged file refused."""

import re
import shutil
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from rehearse import settings
from rehearse.errors import DataError
from rehearse.kinds import flagged_kinds
from rehearse.tone import phrasebook
from rehearse.tone.phrasebook import Phrase, concerns, phrases

ARTICLE = Path(__file__).resolve().parents[2] / "shared" / "article.txt"

# What a son would hear as blame, guilt, a push or advice, whatever comes after it.
STING = re.compile(
    r"\byou(?:'ve| have)? (?:never|always|should|ought|must|need to|could have|might have|only|still)\b"
    r"|\bwhy (?:do|did|are|have|can|won|would)"
    r"|\bafter (?:all|everything)\b|\bat least\b|\bif you (?:really )?(?:loved|cared)|\btold you so\b"
    r"|\byou (?:make|made) me\b|\bsorry,? (?:but|if|you)\b|\bno offen[cs]e\b|\banymore\b|\bfor once\b",
    re.IGNORECASE,
)


def words(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return re.findall(r"[a-z0-9']+", text.lower().replace("’", "'"))


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the phrasebook that a test may damage."""
    folder = tmp_path / "prompts"
    shutil.copytree(settings.prompts_folder(), folder)
    monkeypatch.setattr(settings, "prompts_folder", lambda: folder)
    return folder / "phrasebook.toml"


def test_there_are_enough() -> None:
    """At least 200 in all, 18 for each kind, 6 of them for any concern."""
    assert len(phrases()) >= 200
    for kind in flagged_kinds():
        ours = [phrase for phrase in phrases() if kind in phrase.kinds]
        assert len(ours) >= 18
        assert sum(phrase.concern == "general" for phrase in ours) >= 6


def test_every_concern_has_a_phrase_for_every_kind() -> None:
    """Whatever she is worried about and however she said it, there is something to offer."""
    have = {(phrase.concern, kind) for phrase in phrases() for kind in phrase.kinds}
    missing = {(concern, kind) for concern in concerns() for kind in flagged_kinds()} - have
    assert not missing


@pytest.mark.parametrize("phrase", phrases(), ids=lambda phrase: phrase.text[:40])
def test_no_phrase_stings(phrase: Phrase) -> None:
    """None has words that make an accusation, a claim or a piece of advice."""
    assert not STING.search(phrase.text)
    assert phrase.text[0].isupper() and phrase.text[-1] in ".?!"
    assert phrase.text.count("!") == 0 and "  " not in phrase.text


@pytest.mark.parametrize(
    "line",
    ["You never call.", "You should eat better.", "Why don't you visit?", "After all I did for you.", "I'm sorry you feel so."],
)
def test_the_sting_would_be_found(line: str) -> None:
    """The pattern above finds what it is there for."""
    assert STING.search(line)


def test_openings_vary() -> None:
    """No more than twelve phrases begin with the same two words."""
    openings = Counter(" ".join(words(phrase.text)[:2]) for phrase in phrases())
    assert openings.most_common(1)[0][1] <= 12


def test_no_two_phrases_are_nearly_the_same() -> None:
    """No two share more than half of their words."""
    bags = [(phrase.text, set(words(phrase.text))) for phrase in phrases()]
    near = [(a, b) for (a, left), (b, right) in combinations(bags, 2) if len(left & right) / len(left | right) > 0.5]
    assert not near


def test_phrases_are_ours() -> None:
    """No run of six words of a phrase stands in the article."""
    if not ARTICLE.is_file():
        pytest.skip("the article's own text is not beside this checkout")
    theirs = " " + " ".join(words(ARTICLE.read_text(encoding="utf-8"))) + " "
    for phrase in phrases():
        ours = words(phrase.text)
        for start in range(len(ours) - 5):
            assert " " + " ".join(ours[start : start + 6]) + " " not in theirs, phrase.text


def test_his_name() -> None:
    """A phrase with his name is whole without it."""
    phrase = next(phrase for phrase in phrases() if phrase.text.startswith("Take your time"))
    assert phrase.to("Sami") == "Take your time, Sami. I'm in no hurry."
    assert phrase.to() == "Take your time. I'm in no hurry."
    assert sum("{name}" in phrase.text for phrase in phrases()) <= 6


@pytest.mark.parametrize(
    ("found", "put", "problem"),
    [
        ('kinds = ["blame", "absolute"]', 'kinds = ["feeling"]', "does not belong"),
        ('kinds = ["blame", "absolute"]', 'kinds = ["blam"]', "blam"),
        ('kinds = ["blame", "absolute"]', 'kinds = ["blame", "absolute", "advice", "pressure"]', "more than 3 kinds"),
        ('concern = "calls"', 'concern = "cattle"', "cattle"),
        ('concern = "calls"', "concern = []", "not on the list"),
        ("practice = 9", "practice = 12", "a number from 1 to 10"),
        ("practice = 9", "practice = true", "a number from 1 to 10"),
        ("Quiet is fine with me too.", "Quiet is fine.", "4 to 30 words"),
        ("Take your time, {name}.", "Take your time {name}.", "braces"),
        ("Take your time, {name}.", "Take your time, {son}.", "braces"),
        ("Quiet is fine with me too.", "any time that suits you  suits me.", "twice"),
        ('general = "', 'generals = "', "with “general” among them"),
        ("[concern]", "[concerns]", "list of concerns"),
    ],
)
def test_a_damaged_phrasebook_is_refused(book: Path, found: str, put: str, problem: str) -> None:
    """Whatever is wrong with the file is said, and nothing of it is used."""
    text = book.read_text(encoding="utf-8")
    assert found in text
    book.write_text(text.replace(found, put, 1), encoding="utf-8")
    with pytest.raises(DataError, match=re.escape(problem)):
        phrases()


def test_too_few_are_refused(book: Path) -> None:
    """A phrasebook without enough for a kind, or without enough that fit any concern, is not used."""
    text = book.read_text(encoding="utf-8")
    head, *entries = text.split("[[phrase]]")
    kept = [entry for entry in entries if '"comparison"' not in entry]
    few = [entry for entry in entries if '"comparison"' in entry][: phrasebook.LEAST_PER_KIND - 1]
    book.write_text("[[phrase]]".join([head, *kept, *few]), encoding="utf-8")
    with pytest.raises(DataError, match="fewer than 18 phrases for “comparison”"):
        phrases()


def test_too_few_general_ones_are_refused(book: Path) -> None:
    """Enough phrases of a kind are not enough if they fit only some concerns."""
    text = book.read_text(encoding="utf-8")
    book.write_text(text.replace('concern = "general"', 'concern = "calls"'), encoding="utf-8")
    with pytest.raises(DataError, match="that fit any concern"):
        phrases()
