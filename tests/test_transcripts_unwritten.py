"""A rehearsal that is to leave no trace is in no byte of any file; in everything else it is a rehearsal like others."""

from pathlib import Path

import pytest

from doubles import parts, scenario
from rehearse.errors import NotFound, TranscriptError
from rehearse.rehearsal import Rehearsal
from rehearse.transcripts import Transcripts
from rehearse.turn import Openness, Turn
from test_transcripts_delete import traces

MARKER = "UNWRITTENWORDS"


def test_a_whole_talk_leaves_no_byte(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with_voice = parts(home, f"{MARKER} said he.", f"{MARKER} again.")
    rehearsal = Rehearsal.start(scenario(situation=f"{MARKER} happened."), parts=with_voice, title=MARKER, written=False)
    list(rehearsal.say(f"{MARKER} said I."))
    list(rehearsal.answer())
    hers = rehearsal.path[0]
    assert rehearsal.go_back(hers.id) == f"{MARKER} said I."
    rehearsal.show(hers.id)
    assert [turn.text for turn in rehearsal.path] == [f"{MARKER} said I.", f"{MARKER} again."]
    assert len(rehearsal.turns) == 3
    rehearsal.end()
    store = with_voice.transcripts
    store.rename(rehearsal.id, f"{MARKER} renamed")
    store.label(hers.id, MARKER)
    assert not store.is_written(rehearsal.id)
    assert store.list() == store.list(MARKER) == [] and store.count() == 0
    assert traces(home, MARKER) == 0
    store.back_up()
    store.close()
    assert traces(home, MARKER) == 0
    with Transcripts(home / "rehearsals.db") as again, pytest.raises(NotFound):
        again.get(rehearsal.id)


def test_what_is_finished_cannot_be_changed_there_either(tmp_path: Path) -> None:
    with Transcripts(tmp_path / "home" / "rehearsals.db") as store:
        rehearsal = store.create(scenario(), written=False).id
        turn = Turn("son", "", Openness.WARY, state="partial")
        store.append(rehearsal, turn)
        store.grow(turn.id, "so")
        store.finish(turn.id, "so far", "stopped")
        with pytest.raises(TranscriptError, match="finished"):
            store.grow(turn.id, "more")
        assert store.turns(rehearsal)[0].text == "so far"


def test_it_can_be_kept_after_all(tmp_path: Path) -> None:
    path = tmp_path / "home" / "rehearsals.db"
    with Transcripts(path) as store:
        rehearsal = store.create(scenario(), written=False).id
        store.append(rehearsal, Turn("mother", MARKER, Openness.WARY, id="hers"))
        store.append(rehearsal, Turn("son", "Yes.", Openness.WARY, "hers", id="his"))
        document = store.export(rehearsal)
        store.keep(rehearsal)
        store.keep(rehearsal)
        assert store.is_written(rehearsal)
        assert store.export(rehearsal) == document
        store.append(rehearsal, Turn("mother", "And on.", Openness.WARY, "his"))
    with Transcripts(path) as store:
        assert [turn.text for turn in store.turns(rehearsal)] == [MARKER, "Yes.", "And on."]
        with pytest.raises(NotFound):
            store.keep("no-such-one")


def test_a_full_disk_does_not_take_it_while_it_is_being_kept(tmp_path: Path) -> None:
    with Transcripts(tmp_path / "home" / "rehearsals.db") as store:
        rehearsal = store.create(scenario(), written=False).id
        store.append(rehearsal, Turn("mother", "x" * 100_000, Openness.WARY))
        document = store.export(rehearsal)
        connection = store._database._connection
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(TranscriptError, match="no room left"):
            store.keep(rehearsal)
        assert store.export(rehearsal) == document
        assert not store.is_written(rehearsal)


def test_deleting_it_forgets_it(tmp_path: Path) -> None:
    with Transcripts(tmp_path / "home" / "rehearsals.db") as store:
        written = store.create(scenario()).id
        rehearsal = store.create(scenario(), written=False).id
        store.delete(rehearsal, written)
        for each in (rehearsal, written):
            with pytest.raises(NotFound):
                store.get(each)


def test_an_export_of_it_comes_in_beside_it(tmp_path: Path) -> None:
    with Transcripts(tmp_path / "home" / "rehearsals.db") as store:
        rehearsal = store.create(scenario(), written=False).id
        store.append(rehearsal, Turn("mother", "One.", Openness.WARY, id="one"))
        taken_in = store.import_(store.export(rehearsal))
        assert taken_in.id != rehearsal
        store.append(taken_in.id, Turn("mother", "Two.", Openness.WARY))
        assert [len(store.turns(each)) for each in (rehearsal, taken_in.id)] == [1, 2]


def test_the_others_go_on_as_before(tmp_path: Path) -> None:
    with Transcripts(tmp_path / "home" / "rehearsals.db") as store:
        written = store.create(scenario()).id
        store.create(scenario(), written=False)
        store.append(written, Turn("mother", "One.", Openness.WARY))
        assert [each.turns for each in store.list()] == [1]
        assert [each["id"] for each in store.export_all()] == [written]
