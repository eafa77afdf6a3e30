"""Cutting a draft into sentences, with exact offsets."""

import re
from dataclasses import dataclass

# Ordinary words at the end of a sentence that sentencex takes for abbreviations (Maine, number, Illinois …). “me.” alone
# joined one sentence in fifty of the hand-written lines to the next.
_ORDINARY = re.compile(r"\b(?i:me|no|ok|i|ill|hon|art|may)[.!?]+[”’\"]?(?=\s+[“‘\"]?[A-Z])")
# Halves of characters, from a broken paste: no library takes them.
_HALF = re.compile("[\ud800-\udfff]")
# A full stop typed without the space after it ("it's fine.i'm used to it"), as on a phone; two letters on each side
# keep "e.g." and "3.5" whole. Offsets stay those of the draft.
_GLUED = re.compile(r"(?<=[a-z’']{2}[.!?])(?=[A-Za-z][a-z’']+\s)")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a draft: ``draft[start:end] == text``."""

    start: int
    end: int
    text: str


def sentences(draft: str) -> list[Sentence]:
    """Cut a draft into sentences; a line break ends a sentence too, as it does when people text.

    :param draft: any text; whitespace between sentences belongs to none of them.
    """
    import sentencex

    readable = whole(draft)
    cuts = {0, len(draft)}
    cuts.update(match.end() for match in re.finditer(r"\n+", readable))
    cuts.update(match.start() for match in _GLUED.finditer(readable))
    cuts.update(match.end() for match in _ORDINARY.finditer(readable))
    for boundary in sentencex.get_sentence_boundaries("en", readable):
        cuts.add(boundary["start_index"])
        cuts.add(boundary["end_index"])
    ordered = sorted(cuts)
    found = []
    for start, end in zip(ordered, ordered[1:], strict=False):
        piece = draft[start:end]
        if any(sign.isalnum() for sign in piece):
            first = start + len(piece) - len(piece.lstrip())
            text = piece.strip()
            found.append(Sentence(first, first + len(text), text))
    return found


def whole(text: str) -> str:
    """Return the text, as long as before, with each half of a character (from a broken paste) replaced by a mark."""
    return _HALF.sub("\ufffd", text)


def replaced(draft: str, start: int, words: str) -> str:
    """Return a draft with the sentence that holds the character at ``start`` replaced by other words."""
    held = sentence_at(draft, start)
    return draft if held is None else draft[: held.start] + words + draft[held.end :]


def without(draft: str, start: int) -> str:
    """Return a draft without the sentence that holds the character at ``start``; a gap it leaves is closed."""
    held = sentence_at(draft, start)
    if held is None:
        return draft
    before, after = draft[: held.start], draft[held.end :]
    if not after.strip():
        return before.rstrip()
    # Of the spaces on both sides one side is enough; a line break on either side stays.
    return before + after.lstrip(" \t") if before[-1:].isspace() or not before else before.rstrip(" \t") + after


def sentence_at(draft: str, start: int) -> Sentence | None:
    """Return the sentence that holds the character at ``start``."""
    return next((each for each in sentences(draft) if each.start <= start < each.end), None)
