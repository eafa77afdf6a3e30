"""Whatever the held-out writers' flagged lines are, nothing is offered for them that would be worse than nothing."""

import os
from collections.abc import Iterator

import pytest

from rehearse.lab import lines
from rehearse.tone import ToneCheck
from rehearse.tone.reword import fits, offered

pytestmark = pytest.mark.model

# All of them take minutes: one in so many, and all with REHEARSE_EVERY_LINE=1.
STEP = 1 if os.environ.get("REHEARSE_EVERY_LINE") else 8


@pytest.fixture(scope="module")
def check() -> Iterator[ToneCheck]:
    yield ToneCheck.load()


@pytest.mark.timeout(600)
def test_no_suggestion_is_flagged_empty_the_same_or_invents(check: ToneCheck) -> None:
    """Without the voice: what the patterns, cutting, the article and the phrasebook give."""
    phrases = {each.text for each in offered()}
    held = [each for each in lines.messages(lines.line_files("test")) if each.flag][::STEP]
    assert len(held) > 20
    wrong, own = [], 0
    for message in held:
        for each in check.reword(message.text):
            own += each.source == "reworded"
            bad = not each.text.strip() or each.text == message.text or not check.reworder.passes(each.text)
            invents = not fits(message.text, each.text) if each.source == "reworded" else each.text not in phrases
            wrong += [(message.id, each)] if bad or invents else []
    assert wrong == []
    assert own > 5, "a test of nothing"
