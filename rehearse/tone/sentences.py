"""Cutting a draft into sentences, with exact offsets."""

import re
from dataclasses import dataclass

# What may stand around a sentence without being part of it.
_EDGES = re.compile(r"\s*(.*?)\s*", re.DOTALL)
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

    cuts = {0, len(draft)}
    cuts.update(match.end() for match in re.finditer(r"\n+", draft))
    cuts.update(match.start() for match in _GLUED.finditer(draft))
    for boundary in sentencex.get_sentence_boundaries("en", draft):
        cuts.add(boundary["start_index"])
        cuts.add(boundary["end_index"])
    ordered = sorted(cuts)
    found = []
    for start, end in zip(ordered, ordered[1:], strict=False):
        match = _EDGES.fullmatch(draft, start, end)
        if match is None or not any(sign.isalnum() for sign in match.group(1)):
            continue
        found.append(Sentence(match.start(1), match.end(1), match.group(1)))
    return found
