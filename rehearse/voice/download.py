"""Fetching a bigger voice: the one place where the app goes online, and only when she asks.

The app itself holds the hub's library to its promise to stay offline, so this runs in a process of its own: ``rehearse voices
pull``, or, for the page, ``python -m rehearse.voice.download``, which is given what to fetch on its standard input, tells how far
it is on its standard output, a line of JSON each, and ends as soon as its standard input is closed. No word of a talk is ever
given to it.

What has arrived lies in ``voices/incoming`` until it is whole and its SHA-256 is the expected one; only then is it moved to where
voices are looked for. A download that was cut goes on where it stopped.
"""

import errno
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rehearse import catalog, settings
from rehearse.catalog import Offered
from rehearse.errors import RehearseError, VoiceError
from rehearse.voice import fit
from rehearse.voice.header import speaks
from rehearse.voice.progress import Progress, Tell

HUB = "https://huggingface.co"
# What is written at once: small, so that a cut costs little and progress is told often on a slow line.
PIECE = 1 << 18
# How often it is told how far it is, and over how long its speed is measured.
SECONDS_BETWEEN = 0.5
SECONDS_OF_SPEED = 15.0
# What was begun and never gone on with is cleared away after so long.
STALE_SECONDS = 14 * 24 * 3600.0
_DISK_FULL = {getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name)}
# Nothing but what a download cannot do without: not which program asks, nor on what. Packed, nothing could be gone on with.
_HEADERS = {"user-agent": "python", "accept-encoding": "identity"}
_GO_ON = "What has arrived is kept: ask for it again, and it goes on from there."


def found(name: str) -> Offered:
    """Return the offered voice of this name.

    :raises VoiceError: if none is offered under it.
    """
    for offered in catalog.offered():
        if offered.name == name:
            return offered
    raise VoiceError("No voice is offered under the name “{name}”.", "`rehearse voices list` shows what there is.", name=name)


def host() -> str:
    """Return who is asked for a voice: the hub, or the mirror of it that ``HF_ENDPOINT`` names."""
    return urlsplit(os.environ.get("HF_ENDPOINT", "").strip() or HUB).hostname or "huggingface.co"


def path_of(offered: Offered) -> Path:
    """Return where a fetched voice lies, whether it is there or not."""
    return settings.voices_folder() / offered.file


def arrived(offered: Offered) -> int:
    """Return how many bytes of a voice are here that is not whole yet."""
    return max((each.stat().st_size for each in _parts(offered)), default=0)


def throw_away(offered: Offered) -> None:
    """Remove what has arrived of a voice that is not whole."""
    for each in _parts(offered):
        each.unlink(missing_ok=True)
    with suppress(OSError):
        _incoming().rmdir()


def remove(name: str) -> None:
    """Remove a fetched voice, and whatever has arrived of it.

    :raises VoiceError: if nothing of it is here, or another program holds on to it.
    """
    offered = found(name)
    path, part = path_of(offered), arrived(offered)
    throw_away(offered)
    if not path.is_file():
        if part:
            return
        raise VoiceError("{name} is not on this computer.", "There is nothing to remove.", name=name)
    try:
        path.unlink()
    except OSError as error:
        raise VoiceError(
            "{voice} cannot be removed now ({why}).",
            "Close rehearse wherever it runs, and try again.",
            voice=offered.title,
            why=error.strerror,
        ) from error


def pull(offered: Offered, tell: Tell) -> Path:
    """Fetch an offered voice into the data folder and return where it lies; one that is here is not fetched again.

    To be called in a process that has nothing else to do with the hub's library: it is told to go online here.

    :param tell: is given how far it is.
    :raises VoiceError: if there is too little room or memory, the hub cannot be reached or has no such file, or what arrived is
        not what was expected. What has arrived is kept unless it is wrong.
    """
    target = path_of(offered)
    if target.is_file():
        tell(Progress("done", offered.size, offered.size))
        return target
    fit.in_computer(offered)
    folder = settings.private_folder(_incoming())
    _tidy()
    fit.on_disk(offered, arrived(offered))
    with _alone(folder / f"{offered.file}.busy", offered):
        tell(Progress("asking", 0, offered.size))
        _go_online(folder)
        try:
            part = _fetched(offered, folder, tell)
        except OSError as error:
            raise _told(error, offered) from error
        part.chmod(0o600)
        os.replace(part, target)
    throw_away(offered)
    tell(Progress("done", offered.size, offered.size))
    return target


# -- what lies on the disk ----------------------------------------------------------------------------------------------------


def _incoming() -> Path:
    return settings.voices_folder() / "incoming"


def _parts(offered: Offered) -> list[Path]:
    return list(_incoming().glob(f"{offered.file}.*.part"))


def _tidy() -> None:
    """Clear away what nobody went on with."""
    for each in _incoming().glob("*.part"):
        with suppress(OSError):
            if time.time() - each.stat().st_mtime > STALE_SECONDS:
                each.unlink()


@contextmanager
def _alone(mark: Path, offered: Offered) -> Iterator[None]:
    """Keep others from fetching the same voice meanwhile: two would write into one file."""
    import psutil

    with suppress(OSError, ValueError):
        # Left by one that was ended from outside.
        if not psutil.pid_exists(int(mark.read_text(encoding="ascii"))):
            mark.unlink()
    try:
        with mark.open("x", encoding="ascii") as stream:
            stream.write(str(os.getpid()))
    except FileExistsError as error:
        raise VoiceError(
            "{voice} is being fetched already.", "Wait until that is done, or stop it first.", voice=offered.title
        ) from error
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)


# -- online -------------------------------------------------------------------------------------------------------------------


def _go_online(folder: Path) -> None:
    """Let this process alone reach the hub: without a token, without telling of itself, and without a cache elsewhere.

    The hub's library reads all this when it is imported.
    """
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_USER_AGENT_ORIGIN", "HF_DEBUG"):
        os.environ.pop(name, None)
    os.environ.update(
        HF_HUB_OFFLINE="0",
        HF_HUB_DISABLE_TELEMETRY="1",
        DO_NOT_TRACK="1",
        HF_HUB_DISABLE_IMPLICIT_TOKEN="1",
        HF_HUB_DISABLE_UPDATE_CHECK="1",
        HF_HUB_DISABLE_PROGRESS_BARS="1",
        HF_HUB_DISABLE_XET="1",
        HF_HUB_VERBOSITY="critical",
        # Where it would look for a token and keep what it fetched.
        HF_HOME=str(folder / "hub"),
    )


def _fetched(offered: Offered, folder: Path, tell: Tell) -> Path:
    """Return what arrived, once it is whole and what was expected.

    :raises VoiceError: if it is not what was expected.
    :raises OSError: if it could not be fetched or written; the failures of the hub's library are of this kind.
    """
    from huggingface_hub import constants
    from huggingface_hub.file_download import http_get

    url, expected, size = _asked(offered)
    # Named after its bytes: what was begun of another file is never gone on with.
    part = folder / f"{offered.file}.{expected}.part"
    for each in _parts(offered):
        if each != part:
            each.unlink()
    constants.DOWNLOAD_CHUNK_SIZE = PIECE
    try:
        # The library's own way to a file begins anew in each process; this part of it goes on where a file ends.
        with part.open("ab") as stream:
            part.chmod(0o600)
            begun = stream.tell()
            if begun < size:
                http_get(
                    url,
                    stream,
                    resume_size=begun,
                    headers=_HEADERS,
                    expected_size=size,
                    displayed_filename=offered.file,
                    tqdm_class=_bar(tell, size),
                )
            stream.flush()
            os.fsync(stream.fileno())
    except _failures() as error:
        raise error if isinstance(error, OSError) else ConnectionError(str(type(error))) from error
    tell(Progress("checking", size, size))
    if part.stat().st_size != size or catalog.sha256_of(part) != expected:
        part.unlink()
        raise VoiceError(
            "What arrived is not {voice} as it should be, so it was thrown away.",
            "Try again later; if it stays so, choose another voice.",
            voice=offered.title,
        )
    try:
        speaks(part)
    except VoiceError:
        part.unlink()
        raise
    return part


def _asked(offered: Offered) -> tuple[str, str, int]:
    """Ask the hub for a file, and return its address, its SHA-256 and its size.

    :raises VoiceError: if the hub has another file under this name, or does not say which.
    :raises OSError: if it cannot be asked.
    """
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import EntryNotFoundError, RevisionNotFoundError

    # Where the hash is known, the newest state of the repository serves as well if the one that was meant is gone.
    revisions = dict.fromkeys([offered.revision, "main"] if offered.sha256 else [offered.revision])
    for number, revision in enumerate(revisions, 1):
        url = hf_hub_url(offered.repo, offered.file, revision=revision)
        try:
            told = get_hf_file_metadata(url, token=False, headers=_HEADERS, timeout=20)
            break
        except (EntryNotFoundError, RevisionNotFoundError):
            if number == len(revisions):
                raise
        except _failures() as error:
            raise error if isinstance(error, OSError) else ConnectionError(str(type(error))) from error
    said = (told.etag or "").lower()
    if len(said) != 64 or any(each not in "0123456789abcdef" for each in said) or not told.size:
        raise VoiceError(
            "{host} does not say which file it would send, so nothing was fetched.",
            "Try again later, or choose another voice.",
            host=host(),
        )
    if offered.sha256 and said != offered.sha256:
        raise VoiceError(
            "The file of {voice} at {host} is not the one this version of rehearse knows, so nothing was fetched.",
            "Choose another voice, or install a newer version of rehearse.",
            voice=offered.title,
            host=host(),
        )
    if told.commit_hash:
        # What is fetched is then what was asked about, though the repository should change meanwhile.
        url = hf_hub_url(offered.repo, offered.file, revision=told.commit_hash)
    fit.on_disk(replace(offered, size=told.size), arrived(offered))
    return url, said, told.size


def _failures() -> tuple[type[BaseException], ...]:
    """Return the failures of the network library, whichever one the hub's library speaks through, and the system's."""
    from huggingface_hub.errors import HfHubHTTPError

    return HfHubHTTPError.__bases__


def _bar(tell: Tell, total: int) -> Any:
    """Return what the hub's library takes for a progress bar, telling how far it is."""

    class Bar:
        def __init__(self, *, initial: int = 0, **_: object) -> None:
            self.done = initial
            self.told = 0.0
            self.marks = [(time.monotonic(), initial)]
            self.update(0)

        def update(self, count: int) -> None:
            self.done += count
            now = time.monotonic()
            if now - self.told < SECONDS_BETWEEN:
                return
            self.told = now
            self.marks = [each for each in self.marks if now - each[0] <= SECONDS_OF_SPEED] or self.marks[-1:]
            self.marks.append((now, self.done))
            (since, before), seconds = self.marks[0], now - self.marks[0][0]
            speed = max(0.0, (self.done - before) / seconds) if now > since else 0.0
            tell(Progress("fetching", self.done, total, speed, (total - self.done) / speed if speed else 0.0))

        def __enter__(self) -> "Bar":
            return self

        def __exit__(self, *_: object) -> None:
            pass

    return Bar


def _told(error: OSError, offered: Offered) -> VoiceError:
    """Return a failure of the disk or of the way to the hub as sentences."""
    if error.errno in _DISK_FULL:
        return VoiceError(
            "The disk became full while the voice was being fetched.",
            "Delete something you no longer need and empty the bin. {then}",
            then=_GO_ON,
        )
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403, 404, 410):
        return VoiceError(
            "{host} does not have {voice} any more, or does not give it to everybody.",
            "Choose another voice, or install a newer version of rehearse.",
            host=host(),
            voice=offered.title,
        )
    if status == 429:
        return VoiceError(
            "{host} is asked too much just now and wants a pause.",
            "Try again in a quarter of an hour. {then}",
            host=host(),
            then=_GO_ON,
        )
    if status is not None:
        return VoiceError("{host} has trouble of its own just now.", "Try again later. {then}", host=host(), then=_GO_ON)
    if isinstance(error, PermissionError):
        return VoiceError(
            "The voice could not be written ({why}).", "Make sure that the folder of rehearse is yours.", why=error.strerror
        )
    return VoiceError(
        "The connection to {host} was cut, or there is none.", "Check that you are online. {then}", host=host(), then=_GO_ON
    )


# -- as a process of its own --------------------------------------------------------------------------------------------------


def main() -> int:
    """Fetch what standard input names, telling how far it is; end when standard input does."""
    out = sys.stdout

    def tell(progress: Progress) -> None:
        # Whoever started this may be gone: the broken pipe then ends it.
        out.write(json.dumps(asdict(progress)) + "\n")
        out.flush()

    offered = Offered(**json.loads(sys.stdin.buffer.readline()))
    threading.Thread(target=_watch, name="watching", daemon=True).start()
    try:
        pull(offered, tell)
    except RehearseError as error:
        tell(replace(Progress.because(error), done=arrived(offered), total=offered.size))
        return 1
    return 0


def _watch() -> None:
    """End this process, wherever it is, as soon as nobody holds the other end."""
    while sys.stdin.buffer.read(1):
        pass
    os._exit(130)


if __name__ == "__main__":
    raise SystemExit(main())
