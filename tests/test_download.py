"""Fetching a voice: what is refused beforehand, and what arrives from a stand-in for the hub on this machine."""

import hashlib
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rehearse import catalog, settings
from rehearse.catalog import Offered
from rehearse.errors import VoiceError
from rehearse.voice import download

BYTES = b"GGUF" + bytes(range(256)) * 64
VOICE = Offered("small", "maker/small", "small.gguf", len(BYTES), 4, "", "Apache-2.0", "For a test.")
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Offer one small voice, and let what `pull` sets in the environment end with the test."""
    monkeypatch.setattr(catalog, "offered", lambda: (VOICE,))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")


class Hub:
    """The part of the hub's protocol that a download of one file needs."""

    def __init__(self) -> None:
        self.body = BYTES
        self.etag = hashlib.sha256(BYTES).hexdigest()
        self.status = 200
        self.asked: list[str] = []
        self.address = ""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    state = Hub()

    class Handler(BaseHTTPRequestHandler):
        def answer(self, *, body: bool) -> None:
            state.asked.append(f"{self.command} {self.path}")
            self.send_response(state.status)
            self.send_header("ETag", f'"{state.etag}"')
            self.send_header("X-Linked-Etag", f'"{state.etag}"')
            self.send_header("X-Linked-Size", str(len(state.body)))
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", str(len(state.body)))
            self.end_headers()
            if body:
                self.wfile.write(state.body)

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def log_message(self, *given: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    state.address = f"http://127.0.0.1:{server.server_port}"
    reach(state.address, monkeypatch)
    yield state
    server.shutdown()
    server.server_close()


def reach(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the hub's library at another address: it has read the environment already."""
    from huggingface_hub import constants, file_download

    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(file_download, "HUGGINGFACE_CO_URL_TEMPLATE", constants.HUGGINGFACE_CO_URL_TEMPLATE, raising=False)


# -- before anything is fetched ----------------------------------------------------------------------------------------------


def test_an_unknown_name_is_said() -> None:
    with pytest.raises(VoiceError, match="No voice is offered under the name “big”.*voices list"):
        download.pull("big", print)
    with pytest.raises(VoiceError, match="No voice is offered"):
        download.remove("big")


def test_too_little_room_is_said_before_anything_is_fetched(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=len(BYTES) + download.SPARE_BYTES - 1))
    with pytest.raises(VoiceError, match="not enough room: small needs.*bigger disk"):
        download.pull("small", print)
    assert hub.asked == []


def test_what_is_here_is_not_fetched_again(hub: Hub) -> None:
    folder = settings.private_folder(settings.voices_folder())
    (folder / "small.gguf").write_bytes(b"here")
    told: list[str] = []
    assert download.pull("small", told.append) == folder / "small.gguf"
    assert told == ["small is already here."] and hub.asked == []


# -- fetching ----------------------------------------------------------------------------------------------------------------


def test_a_whole_download(hub: Hub) -> None:
    told: list[str] = []
    path = download.pull("small", told.append)
    assert path == settings.voices_folder() / "small.gguf" and path.read_bytes() == BYTES
    assert path.stat().st_mode & 0o077 == 0 and path.parent.parent.stat().st_mode & 0o077 == 0
    assert [each.name for each in path.parent.iterdir()] == ["small.gguf"], "nothing is left beside it"
    assert "Nothing of yours is sent" in told[0] and "is here" in told[-1] and len(told) == 2
    assert any(each == "GET /maker/small/resolve/main/small.gguf" for each in hub.asked)
    download.remove("small")
    assert not path.exists()
    with pytest.raises(VoiceError, match="not on this computer"):
        download.remove("small")


def test_other_bytes_than_the_hub_says_are_thrown_away(hub: Hub) -> None:
    hub.body = BYTES[:-1] + b"!"
    with pytest.raises(VoiceError, match="What arrived is not small, so it was thrown away"):
        download.pull("small", lambda sentence: None)
    assert not list(settings.voices_folder().rglob("*.gguf"))


def test_other_bytes_than_the_pinned_ones_are_thrown_away(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "offered", lambda: (replace(VOICE, sha256="a" * 64),))
    with pytest.raises(VoiceError, match="What arrived is not small"):
        download.pull("small", lambda sentence: None)
    assert not list(settings.voices_folder().rglob("*.gguf"))


@pytest.mark.parametrize("status", [404, 500])
def test_an_error_of_the_hub_is_said(hub: Hub, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    hub.status = status
    with pytest.raises(VoiceError, match="The download did not finish.*run the same command again"):
        download.pull("small", lambda sentence: None)


@pytest.mark.parametrize("sha256", ["", "a" * 64], ids=["hash from the hub", "hash pinned here"])
def test_no_connection_is_said(monkeypatch: pytest.MonkeyPatch, sha256: str) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setattr(catalog, "offered", lambda: (replace(VOICE, sha256=sha256),))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        reach(f"http://127.0.0.1:{free.getsockname()[1]}", monkeypatch)
    with pytest.raises(VoiceError, match="The download did not finish"):
        download.pull("small", lambda sentence: None)


def test_an_offline_switch_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(VoiceError, match="The download did not finish"):
        download.pull("small", lambda sentence: None)


def test_a_damaged_or_strange_place_for_it_is_said(home: Path) -> None:
    home.mkdir()
    (home / "voices").write_text("not a folder", encoding="utf-8")
    with pytest.raises(Exception, match="cannot be used"):
        download.pull("small", lambda sentence: None)
