"""Measuring how often what is kind in a line is named, and how often a plain line is named for something.

Her innocent messages, without the second look and with it::

    python -m rehearse.lab.warmth_measure
    python -m rehearse.lab.warmth_measure --data models/tone/lines/w26.jsonl
    python -m rehearse.lab.warmth_measure --gentle 0.5 --warm 0.5
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rehearse import look
from rehearse.lab import lines
from rehearse.lab.lines import Message
from rehearse.tone import ToneCheck
from rehearse.tone.judge import PLAIN


@dataclass(frozen=True, slots=True)
class Named:
    """How many messages are labelled as kind, how many of these are named for something, and how many for what they are labelled
    with; how many are labelled as plain, and how many of these are named for something.
    """

    kind: int
    named: int
    right: int
    plain: int
    plain_named: int

    @classmethod
    def of(cls, labels: Sequence[frozenset[str]], found: Sequence[frozenset[str]]) -> "Named":
        """Count.

        :param labels: the gentle kinds each message is labelled with.
        :param found: those it was named for.
        """
        pairs = [(told - {PLAIN}, named) for told, named in zip(labels, found, strict=True)]
        return cls(
            sum(bool(told) for told, _ in pairs),
            sum(bool(told and named) for told, named in pairs),
            sum(bool(told & named) for told, named in pairs),
            sum(not told for told, _ in pairs),
            sum(bool(named) and not told for told, named in pairs),
        )


def named(check: ToneCheck, messages: Sequence[Message], *, quick: bool) -> Named:
    """Return how often innocent messages are named for what is kind in them; those that are flagged are named for nothing."""
    innocent = [each for each in messages if not each.flag]
    found = [
        frozenset(
            kind for passage in passages for number, kind in enumerate(passage.warm) if kind and number not in passage.flagged
        )
        for passages in check.judge.judged([(each.text, each.before) for each in innocent], quick=quick)
    ]
    return Named.of([frozenset(each.kinds) for each in innocent], found)


def main(arguments: list[str] | None = None) -> int:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, action="append", help="labelled lines; the development writers if left out")
    parser.add_argument("--gentle", type=float, help="how much the second look counts among the gentle kinds (0 to 1)")
    parser.add_argument("--warm", type=float, help="how much of them has to be other than plain (0 to 1)")
    chosen = parser.parse_args(arguments)
    check = ToneCheck.load()
    look.bring(check)
    if check.judge.second is not None:
        looker, weights = check.judge.second
        asked = {"gentle": chosen.gentle, "warm": chosen.warm}
        check.judge.bring(looker, replace(weights, **{name: value for name, value in asked.items() if value is not None}))
    for path in chosen.data or lines.files("development"):
        given = lines.messages([path])
        for name, quick in (("quick", True), ("second look", False)):
            sys.stdout.write(json.dumps({"file": path.name, "with": name, **asdict(named(check, given, quick=quick))}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
