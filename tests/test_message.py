"""Something real to take along, without any model."""

from datetime import date

import pytest

from rehearse.message import LONGEST, MOMENTS, WAYS, Message, NothingWritten
from rehearse.ui.along import sheet

TODAY = date(2026, 12, 31)


def test_it_is_hers_word_for_word_and_sleeps_one_night() -> None:
    message = Message.of("  I thought of you today.\n", "Daniel", "card", "weekend", today=TODAY)
    assert message.words == "I thought of you today."
    assert message.not_before == date(2027, 1, 1)
    shown = sheet(message)
    assert "I thought of you today." in shown and "Not before Friday, 1 January 2027." in shown
    assert "by hand" in shown and "until the weekend" in shown
    assert "made you think of Daniel" in shown


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("moment", MOMENTS)
def test_every_way_and_moment_has_advice(way: str, moment: str, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    others = [sheet(Message.of("Hello.", "", each, moment)) for each in WAYS if each != way]
    monkeypatch.setenv("REHEARSE_LANGUAGE", language)
    shown = sheet(Message.of("Hello.", "", way, moment))
    assert "{" not in shown and shown not in others
    assert shown.count("<li>") == 4
    assert ("If no answer comes" in shown) == (language == "en")


def test_a_wish_for_no_contact_is_respected() -> None:
    assert "not to be written to" in sheet(Message.of("Hello.", "Tom", "text", "open"))


def test_no_words_are_no_message() -> None:
    with pytest.raises(NothingWritten):
        Message.of(" \n ", "Tom", "text", "tomorrow")


def test_what_is_too_long_or_unknown_is_no_failure() -> None:
    message = Message.of("x" * 5000, "T" * 300, "pigeon", "never")
    assert len(message.words) == LONGEST
    assert len(message.name) == 40
    assert message.way in WAYS and message.moment in MOMENTS


def test_the_sheet_shows_her_words_as_text() -> None:
    shown = sheet(Message.of("<script>x</script> ${1}", "<b>", "text", "open", today=TODAY))
    assert "<script" not in shown
    assert "<b>" not in shown
    assert "${" not in shown


def test_in_spanish_the_day_is_spanish_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSE_LANGUAGE", "es")
    assert "No antes del viernes, 1 de enero de 2027." in sheet(Message.of("Hello.", "", "text", "open", today=TODAY))
