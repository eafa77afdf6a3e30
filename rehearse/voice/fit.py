"""Whether a voice fits this computer: the disk it is to lie on, and the memory it needs once it speaks."""

import shutil
from pathlib import Path

from rehearse import settings
from rehearse.catalog import Offered
from rehearse.errors import VoiceError
from rehearse.voice.header import Header

# Beside the file itself, so that the computer does not end up full.
SPARE_BYTES = 1 << 30
# Of the memory a computer was sold with, it shows somewhat less: its graphics and its firmware take their share.
SHOWN = 0.85
# Tokens of context beside those of the talk: for several answers at once, and for what is asked aside.
BESIDE = 1792
# Room to compute in, whatever the model.
WORKING_BYTES = 250_000_000
_HALF = 2


class TooBig(VoiceError):
    """A voice needs more memory than is free now: ``needed`` and ``free``, in bytes."""

    def __init__(self, name: str, needed: int, free: int) -> None:
        """Name its file, and both."""
        super().__init__(
            "The voice {name} needs about {needed} of memory, and {free} are free.",
            "Close other programs and try again, or choose a smaller voice.",
            name=name,
            needed=gigabytes(needed),
            free=gigabytes(free),
        )
        self.needed = needed
        self.free = free


def gigabytes(size: int) -> str:
    """Return a size in words; what is small is told in MB."""
    return f"{size / 1e9:.1f} GB" if size >= 95_000_000 else f"{max(1, round(size / 1e6))} MB"


def on_disk(offered: Offered, arrived: int = 0) -> None:
    """Make sure that there is room for a voice that is to be fetched.

    :param arrived: how many bytes of it are here already.
    :raises VoiceError: if there is not.
    """
    free = shutil.disk_usage(settings.private_folder(settings.voices_folder())).free
    if free < offered.size - arrived + SPARE_BYTES:
        raise VoiceError(
            "There is not enough room on the disk: {voice} needs {size} and {spare} to spare, and {free} are free.",
            "Delete something you no longer need and empty the bin, or choose a smaller voice.",
            voice=offered.title,
            size=gigabytes(offered.size - arrived),
            spare=gigabytes(SPARE_BYTES),
            free=gigabytes(free),
        )


def in_computer(offered: Offered) -> None:
    """Make sure that this computer has the memory a voice asks for, before it is fetched in vain.

    :raises VoiceError: if it has not.
    """
    import psutil

    total = psutil.virtual_memory().total
    if total < SHOWN * offered.ram * 1e9:
        raise VoiceError(
            "{voice} is made for a computer with {ram} GB of memory, and this one has {memory}.",
            "Choose a smaller voice; the one that came along runs everywhere.",
            voice=offered.title,
            ram=offered.ram,
            memory=gigabytes(total),
        )


def needed(path: Path, header: Header) -> int:
    """Return how many bytes of memory a model takes: its weights, its context, and room to compute in."""
    return path.stat().st_size + (settings.context() + BESIDE) * _cell(header) + WORKING_BYTES


def _cell(header: Header) -> int:
    """Return what one token of context takes, in bytes: a key and a value in every layer, in half precision."""

    def number(name: str, otherwise: int) -> int:
        found = header.number(name)
        return otherwise if found is None else found

    layers, width, heads = number("block_count", 1), number("embedding_length", 0), number("attention.head_count", 1)
    each = width // max(heads, 1)
    both = number("attention.key_length", each) + number("attention.value_length", each)
    return layers * number("attention.head_count_kv", heads) * both * _HALF


def in_memory(path: Path, header: Header) -> None:
    """Make sure that a model fits the memory that is free now, before llama.cpp is asked to load it.

    :raises TooBig: if it does not.
    """
    import psutil

    need, free = needed(path, header), psutil.virtual_memory().available
    if need > free:
        raise TooBig(path.name, need, free)
