"""The corner of the passphrase: its handlers, without a browser."""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from sqlcipher3 import dbapi2

from doubles import parts
from rehearse import settings
from rehearse.errors import WrongPassphrase
from rehearse.parts import Parts
from rehearse.scenario import Scenario
from rehearse.transcripts import Transcripts
from rehearse.ui.leaving import Leaving
from rehearse.ui.lock import Lock
from rehearse.ui.room import Room
from test_transcripts_delete import traces

ONE, TWO = "four words no link", "Größe other words"
WORDS = "VIOLETKETTLE"


@pytest.fixture(scope="module", autouse=True)
def quick_key() -> Iterator[None]:
    with closing(dbapi2.connect(":memory:")) as connection:
        (rounds,) = connection.execute("PRAGMA cipher_default_kdf_iter").fetchone()
        connection.execute("PRAGMA cipher_default_kdf_iter = 1000")
        yield
        connection.execute(f"PRAGMA cipher_default_kdf_iter = {rounds}")


@pytest.fixture
def given(home: Path) -> Iterator[Parts]:
    made = parts(home, "Hm.")
    made.transcripts.create(Scenario.load("missed-calls"), WORDS)
    with made.transcripts:
        yield made


@pytest.fixture
def lock(given: Parts, home: Path) -> Lock:
    with gr.Blocks():
        return Lock(Room(given, Leaving(given.transcripts, home / "leaving")))


class Shown:
    """What a handler puts out, by name."""

    def __init__(self, made: tuple[Any, ...]) -> None:
        self.state, self.asked, self.form, self.what, self.problem, *fields, self.do, self.note = made
        self.fields = {name: each["visible"] for name, each in zip(("old", "new", "again"), fields, strict=True)}
        assert [each["value"] for each in fields] == ["", "", ""], "what was typed stays in a field"


def ask(lock: Lock, act: str) -> Shown:
    return Shown(lock.ask(SimpleNamespace(_data={"act": act, "value": ""})))


def test_it_is_off_and_closed_until_she_asks(lock: Lock) -> None:
    shown = Shown(lock.shown())
    assert "Your talks have no passphrase" in shown.state and 'data-act="set"' in shown.state
    assert shown.form["visible"] is False and not any(shown.fields.values())


def test_what_it_means_is_said_before_and_it_is_typed_twice(lock: Lock) -> None:
    shown = ask(lock, "set")
    assert "Nobody can bring a forgotten passphrase back" in shown.what and "at least 8 characters" in shown.what
    assert shown.fields == {"old": False, "new": True, "again": True}


def test_set_change_and_take_away(lock: Lock, given: Parts, home: Path) -> None:
    store = given.transcripts
    shown = Shown(lock.change("set", "", ONE, ONE))
    assert "Your talks are locked" in shown.note and shown.form["visible"] is False and 'data-act="change"' in shown.state
    assert store.locked and traces(home, WORDS) == 0
    assert ask(lock, "change").fields == {"old": True, "new": True, "again": True}
    shown = Shown(lock.change("change", ONE, TWO, TWO))
    assert "The one before opens nothing any more." in shown.note
    with pytest.raises(WrongPassphrase):
        Transcripts(settings.database_path(), passphrase=ONE)
    assert ask(lock, "remove").fields == {"old": True, "new": False, "again": False}
    shown = Shown(lock.change("remove", TWO, "", ""))
    assert "taken away" in shown.note and 'data-act="set"' in shown.state
    assert not store.locked and [each.title for each in store.list()] == [WORDS]


@pytest.mark.parametrize(
    ("asked", "given_words", "words"),
    [
        ("set", ("", ONE, f"{ONE}x"), "The two were not the same"),
        ("set", ("", "short", "short"), "fewer than 8 characters"),
        ("set", ("", "", ""), "fewer than 8 characters"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(
    lock: Lock, given: Parts, asked: str, given_words: tuple[str, str, str], words: str
) -> None:
    shown = Shown(lock.change(asked, *given_words))
    assert words in shown.problem and shown.form["visible"] is True and shown.asked == asked
    assert not given.transcripts.locked


@pytest.mark.parametrize(("asked", "new"), [("change", TWO), ("remove", "")])
@pytest.mark.parametrize("old", ["", "not that one", TWO])
def test_without_the_one_it_has_nothing_changes(lock: Lock, given: Parts, asked: str, new: str, old: str) -> None:
    given.transcripts.set_passphrase(ONE)
    shown = Shown(lock.change(asked, old, new, new))
    assert "That is not the passphrase your talks have now" in shown.problem
    assert old not in str(vars(shown)) or not old
    Transcripts(settings.database_path(), passphrase=ONE).close()


def test_another_program_in_the_way_is_told(home: Path) -> None:
    with Transcripts(home / "rehearsals.db", patience=0.1) as store, Transcripts(home / "rehearsals.db"):
        with gr.Blocks():
            lock = Lock(Room(Parts(store), Leaving(store, home / "leaving")))
        assert "Another program is using your rehearsals" in Shown(lock.change("set", "", ONE, ONE)).problem
        assert not store.locked


def test_what_another_window_did_meanwhile_is_shown(lock: Lock, given: Parts) -> None:
    given.transcripts.set_passphrase(ONE)
    shown = Shown(lock.change("set", "", TWO, TWO))
    assert "changed in another window" in shown.note and 'data-act="remove"' in shown.state
    given.transcripts.set_passphrase(None, old=ONE)
    assert "changed in another window" in Shown(lock.change("remove", ONE, "", "")).note


def test_a_damaged_file_that_stays_readable_is_named(lock: Lock, home: Path) -> None:
    (home / "backups").mkdir()
    left = home / "backups" / "rehearsals-2026-11-22-181204-310-damaged.db"
    left.write_text(WORDS)
    assert str(left) in Shown(lock.change("set", "", ONE, ONE)).note


def test_without_the_package_the_corner_says_how_to_add_it(lock: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlcipher3", None)
    state = Shown(lock.shown()).state
    assert "needs SQLCipher" in state and "-m pip install sqlcipher3" in state and "data-act" not in state


def test_a_button_of_another_kind_does_nothing(lock: Lock) -> None:
    assert lock.ask(SimpleNamespace(_data={"act": "pin"})) == (gr.skip(),) * len(lock.outputs)
    assert Shown(lock.change("pin", "", ONE, ONE)).form["visible"] is False
