"""The passphrase: off by default, and with it no file holds a readable word; a wrong one opens nothing."""

import os
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from rehearse.errors import StoreLocked, TranscriptError, WrongPassphrase
from rehearse.scenario import Scenario, Son
from rehearse.transcripts import Transcripts, cipher
from rehearse.turn import Openness, Turn
from test_transcripts_delete import traces

ONE, TWO = "four words 'no' link", 'Größe "other" words'


@pytest.fixture(scope="module", autouse=True)
def quick_key() -> Iterator[None]:
    """Let the key be made in fewer rounds: a fifth of a second each time adds up."""
    with closing(dbapi2.connect(":memory:")) as connection:
        (rounds,) = connection.execute("PRAGMA cipher_default_kdf_iter").fetchone()
        assert int(rounds) == 256_000
        connection.execute("PRAGMA cipher_default_kdf_iter = 1000")
        yield
        connection.execute(f"PRAGMA cipher_default_kdf_iter = {rounds}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "rehearsals.db"


def fill(store: Transcripts) -> str:
    rehearsal = store.create(Scenario(Son("Daniel"), "MARKERWORD happened"), "MARKERWORD").id
    store.append(rehearsal, Turn("mother", "MARKERWORD said", Openness.WARY, report={"text": "MARKERWORD"}))
    return rehearsal


@contextmanager
def unchanged(path: Path) -> Iterator[Transcripts]:
    """Lend a store with something in it that, whatever is refused in between, stays without a passphrase and whole."""
    with Transcripts(path) as store:
        rehearsal = fill(store)
        copy = store.back_up()
        yield store
        assert not store.locked
        assert store.get(rehearsal)
        assert copy.is_file()
    assert not list(path.parent.glob(".rehearse*"))


def test_without_one_the_file_is_plain_sqlite(path: Path) -> None:
    with Transcripts(path) as store:
        fill(store)
        assert not store.locked
    assert cipher.form(path) == "plain"
    assert traces(path.parent, "MARKERWORD") > 0


def test_set_change_and_remove(path: Path) -> None:
    with Transcripts(path) as store:
        document = store.export(fill(store))
        store.back_up()
        store.set_passphrase(ONE)
        # The plain file is nowhere, open or closed: not as a log, not as a backup, not under another name.
        assert traces(path.parent, "MARKERWORD") == 0
        assert store.locked
        assert store.export(document["id"]) == document
        assert [each.id for each in store.list("markerword")] == [document["id"]]
        fill(store)
        assert traces(path.parent, "MARKERWORD") == 0
        store.back_up()
        assert traces(path.parent, "MARKERWORD") == 0
    assert cipher.form(path) == "locked"
    with Transcripts(path, passphrase=ONE) as store:
        assert store.count() == 2
        store.set_passphrase(TWO, old=ONE)
        assert store.backups() == []  # the one before would open with the passphrase that was
    with pytest.raises(WrongPassphrase):
        Transcripts(path, passphrase=ONE)
    with Transcripts(path, passphrase=TWO) as store:
        store.set_passphrase(None, old=TWO)
        assert not store.locked
        assert store.export(document["id"]) == document
    with Transcripts(path) as store:
        assert store.count() == 2
        store.delete(*[each.id for each in store.list()])
    assert traces(path.parent, "MARKERWORD") == 0
    assert {file.name for file in path.parent.rglob("*") if file.is_file()} == {"rehearsals.db"}


def test_without_it_or_with_a_wrong_one_nothing_opens_and_nothing_changes(path: Path) -> None:
    with Transcripts(path) as store:
        fill(store)
        store.set_passphrase(ONE)
    before = path.read_bytes()
    with pytest.raises(StoreLocked, match="locked with a passphrase"):
        Transcripts(path)
    with pytest.raises(WrongPassphrase, match="does not open") as raised:
        Transcripts(path, passphrase="another one entirely")
    assert "another one" not in str(raised.value)
    assert "forgotten" in raised.value.remedy
    assert path.read_bytes() == before
    with Transcripts(path, passphrase=ONE) as store:
        for old in (None, "wrong old words"):
            with pytest.raises(WrongPassphrase):
                store.set_passphrase(TWO, old=old)
        assert store.count() == 1
    with Transcripts(path, passphrase=f"  {ONE} ") as store:  # what a paste brings along
        assert store.count() == 1


def test_the_same_letters_from_another_keyboard_open_it(path: Path) -> None:
    with Transcripts(path) as store:
        store.set_passphrase("Gr\u00f6\u00dfe words")
    with Transcripts(path, passphrase="Gro\u0308\u00dfe words") as store:
        assert store.count() == 0


@pytest.mark.parametrize("short", ["", "       ", "1234567", "tab\tin it here", "zero\x00inside it"])
def test_a_poor_one_is_refused(path: Path, short: str) -> None:
    with unchanged(path) as store, pytest.raises(TranscriptError):
        store.set_passphrase(short)


def test_another_window_in_the_way_changes_nothing(path: Path) -> None:
    with Transcripts(path, patience=0.2) as store:
        rehearsal = fill(store)
        with Transcripts(path, patience=0.2) as other:
            with pytest.raises(TranscriptError, match="Another program"):
                store.set_passphrase(ONE)
            assert not store.locked
            assert other.get(rehearsal).title == store.get(rehearsal).title
        store.set_passphrase(ONE)
        assert store.get(rehearsal)


def no_room() -> Callable[..., None]:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    return full


def a_turn_less() -> Callable[..., dict[str, int]]:
    real = cipher._counts
    seen: list[dict[str, int]] = []

    def one_less(connection: sqlite3.Connection) -> dict[str, int]:
        seen.append(real(connection))
        return {**seen[-1], "turn": seen[-1]["turn"] - (len(seen) == 1)}

    return one_less


@pytest.mark.parametrize(
    ("call", "trouble", "said"),
    [("_compare", no_room, "no room"), ("_counts", a_turn_less, "damaged")],
    ids=["no room", "a new file that lacks something"],
)
def test_what_goes_wrong_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str, trouble: Callable[[], object], said: str
) -> None:
    monkeypatch.setattr(cipher, call, trouble())
    with unchanged(path) as store, pytest.raises(TranscriptError, match=said):
        store.set_passphrase(ONE)


def test_deleting_deletes_from_locked_backups_too(path: Path) -> None:
    with Transcripts(path, passphrase=ONE) as store:
        gone, kept = fill(store), fill(store)
        copy = store.back_up()
        store.delete(gone)
        store.restore(copy.name)
        assert [each.id for each in store.list()] == [kept]


def test_a_backup_of_the_other_form_is_not_put_back(path: Path, tmp_path: Path) -> None:
    with Transcripts(path) as store:
        rehearsal = fill(store)
        copy = store.back_up(tmp_path / "mine.db")
        store.set_passphrase(ONE)
        with pytest.raises(TranscriptError, match="passphrase"):
            store.restore(str(copy))
        assert store.get(rehearsal)


def test_a_locked_file_that_is_damaged_says_so_and_is_not_touched(path: Path) -> None:
    with Transcripts(path, passphrase=ONE) as store:
        fill(store)
    body = bytearray(path.read_bytes())
    body[3000] ^= 255
    path.write_bytes(body)
    with pytest.raises(WrongPassphrase):  # nobody can tell the two apart
        Transcripts(path, passphrase=ONE)
    assert path.read_bytes() == bytes(body)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such modes")
def test_it_stays_private_under_an_odd_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        with Transcripts(path) as store:
            fill(store)
            store.set_passphrase(ONE)
            store.back_up()
            modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.rglob("*") if file.is_file()}
            folders = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.rglob("*") if file.is_dir()}
    finally:
        os.umask(before)
    assert (modes, folders) == ({0o600}, {0o700})


def test_a_copy_left_by_a_power_cut_goes_at_the_next_start(path: Path) -> None:
    with Transcripts(path) as store:
        fill(store)
        store.set_passphrase(ONE)
    left = path.with_name(".rehearse-rewritten-0123456789abcdef")
    left.write_text("MARKERWORD")
    Transcripts(path, passphrase=ONE).close()
    assert not left.exists()
