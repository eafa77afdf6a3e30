"""Something real to take along, without any model."""

from datetime import date
from pathlib import Path

import pytest

from rehearse import settings
from rehearse.errors import DataError
from rehearse.message import LONGEST, MOMENTS, WAYS, Message, NothingWritten
from rehearse.ui.along import sheet

TODAY = date(2026, 12, 31)


def test_it_is_hers_word_for_word_and_sleeps_one_night() -> None:
    message = Message.of("  I thought of you today.\n", "Daniel", "card", "weekend", today=TODAY)
    assert message.words == "I thought of you today."
    assert message.not_before == date(2027, 1, 1)
    assert "hand" in message.way
    assert "weekend" in message.moment
    assert any("Daniel" in each for each in message.if_silent)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("moment", MOMENTS)
def test_every_way_and_moment_has_advice(way: str, moment: str) -> None:
    message = Message.of("Hello.", "", way, moment)
    assert message.way
    assert message.moment
    assert "{" not in message.way + message.moment + "".join(message.if_silent)


def test_a_wish_for_no_contact_is_respected() -> None:
    assert any("not to be written to" in each for each in Message.of("Hello.", "Tom", "text", "open").if_silent)


def test_no_words_are_no_message() -> None:
    with pytest.raises(NothingWritten):
        Message.of(" \n ", "Tom", "text", "tomorrow")


def test_what_is_too_long_or_unknown_is_no_failure() -> None:
    message = Message.of("x" * 5000, "T" * 300, "pigeon", "never")
    assert len(message.words) == LONGEST
    assert len(message.name) == 40


def test_a_damaged_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "message.toml").write_text('him = "him"\nsilent = ["Wait."]\n[way]\ntext = "x"\n', encoding="utf-8")
    monkeypatch.setattr(settings, "prompts_folder", lambda: tmp_path)
    with pytest.raises(DataError):
        Message.of("Hello.", "", "text", "open")


def test_the_sheet_shows_her_words_as_text() -> None:
    shown = sheet(Message.of("<script>x</script> ${1}", "<b>", "text", "open", today=TODAY))
    assert "<script" not in shown
    assert "<b>" not in shown
    assert "${" not in shown
    assert "2027-01-01" in shown
