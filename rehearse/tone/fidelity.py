"""Whether a gentler wording is one she would really say: the strict judge of everything that is offered as her own.

First come rules: nothing named, counted or brought in anew, no persons swapped, none of the blaming words kept, nothing said
twice. What passes them is weighed by a logistic regression learnt on hand-written pairs of a line and its gentler wording,
against other lines' wordings, spoilt ones, and what the voice and the patterns made that did not read right
(``rehearse.lab.fidelity_training``). It looks at MiniLM's vectors of both texts and at the words themselves; how often it is
right is in ``models/tone/REWORDING.md``.
"""

import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rehearse import catalog
from rehearse.errors import DataError
from rehearse.tone.encoder import Embedder
from rehearse.tone.grammar import spelled_out
from rehearse.tone.sentences import sentences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Made = Literal["sentence", "replaced", "whole", "voice"]

PARTS = ("weights", "thresholds", "common")
# Buckets that words and pairs of words are counted in: those of the wording, and those of it that are not hers.
BUCKETS = 2048
MEASURES = 12
# How much a wording that is nearer to her line is preferred among those that read right.
NEARNESS = 1.0

_WORD = re.compile(r"[\w']+")
_ENDING = re.compile(r"(?:ing|ed|es|s|ly|n't|'s|'ll|'d|'ve|'re|'m|e|y|ies)$")
_YOURS = re.compile(r"\b(my|your|his|her|our|their) (\w+)")
_FRAME = re.compile(
    r"\b(?:hurt|sad|hard for me|got to me|find it hard|lost|loved it|liked it|worried|afraid)(?: when| that| if) $"
)
# What follows her fact as it stands: a feeling, a wish or a question.
_ANSWERED = re.compile(r"[\w' ]{0,40}[.,] (?:and )?(?:i|we|how|what|would|could|you're|it was|tell)\b")
_DOER = re.compile(
    r"\b(i|you|he|she|we|they)(?:'(?:ve|d|ll))? (?:(?:have|had|never|always|just|only|even|still|did|do|didn't|don't|would|could|"
    r"will|won't|can't) )*(\w{3,})"
)


class Fidelity:
    """Says how likely a wording is to read right as a gentler form of a line of hers."""

    def __init__(self, embedder: Embedder, parts: "Mapping[str, NDArray[np.float32]]") -> None:
        """Use an encoder and the learnt parts.

        :param parts: ``weights`` (features + 1, the last is the bias), ``thresholds`` (4: for a sentence by patterns or cutting,
            for a draft with sentences so replaced, for one with some left out, and for what the voice made) and ``common``
            (bytes: the words that the voice may bring in, joined by line feeds).
        """
        self.embedder = embedder
        self.weights = parts["weights"]
        sentence, replaced, whole, voice = (float(each) for each in parts["thresholds"])
        self.thresholds: dict[Made, float] = {"sentence": sentence, "replaced": replaced, "whole": whole, "voice": voice}
        self.common = frozenset(parts["common"].astype("uint8").tobytes().decode("utf-8").split("\n"))

    @classmethod
    def load(cls, embedder: Embedder) -> "Fidelity":
        """Load what is carried with the app.

        :raises ModelMissing: if the file is not there.
        :raises ModelChanged: if it is not the pinned one.
        """
        return cls.read(embedder, catalog.verified("fidelity"))

    @classmethod
    def read(cls, embedder: Embedder, path: Path) -> "Fidelity":
        """Load the learnt parts from a file.

        :raises DataError: if one is missing.
        """
        from safetensors.numpy import load_file

        found = load_file(path)
        if set(found) != set(PARTS) or found["thresholds"].shape != (4,):
            raise DataError(path, "it does not hold the parts of the judge of wordings")
        return cls(embedder, found)

    def keeps(self, line: str, wordings: Sequence[str], blamed: Sequence[str], made: Made) -> list[str]:
        """Return the wordings that read right, the likeliest first.

        :param line: her sentence, or her whole draft.
        :param wordings: what was made of it.
        :param blamed: the words of it in which blame was heard.
        :param made: how: a pattern's words are fluent anyway, a draft with sentences left out and the voice are trusted less.
        """
        kept = [
            each
            for each in wordings
            if sound(line, each, blamed) and not (made == "voice" and brought_in(line, each) - self.common)
        ]
        if not kept:
            return []
        vectors = self.embedder.encode([line, *kept])
        near = vectors[1:] @ vectors[0]
        scores = self._scores(line, kept, vectors).tolist()
        # A mere cut must read as surely as a draft with sentences left out: a concern is soon lost with the blame.
        needed = [self.thresholds["whole" if made == "sentence" and _cut(line, each) else made] for each in kept]
        right = [place for place, score in enumerate(scores) if score >= needed[place]]
        # Of those that read right, the one that says more of what she said is the better.
        return [kept[place] for place in sorted(right, key=lambda place: -(scores[place] + NEARNESS * near[place]))]

    def scores(self, line: str, wordings: Sequence[str]) -> "NDArray[np.float32]":
        """Return for each wording how likely it is to read right, 0 to 1."""
        return self._scores(line, wordings, self.embedder.encode([line, *wordings]))

    def _scores(self, line: str, wordings: Sequence[str], vectors: "NDArray[np.float32]") -> "NDArray[np.float32]":
        import numpy as np

        seen = np.stack([features(vectors[0], vectors[1 + row], line, each) for row, each in enumerate(wordings)])
        logits = seen @ self.weights[:-1] + self.weights[-1]
        return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


def sound(line: str, wording: str, blamed: Sequence[str] = ()) -> bool:
    """Whether a wording breaks none of the rules: it keeps no blaming words, swaps no person and says nothing twice."""
    hers, offered = spelled_out(line), spelled_out(wording)
    for each in blamed:
        words = spelled_out(each).strip(" .!?…")
        before, kept, after = offered.partition(words)
        if len(words.split()) >= 3 and kept and not (_framed(before) or _ANSWERED.match(after)):
            return False
    return not _swapped(hers, offered) and not _repeats(offered)


def _cut(line: str, wording: str) -> bool:
    """Whether a wording is nothing but a part of her line."""
    return spelled_out(wording).strip(" .!?…") in spelled_out(line)


def _framed(before: str) -> bool:
    """Whether what stands before kept words makes them the occasion of a feeling: "I was hurt when you shouted"."""
    return bool(_FRAME.search(before))


def _swapped(hers: str, offered: str) -> bool:
    """Whether what is his became hers in the wording, or what she did became his."""
    owners: dict[str, set[str]] = {}
    for owner, thing in _YOURS.findall(hers):
        owners.setdefault(thing, set()).add(owner)
    if any(thing in owners and owner not in owners[thing] for owner, thing in _YOURS.findall(offered)):
        return True
    doers: dict[str, set[str]] = {}
    for who, verb in _DOER.findall(hers):
        doers.setdefault(stem(verb), set()).add(who)
    return any(stem(verb) in doers and who not in doers[stem(verb)] for who, verb in _DOER.findall(offered))


def _repeats(offered: str) -> bool:
    """Whether a run of four words, or a sentence, stands twice."""
    words = _WORD.findall(offered)
    runs = list(zip(words, words[1:], words[2:], words[3:], strict=False))
    said = [each.text.strip(" .!?") for each in sentences(offered)]
    return len(set(runs)) < len(runs) or len(set(said)) < len(said)


def stem(word: str) -> str:
    """Return a word without its ending, roughly: enough to see that "called" is "call"."""
    return _ENDING.sub("", word) if len(word) > 4 else word


def brought_in(line: str, wording: str) -> set[str]:
    """Return the words of a wording that are not hers, by their stems."""
    hers = {stem(word) for word in _WORD.findall(spelled_out(line))}
    return {stem(word) for word in _WORD.findall(spelled_out(wording))} - hers


def features(u: "NDArray[np.float32]", v: "NDArray[np.float32]", line: str, wording: str) -> "NDArray[np.float32]":
    """Return what the judge sees of one wording: both vectors set against each other, some measures, and the words."""
    import numpy as np

    hers, offered = _WORD.findall(spelled_out(line)), _WORD.findall(spelled_out(wording))
    stems = {stem(word) for word in hers}
    kept = [word for word in offered if stem(word) in stems]
    shown = {stem(word) for word in offered}
    near = float(u @ v)
    measures = [
        near,
        near * near,
        len(offered) / 20,
        min(len(offered) / max(len(hers), 1), 3),
        len(kept) / max(len(offered), 1),
        sum(stem(word) in shown for word in hers) / max(len(hers), 1),
        float("you" in offered or "your" in offered),
        float("i" in offered or "i'm" in offered or "i'd" in offered),
        float(wording.rstrip().endswith("?")),
        len(sentences(wording)) / 3,
        float(spelled_out(wording).rstrip(".!? ") in spelled_out(line)),
        len(hers) / 20,
    ]
    counted = np.zeros(2 * BUCKETS, np.float32)
    ends = ["<", *offered, ">"]
    for gram in {*offered, *(f"{a} {b}" for a, b in zip(ends, ends[1:], strict=False))}:
        counted[zlib.crc32(gram.encode()) % BUCKETS] = 0.5
    for word in shown - stems:
        counted[BUCKETS + zlib.crc32(word.encode()) % BUCKETS] = 0.5
    scale = np.float32(4)
    return np.concatenate([scale * v, scale * np.abs(u - v), 16 * u * v, np.array(measures, np.float32), counted]).astype(
        np.float32
    )
