"""Where things live and how the app is set up.

Every setting is an environment variable, read when it is asked for and never at import, so that one line in a test or a
shell changes it. :data:`SETTINGS` is the whole list; the reference in ``docs/settings.md`` is generated from it.
"""

import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rehearse.errors import SettingError


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: its name, its default as text, and what it does."""

    name: str
    default: str
    help: str


SETTINGS = (
    Setting("REHEARSE_HOME", "the user data folder of the system", "Folder for transcripts, downloaded voices and logs."),
    Setting(
        "REHEARSE_VOICE",
        "the one chosen on the page, else `embedded`",
        "Who speaks for the son: `embedded`, the name of a fetched voice, a `.gguf` file, or the address of a server.",
    ),
    Setting(
        "REHEARSE_VOICE_MODEL", "", "The model's name to ask a server for; if it is not set, the first one that the server names."
    ),
    Setting("REHEARSE_VOICE_KEY", "", "The key to show to a server that wants one."),
    Setting(
        "REHEARSE_LET_WORDS_LEAVE",
        "",
        "Set to `1` to let a server on another computer speak for him: what is said is sent there. Else it is refused.",
    ),
    Setting(
        "REHEARSE_LANGUAGE", "en", "Language of the page's own words: `en` or `es`. He and the check speak English in any case."
    ),
    Setting("REHEARSE_PORT", "7860", "Port of the page on this computer; the next free one is taken if it is in use."),
    Setting("REHEARSE_THREADS", "the number of cores, 8 at most", "Threads the voice may use."),
    Setting("REHEARSE_CONTEXT", "4096", "How many tokens of the talk the voice can read at once; the embedded one takes 1024."),
    Setting("REHEARSE_DEBUG", "", "Set to `1` to see the full traceback of a failure on the command line."),
)


# The file, among the voices, with the name of the one that was chosen.
_CHOSEN = "chosen"

# The languages the page has words in; each has its file under prompts/.
LANGUAGES = ("en", "es")

# The voice that came along.
EMBEDDED = "embedded"

# What may lie in the data folder: where one of these is, the folder is ours.
OURS = frozenset({"rehearsals.db", "leaving", "backups", "voices", "logs", "temporary"})


def data_folder() -> Path:
    """Return the one folder that holds everything of hers, without creating it.

    :raises SettingError: if REHEARSE_HOME begins with the home of somebody who is not known here.
    """
    home = os.environ.get("REHEARSE_HOME", "").strip()
    if home:
        try:
            return Path(home).expanduser().absolute()
        except RuntimeError as error:
            raise SettingError(
                "REHEARSE_HOME names the home of somebody whom this computer does not know.", "Give the whole path of a folder."
            ) from error
    from platformdirs import user_data_path

    return user_data_path("rehearse", appauthor=False)


def private_folder(path: Path) -> Path:
    """Create a folder that only its owner may open (mode 0700 where the system knows modes) and return it.

    A folder inside the data folder makes that one private first: what ``mkdir`` makes on the way would be open to others.

    :raises SettingError: if the folder cannot be made, or if it is full of other things, which a closed folder would keep
        from whoever uses them.
    """
    home = data_folder()
    if home in path.parents:
        private_folder(home)
    try:
        foreign = home not in path.parents and _foreign(path)
        if not foreign:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.chmod(0o700)
    except OSError as error:
        raise SettingError(
            "The folder {path} cannot be used ({why}).",
            "Free some space or set REHEARSE_HOME to a folder you can write to.",
            path=path,
            why=error.strerror,
        ) from error
    if foreign:
        raise SettingError(
            "The folder {path} holds other things already, and only you could open it afterwards.",
            "Set REHEARSE_HOME to a new or an empty folder.",
            path=path,
        )
    return path


def _foreign(path: Path) -> bool:
    """Whether a folder is there and holds something, but nothing of ours."""
    if not path.exists():
        return False
    names = {each.name for each in path.iterdir()}
    return bool(names) and not names & OURS


def database_path() -> Path:
    """Return the path of the database of transcripts."""
    return data_folder() / "rehearsals.db"


def leaving_path() -> Path:
    """Return the path of the list of rehearsals that go as soon as the page is left: their ids, no words."""
    return data_folder() / "leaving"


def logs_folder() -> Path:
    """Return the folder of logs."""
    return data_folder() / "logs"


def temporary_folder() -> Path:
    """Return the folder for what passes through: a copy brought back lies there for a moment."""
    return data_folder() / "temporary"


def empty_temporary_folder() -> None:
    """Remove everything that passed through; what cannot be removed now goes at the next call."""
    for path in temporary_folder().glob("*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def voices_folder() -> Path:
    """Return the folder of downloaded voices."""
    return data_folder() / "voices"


@cache
def _carried(name: str) -> Path:
    """Return a folder carried with the code: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name


def prompts_folder() -> Path:
    """Return the folder of what the model and people are told."""
    return _carried("prompts")


def models_folder() -> Path:
    """Return the folder of what was trained here."""
    return _carried("models")


def voice() -> str:
    """Return which voice is to speak: ``embedded``, the name of a fetched one, a file or an address.

    What was asked for at the start comes before what was chosen on the page.
    """
    return os.environ.get("REHEARSE_VOICE", "").strip() or chosen_voice()


def chosen_voice() -> str:
    """Return which voice was chosen on the page or in the terminal; the embedded one if none was."""
    try:
        return (voices_folder() / _CHOSEN).read_text(encoding="utf-8").strip()[:100] or EMBEDDED
    except (OSError, UnicodeDecodeError):
        return EMBEDDED


def choose_voice(name: str) -> None:
    """Keep which voice is to speak from now on.

    :raises SettingError: if that cannot be written.
    """
    folder = private_folder(voices_folder())
    writing = folder / f"{_CHOSEN}.new"
    try:
        writing.write_text(f"{name}\n", encoding="utf-8")
        writing.chmod(0o600)
        os.replace(writing, folder / _CHOSEN)
    except OSError as error:
        raise SettingError(
            "Which voice is to speak could not be kept ({why}).",
            "Free some space on the disk and choose it again.",
            why=error.strerror,
        ) from error


def voice_model() -> str:
    """Return the model's name to ask a server for; empty for the first one it names."""
    return os.environ.get("REHEARSE_VOICE_MODEL", "").strip()


def voice_key() -> str:
    """Return the key to show to a server; empty if none was given."""
    return os.environ.get("REHEARSE_VOICE_KEY", "").strip()


def words_may_leave() -> bool:
    """Return whether a server on another computer may be the voice."""
    return os.environ.get("REHEARSE_LET_WORDS_LEAVE", "").strip() not in ("", "0")


def language() -> str:
    """Return the language of the page's own words.

    :raises SettingError: if it is not one of :data:`LANGUAGES`.
    """
    chosen = os.environ.get("REHEARSE_LANGUAGE", "").strip().lower() or LANGUAGES[0]
    if chosen not in LANGUAGES:
        raise SettingError(
            "REHEARSE_LANGUAGE is set to a language the page does not have.",
            "Choose one of these: {known}.",
            known=", ".join(LANGUAGES),
        )
    return chosen


def _number(name: str, default: int, least: int, most: int) -> int:
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise SettingError(
            "{name} is set to something that is not a number from {least} to {most}.",
            "Change or unset {name}.",
            name=name,
            least=least,
            most=most,
        )
    return int(text)


def port() -> int:
    """Return the port to try first."""
    return _number("REHEARSE_PORT", 7860, 1, 65535)


def threads() -> int:
    """Return how many threads the voice may use."""
    return _number("REHEARSE_THREADS", min(os.cpu_count() or 2, 8), 1, 256)


def context() -> int:
    """Return the voice's context in tokens."""
    return _number("REHEARSE_CONTEXT", 4096, 512, 131072)


def debug() -> bool:
    """Return whether failures show their traceback."""
    return os.environ.get("REHEARSE_DEBUG", "").strip() not in ("", "0")
