"""Reading the head of a GGUF file: what it says of itself, and where its tensors lie. The numbers themselves stay on the disk."""

import mmap
import struct
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Tensor types that numpy can read as they lie.
F32, F16 = 0, 1
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_VERSIONS = (2, 3)
# The facts begin here.
_FIRST = struct.calcsize("<4sIQQ")


class NotGguf(Exception):
    """A file is not GGUF, or of a version that is not known here."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor: its shape as numpy counts it, its type, and where in the file it begins."""

    shape: tuple[int, ...]
    kind: int
    start: int


@dataclass(frozen=True, slots=True)
class Head:
    """What a file says of itself (lists, such as the vocabulary, are left out), and its tensors by name."""

    facts: dict[str, Any]
    tensors: dict[str, Tensor]


def read(path: Path) -> Head:
    """Return the head of a file.

    :raises NotGguf: if it is none, or broken.
    """
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Reader(data).head()
    except (OSError, ValueError, struct.error, UnicodeDecodeError) as error:
        raise NotGguf(path.name) from error


def numbers(path: Path, tensor: Tensor, *, change: bool = False) -> "NDArray[np.float16 | np.float32]":
    """Return a tensor's numbers, as they lie in the file.

    :param change: whether what is written to them is written to the file.
    :raises NotGguf: if they are neither F32 nor F16.
    """
    import numpy as np

    if tensor.kind not in (F32, F16):
        raise NotGguf(path.name)
    kind = np.float32 if tensor.kind == F32 else np.float16
    return np.memmap(path, kind, "r+" if change else "r", tensor.start, tensor.shape)


def shorten(source: Path, target: Path, blocks: int) -> None:
    """Write a file with the first blocks of a model alone, in the same quantisation, and with everything around them.

    :param blocks: how many.
    :raises NotGguf: if the source is none, broken, or has no more blocks than that.
    """
    try:
        with source.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            reader = _Reader(data)
            head = reader.head()
            count = f"{head.facts.get('general.architecture')}.block_count"
            if not 0 < blocks < int(head.facts.get(count) or 0):
                raise NotGguf("blocks")
            facts = bytearray(data[_FIRST : reader.facts_end])
            struct.pack_into("<I", facts, reader.values[count] - _FIRST, blocks)
            step = int(head.facts.get("general.alignment") or 32)
            _write(data, head, [name for name in head.tensors if _block(name) < blocks], bytes(facts), reader, target, step)
    except (OSError, ValueError, struct.error, UnicodeDecodeError, KeyError) as error:
        raise NotGguf(source.name) from error


def _write(data: mmap.mmap, head: Head, kept: list[str], facts: bytes, reader: "_Reader", target: Path, step: int) -> None:
    # How many bytes a tensor takes depends on its quantisation; where the next one begins says it for all of them.
    starts = sorted(each.start for each in head.tensors.values()) + [len(data)]
    ends = dict(pairwise(starts))
    listed, offset = b"", 0
    for name in kept:
        tensor = head.tensors[name]
        told, shape = name.encode(), tensor.shape[::-1]
        listed += struct.pack(f"<Q{len(told)}sI{len(shape)}QIQ", len(told), told, len(shape), *shape, tensor.kind, offset)
        offset += -(-(ends[tensor.start] - tensor.start) // step) * step
    with target.open("wb") as stream:
        stream.write(struct.pack("<4sIQQ", b"GGUF", reader.version, len(kept), len(reader.values)) + facts + listed)
        for name in kept:
            stream.write(b"\0" * (-stream.tell() % step))
            start = head.tensors[name].start
            stream.write(data[start : ends[start]])
        stream.write(b"\0" * (-stream.tell() % step))


def _block(name: str) -> int:
    """Return the number of the block a tensor belongs to; -1 for what stands around the blocks."""
    parts = name.split(".")
    return int(parts[1]) if parts[0] == "blk" else -1


class _Reader:
    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.place = 0
        self.version = 0
        # Where the value of each fact stands, and where the facts end.
        self.values: dict[str, int] = {}
        self.facts_end = 0

    def head(self) -> Head:
        magic, self.version, tensors, facts = self._take("4sIQQ")
        if magic != b"GGUF" or self.version not in _VERSIONS:
            raise NotGguf("head")
        told = {}
        for _ in range(facts):
            name = self._string()
            kind = self._take("I")[0]
            self.values[name] = self.place
            told[name] = self._value(kind)
        self.facts_end = self.place
        found = []
        for _ in range(tensors):
            name = self._string()
            # The fastest-moving dimension stands first in the file and last in numpy.
            shape = self._take(f"{self._take('I')[0]}Q")[::-1]
            kind, offset = self._take("IQ")
            found.append((name, shape, kind, offset))
        step = int(told.get("general.alignment") or 32)
        first = -(-self.place // step) * step
        for _, shape, kind, offset in found:
            if kind in (F32, F16) and first + offset + prod(shape) * (4 if kind == F32 else 2) > len(self.data):
                raise NotGguf("cut off")
        return Head(told, {name: Tensor(shape, kind, first + offset) for name, shape, kind, offset in found})

    def _take(self, form: str) -> tuple[Any, ...]:
        found = struct.unpack_from("<" + form, self.data, self.place)
        self.place += struct.calcsize("<" + form)
        return found

    def _string(self) -> str:
        return self._bytes().decode()

    def _bytes(self) -> bytes:
        length = self._take("Q")[0]
        start, self.place = self.place, self.place + length
        if self.place > len(self.data):
            raise NotGguf("cut off")
        return self.data[start : self.place]

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            of, length = self._take("IQ")
            if of in _SCALARS:
                self.place += struct.calcsize("<" + _SCALARS[of]) * length
            else:
                for _ in range(length):
                    self._value(of)
            return None
        if kind not in _SCALARS:
            raise NotGguf("kind")
        return self._take(_SCALARS[kind])[0]
