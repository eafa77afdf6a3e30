"""Before the rooms: a locked store waits for its passphrase on the page, with any number of tries and a way on if it is lost."""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from rehearse import settings
from rehearse.errors import StoreLocked, TranscriptError
from rehearse.scenario import Scenario
from rehearse.transcripts import Transcripts, cipher
from rehearse.ui.lobby import LONGEST_BODY, Lobby
from rehearse.ui.room import Room

PASSPHRASE = "four & words = 'no' link ñ"


@pytest.fixture(scope="module", autouse=True)
def quick_key() -> Iterator[None]:
    with closing(dbapi2.connect(":memory:")) as connection:
        (rounds,) = connection.execute("PRAGMA cipher_default_kdf_iter").fetchone()
        connection.execute("PRAGMA cipher_default_kdf_iter = 1000")
        yield
        connection.execute(f"PRAGMA cipher_default_kdf_iter = {rounds}")


class Still(Room):
    """A room that loads nothing."""

    __slots__ = ()

    def load(self) -> None:
        """Do nothing."""


@pytest.fixture
def talk(home: Path) -> str:
    with Transcripts(settings.database_path(), passphrase=PASSPHRASE) as store:
        return store.create(Scenario.load("missed-calls"), "The violet kettle").id


@pytest.fixture
def room(talk: str) -> Iterator[Room]:
    made = Still.open()
    yield made
    made.close()


@pytest.fixture
def client(room: Room) -> TestClient:
    async def page(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("the page")(scope, receive, send)

    return TestClient(Lobby(page, room), follow_redirects=True)


def test_a_locked_room_has_no_parts_and_says_why(room: Room) -> None:
    assert room.locked
    for part in ("parts", "leaving"):
        with pytest.raises(StoreLocked, match="locked with a passphrase"):
            getattr(room, part)
    with pytest.raises(StoreLocked):
        room.rehearsal("any")
    room.close()


def test_nothing_but_the_lobby_answers_while_it_is_locked(client: TestClient) -> None:
    assert 'type="password"' in client.get("/").text
    for path in ("/config", "/gradio_api/queue/join", "/copy/x/json", "/copies/all", "/unlock/x"):
        for method in ("GET", "POST"):
            answer = client.request(method, path)
            assert (answer.status_code, answer.text) == (404, "There is nothing here.")
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/queue"):
        pass


def test_any_number_of_wrong_tries_and_then_the_right_one(client: TestClient, room: Room, talk: str) -> None:
    before = settings.database_path().read_bytes()
    for wrong in ("", "another one", PASSPHRASE.upper(), "x" * 3 * LONGEST_BODY, "\x00", "'; DROP TABLE turn; --", "é\ud800"):
        answer = client.post("/unlock", data={"passphrase": wrong.encode("utf-8", "replace")})
        assert "This passphrase does not open your talks. Nothing is lost; try again." in answer.text
        assert answer.history[0].status_code == 303 and str(answer.url).endswith("/")
        assert room.locked and "value=" not in answer.text
    assert "does not open" not in client.get("/").text, "what was said of a try is said once"
    assert settings.database_path().read_bytes() == before
    answer = client.post("/unlock", data={"passphrase": f" {PASSPHRASE}"})
    assert answer.text == "the page" and not room.locked
    assert room.rehearsal(talk).saved.title == "The violet kettle"


def test_once_it_is_open_the_lobby_leads_to_the_page(client: TestClient, room: Room) -> None:
    room.unlock(PASSPHRASE)
    for path in ("/", "/unlock", "/forgotten", "/set-aside", "/config"):
        assert client.get(path).text == "the page"
    before = settings.database_path().stat().st_ino
    assert client.post("/set-aside", data={"sure": "yes"}).text == "the page"
    assert client.post("/unlock", data={"passphrase": "wrong"}).text == "the page"
    assert settings.database_path().stat().st_ino == before
    room.unlock("wrong, but it is open already")


def test_a_forgotten_one_sets_the_talks_aside_only_when_she_says_so(client: TestClient, room: Room, talk: str) -> None:
    assert "Begin with an empty shelf?" in client.get("/forgotten").text
    for given in ({}, {"sure": "no"}, {"passphrase": PASSPHRASE}):
        assert "Begin with an empty shelf?" in client.post("/set-aside", data=given).text
        assert room.locked and not (settings.data_folder() / "backups").exists()
    answer = client.post("/set-aside", data={"sure": "yes"})
    (aside,) = (settings.data_folder() / "backups").iterdir()
    assert "Your earlier talks are set aside" in answer.text and str(aside) in answer.text
    assert client.get("/").text == "the page"
    assert not room.locked and not room.parts.transcripts.locked and room.shelf() == []
    assert cipher.form(aside) == "locked"
    # It comes back to her after all.
    store = room.parts.transcripts
    store.set_passphrase(PASSPHRASE)
    store.restore(aside.name)
    assert [each.id for each in store.list()] == [talk]


def test_a_file_that_is_gone_does_not_come_back_locked_with_what_was_typed_once(client: TestClient, room: Room) -> None:
    settings.database_path().unlink()
    assert client.post("/unlock", data={"passphrase": "with a typo in it"}).text == "the page"
    assert not room.parts.transcripts.locked


def test_another_failure_is_told_in_the_lobby(client: TestClient, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(self: Room, passphrase: str) -> None:
        raise TranscriptError("Another program is using your rehearsals just now.", "Wait a moment & try <again>.")

    monkeypatch.setattr(Still, "unlock", busy, raising=False)
    assert "Wait a moment &amp; try &lt;again&gt;." in client.post("/unlock", data={"passphrase": PASSPHRASE}).text


def test_without_the_package_it_says_how_to_add_it(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlcipher3", None)
    told = client.get("/").text
    assert "is not installed here" in told and "-m pip install sqlcipher3" in told and "<form" not in told


def test_the_lobby_in_spanish(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSE_LANGUAGE", "es")
    told = client.get("/").text
    assert '<html lang="es">' in told and "Tus charlas están cerradas" in told
