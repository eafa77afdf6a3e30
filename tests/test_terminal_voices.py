"""`rehearse voices`: what there is, fetching one, letting it speak, and removing it."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from hub import Hub
from rehearse import catalog, settings
from rehearse.cli import main
from rehearse.voice import download
from test_download import BYTES, VOICE, hub, offered  # noqa: F401

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        return main(["voices", *words]), *capsys.readouterr()

    return call


def lay(name: str = "small.gguf", raw: bytes = BYTES) -> None:
    (settings.private_folder(settings.voices_folder()) / name).write_bytes(raw)


def test_the_list_says_what_is_here_and_who_speaks(run: Run) -> None:
    status, out, _ = run("list")
    assert status == 0 and out.startswith("> embedded") and "  small " in out
    assert [each["name"] for each in json.loads(run("list", "--json")[1])] == ["embedded", "small"]
    folder = settings.private_folder(settings.voices_folder() / "incoming")
    (folder / f"small.gguf.{'a' * 64}.part").write_bytes(b"x" * 2_000_000)
    assert "2 MB of it have arrived; `rehearse voices pull small` goes on" in run("list")[1]
    lay()
    settings.choose_voice("small")
    found = {each["name"]: each for each in json.loads(run("list", "--json")[1])}
    assert found["small"]["here"] and found["small"]["speaks"] and not found["embedded"]["speaks"]
    assert found["small"]["ram"] == 1 and found["small"]["arrived"] == 2_000_000
    assert "> small" in run("list")[1]


def test_every_real_voice_is_in_the_list(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert [each["name"] for each in json.loads(run("list", "--json")[1])][1:] == [each.name for each in catalog.offered()]


def test_it_is_fetched_chosen_and_removed(run: Run, hub: Hub) -> None:  # noqa: F811
    status, out, _ = run("pull", "small")
    assert status == 0 and "Fetching Small, 1.0 GB" not in out and "nothing of yours is sent" in out
    assert "Small is here. `rehearse voices use small`" in out and "\r" not in out
    assert settings.voice() == "embedded", "it speaks before she said so"
    assert run("use", "small")[0] == 0 and settings.voice() == "small"
    assert run("remove", "small")[0] == 0 and settings.voice() == "embedded"
    status, _, err = run("remove", "small")
    assert status == 1 and "not on this computer" in err


def test_how_far_it_is_can_be_had_as_json(run: Run, hub: Hub) -> None:  # noqa: F811
    status, out, _ = run("pull", "small", "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert status == 0 and rows[0]["state"] == "asking" and rows[-1]["state"] == "done"
    assert {"state", "done", "total", "speed", "left"} <= set(rows[1])


def test_one_that_was_stopped_by_hand_is_kept(run: Run, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(download, "_fetched", interrupted)
    status, _, err = run("pull", "small")
    assert status == 130 and "What has arrived is kept" in err


def test_what_cannot_be_is_said(run: Run, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    hub.status = 404
    assert "does not have Small any more" in run("pull", "small")[2]
    assert "does not have Small" in json.loads(run("pull", "small", "--json")[1].splitlines()[-1])["error"]
    for words in (("pull", "big"), ("use", "big"), ("remove", "big")):
        status, _, err = run(*words)
        assert status == 1 and "No voice is offered under the name “big”" in err
    assert "has not been downloaded yet" in run("use", "small")[2] and run("use", "embedded")[0] == 0
    monkeypatch.setattr(catalog, "offered", lambda: (replace(VOICE, ram=4000),))
    assert "made for a computer with 4000 GB" in run("pull", "small")[2]


def test_a_choice_that_cannot_be_read_is_the_embedded_one() -> None:
    lay("chosen", b"\xff\xfe")
    assert settings.voice() == "embedded"
    lay("chosen", b"")
    assert settings.voice() == "embedded"


def test_what_is_asked_for_at_the_start_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    settings.choose_voice("small")
    monkeypatch.setenv("REHEARSE_VOICE", "other")
    assert settings.voice() == "other" and settings.chosen_voice() == "small"
