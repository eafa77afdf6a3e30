"""Her own words, gentler: what cutting and the hand-written patterns make of them, and what of it she may be offered.

A wording is proposed for one sentence, or for a whole draft: then each sentence that may land as blame is replaced by what is
made of it, or left out, and the innocent ones stay as they are.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rehearse.tone import cutting, recasts
from rehearse.tone.grammar import Style
from rehearse.tone.sentences import Sentence, sentences

# So much of a draft must be innocent for the rest of it to be offered alone.
REST_WORDS = 5
REST_SHARE = 0.4
# More than this for one sentence are not read.
MOST = 6
# A longer sentence is nothing that patterns were written for.
LONGEST = 400

_WORD = re.compile(r"[\w’']+")


@dataclass(frozen=True, slots=True)
class Blaming:
    """A sentence that may land as blame: where it stands in the draft, its kind, and where in it the blame was heard."""

    sentence: Sentence
    kind: str
    span: tuple[int, int]


def proposed(blaming: Blaming) -> list[str]:
    """Return what can be made of one sentence, unjudged: by cutting, then by patterns."""
    known = recasts.load()
    hers = blaming.sentence.text
    if len(hers) > LONGEST:
        return []
    made = [*known.of(hers, blaming.kind), *mended(blaming, known), *cutting.trimmed(hers, blaming.span, known)]
    return list(dict.fromkeys(each for each in made if each))[:MOST]


def mended(blaming: Blaming, known: recasts.Recasts) -> list[str]:
    """Return a sentence with its blaming clause said another way and its innocent ones kept, unjudged."""
    hers = blaming.sentence.text
    parts = cutting.parts(hers)
    blamed = [cutting.overlaps(part, blaming.span) for part in parts]
    if not any(blamed) or all(blamed):
        return []
    first, last = blamed.index(True), len(blamed) - 1 - blamed[::-1].index(True)
    before, after = hers[: parts[first][0]], hers[parts[last][1] :]
    said = hers[parts[first][0] : parts[last][1]].strip(" ,;:-–—")
    style = Style.of(hers)
    kept = [cutting.ended(each, hers, style) for each in (before, after)]
    if not any(kept) or not said:
        return []
    opened = said if style.small else said[0].upper() + said[1:]
    made = known.of(opened, blaming.kind)[:2]
    return [" ".join(part for part in (kept[0], _stopped(each) if kept[1] else each, kept[1]) if part) for each in made]


def _stopped(wording: str) -> str:
    """Return a wording with a full stop where she leaves it out at the end and something follows."""
    return wording if wording[-1:] in ".!?…" else f"{wording}."


def replaced(draft: str, blaming: Sequence[Blaming], best: Sequence[str]) -> str:
    """Return a draft of several sentences with the blaming ones said another way; empty unless half of them can be.

    :param best: for each blaming sentence the wording to put in its place, or nothing to leave it out.
    """
    every = sentences(draft)
    if len(every) < 2 or not any(best) or 2 * sum(map(bool, best)) < len(best):
        return ""
    instead = _instead(blaming, best)
    return _joined(draft, every, instead) if len(every) > len(instead) or all(best) else ""


def shortened(draft: str, blaming: Sequence[Blaming]) -> list[str]:
    """Return what is left of a draft without its blaming sentences, unjudged: alone, and with an honest line instead."""
    every = sentences(draft)
    instead = _instead(blaming, [""] * len(blaming))
    rest = [each for each in every if each.start not in instead]
    enough = sum(len(_WORD.findall(each.text)) for each in rest) >= max(REST_WORDS, REST_SHARE * len(_WORD.findall(draft)))
    if len(every) < 2 or not rest or not enough:
        return []
    alone = _joined(draft, every, instead)
    made = [alone]
    last = blaming[-1].sentence.start == every[-1].start
    if last and len(blaming) == 1 and not alone.rstrip().endswith("?"):
        style = Style.of(draft)
        made += [_joined(draft, every, {every[-1].start: style.worn(line)}) for line in recasts.load().honest[blaming[0].kind]]
    return list(dict.fromkeys(made))


def _instead(blaming: Sequence[Blaming], best: Sequence[str]) -> dict[int, str]:
    return {each.sentence.start: wording for each, wording in zip(blaming, best, strict=True)}


def _joined(draft: str, every: Sequence[Sentence], instead: dict[int, str]) -> str:
    """Return a draft with some of its sentences said another way, or left out; what stood between them is kept."""
    found, end = "", 0
    for each in every:
        wording = instead.get(each.start, each.text)
        if wording:
            between = draft[end : each.start] if found else ""
            if between.isspace() and found[-1].isalnum() and "\n" not in between:
                # Where she texts, a full stop is missing at the end only.
                found += "."
            found += (between or " " if found else "") + wording
        end = each.end
    return found.strip()
