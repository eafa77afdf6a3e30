"""Cutting: her own words with the blame left out, where what is left still stands as speech.

Within a sentence, a tail, a head or a clause goes; within a draft, a whole sentence. Nothing is added here but a capital and
a full stop.
"""

import re

from rehearse.tone.grammar import Style, plain, spelled_out
from rehearse.tone.recasts import Recasts

LEAST_WORDS = 2
# A clause that is kept beside another wording says something of its own.
LEAST_KEPT = 3
# A cut that leaves less than this much of a sentence has lost what she wanted to say.
LEAST_SHARE = 0.3

_JOINT = re.compile(r"(?:\s*[,;:]\s+|\s+[-–—]+\s+|\s*[.!?…]+\s+|\s+(?=(?:and|but|so|because|cos|or)\s))", re.IGNORECASE)
_LEADING = re.compile(r"^(?:and|but|so|because|cos|or|then|yet|also)\s+", re.IGNORECASE)
_WORD = re.compile(r"[\w'’]+")
# What cannot open, and what cannot end, a sentence that stands.
_NO_START = frozenset(
    "that than who whom whose which like as if when while since until till unless though although whether not to of for from "
    "with without because cos except instead rather never always every no only just even".split()
)
_NO_END = frozenset(
    "and but or so because if when that than as like the a an my your his her our their this to of for from with without by "
    "at on in is was were are be been am do does did have has had will would can could should not i you he she we they who "
    "which what very too really just only even about into".split()
)
_FINITE = re.compile(
    r"\b(?:i'?m|i'?ve|i'?d|i'?ll|you'?re|you'?ve|it'?s|that'?s|there'?s|he'?s|she'?s|we'?re|they'?re|what'?s|how'?s|is|are|was|were|am|"
    r"do|does|did|don'?t|didn'?t|have|has|had|haven'?t|hasn'?t|will|won'?t|would|wouldn'?t|can|can'?t|could|couldn'?t|should|might|"
    r"thanks|thank|please|hope|glad|sorry|hello|hi|"
    r"(?:i|you|we|they|he|she|it|nan|dad|mum|mom) (?:\w+ )?(?:\w+ed|\w+t|\w+s|saw|got|made|came|went|rang|sat|put|left|told|said|"
    r"need|want|miss|love|like|know|think|heard|found|paid|gave|took|kept|bought|wrote|read))\b",
    re.IGNORECASE,
)  # fmt: skip


def trimmed(hers: str, span: tuple[int, int], recasts: Recasts) -> list[str]:
    """Return a sentence without its blaming part, the most words kept first; none if nothing that stands is left.

    :param hers: one sentence.
    :param span: where in it the blame was heard.
    """
    found = [_without_tail(hers, recasts)]
    pieces = parts(hers)
    blamed = [overlaps(each, span) for each in pieces]
    if any(blamed) and not all(blamed):
        first, last = blamed.index(True), len(blamed) - 1 - blamed[::-1].index(True)
        found += [hers[: pieces[first][0]], hers[pieces[last][1] :]]
    whole = len(_WORD.findall(hers))
    style = Style.of(hers)
    made = []
    for each in found:
        words = _LEADING.sub("", each.strip().rstrip(",;:-–— ")).strip()
        if stands(words) and LEAST_SHARE * whole <= len(_WORD.findall(words)) < whole:
            ended = words if words[-1] in ".!?…" or style.small else f"{words}{_mark(hers, words)}"
            made.append(ended if style.small else ended[0].upper() + ended[1:])
    asked = _without_tail(hers, recasts)
    if not made and asked and hers.rstrip().endswith("?") and len(_WORD.findall(asked)) >= LEAST_WORDS:
        # "Running late?" is said without a verb.
        made.append(asked + hers[len(hers.rstrip(".!?… ")) :].strip())
    return list(dict.fromkeys(sorted(made, key=lambda each: -len(each))))


def parts(hers: str) -> list[tuple[int, int]]:
    """Return where the clauses of a sentence stand, each with the joint that ends it."""
    joints = [0, *(match.end() for match in _JOINT.finditer(hers)), len(hers)]
    return [(a, b) for a, b in zip(joints, joints[1:], strict=False) if b > a]


def overlaps(part: tuple[int, int], span: tuple[int, int]) -> bool:
    """Whether more than half of a clause lies where blame was heard."""
    return min(part[1], span[1]) - max(part[0], span[0]) > 0.5 * (part[1] - part[0])


def ended(part: str, hers: str, style: Style) -> str:
    """Return a clause of hers as a sentence of its own; empty if it cannot be one."""
    words = _LEADING.sub("", part.strip().rstrip(",;:-–— ")).strip()
    if len(_WORD.findall(words)) < LEAST_KEPT or not stands(words):
        return ""
    closed = words if words[-1] in ".!?…" else f"{words}{_mark(hers, words)}"
    return closed if style.small else closed[0].upper() + closed[1:]


def stands(words: str) -> bool:
    """Whether some words can be said as they are: long enough, with a verb, neither opened nor ended in mid-air."""
    said = [word.lower() for word in _WORD.findall(plain(words))]
    if len(said) < LEAST_WORDS or said[0] in _NO_START or said[-1] in _NO_END:
        return False
    return bool(_FINITE.search(spelled_out(words)))


def _without_tail(hers: str, recasts: Recasts) -> str:
    """Return a sentence without the tails of the list at its end and the heads at its beginning."""
    words = hers.rstrip(" .!?…")
    changed = True
    while changed:
        before = words
        flat = plain(words).lower()
        for tail in recasts.tails:
            if re.search(rf"[\s,;-]{re.escape(tail)}$", flat) or re.search(
                rf"[\s,;-]{re.escape(tail.replace(chr(39), ''))}$", flat
            ):
                words = words[: -len(tail) if flat.endswith(tail) else -len(tail.replace("'", ""))].rstrip(" ,;:-–—.!?…")
                break
        changed = words != before
    return words if words != hers.rstrip(" .!?…") else ""


def _mark(hers: str, words: str) -> str:
    """Return how what is left ends: as she ended her sentence if its end is kept or it asks something, else with a full stop."""
    asks = re.match(
        r"(?:who|what|where|when|why|how|is|are|was|were|do|does|did|have|has|will|would|can|could|shall)\b", words, re.IGNORECASE
    )
    return "?" if asks and hers.rstrip().endswith("?") else "."
