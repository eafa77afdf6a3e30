"""Fetching a voice: what is refused beforehand, what arrives from a hub on this machine, and what is left when it does not."""

import os
import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

import tiny
from hub import COMMIT, Hub, serving
from rehearse import catalog, settings
from rehearse.catalog import Offered
from rehearse.errors import VoiceError
from rehearse.voice import download
from rehearse.voice.progress import Progress

BYTES = tiny.model()[0] + bytes(900_000)
VOICE = Offered("small", "Small", "maker/small", "0a1b", "small.gguf", len(BYTES), 1, "", "Apache-2.0", "For a test.")


@pytest.fixture(autouse=True)
def offered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Offer one small voice, and let what `pull` sets in the environment and in the hub's library end with the test."""
    from huggingface_hub import constants

    monkeypatch.setattr(catalog, "offered", lambda: (VOICE,))
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", constants.DOWNLOAD_CHUNK_SIZE)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serving(Hub(BYTES)) as found:
        reach(found.address, monkeypatch)
        yield found


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the hub's library not wait before it tries again."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def reach(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the hub's library at another address: it has read the environment already."""
    from huggingface_hub import constants, file_download

    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(file_download, "HUGGINGFACE_CO_URL_TEMPLATE", constants.HUGGINGFACE_CO_URL_TEMPLATE, raising=False)


def pull(voice: Offered = VOICE) -> list[Progress]:
    told: list[Progress] = []
    path = download.pull(voice, told.append)
    assert path.read_bytes() == BYTES
    return told


def lying() -> list[str]:
    """Return every file that lies among the voices."""
    return sorted(each.name for each in settings.voices_folder().rglob("*") if each.is_file())


# -- before anything is fetched ----------------------------------------------------------------------------------------------


def test_an_unknown_name_is_said() -> None:
    for ask in (download.found, download.remove):
        with pytest.raises(VoiceError, match="No voice is offered under the name “big”.*voices list"):
            ask("big")


def test_too_little_room_is_said_before_anything_is_fetched(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    free = len(BYTES) + (1 << 30)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=free - 1))
    with pytest.raises(VoiceError, match="not enough room on the disk: Small needs.*empty the bin"):
        pull()
    assert hub.asked == []
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=free))
    pull()


def test_a_computer_with_too_little_memory_is_told_before_anything_is_fetched(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=4_100_000_000))
    with pytest.raises(VoiceError, match="Small is made for a computer with 8 GB of memory, and this one has 4.1 GB"):
        pull(replace(VOICE, ram=8))
    assert hub.asked == []
    # One that was sold with 4 GB shows a little less.
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=3_700_000_000))
    pull(replace(VOICE, ram=4))


def test_what_is_here_is_not_fetched_again(hub: Hub) -> None:
    folder = settings.private_folder(settings.voices_folder())
    (folder / "small.gguf").write_bytes(b"here")
    told: list[Progress] = []
    assert download.pull(VOICE, told.append) == folder / "small.gguf"
    assert [each.state for each in told] == ["done"] and hub.asked == []


# -- fetching ----------------------------------------------------------------------------------------------------------------


def test_a_whole_download(hub: Hub) -> None:
    told = pull()
    path = settings.voices_folder() / "small.gguf"
    assert lying() == ["small.gguf"], "something is left beside it"
    assert path.stat().st_mode & 0o077 == 0 and path.parent.parent.stat().st_mode & 0o077 == 0
    states = [each.state for each in told]
    assert states[0] == "asking" and "fetching" in states and states[-2:] == ["checking", "done"]
    assert hub.asked[0] == "HEAD /maker/small/resolve/0a1b/small.gguf"
    assert hub.asked[1:] == [f"GET /maker/small/resolve/{COMMIT}/small.gguf"], "not what was asked about"
    download.remove("small")
    assert not path.exists()
    with pytest.raises(VoiceError, match="not on this computer"):
        download.remove("small")


def test_nothing_of_hers_is_sent(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "hf_SECRETSECRET"
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login ann password {secret}\n", encoding="utf-8")
    netrc.chmod(0o600)
    (tmp_path / "token").write_text(secret, encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    for name, value in {"HF_TOKEN": secret, "HF_HUB_USER_AGENT_ORIGIN": secret, "HF_TOKEN_PATH": str(tmp_path / "token")}.items():
        monkeypatch.setenv(name, value)
    pull()
    for headers in hub.headers:
        assert secret not in str(headers) and not {"authorization", "cookie", "referer"} & set(headers)
        assert headers["user-agent"] == "python"
        # A number drawn for each request alone, by the hub's library, is all that is there beside what HTTP needs.
        assert set(headers) <= {"host", "accept", "accept-encoding", "connection", "user-agent", "range", "x-amzn-trace-id"}


def test_a_connection_that_is_cut_again_and_again_goes_on_by_itself(hub: Hub, impatient: None) -> None:
    hub.cut_after, hub.cuts = 300_000, 3
    told = pull()
    assert len(hub.ranged) == 3 and hub.ranged == sorted(hub.ranged), "it did not go on where it was cut"
    done = [each.done for each in told if each.state == "fetching"]
    assert done == sorted(done)


def test_one_that_broke_off_goes_on_where_it_stopped_and_is_whole(hub: Hub, impatient: None) -> None:
    hub.gone_after = 600_000
    with pytest.raises(VoiceError, match="connection to huggingface.co was cut.*goes on from there"):
        pull()
    here = download.arrived(VOICE)
    assert 0 < here < len(BYTES) and not (settings.voices_folder() / "small.gguf").exists()
    hub.gone_after, before = 0, len(hub.headers)
    told = pull()
    assert [each.get("range") for each in hub.headers[before:]] == [None, f"bytes={here}-"]
    assert next(each for each in told if each.state == "fetching").done == here
    assert lying() == ["small.gguf"]


def test_a_hub_that_cannot_go_on_begins_anew(hub: Hub, impatient: None) -> None:
    hub.gone_after = 600_000
    with pytest.raises(VoiceError):
        pull()
    hub.gone_after, hub.ranges = 0, False
    pull()


def test_a_part_that_was_whole_already_is_only_checked(hub: Hub) -> None:
    folder = settings.private_folder(settings.voices_folder() / "incoming")
    (folder / f"small.gguf.{hub.etag}.part").write_bytes(BYTES)
    pull()
    assert [each.split()[0] for each in hub.asked] == ["HEAD"]


def test_the_file_may_be_given_out_by_another_host(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.elsewhere = "http://localhost:1/not/asked/before/the/download"
    pull()


# -- what is wrong -----------------------------------------------------------------------------------------------------------


def test_other_bytes_than_the_hub_says_are_thrown_away(hub: Hub) -> None:
    hub.body = BYTES[:-1] + b"!"
    with pytest.raises(VoiceError, match="What arrived is not Small as it should be, so it was thrown away"):
        pull()
    assert lying() == []


def test_a_file_that_is_not_the_pinned_one_is_not_even_fetched(hub: Hub) -> None:
    with pytest.raises(VoiceError, match="not the one this version of rehearse knows, so nothing was fetched"):
        pull(replace(VOICE, sha256="a" * 64))
    assert [each.split()[0] for each in hub.asked] == ["HEAD"] and lying() == []


def test_a_hub_that_names_no_hash_is_not_believed(hub: Hub) -> None:
    hub.etag = "not-a-hash"
    with pytest.raises(VoiceError, match="does not say which file it would send"):
        pull()
    assert lying() == []


def test_a_file_of_the_right_hash_that_is_no_model_is_thrown_away(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Hub(b"<html>" * 1000)) as hub:
        reach(hub.address, monkeypatch)
        with pytest.raises(VoiceError, match="damaged or not a GGUF model"):
            download.pull(VOICE, lambda progress: None)
    assert lying() == []


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "does not have Small any more.*Choose another voice"),
        (401, "does not have Small any more"),
        (429, "is asked too much just now.*quarter of an hour"),
        (503, "has trouble of its own.*Try again later"),
    ],
)
def test_an_error_of_the_hub_is_said(hub: Hub, status: int, said: str, impatient: None) -> None:
    hub.status = status
    with pytest.raises(VoiceError, match=said):
        pull()
    assert lying() == []


def test_where_the_state_that_was_meant_is_gone_the_newest_serves_if_its_hash_is_known(hub: Hub) -> None:
    hub.missing = ("0a1b",)
    with pytest.raises(VoiceError, match="does not have Small any more"):
        pull()
    pull(replace(VOICE, sha256=hub.etag))
    assert [each for each in hub.asked if "/main/" in each] == ["HEAD /maker/small/resolve/main/small.gguf"]


def test_no_connection_is_said(monkeypatch: pytest.MonkeyPatch, impatient: None) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        reach(f"http://127.0.0.1:{free.getsockname()[1]}", monkeypatch)
    with pytest.raises(VoiceError, match="The connection to huggingface.co was cut, or there is none. Check that you are online"):
        pull()


def test_a_process_that_promised_to_stay_offline_stays_so(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(VoiceError, match="there is none"):
        pull()
    assert hub.asked == []


@pytest.mark.skipif(os.name != "posix", reason="the size of a file cannot be limited here")
def test_a_disk_that_becomes_full_on_the_way_is_said_and_it_goes_on_later(hub: Hub) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, hard))
    try:
        with pytest.raises(VoiceError, match="The disk became full.*goes on from there"):
            pull()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert 0 < download.arrived(VOICE) <= 700_000
    pull()


def test_a_strange_place_for_it_is_said(home: Path) -> None:
    home.mkdir()
    (home / "voices").write_text("not a folder", encoding="utf-8")
    with pytest.raises(Exception, match="cannot be used"):
        pull()


# -- what is left --------------------------------------------------------------------------------------------------------------


def test_what_was_begun_of_another_file_or_long_ago_is_cleared_away(hub: Hub) -> None:
    folder = settings.private_folder(settings.voices_folder() / "incoming")
    (folder / f"small.gguf.{'b' * 64}.part").write_bytes(b"before")
    old, young = folder / f"other.gguf.{'c' * 64}.part", folder / f"third.gguf.{'d' * 64}.part"
    for each in (old, young):
        each.write_bytes(b"x")
    long_ago = time.time() - download.STALE_SECONDS - 60
    os.utime(old, (long_ago, long_ago))
    pull()
    assert lying() == ["small.gguf", young.name]


def test_two_never_write_into_one_file(hub: Hub) -> None:
    folder = settings.private_folder(settings.voices_folder() / "incoming")
    mark = folder / "small.gguf.busy"
    mark.write_text(str(os.getppid()), encoding="ascii")
    with pytest.raises(VoiceError, match="is being fetched already"):
        pull()
    # Whoever left it is gone.
    mark.write_text("4194303", encoding="ascii")
    pull()
    assert lying() == ["small.gguf"]


def test_a_part_can_be_thrown_away_and_removed(hub: Hub) -> None:
    folder = settings.private_folder(settings.voices_folder() / "incoming")
    for clear in (lambda: download.throw_away(VOICE), lambda: download.remove("small")):
        folder.mkdir(exist_ok=True)
        (folder / f"small.gguf.{'b' * 64}.part").write_bytes(b"some")
        assert download.arrived(VOICE) == 4
        clear()
        assert download.arrived(VOICE) == 0 and not folder.exists()
