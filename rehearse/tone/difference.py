"""The difference between her sentence and another wording, word by word."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

# Below this share of words in common a difference shows nothing but two sentences, one struck out.
WORTH_SHOWING = 0.34

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words in a row: kept from her sentence, left out of it, or new."""

    change: Literal["kept", "left", "new"]
    text: str


def difference(hers: str, other: str) -> tuple[Piece, ...]:
    """Return how another wording differs from hers, in the order of reading; nothing if the two have too little in common.

    The kept and the new words, joined with spaces, are the other wording. Case and punctuation do not make a word another
    one, but the wording's own form is the one returned.
    """
    old, new = _WORD.findall(hers), _WORD.findall(other)
    matcher = SequenceMatcher(None, [_plain(word) for word in old], [_plain(word) for word in new], autojunk=False)
    if matcher.ratio() < WORTH_SHOWING:
        return ()
    pieces: list[Piece] = []
    for change, first, last, start, end in matcher.get_opcodes():
        if change == "equal":
            pieces.append(Piece("kept", _joined(new[start:end])))
            continue
        if last > first:
            pieces.append(Piece("left", _joined(old[first:last])))
        if end > start:
            pieces.append(Piece("new", _joined(new[start:end])))
    return tuple(pieces)


def _plain(word: str) -> str:
    return word.casefold().strip(".,;:!?…“”\"'’‘()") or word


def _joined(words: Sequence[str]) -> str:
    return " ".join(words)
