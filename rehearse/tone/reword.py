"""Gentler wordings for words that may land as blame: the article's, her own reworded, and ours."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Protocol

from rehearse import article
from rehearse.tone import phrasebook, recasts
from rehearse.tone.encoder import Embedder
from rehearse.tone.fidelity import Fidelity, Made, sound
from rehearse.tone.judge import Judge
from rehearse.tone.own import Blaming, proposed, replaced, shortened
from rehearse.tone.report import Source, Suggestion
from rehearse.tone.sentences import Sentence, sentences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# A phrase of the finding's own practice is preferred unless another is clearly nearer to what she said. How clearly is a
# choice and was not measured.
OWN_PRACTICE = 0.15
# How much of a phrase's nearness to all phrases is taken off its nearness to hers, how much it gains if she named its concern
# by a word, and how near it must then be at least. Chosen on the development writer's 241 flagged lines.
COMMONNESS = 0.5
NAMED = 0.15
NEAR_ENOUGH = 0.25
# So many wordings of her own are enough: the voice is not asked for more, and no more are shown.
ENOUGH = 2
# Below this cosine two texts are rarely about the same thing: of 241 hand-written rewordings two in three lie above it, of the
# same rewordings put beside other lines one in a hundred. A floor against nonsense, not a measure of fidelity.
SAME_MEANING = 0.42

# What is left of a draft, and each sentence of it, must be read as gently as this (0 is gentle, 1 is sure to blame).
CALM = 0.35
# A wording of so many words is not too long, however short her line: to "Calm down" there is no kind answer of four.
SHORT = 16
# Sentences whose wordings are kept.
REMEMBERED = 256

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
    concern: str = phrasebook.GENERAL


class Reworder:
    """Finds, and with a rewriter makes, gentler wordings, and lets none through that the check itself would flag."""

    def __init__(
        self, judge: Judge, embedder: Embedder, refused: Collection[str] | None = None, fidelity: Fidelity | None = None
    ) -> None:
        """Use the check's own judge.

        :param refused: the phrases that the check would flag, if that is known already; otherwise each is read, which takes
            some seconds.
        :param fidelity: what tells whether a wording is one she would say; the rules alone if left out.
        """
        self.judge = judge
        self.embedder = embedder
        self.refused = refused
        self.fidelity = fidelity
        # The quick answer words a sentence, the close one words it again, and so does sending it.
        self._made = lru_cache(REMEMBERED)(self._made_of)

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

    @cached_property
    def _commonness(self) -> "NDArray[np.float32]":
        """How near each phrase is to all of them: what is near to everything would otherwise be offered for everything."""
        vectors = self._vectors
        mean: NDArray[np.float32] = vectors @ vectors.mean(axis=0)
        return mean

    def prepare(self) -> None:
        """Embed the phrases and read the patterns now, so that her first finding need not wait for it."""
        recasts.load()
        self._commonness  # noqa: B018

    def passes(self, text: str) -> bool:
        """Whether the check would let this text through."""
        return self.judge.lets_through([text])[0]

    def phrases(self, text: str, kind: str, practice: int, avoid: Collection[str] = ()) -> list[Suggestion]:
        """Return one phrase of the article and two of ours that are nearest to her concern.

        :param text: the words that may land as blame.
        :param kind: their kind; ours are chosen among the phrases written for it.
        :param practice: the practice (1 to 10) the finding rests on.
        :param avoid: what she was just offered, or is offered already: not offered again while there is something else.
        """
        if not self._phrases:
            return []
        nearness = self._vectors @ self.embedder.encode([text])[0]
        named = phrasebook.about(text)

        def fitting(index: int) -> float:
            phrase = self._phrases[index]
            particular = float(nearness[index]) - COMMONNESS * float(self._commonness[index])
            return particular + OWN_PRACTICE * (phrase.practice == practice) + NAMED * (phrase.concern in named)

        def about_it(index: int) -> bool:
            # A phrase about one concern may speak of miles or of money: it is offered only where she did too.
            concern = self._phrases[index].concern
            least = NEAR_ENOUGH if concern in named else SAME_MEANING
            return concern == phrasebook.GENERAL or float(nearness[index]) >= least

        ranked = sorted(range(len(self._phrases)), key=lambda index: -fitting(index))
        found = [self._phrases[index] for index in ranked]
        chosen = _fresh((each for each in found if each.source == "article"), 1, avoid)
        ours = [self._phrases[index] for index in ranked if self._phrases[index].source == "phrasebook" and about_it(index)]
        chosen += _fresh((each for each in ours if kind in each.kinds), 2, avoid)
        return [Suggestion(each.text, each.source, each.practice) for each in chosen]

    def own(self, blaming: Blaming, practice: int, rewriter: Rewriter | None = None, count: int = 4) -> list[Suggestion]:
        """Return wordings of one sentence made of her own words, those that read best first; none is better than a poor one.

        :param blaming: the sentence.
        :param practice: the practice (1 to 10) the finding rests on.
        :param rewriter: asked where cutting and the patterns have made too few; slow.
        :param count: for how many it is asked.
        """
        hers = blaming.sentence.text
        blamed = [hers[slice(*blaming.span)]]
        found = list(self._made(hers, blaming.kind, blaming.span))
        if rewriter is not None and len(found) < ENOUGH:
            found += self._kept(hers, rewriter.variants(hers, count), blamed, "voice")
        return [Suggestion(each, "reworded", practice) for each in dict.fromkeys(found)][:ENOUGH]

    def _made_of(self, hers: str, kind: str, span: tuple[int, int]) -> tuple[str, ...]:
        blaming = Blaming(Sentence(0, len(hers), hers), kind, span)
        return tuple(self._kept(hers, proposed(blaming), [hers[slice(*span)]], "sentence"))

    def whole(self, draft: str, blaming: Sequence[Blaming], best: Sequence[str], practice: int) -> list[Suggestion]:
        """Return wordings of a whole draft of several sentences: the innocent ones stay as she wrote them.

        :param best: for each blaming sentence a wording of it, or nothing.
        """
        blamed = [each.sentence.text[slice(*each.span)] for each in blaming]
        found = self._kept(draft, [made], blamed, "replaced") if (made := replaced(draft, blaming, best)) else []
        found += self._kept(draft, shortened(draft, blaming), blamed, "whole")
        return [Suggestion(each, "reworded", practice) for each in found[:ENOUGH]]

    def _kept(self, hers: str, made: Iterable[str], blamed: Sequence[str], by: Made) -> list[str]:
        """Return those of some wordings that she may be offered."""
        variants = [each for each in dict.fromkeys(made) if fits(hers, each) and sound(hers, each, blamed)]
        if not variants:
            return []
        if by == "voice":
            vectors = self.embedder.encode([hers, *variants])
            near = dict(zip(variants, (vectors[1:] @ vectors[0]).tolist(), strict=True))
            variants = sorted((each for each in variants if near[each] >= SAME_MEANING), key=lambda each: -near[each])
        if self.fidelity is not None:
            variants = self.fidelity.keeps(hers, variants, blamed, by)
        # The check reads last: it is the slowest to ask.
        if by == "replaced":
            # Sentences that stay were heard as innocent beside blame; without it they may be heard anew.
            return [each for each in variants if self.judge.calm(each, CALM)]
        return [each for each, through in zip(variants, self.judge.lets_through(variants), strict=True) if through]


def _fresh(found: Iterable[_Phrase], count: int, avoid: Collection[str]) -> list[_Phrase]:
    """Return the first few, those to be avoided only where there are too few others."""
    every = list(found)
    fresh = [each for each in every if each.text not in avoid]
    return [*fresh, *(each for each in every if each.text in avoid)][:count]


def offered() -> list[_Phrase]:
    """Return every phrase there is to offer: the article's, then ours."""
    offers = [
        _Phrase(offer.sentence, offer.kinds, practice.number, "article")
        for practice in article.practices()
        for offer in practice.offers
    ]
    return offers + [_Phrase(each.to(), each.kinds, each.practice, "phrasebook", each.concern) for each in phrasebook.phrases()]


def fits(original: str, reworded: str) -> bool:
    """Whether a rewording is hers: not empty, not the same, short or at most twice as long, nothing named or counted anew."""
    said, offered = _WORD.findall(original), _WORD.findall(reworded)
    if not offered or [word.lower() for word in offered] == [word.lower() for word in said]:
        return False
    if len(offered) > max(2 * len(said), SHORT):
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
