"""Measuring how often it is told rightly what a line of hers does.

By the rules alone, by what the second look hears, and by both, on lines that it did not learn from::

    python -m rehearse.lab.act_measure
    python -m rehearse.lab.act_measure --part development
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearse import settings
from rehearse.hearer import Hearer
from rehearse.lab.act_training import Line, lines
from rehearse.lab.look_fitting import loaded
from rehearse.son import act
from rehearse.tone.encoder import MiniLM, base_model

# How many times as likely the act is that the rules tell: what is tried when the number is chosen.
WEIGHTS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0)


@dataclass(frozen=True, slots=True)
class Shares:
    """Which share of some lines was told rightly: as the likelier act they were labelled with, or as any of them."""

    first: float
    any: float

    @classmethod
    def of(cls, told: Sequence[str], given: Sequence[Line]) -> "Shares":
        """Count what was told of some lines."""
        pairs = list(zip(told, given, strict=True))
        return cls(
            round(sum(name == row.acts[0] for name, row in pairs) / len(pairs), 3),
            round(sum(name in row.acts for name, row in pairs) / len(pairs), 3),
        )


def shares(given: Sequence[Line], heard: Sequence[Mapping[str, float]]) -> Iterator[tuple[str, Shares]]:
    """Yield how often lines are told rightly by the rules, by what was heard, and by both at each weight of the rules.

    :param heard: for each line the probability of each act.
    """
    rules = [act.told(row.text) for row in given]

    def both(weight: float) -> list[str]:
        return [
            max(each, key=lambda name: each[name] * (weight if name == rule else 1.0))
            for each, rule in zip(heard, rules, strict=True)
        ]

    yield "rules alone", Shares.of(rules, given)
    for weight in WEIGHTS:
        yield f"rules counting {weight:g}", Shares.of(both(weight), given)
    yield "as the app tells it", Shares.of([act.likely(row.text, each)[0] for row, each in zip(given, heard, strict=True)], given)


def hearing(look: Path, head: Path | None) -> Hearer:
    """Return what hears acts with the second look of a folder.

    :param head: the file of its head; the carried one if left out.
    """
    return Hearer.load(loaded(look), MiniLM(base_model()), head)


def main(arguments: list[str] | None = None, heard_by: Callable[[Path, Path | None], act.Hearer] | None = None) -> int:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--part", choices=("development", "test"), default="test")
    parser.add_argument("--look", type=Path, default=settings.models_folder() / "tone", help="the folder of a second look")
    parser.add_argument("--head", type=Path, help="another head than the carried one")
    chosen = parser.parse_args(arguments)
    given = lines(chosen.part)
    hearer = (heard_by or hearing)(chosen.look, chosen.head)
    heard = [hearer.acts(row.text, row.before) for row in given]
    for name, found in shares(given, heard):
        sys.stdout.write(json.dumps({name: {"first": found.first, "any": found.any}}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
