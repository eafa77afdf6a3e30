"""What a GGUF file says of itself, read in Python before llama.cpp reads it.

llama.cpp is native code: a length that is a lie may end the app, with everything open in it. So each length here is held
against the bytes that are left, each tensor against the end of the file, and the few numbers that the model is built from
against what a language model can be. Nothing of the weights is read.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from rehearse.errors import VoiceError

MAGIC = b"GGUF"
VERSIONS = (2, 3)
# Far more than any model has; a file that says more is damaged.
MOST_ENTRIES = 4096
MOST_TENSORS = 65536
MOST_TEXT = 1 << 24
MOST_ITEMS = 1 << 24
MOST_LAYERS = 1024
MOST_DIMENSIONS = 4
LONGEST_NAME = 63
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _LIST = 8, 9
_WHOLE = frozenset("BbHhIiQq")
# Of each kind of weight: how many stand in a block, and how many bytes a block takes.
_BLOCKS = {
    **{0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34)},
    **{10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210)},
    **{16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82), 23: (256, 136)},
    **{24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66)},
    **{39: (32, 17), 40: (64, 36), 41: (128, 18)},
}
# Numbers a model is built from, by the last part of their name: the least and the most they can be.
_BOUNDS = {
    "context_length": (1, 1 << 26),
    "embedding_length": (1, 1 << 17),
    "block_count": (1, MOST_LAYERS),
    "feed_forward_length": (1, 1 << 20),
    "attention.head_count": (1, 4096),
    "attention.head_count_kv": (1, 4096),
    "attention.key_length": (1, 1 << 14),
    "attention.value_length": (1, 1 << 14),
    "rope.dimension_count": (1, 1 << 14),
    "expert_count": (0, 4096),
    "vocab_size": (1, 1 << 22),
}
# What llama.cpp knows too and what does not write: models that turn texts, pictures or sounds into numbers.
_NO_VOICES = frozenset(
    "bert nomic-bert nomic-bert-moe neo-bert modern-bert jina-bert-v2 jina-bert-v3".split()
    + "gemma-embedding t5encoder clip wavtokenizer-dec".split()
)


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself: its architecture, its numbers and short texts by name, and the tensors in it."""

    architecture: str
    facts: Mapping[str, Any]
    tensors: tuple[str, ...]
    # Of a list of numbers that is given layer by layer, the greatest.
    greatest: Mapping[str, int] = field(default_factory=dict)

    def number(self, name: str) -> int | None:
        """Return a number that the model is built from, the greatest where each layer has its own; ``None`` if not given."""
        whole = f"{self.architecture}.{name}"
        found = self.greatest.get(whole, self.facts.get(whole))
        return found if isinstance(found, int) else None

    @property
    def context(self) -> int | None:
        """How many tokens the model learnt to keep in mind; ``None`` if it does not say."""
        return self.number("context_length")


class _Unsound(Exception):
    """Something in a file cannot be so."""


def sound(path: Path) -> Header:
    """Return the header of a GGUF file whose every length fits the file.

    :raises VoiceError: if it is no GGUF file, cannot be read, ends too early, or says something that cannot be so.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            return _header(_Reader(stream, size), size)
    except OSError as error:
        raise VoiceError(
            "The file {name} cannot be read ({why}).",
            "Make sure that it belongs to you and that you may open it.",
            name=path.name,
            why=error.strerror,
        ) from error
    except _Unsound as error:
        raise VoiceError(
            "{name} is damaged or not a GGUF model: {why}.", "Fetch it again, or choose another voice.", name=path.name, why=error
        ) from error


def speaks(path: Path) -> Header:
    """Return the header of a GGUF file that is sound and holds a model that writes.

    :raises VoiceError: as :func:`sound`, or if it holds something else: an adapter, or a model that turns texts into numbers.
    """
    header = sound(path)
    if header.facts.get("general.type", "model") != "model" or header.architecture in _NO_VOICES:
        raise VoiceError(
            "{name} is not a model that can speak.", "Choose a chat model in GGUF form, or another voice.", name=path.name
        )
    return header


class _Reader:
    """Reads on in a file, never past its end."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self.stream = stream
        self.left = size
        # Of the list that was read last: the greatest number in it, if it may be one of a number for each layer.
        self.greatest: int | None = None

    def bytes(self, count: int) -> bytes:
        if count > self.left:
            raise _Unsound("it ends too early")
        self.left -= count
        return self.stream.read(count)

    def number(self, form: str) -> Any:
        return struct.unpack(f"<{form}", self.bytes(struct.calcsize(f"<{form}")))[0]

    def count(self, most: int, what: str) -> int:
        found = int(self.number("Q"))
        if found > most or found > self.left:
            raise _Unsound(f"it has too many or too long {what}")
        return found

    def text(self) -> str:
        raw = self.bytes(self.count(MOST_TEXT, "texts"))
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _Unsound("a text in it is none") from error

    def value(self, kind: int) -> Any:
        """Return a number or a text; of a list, how long it is."""
        self.greatest = None
        if kind == _TEXT:
            return self.text()
        if kind == _LIST:
            return self.items()
        if kind not in _NUMBERS:
            raise _Unsound("it holds a value of an unknown kind")
        return self.number(_NUMBERS[kind])

    def items(self) -> int:
        kind = self.number("I")
        count = self.count(MOST_ITEMS, "lists")
        if kind == _TEXT:
            # Not as text: tokens of some vocabularies are bytes that are none by themselves.
            for _ in range(count):
                self.bytes(self.count(MOST_TEXT, "texts"))
        elif kind in _NUMBERS:
            form = _NUMBERS[kind]
            raw = self.bytes(count * struct.calcsize(f"<{form}"))
            if form in _WHOLE and 0 < count <= MOST_LAYERS:
                self.greatest = max(struct.unpack(f"<{count}{form}", raw))
        else:
            raise _Unsound("it holds a list of an unknown kind")
        return count


def _header(reader: _Reader, size: int) -> Header:
    if reader.bytes(4) != MAGIC:
        raise _Unsound("it does not begin as one")
    if reader.number("I") not in VERSIONS:
        raise _Unsound("it is of a version that cannot be read here")
    tensors = reader.count(MOST_TENSORS, "tensors")
    entries = reader.count(MOST_ENTRIES, "entries")
    facts: dict[str, Any] = {}
    greatest: dict[str, int] = {}
    for _ in range(entries):
        name = reader.text()
        if not name or len(name) > 65535 or name in facts:
            raise _Unsound("an entry has no name, or one that is taken")
        facts[name] = reader.value(reader.number("I"))
        if reader.greatest is not None:
            greatest[name] = reader.greatest
    architecture = facts.get("general.architecture")
    if not isinstance(architecture, str) or not architecture.replace("-", "_").isidentifier():
        raise _Unsound("it does not say how the model is built")
    _check_numbers(architecture, facts | greatest)
    return Header(architecture, facts, _tensors(reader, tensors, _alignment(facts), size), greatest)


def _alignment(facts: Mapping[str, Any]) -> int:
    found = facts.get("general.alignment", 32)
    if not isinstance(found, int) or found <= 0 or found % 8 or found & (found - 1) or found > 1 << 16:
        raise _Unsound("its parts are not laid out as they should be")
    return found


def _check_numbers(architecture: str, facts: Mapping[str, Any]) -> None:
    for name, (least, most) in _BOUNDS.items():
        found = facts.get(f"{architecture}.{name}")
        if found is not None and not (isinstance(found, int) and least <= found <= most):
            raise _Unsound(f"“{name}” is not a number that a model can have")


def _tensors(reader: _Reader, count: int, alignment: int, size: int) -> tuple[str, ...]:
    names: list[str] = []
    ends: list[int] = []
    for _ in range(count):
        name = reader.text()
        if not name or len(name.encode()) > LONGEST_NAME:
            raise _Unsound("a tensor has no name, or one that is too long")
        names.append(name)
        ends.append(_end(reader, alignment))
    if len(set(names)) != len(names):
        raise _Unsound("two tensors have one name")
    start = -(-(size - reader.left) // alignment) * alignment
    if any(start + end > size for end in ends):
        raise _Unsound("it ends before its last tensor does")
    return tuple(names)


def _end(reader: _Reader, alignment: int) -> int:
    """Return where a tensor ends, counted from where the first one begins."""
    dimensions = reader.number("I")
    if not 1 <= dimensions <= MOST_DIMENSIONS:
        raise _Unsound("a tensor has too many dimensions or none")
    shape = [int(reader.number("Q")) for _ in range(dimensions)]
    kind, offset = reader.number("I"), int(reader.number("Q"))
    if kind not in _BLOCKS:
        raise _Unsound("a tensor is of an unknown kind")
    block, taken = _BLOCKS[kind]
    weights = 1
    for each in shape:
        weights *= each
    # Python's numbers do not run over, so a product too large for the file is seen as what it is.
    if not weights or shape[0] % block or offset % alignment:
        raise _Unsound("a tensor is empty or not laid out as it should be")
    return offset + weights // block * taken
