"""Fetching a bigger voice: the one place where the app goes online, and only when she asks."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from rehearse import catalog, settings
from rehearse.catalog import Offered
from rehearse.errors import VoiceError

# Beside the file itself, so that the computer does not end up full.
SPARE_BYTES = 1 << 30


def found(name: str) -> Offered:
    """Return the offered voice of this name.

    :raises VoiceError: if none is offered under it.
    """
    for offered in catalog.offered():
        if offered.name == name:
            return offered
    raise VoiceError(f"No voice is offered under the name “{name}”.", "`rehearse voices list` shows what there is.")


def pull(name: str, tell: Callable[[str], None]) -> Path:
    """Fetch an offered voice into the data folder; an interrupted download goes on where it stopped.

    :param tell: is given one sentence at a time of what happens.
    :raises VoiceError: if there is too little room, the hub cannot be reached, or the file is not the expected one.
    """
    offered = found(name)
    folder = settings.private_folder(settings.voices_folder())
    target = folder / offered.file
    if target.is_file():
        tell(f"{offered.name} is already here.")
        return target
    free = shutil.disk_usage(folder).free
    if free < offered.size + SPARE_BYTES:
        raise VoiceError(
            f"There is not enough room: {offered.name} needs {offered.size / 1e9:.1f} GB and 1 GB to spare, "
            f"and {free / 1e9:.1f} GB are free.",
            "Free some space, or set REHEARSE_HOME to a folder on a bigger disk.",
        )
    tell(f"Fetching {offered.name}, {offered.size / 1e9:.1f} GB, from huggingface.co. Nothing of yours is sent.")
    # Set for this process before the hub's library is imported: it reads them once.
    os.environ["HF_HUB_OFFLINE"] = "0"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    # Its own base is the failure of the network library that this version of the hub's library speaks through.
    unreachable: tuple[type[BaseException], ...] = (*HfHubHTTPError.__bases__, LocalEntryNotFoundError, OSError)
    try:
        expected = offered.sha256 or (get_hf_file_metadata(hf_hub_url(offered.repo, offered.file)).etag or "")
        waiting = Path(hf_hub_download(offered.repo, offered.file, local_dir=folder / "incoming"))
    except unreachable as error:
        raise VoiceError(
            "The download did not finish.", "Check the connection and run the same command again; it goes on where it stopped."
        ) from error
    if len(expected) == 64 and catalog.sha256_of(waiting) != expected:
        waiting.unlink()
        raise VoiceError(f"What arrived is not {offered.name}, so it was thrown away.", "Try again later.")
    waiting.replace(target)
    target.chmod(0o600)
    shutil.rmtree(folder / "incoming", ignore_errors=True)
    tell(f"{offered.name} is here. Start it with `rehearse start --voice {offered.name}`.")
    return target


def remove(name: str) -> None:
    """Remove a downloaded voice.

    :raises VoiceError: if it is not here.
    """
    path = settings.voices_folder() / found(name).file
    if not path.is_file():
        raise VoiceError(f"{name} is not on this computer.", "There is nothing to remove.")
    path.unlink()
