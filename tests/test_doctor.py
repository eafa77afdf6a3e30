"""What the doctor says: nothing of a healthy installation, and a remedy for everything that is wrong."""

import json
import os
import socket
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from doubles import scenario
from rehearse import catalog, cli, doctor, settings
from rehearse.transcripts import Transcripts

ROOT = Path(__file__).resolve().parents[1]
VERSIONS = {"llama-cpp-python": "0.3.36", "gradio": "6.31.0", "sentence-transformers": "6.2.0", "torch": "2.13.0"}


@pytest.fixture(autouse=True)
def healthy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the installation whole, whatever this machine is like; return the folder that its models are in."""
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "tone").mkdir()
    entries = []
    for role in ("voice", "encoder", "layers"):
        (folder / role).write_bytes(role.encode())
        entries.append(catalog.Carried(f"the {role}", role, "", role, len(role), catalog.sha256_of(folder / role), "Apache-2.0"))
    offered = (catalog.Offered("big", "Big", "someone/big", "main", "big.gguf", 10, 4, "", "Apache-2.0", "Bigger."),)
    monkeypatch.setattr(catalog, "carried", lambda: tuple(entries))
    monkeypatch.setattr(catalog, "offered", lambda: offered)
    monkeypatch.setattr(settings, "models_folder", lambda: folder)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=8_000_000_000, available=5_000_000_000))
    monkeypatch.setattr(metadata, "version", lambda name: VERSIONS[name])
    monkeypatch.setattr(metadata, "requires", lambda _: [f"{name}=={version}" for name, version in VERSIONS.items()])
    return folder


@pytest.fixture
def listening() -> Iterator[int]:
    """Give a port of this computer at which something listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def whats(found: doctor.Examined) -> str:
    """Return all problems as one text."""
    return "\n".join(each.what for each in found.problems)


def test_nothing_is_wrong_with_a_whole_installation(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.doctor(Namespace(json=False)) == 0
    told = capsys.readouterr().out
    assert told.endswith("Nothing is wrong.\n")
    assert "llama-cpp-python       0.3.36" in told
    assert "nothing she says leaves this computer" in told


def test_it_changes_nothing(home: Path) -> None:
    found = doctor.examine()
    assert not home.exists()
    assert found.facts["data_folder"] == {
        "path": str(home),
        "exists": False,
        "mode": None,
        "writable": True,
        "free_bytes": found.facts["data_folder"]["free_bytes"],
    }
    assert found.facts["rehearsals"] == 0


def test_the_json_is_the_contract(capsys: pytest.CaptureFixture[str], healthy: Path) -> None:
    (healthy / "voice").unlink()
    assert cli.main(["doctor", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert set(said) == {"facts", "problems"}
    assert all(
        set(each) == {"what", "remedy"} and each["what"].endswith(".") and each["remedy"].endswith(".")
        for each in said["problems"]
    )
    assert set(said["facts"]) == {
        "versions",
        "models",
        "voice",
        "voices_downloaded",
        "memory",
        "settings",
        "data_folder",
        "rehearsals",
        "port",
    }


def test_a_file_that_was_changed_is_not_the_pinned_one(healthy: Path) -> None:
    (healthy / "layers").write_bytes(b"other!")
    found = doctor.examine()
    assert {each["role"]: each["pinned"] for each in found.facts["models"]} == {"voice": True, "encoder": True, "layers": False}
    assert len(found.problems) == 1
    assert "the layers is not the one" in whats(found)


def test_a_missing_file_is_one_problem_not_two(healthy: Path) -> None:
    (healthy / "voice").unlink()
    found = doctor.examine()
    assert [each["path"] for each in found.facts["models"]] == [None, str(healthy / "encoder"), str(healthy / "layers")]
    assert found.facts["voice"]["here"] is False
    assert len(found.problems) == 1


def test_a_catalog_without_the_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    left = tuple(each for each in catalog.carried() if each.role != "encoder")
    monkeypatch.setattr(catalog, "carried", lambda: left)
    assert "no file for the encoder" in whats(doctor.examine())


@pytest.mark.parametrize(("version", "wrong"), [("2.13.0+cpu", False), ("2.13.1", True)])
def test_another_release_than_the_pinned_one(version: str, wrong: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: version if name == "torch" else VERSIONS[name])
    found = doctor.examine()
    assert found.facts["versions"]["torch"] == version
    assert ("torch is 2.13.1, but this rehearse was made and measured with 2.13.0." in whats(found)) == wrong


def test_a_package_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "gradio":
            raise metadata.PackageNotFoundError(name)
        return VERSIONS[name]

    monkeypatch.setattr(metadata, "version", version)
    found = doctor.examine()
    assert found.facts["versions"]["gradio"] is None
    assert whats(found) == "gradio is not installed."
    assert "gradio                 not installed" in doctor.told(found)


def test_too_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=4_000_000_000, available=700_000_000))
    assert "0.7 GB of memory are free, and the app needs about 1.2 GB." in whats(doctor.examine())


def test_a_bigger_voice_needs_more_memory(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "voices").mkdir(parents=True)
    home.chmod(0o700)
    (home / "voices" / "big.gguf").write_bytes(b"0" * 1000)
    monkeypatch.setenv("REHEARSE_VOICE", "big")
    found = doctor.examine()
    assert found.facts["voices_downloaded"] == ["big"]
    assert found.facts["memory"]["needed_bytes"] == doctor.NEEDED_BYTES + 1200
    assert not found.problems


@pytest.mark.parametrize("name", ["big", "nobody", "elsewhere.gguf"])
def test_a_voice_that_is_not_there(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSE_VOICE", name)
    found = doctor.examine()
    assert found.facts["voice"]["here"] is False
    assert len(found.problems) == 1


def test_a_server_elsewhere_is_not_asked_and_its_password_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSE_VOICE", "https://ann:secret@voices.example/v1?key=hidden")
    monkeypatch.setenv("REHEARSE_LET_WORDS_LEAVE", "1")
    found = doctor.examine()
    assert found.facts["voice"]["name"] == "https://voices.example:443/v1"
    assert found.facts["voice"]["here"] is None
    assert "LEAVES this computer" in doctor.told(found)
    assert not any(secret in json.dumps(found.to_dict()) for secret in ("ann", "secret", "hidden"))
    assert not found.problems
    monkeypatch.delenv("REHEARSE_LET_WORDS_LEAVE")
    found = doctor.examine()
    assert found.facts["voice"]["leaves_this_computer"] is False, "he cannot speak, so nothing is sent"
    assert "nothing said here may be sent there" in whats(found)


def test_a_server_on_this_computer_is_knocked_at(listening: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSE_VOICE", f"http://127.0.0.1:{listening}/v1")
    found = doctor.examine()
    assert found.facts["voice"]["here"] is True
    assert found.facts["voice"]["leaves_this_computer"] is False


def test_a_server_on_this_computer_that_is_not_running(listening: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("REHEARSE_VOICE", f"http://127.0.0.1:{unused.getsockname()[1]}/v1")
        assert "Nothing answers at http://127.0.0.1" in whats(doctor.examine())


@pytest.mark.parametrize("address", ["http://", "http://[", "http://host:port"])
def test_an_address_that_is_none(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSE_VOICE", address)
    assert "is not one of a server" in whats(doctor.examine())


def test_settings_that_cannot_be_used_do_not_hide_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSE_THREADS", "many")
    monkeypatch.setenv("REHEARSE_PORT", "0")
    found = doctor.examine()
    assert found.facts["settings"] == {"threads": None, "context": 4096}
    assert found.facts["port"] is None
    assert len(found.problems) == 2
    assert doctor.told(found)


def test_locked_rehearsals_are_no_problem(home: Path) -> None:
    with Transcripts(home / "rehearsals.db") as store:
        store.set_passphrase("four good words")
    found = doctor.examine()
    assert found.facts["rehearsals"] == "locked with a passphrase"
    assert not [each for each in found.problems if "passphrase" in each.what]


def test_saved_rehearsals_are_counted(home: Path) -> None:
    with Transcripts(home / "rehearsals.db") as store:
        store.create(scenario())
    found = doctor.examine()
    assert found.facts["rehearsals"] == 1
    assert not found.problems


def test_a_damaged_store_is_told_with_its_sentences(home: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "rehearsals.db").write_bytes(b"not a database, surely" * 100)
    found = doctor.examine()
    assert found.facts["rehearsals"] is None
    assert len(found.problems) == 1
    assert doctor.told(found)


@pytest.mark.skipif(os.name != "posix", reason="modes are a matter of POSIX systems")
def test_a_folder_that_others_can_open(home: Path) -> None:
    home.mkdir()
    home.chmod(0o755)
    found = doctor.examine()
    assert found.facts["data_folder"]["mode"] == "0755"
    assert "Others who use this computer can open" in whats(found)
    assert found.problems[0].remedy.startswith("Run `chmod 700 ")


def test_nobody_is_told_to_close_a_folder_of_other_things(home: Path) -> None:
    home.mkdir()
    home.chmod(0o755)
    (home / "passwd").touch()
    found = doctor.examine()
    assert "holds other things already" in whats(found)
    assert not any("chmod" in each.remedy for each in found.problems)


def test_a_file_in_the_place_of_the_folder(home: Path) -> None:
    home.write_text("")
    assert f"{home} is a file" in whats(doctor.examine())


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    assert "Only 0.0 GB are free" in whats(doctor.examine())


def test_a_port_in_use_is_told_but_is_no_problem(listening: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSE_PORT", str(listening))
    found = doctor.examine()
    assert found.facts["port"] == {"number": listening, "free": False}
    assert not found.problems
    assert "in use; the next free one will be taken" in doctor.told(found)


def test_what_may_not_be_opened_is_a_problem_not_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> Any:
        raise PermissionError(13, "Permission denied", "/somewhere")

    monkeypatch.setattr(settings, "database_path", refused)
    assert "/somewhere cannot be looked at (Permission denied)." in whats(doctor.examine())


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys; from rehearse import doctor; doctor.told(doctor.examine());"
        "print(*{'gradio', 'llama_cpp', 'sentence_transformers', 'torch', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
