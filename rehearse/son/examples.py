"""How real sons answer: hand-written exchanges shown to a voice that has not learnt it, chosen once for a scene.

``models/son/examples.jsonl`` holds a few hundred, of each temperament at nearly each openness, picked from the training dialogues
by ``rehearse.lab.exchange_picking``. What is shown depends on the scene alone, never on what is said in the talk. So it stands in
the fixed text, before the first turn, and what the voice has read of it is never read again; and a moment played twice differs
by her words and by nothing else. A few for every openness, because the talk may come to each of them.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rehearse import data, settings
from rehearse.errors import DataError
from rehearse.kinds import kinds
from rehearse.scenario import TEMPERAMENTS, Scenario
from rehearse.son.levels import levels
from rehearse.son.prompt import Template
from rehearse.tone.encoder import Embedder
from rehearse.turn import Openness

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# A voice that can keep less in mind needs the room for the talk.
LEAST_CONTEXT = 2048
# How many years make no difference beyond this.
_MOST_YEARS = 20


@dataclass(frozen=True, slots=True)
class Example:
    """One exchange of another family: where they stood, what she said, how open it left him, what he answered."""

    id: str
    situation: str
    age: int
    temperament: str
    openness: int
    kind: str
    mother: str
    son: str


@dataclass(frozen=True, slots=True)
class _Told:
    """How they are told, how many for each openness, and what a year between their ages takes away."""

    heading: str
    form: str
    each: dict[int, int]
    year: float


@cache
def _read(path: Path) -> tuple[Example, ...]:
    try:
        found = tuple(Example(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line)
    except (OSError, ValueError, TypeError) as error:
        raise DataError(path, "it cannot be read") from error
    for each in found:
        words = (each.id, each.situation, each.mother, each.son)
        if not all(isinstance(text, str) and text.strip() for text in words) or not isinstance(each.age, int):
            raise DataError(path, "one of its examples lacks something")
        if each.openness not in set(Openness) or each.temperament not in TEMPERAMENTS or each.kind not in kinds():
            raise DataError(path, "one of its examples names a level, a temperament or a kind that there is not")
    if {each.openness for each in found} != set(Openness) or {each.temperament for each in found} != set(TEMPERAMENTS):
        raise DataError(path, "it lacks a level or a temperament")
    return found


@cache
def _told(path: Path) -> _Told:
    try:
        table = data.read_toml(path)["examples"]
        each = {int(level): int(count) for level, count in table["each"].items()}
        found = _Told(table["heading"].strip(), table["form"], each, float(table["year"]))
        found.form.format(mother="", son="", level="")
    except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise DataError(path, "its table examples lacks something") from error
    if set(each) != set(map(int, Openness)) or min(each.values()) < 0 or not found.heading:
        raise DataError(path, "its table examples needs a heading, and a number for every openness")
    return found


def examples() -> tuple[Example, ...]:
    """Return every example.

    :raises DataError: if the file is missing or not as it should be.
    """
    return _read(settings.models_folder() / "son" / "examples.jsonl")


def of(temperament: str) -> tuple[Example, ...]:
    """Return the examples of a temperament; where there are none at an openness, or it is not told, all that are at that one.

    Few talks come so far that he is quite open.
    """
    found: list[Example] = []
    for level in Openness:
        here = [each for each in examples() if each.openness == level]
        found += [each for each in here if each.temperament == temperament] or here
    return tuple(found)


def _years(example: Example, scenario: Scenario) -> int:
    return 0 if scenario.son.age is None else min(abs(example.age - scenario.son.age), _MOST_YEARS)


class Nearest:
    """Finds the examples nearest to a scene; the same ones for the same scene."""

    def __init__(self, embedder: Embedder | None) -> None:
        """Use an encoder of meaning, for how near their situations are; without one only age and temperament count."""
        self.embedder = embedder
        self._found: dict[Scenario, tuple[Example, ...]] = {}
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def to(self, scenario: Scenario) -> tuple[Example, ...]:
        """Return them from a shut son's to an open one's; the first for a temperament take half a second more."""
        if scenario not in self._found:
            self._found[scenario] = tuple(self._search(scenario))
        return self._found[scenario]

    def _search(self, scenario: Scenario) -> Iterator[Example]:
        told = _told(settings.prompts_folder() / "son.toml")
        every = of(scenario.son.temperament)
        near = self._near(scenario, every)
        order = sorted(range(len(every)), key=lambda i: _years(every[i], scenario) * told.year - near[i])
        for level in Openness:
            # Two at one openness answer different kinds of lines, so that both sides of it are seen.
            heard: set[str] = set()
            for each in (every[i] for i in order if every[i].openness == level):
                if len(heard) < told.each[int(level)] and each.kind not in heard:
                    heard.add(each.kind)
                    yield each

    def _near(self, scenario: Scenario, every: Sequence[Example]) -> list[float]:
        """Return how near the situation of each is, as a cosine."""
        if self.embedder is None:
            return [0.0] * len(every)
        temperament = scenario.son.temperament
        if temperament not in self._vectors:
            self._vectors[temperament] = self.embedder.encode([each.situation for each in every])
        scene = " ".join(filter(None, (scenario.situation, scenario.son.stage)))
        found: list[float] = (self._vectors[temperament] @ self.embedder.encode([scene])[0]).tolist()
        return found


def shown(chosen: Template, found: Sequence[Example]) -> Template:
    """Return a way to ask that also shows examples, at the end of its fixed text."""
    told = _told(settings.prompts_folder() / "son.toml")
    lines = [told.form.format(mother=each.mother, son=each.son, level=levels()[Openness(each.openness)].name) for each in found]
    # Braces of theirs are only letters, in a text that is yet to be filled in.
    text = "\n".join((told.heading, *lines)).replace("{", "{{").replace("}", "}}")
    return replace(chosen, system=f"{chosen.system}\n\n{text}") if found else chosen
