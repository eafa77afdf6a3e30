"""Settings: read when asked for, refused with a sentence, and a data folder that is private and ours."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rehearse import settings
from rehearse.errors import SettingError

POSIX = pytest.mark.skipif(os.name != "posix", reason="modes are known to POSIX systems only")


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_change_is_seen_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REHEARSE_HOME", f"  {tmp_path / 'one'} ")
    assert settings.data_folder() == tmp_path / "one"
    monkeypatch.setenv("REHEARSE_HOME", str(tmp_path / "two"))
    assert settings.database_path() == tmp_path / "two" / "rehearsals.db"
    assert settings.voices_folder() == tmp_path / "two" / "voices"
    assert settings.logs_folder() == tmp_path / "two" / "logs"


def test_without_a_setting_the_systems_own_folder_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSE_HOME", "  ")
    assert settings.data_folder().name == "rehearse"
    assert settings.data_folder().is_absolute()


def test_a_home_may_be_written_with_a_tilde_or_relative(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("REHEARSE_HOME", "~/talks")
    assert settings.data_folder() == tmp_path / "talks"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REHEARSE_HOME", "talks")
    assert settings.data_folder() == Path.cwd() / "talks"


NUMBERS: list[tuple[str, Callable[[], int], int, int]] = [
    ("REHEARSE_PORT", settings.port, 1, 65535),
    ("REHEARSE_THREADS", settings.threads, 1, 256),
    ("REHEARSE_CONTEXT", settings.context, 512, 131072),
]


@pytest.mark.parametrize(("name", "read", "least", "most"), NUMBERS)
def test_numbers_keep_their_bounds(
    name: str, read: Callable[[], int], least: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    default = read()
    assert least <= default <= most
    for value in (least, most):
        monkeypatch.setenv(name, f" {value} ")
        assert read() == value
    for bad in (str(least - 1), str(most + 1), "-5", "1.5", "many", "٣", "1e3"):
        monkeypatch.setenv(name, bad)
        with pytest.raises(SettingError, match=f"{name}.*from {least} to {most}"):
            read()
    monkeypatch.setenv(name, " ")
    assert read() == default


def test_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (settings.voice(), settings.voice_model(), settings.debug()) == ("embedded", "", False)
    monkeypatch.setenv("REHEARSE_VOICE", " http://localhost:8080 ")
    monkeypatch.setenv("REHEARSE_VOICE_MODEL", " qwen ")
    monkeypatch.setenv("REHEARSE_VOICE_KEY", " secret ")
    assert (settings.voice(), settings.voice_model(), settings.voice_key()) == ("http://localhost:8080", "qwen", "secret")
    for value, on in (("1", True), ("yes", True), ("0", False), (" ", False)):
        monkeypatch.setenv("REHEARSE_DEBUG", value)
        monkeypatch.setenv("REHEARSE_LET_WORDS_LEAVE", value)
        assert settings.debug() is settings.words_may_leave() is on


def test_every_setting_that_is_read_is_listed() -> None:
    source = Path(settings.__file__).read_text(encoding="utf-8")
    listed = {setting.name for setting in settings.SETTINGS}
    for name in listed:
        assert source.count(f'"{name}"') >= 2, f"{name} is listed and never read"


def test_what_is_carried_is_found() -> None:
    assert (settings.prompts_folder() / "kinds.toml").is_file()
    assert (settings.models_folder() / "catalog.toml").is_file()


# -- the private folder -------------------------------------------------------------------------------------------------


@POSIX
def test_the_data_folder_is_for_its_owner_alone(home: Path) -> None:
    assert settings.private_folder(home) == home
    assert mode(home) == 0o700
    home.chmod(0o755)
    (home / "rehearsals.db").touch()
    settings.private_folder(home)
    assert mode(home) == 0o700


@POSIX
def test_a_folder_within_makes_the_data_folder_private_too(home: Path) -> None:
    settings.private_folder(settings.voices_folder())
    assert mode(home) == mode(home / "voices") == 0o700


@POSIX
def test_an_empty_folder_is_taken(home: Path) -> None:
    home.mkdir(mode=0o755)
    settings.private_folder(home)
    assert mode(home) == 0o700


@pytest.mark.parametrize("ours", sorted(settings.OURS))
def test_a_folder_with_something_of_ours_is_ours(home: Path, ours: str) -> None:
    home.mkdir()
    (home / "note.txt").touch()
    (home / ours).mkdir()
    assert settings.private_folder(home) == home


@POSIX
@pytest.mark.parametrize("asked", ["", "voices"])
def test_a_folder_of_other_things_is_refused_and_left_as_it_is(home: Path, asked: str) -> None:
    """REHEARSE_HOME=/tmp would close /tmp to everyone else."""
    home.mkdir()
    home.chmod(0o755)
    (home / "photos").mkdir()
    with pytest.raises(SettingError, match="holds other things already.*REHEARSE_HOME to a new or an empty folder"):
        settings.private_folder(home / asked)
    assert mode(home) == 0o755
    assert [each.name for each in home.iterdir()] == ["photos"]


def test_a_file_in_the_way_is_said(home: Path) -> None:
    home.write_text("not a folder", encoding="utf-8")
    with pytest.raises(SettingError, match="cannot be used.*REHEARSE_HOME"):
        settings.private_folder(home)
    with pytest.raises(SettingError, match="cannot be used"):
        settings.private_folder(home / "voices")


def test_the_home_of_somebody_unknown_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSE_HOME", "~nobody-of-this-name/rehearse")
    with pytest.raises(SettingError, match="REHEARSE_HOME"):
        settings.data_folder()
