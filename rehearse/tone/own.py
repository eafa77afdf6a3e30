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
MOST = 4
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
    made = [*known.of(hers, blaming.kind), *cutting.trimmed(hers, blaming.span, known)]
    return list(dict.fromkeys(each for each in made if each))[:MOST]


def composed(draft: str, blaming: Sequence[Blaming], best: Sequence[str]) -> list[str]:
    """Return what can be made of a draft of several sentences, unjudged, the fullest first.

    :param best: for each blaming sentence the wording to put in its place, or nothing to leave it out.
    """
    every = sentences(draft)
    if len(every) < 2:
        return []
    instead = {each.sentence.start: wording for each, wording in zip(blaming, best, strict=True)}
    rest = [each for each in every if each.start not in instead]
    enough = sum(len(_WORD.findall(each.text)) for each in rest) >= max(REST_WORDS, REST_SHARE * len(_WORD.findall(draft)))
    made = []
    if any(best) and (rest or all(best)):
        made.append(_joined(draft, every, instead))
    if enough and rest:
        alone = _joined(draft, every, dict.fromkeys(instead, ""))
        made.append(alone)
        last = blaming[-1].sentence.start == every[-1].start
        if last and len(blaming) == 1 and not alone.rstrip().endswith("?"):
            style = Style.of(draft)
            made += [
                _joined(draft, every, {every[-1].start: style.worn(line)}) for line in recasts.load().honest[blaming[0].kind]
            ]
    return list(dict.fromkeys(made))


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
