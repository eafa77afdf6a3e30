"""What mothers ask and tell every day, put in several ways, and what he may answer to it, from ``models/son/everyday``.

A small voice answers “What did you have for dinner?” with anything at all, and a line that fits many talks can only put it off.
So answers to what is said most often are written by hand, for every openness. Which of them her line is near to is told by
MiniLM's vectors of all those ways to put it, computed once (``rehearse.lab.everyday_reading``), and by what her line does
(:mod:`rehearse.son.act`): “Are you angry with me?” and “I'm not angry with you” have nearly the same words.

Some of it is written for what she says after certain lines of his bank (“Sort of.” – “What do you mean, sort of?”). There she
hardly says anything else, so her line need not be as near.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rehearse import catalog, data, settings
from rehearse.errors import DataError
from rehearse.scenario import TEMPERAMENTS, Son
from rehearse.son import act, bank
from rehearse.tone.encoder import Embedder
from rehearse.turn import Openness

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The one tensor of the file with the vectors, and what its metadata calls the texts that were read.
VECTORS, TEXTS = "hers", "texts"


@dataclass(frozen=True, slots=True)
class Answer:
    """What he may answer: at which openness; only of some temperaments if any is named; only at some ages, both included."""

    text: str
    openness: frozenset[Openness]
    temperaments: frozenset[str] = frozenset()
    ages: tuple[int, int] | None = None

    def fits(self, openness: Openness, son: Son) -> bool:
        """Return whether he may say this; an age that is not known is no hindrance only where none is asked for."""
        return (
            openness in self.openness
            and (not self.temperaments or not son.temperament or son.temperament in self.temperaments)
            and (self.ages is None or (son.age is not None and self.ages[0] <= son.age <= self.ages[1]))
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that she may ask or tell: ways to put it, and answers each of which answers every one of them.

    ``after`` are lines of his; where there are any, she says it, and he answers so, only after one of them.
    """

    hers: tuple[str, ...]
    answers: tuple[Answer, ...]
    after: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near her line has to be to one that is written here, as a cosine, and how much less near another may be beside it.

    From ``surely`` on it need not do the same, if both ask or neither does. For what is written after a line of his that is
    enough, from ``after`` on.
    ``dears`` is what she calls him or begins with; ``{name}`` in it stands for his name.
    """

    least: float
    surely: float
    after: float
    beside: float
    dears: str

    def plain(self, line: str, name: str) -> str:
        """Return a line without what she calls him; the whole line if nothing else is in it."""
        called = self.dears.replace("{name}", re.escape(name) if name else "son")
        return re.sub(called, "", line, flags=re.IGNORECASE).strip(" ,") or line


@cache
def _read(folder: Path) -> tuple[Asked, ...]:
    return data.read_rows(folder, _asked, "does not say what she asks and what he answers")


def _asked(row: dict[str, Any]) -> Asked:
    answers = tuple(
        Answer(
            each["text"],
            frozenset(Openness(level) for level in each["openness"]),
            frozenset(each.get("temperaments", ())),
            (int(each["ages"][0]), int(each["ages"][1])) if "ages" in each else None,
        )
        for each in row["answers"]
    )
    hers, after = tuple(row["hers"]), frozenset(row.get("after", ()))
    if not hers or not answers or not all(text.strip() for text in (*hers, *(each.text for each in answers))):
        raise ValueError("nothing is asked, or nothing answered")
    if not all(each.openness and each.temperaments <= set(TEMPERAMENTS) for each in answers):
        raise ValueError("an answer has no openness, or an unknown temperament")
    if not after <= bank.texts():
        raise ValueError("it is said after a line that he does not have")
    return Asked(hers, answers, after)


def written() -> tuple[Asked, ...]:
    """Return all that is written.

    :raises DataError: if a line of it is not as it should be.
    """
    return _read(settings.models_folder() / "son" / "everyday")


def fingerprint(every: Sequence[Asked]) -> str:
    """Return the SHA-256 of all that is read, in its order: what the vectors were computed from."""
    return hashlib.sha256("\n".join(read(every)).encode()).hexdigest()


def read(every: Sequence[Asked]) -> list[str]:
    """Return what is read of the ways to put things: all but what she calls him."""
    return [nearness().plain(text, "") for each in every for text in each.hers]


@cache
def _nearness(path: Path) -> Nearness:
    try:
        table = data.read_toml(path)
        least, surely, after, beside = (float(table[key]) for key in ("least", "surely", "after", "beside"))
        found = Nearness(least, surely, after, beside, str(table["dears"]))
        re.compile(found.dears.replace("{name}", ""))
    except (KeyError, TypeError, ValueError, re.error) as error:
        raise DataError(path, "a number is missing, or what she calls him cannot be looked for") from error
    if not 0 < found.least <= found.surely <= 1 or not 0 < found.after <= 1 or found.beside < 0:
        raise DataError(path, "it has a number that no cosine is compared with")
    return found


def nearness() -> Nearness:
    """Return the numbers by which her line is taken for one that is written here.

    :raises DataError: if ``prompts/everyday.toml`` is not as it should be.
    """
    return _nearness(settings.prompts_folder() / "everyday.toml")


class Everyday:
    """Finds what is written for a line of hers."""

    def __init__(self, embedder: Embedder, every: Sequence[Asked], vectors: "NDArray[np.float32]") -> None:
        """Use an encoder and what is written.

        :param vectors: one row for every way to put things, in order, each of length one.
        """
        self.embedder = embedder
        self._every = tuple(every)
        self._texts = [text for each in every for text in each.hers]
        self._of = [number for number, each in enumerate(every) for _ in each.hers]
        self._vectors = vectors
        self._asks = ["?" in text for text in self._texts]
        # Where the ways to put what is said after each line of his stand.
        self._after: dict[str, list[int]] = {}
        for place, number in enumerate(self._of):
            for line in every[number].after:
                self._after.setdefault(line, []).append(place)

    @classmethod
    def load(cls, embedder: Embedder) -> "Everyday":
        """Load what is carried with the app.

        :raises ModelMissing: if the file with the vectors is not there.
        :raises ModelChanged: if it is not the pinned one.
        :raises DataError: if it was not computed from what is written.
        """
        return cls.read(embedder, catalog.verified("everyday"), written())

    @classmethod
    def read(cls, embedder: Embedder, path: Path, every: Sequence[Asked]) -> "Everyday":
        """Load vectors from a file.

        :raises DataError: if they are those of other texts.
        """
        import numpy as np
        from safetensors import safe_open

        with safe_open(path, framework="numpy") as stream:
            if (stream.metadata() or {}).get(TEXTS) != fingerprint(every):
                raise DataError(path, "it was made from other lines than are written in models/son/everyday")
            vectors = stream.get_tensor(VECTORS).astype(np.float32)
        return cls(embedder, every, vectors)

    def near(self, line: str, name: str = "", last: str = "") -> list[Asked]:
        """Return what is written that her line asks or tells, the nearest first; mostly one or none.

        :param line: hers; where it says several things, what he has to answer counts, and the line as a whole.
        :param name: his.
        :param last: the line of his that she answers.
        """
        if not self._texts:
            return []
        numbers = nearness()
        does, point = act.pointed(line)
        said = self.embedder.encode(list(dict.fromkeys(numbers.plain(each, name) for each in (line, point))))
        cosines = (said @ self._vectors.T).max(axis=0)

        def alike(place: int) -> bool:
            return self._asks[place] == ("?" in point)

        # By how much a way to put it is nearer than it has to be, and where it stands.
        near = [(float(cosines[place]) - numbers.after, place) for place in self._after.get(last, ()) if alike(place)]
        near += [
            (float(cosines[place]) - numbers.least, place)
            for place in (cosines >= numbers.least).nonzero()[0].tolist()
            if not self._every[self._of[place]].after
            and ((cosines[place] >= numbers.surely and alike(place)) or act.told(self._texts[place]) == does)
        ]
        least = max(0.0, max(near, default=(0.0, 0))[0] - numbers.beside)
        found = (self._of[place] for more, place in sorted(near, key=lambda each: -each[0]) if more >= least)
        return [self._every[number] for number in dict.fromkeys(found)]

    def answers(self, line: str, openness: Openness, son: Son, his: Sequence[str] = ()) -> list[str]:
        """Return what he may answer to her line; empty if nothing is written for it.

        :param openness: where it leaves him.
        :param his: his lines so far; what he has answered before he does not answer otherwise when it is asked again.
        """
        said = set(his)
        return [
            answer.text
            for each in self.near(line, son.name, his[-1] if his else "")
            if not any(said & {answer.text, bank.addressed(answer.text, his)} for answer in each.answers)
            for answer in each.answers
            if answer.fits(openness, son)
        ]
