"""The article as data: its quotations are the article's, our words are ours, and a damaged file is refused."""

import re
import shutil
from pathlib import Path

import pytest

from rehearse import article, settings
from rehearse.errors import DataError
from rehearse.kinds import kinds

ROOT = Path(__file__).resolve().parents[1]
ARTICLE = ROOT.parent / "shared" / "article.txt"

# In quotation marks in the article, but not words to say to him.
NOT_WORDING = {"serious talks", "love language"}


def plain(text: str) -> str:
    """Return a text with straight quotation marks and single spaces."""
    for curly, straight in (("’", "'"), ("‘", "'"), ("“", '"'), ("”", '"')):
        text = text.replace(curly, straight)
    return " ".join(text.split())


def runs(text: str, length: int = 8) -> set[tuple[str, ...]]:
    """Return every run of so many words in a text."""
    words = re.findall(r"[a-z0-9']+", plain(text).lower())
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}


@pytest.fixture(scope="module")
def sections() -> dict[int, str]:
    """Return the article itself: each section's number and text, heading included."""
    if not ARTICLE.is_file():
        pytest.skip("the article's own text is not beside this checkout")
    pieces = re.split(r"(?m)^(\d+)\. ", ARTICLE.read_text(encoding="utf-8"))
    return {0: plain(pieces[0])} | {int(number): plain(text) for number, text in zip(pieces[1::2], pieces[2::2], strict=True)}


@pytest.fixture
def prompts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the prompts that a test may damage."""
    folder = tmp_path / "prompts"
    shutil.copytree(settings.prompts_folder(), folder)
    monkeypatch.setattr(settings, "prompts_folder", lambda: folder)
    return folder


def test_headings_and_title_are_the_articles(sections: dict[int, str]) -> None:
    """Each practice bears its section's heading, exactly."""
    assert sections[0].startswith(plain(article.title()))
    assert list(sections)[1:] == [practice.number for practice in article.practices()]
    for practice in article.practices():
        assert sections[practice.number].startswith(plain(practice.section) + " ")


def test_quotations_stand_in_their_section(sections: dict[int, str]) -> None:
    """Each quoted wording stands in quotation marks in the section it is said to come from."""
    for practice in article.practices():
        for quote in (*practice.offers, *practice.warns):
            pattern = '"' + re.escape(plain(quote.text)) + '[,.]?"'
            assert re.search(pattern, sections[practice.number]), quote.text


def test_no_wording_of_the_article_is_left_out(sections: dict[int, str]) -> None:
    """Whatever the article puts in quotation marks as wording is offered or warned against."""
    for number, text in sections.items():
        quoted = {words.rstrip(",.") for words in re.findall(r'"([^"]+)"', text)} - NOT_WORDING
        known = article.practice(number) if number else None
        ours = {plain(each.text).rstrip(",.") for each in (*known.offers, *known.warns)} if known else set()
        assert quoted == ours


def test_our_own_words_are_ours(sections: dict[int, str]) -> None:
    """No run of eight words of our text stands in the article."""
    theirs = runs(" ".join(sections.values()))
    for practice in article.practices():
        for text in (practice.short, practice.summary, practice.in_talk):
            assert not runs(text) & theirs, text


def test_lengths_of_our_words() -> None:
    """A chip holds 3 to 5 words, a summary 2 to 4 sentences, the rest 1 or 2."""
    for practice in article.practices():
        assert 3 <= len(practice.short.split()) <= 5, practice.short
        assert 2 <= len(re.findall(r"[.?!](?:\s|$)", practice.summary)) <= 4, practice.summary
        assert 1 <= len(re.findall(r"[.?!](?:\s|$)", practice.in_talk)) <= 2, practice.in_talk


def test_offers_can_be_said() -> None:
    """An offer is said as a sentence; one that ends in the article's own sign keeps it."""
    said = {offer.text: offer.sentence for practice in article.practices() for offer in practice.offers}
    assert said["I miss our talks"] == "I miss our talks."
    assert said["What made you decide that?"] == "What made you decide that?"


def test_warnings_rest_on_the_kind_they_show() -> None:
    """A line the article warns against is of a flagged kind of the same practice."""
    for practice in article.practices():
        for caution in practice.warns:
            assert kinds()[caution.kind].flagged
            assert kinds()[caution.kind].practice == practice.number


def test_one_practice_by_number() -> None:
    """Practices count from one."""
    assert article.practice(4).section == "Spend Intentional Time Together"
    for number in (0, 11):
        with pytest.raises(ValueError, match="no practice"):
            article.practice(number)


def test_the_article_is_read_once() -> None:
    """The same records come back."""
    assert article.practices() is article.practices()


@pytest.mark.parametrize(
    ("found", "put", "problem"),
    [
        ("number = 7", "number = 6", "1 to 10, in this order"),
        ("number = 7", 'number = "7"', "a number from 1 to 10"),
        ("number = 10", "number = 11", "a number from 1 to 10"),
        ('kinds = ["pride"]', 'kinds = ["pryde"]', "pryde"),
        ('kinds = ["pride"]', 'kinds = ["blame"]', "does not belong"),
        ('kinds = ["pride"]', "kinds = []", "needs “kinds”"),
        ('kinds = ["pride"]', 'kinds = ["pride", "pride"]', "twice"),
        ('kind = "guilt_trip"', 'kind = "blame"', "rests on practice 1"),
        ('kind = "guilt_trip"', 'kind = "invitation"', "not a flagged one"),
        ('short = "Invite him freely"', 'short = " "', "needs “short”"),
        ('short = "Invite him freely"', 'short = "Name it without Blame"', "twice"),
        ('text = "I miss our talks"', 'text = "i\'m proud of  you"', "twice"),
        ('text = "I miss our talks"', 'text = ""', "needs “text”"),
        ('title = "How', 'titel = "How', "needs “title”"),
        ("offers = []\nwarns = []", "offers = 3", "list of tables"),
    ],
)
def test_a_damaged_article_is_refused(prompts: Path, found: str, put: str, problem: str) -> None:
    """Whatever is wrong with the file is said, and nothing of it is used."""
    path = prompts / "article.toml"
    text = path.read_text(encoding="utf-8")
    assert found in text
    path.write_text(text.replace(found, put, 1), encoding="utf-8")
    with pytest.raises(DataError, match=re.escape(problem)):
        article.practices()


def test_a_missing_article_is_refused(prompts: Path) -> None:
    """No file, no practices, and a sentence that says so."""
    (prompts / "article.toml").unlink()
    with pytest.raises(DataError, match="cannot be read"):
        article.practices()
