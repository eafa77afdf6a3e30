"""Gentler wordings for words that may land as blame: the article's, her own reworded, and ours."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from rehearse import article
from rehearse.tone import phrasebook
from rehearse.tone.encoder import Embedder
from rehearse.tone.judge import Judge
from rehearse.tone.report import Source, Suggestion
from rehearse.tone.sentences import sentences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# A phrase of the finding's own practice is preferred unless another is clearly nearer to what she said. How clearly is a
# choice and was not measured.
OWN_PRACTICE = 0.15
# Below this cosine two texts are rarely about the same thing: of 241 hand-written rewordings two in three lie above it, of the
# same rewordings put beside other lines one in a hundred. A floor against nonsense, not a measure of fidelity.
SAME_MEANING = 0.42

_WORD = re.compile(r"[\w’']+")
_STOP = re.compile(r"^(?:i|i’m|i'm|i’d|i'd|i’ll|i'll|i’ve|i've|mom|mum|ma|mama)$", re.IGNORECASE)


class Rewriter(Protocol):
    """Whatever can reword a line of hers; the tuned voice does."""

    def variants(self, line: str, count: int) -> list[str]:
        """Return up to ``count`` rewordings, unchecked."""
        ...


@dataclass(frozen=True, slots=True)
class _Phrase:
    text: str
    kinds: tuple[str, ...]
    practice: int
    source: Source
    general: bool = False


class Reworder:
    """Finds, and with a rewriter makes, gentler wordings, and lets none through that the check itself would flag."""

    def __init__(self, judge: Judge, embedder: Embedder, refused: Collection[str] | None = None) -> None:
        """Use the check's own judge.

        :param refused: the phrases that the check would flag, if that is known already; otherwise each is read, which takes
            some seconds.
        """
        self.judge = judge
        self.embedder = embedder
        self.refused = refused

    @cached_property
    def _phrases(self) -> list[_Phrase]:
        every = offered()
        if self.refused is not None:
            return [each for each in every if each.text not in self.refused]
        passes = self.judge.lets_through([each.text for each in every])
        return [each for each, through in zip(every, passes, strict=True) if through]

    @cached_property
    def _vectors(self) -> "NDArray[np.float32]":
        return self.embedder.encode([phrase.text for phrase in self._phrases])

    def prepare(self) -> None:
        """Embed the phrases now, so that her first finding need not wait for it."""
        self._vectors  # noqa: B018

    def passes(self, text: str) -> bool:
        """Whether the check would let this text through."""
        return self.judge.lets_through([text])[0]

    def phrases(self, text: str, kind: str, practice: int) -> list[Suggestion]:
        """Return one phrase of the article and two of ours that are nearest to her concern.

        :param text: the words that may land as blame.
        :param kind: their kind; ours are chosen among the phrases written for it.
        :param practice: the practice (1 to 10) the finding rests on.
        """
        if not self._phrases:
            return []
        nearness = self._vectors @ self.embedder.encode([text])[0]
        ranked = sorted(
            range(len(self._phrases)),
            key=lambda index: -(float(nearness[index]) + OWN_PRACTICE * (self._phrases[index].practice == practice)),
        )
        found = [self._phrases[index] for index in ranked]
        chosen = [each for each in found if each.source == "article"][:1]
        # A phrase about one concern may speak of miles or of money: it is offered only where she did too.
        about_it = [index for index in ranked if self._phrases[index].general or float(nearness[index]) >= SAME_MEANING]
        ours = [self._phrases[index] for index in about_it if self._phrases[index].source == "phrasebook"]
        chosen += [each for each in ours if kind in each.kinds][:2]
        return [Suggestion(each.text, each.source, each.practice) for each in chosen]

    def own(self, text: str, practice: int, rewriter: Rewriter, count: int = 4) -> list[Suggestion]:
        """Return rewordings of her own sentence that pass every test, nearest in meaning first.

        A rewording is let through if the check does not flag it, if it keeps near to what she said, brings in no name or
        number of its own and is not longer than twice hers.
        """
        variants = [each for each in dict.fromkeys(rewriter.variants(text, count)) if fits(text, each)]
        through = self.judge.lets_through(variants)
        variants = [each for each, passes in zip(variants, through, strict=True) if passes]
        if not variants:
            return []
        vectors = self.embedder.encode([text, *variants])
        nearness = vectors[1:] @ vectors[0]
        kept = sorted(zip(nearness.tolist(), variants, strict=True), reverse=True)
        return [Suggestion(each, "reworded", practice) for near, each in kept if near >= SAME_MEANING]


def offered() -> list[_Phrase]:
    """Return every phrase there is to offer: the article's, then ours."""
    offers = [
        _Phrase(offer.sentence, offer.kinds, practice.number, "article")
        for practice in article.practices()
        for offer in practice.offers
    ]
    return offers + [
        _Phrase(each.to(), each.kinds, each.practice, "phrasebook", each.concern == "general") for each in phrasebook.phrases()
    ]


def fits(original: str, reworded: str) -> bool:
    """Whether a rewording is hers: not empty, not the same, not more than twice as long, nothing named or counted anew."""
    said, offered = _WORD.findall(original), _WORD.findall(reworded)
    if not offered or [word.lower() for word in offered] == [word.lower() for word in said]:
        return False
    if len(offered) > max(2 * len(said), 8):
        return False
    return not _named(reworded) - {word.lower() for word in said}


def _named(text: str) -> set[str]:
    """Return the names and numbers of a text in lower case: words with digits, or with a capital inside a sentence."""
    found = set()
    for each in sentences(text):
        words = _WORD.findall(each.text)
        found |= {word.lower() for word in words if any(sign.isdigit() for sign in word)}
        found |= {word.lower() for word in words[1:] if word[:1].isupper() and not _STOP.match(word)}
    return found


def distinct(suggestions: Sequence[Suggestion]) -> tuple[Suggestion, ...]:
    """Return the suggestions without repeats of the same text, in order."""
    seen: dict[str, Suggestion] = {}
    for each in suggestions:
        seen.setdefault(each.text.lower(), each)
    return tuple(seen.values())
