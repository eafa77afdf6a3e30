"""Picking the exchanges that are shown to voices without our adapter: every temperament at every openness, as unlike as possible.

Only from writers who are not held out, and only exchanges that stand for themselves: no name, no number, no word that few
families would say, since what is shown must not be taken for facts of hers.

python -m rehearse.lab.exchange_picking
"""

import argparse
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rehearse import settings
from rehearse.lab import corpus, voice_data
from rehearse.scenario import Scenario
from rehearse.scenario import Son as SonIs
from rehearse.son.examples import Example
from rehearse.son.guard import Guard
from rehearse.son.ledger import Ledger
from rehearse.tone import encoder
from rehearse.turn import Openness

EACH = 11
HERS, HIS = (4, 22), (1, 28)
# A word that occurs in fewer dialogues belongs to few families: a name, a trade, a place, a thing that was broken.
COMMON = 10
# More of it is of no use for finding a scene that is alike.
LONGEST_SITUATION = 300
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_DIGIT = re.compile(r"\d")
# Her line goes on from one that is not shown.
_GOES_ON = re.compile(r"^(and|but|then|so|or|because|which|yes|no|ok|okay|well)\b", re.IGNORECASE)


def exchanges(dialogues: Sequence[dict[str, Any]]) -> Iterator[tuple[str, Example]]:
    """Yield the exchanges that stand for themselves, each with the id of its dialogue."""
    common = common_words(dialogues)
    for row in dialogues:
        for number, turn in enumerate(row["turns"], 1):
            for suffix, each in (("", turn), ("b", turn.get("door"))):
                found = _example(row, f"{row['id']}/{number}{suffix}", each) if each else None
                if found is not None and stands_alone(found, common):
                    yield row["id"], found


def common_words(dialogues: Sequence[dict[str, Any]], least: int = COMMON) -> frozenset[str]:
    """Return the words that occur in so many dialogues at least."""
    counts: Counter[str] = Counter()
    for row in dialogues:
        counts.update({word for turn in row["turns"] for who in ("mother", "son") for word in _words(turn[who])})
    return frozenset(word for word, count in counts.items() if count >= least)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.replace("’", "'").lower())


def _example(row: dict[str, Any], name: str, turn: dict[str, Any]) -> Example | None:
    who, situation = row["son"], row["situation"]
    if len(situation) > LONGEST_SITUATION:
        return None
    hers, his = turn["mother"].strip(), turn["son"].strip()
    return Example(name, situation, who["age"], who["temperament"], turn["openness"], turn["kinds"][0], hers, his)


def stands_alone(example: Example, common: frozenset[str]) -> bool:
    """Whether an exchange can be shown without its talk, and breaks no rule of the guard."""
    for text, (least, most) in ((example.mother, HERS), (example.son, HIS)):
        if not least <= len(text.split()) <= most or _DIGIT.search(text) or not common.issuperset(_words(text)):
            return False
    if _GOES_ON.match(example.mother):
        return False
    nobody = Ledger(Scenario(SonIs("Sam")), [example.mother])
    return Guard([], [], ledger=nobody, openness=Openness(example.openness)).broken(example.son, whole=True) is None


def picked(given: Sequence[tuple[str, Example]], vectors: NDArray[np.float32], each: int) -> list[int]:
    """Return positions: so many of every temperament at every openness, of the rarest kind so far, and far from each other.

    No dialogue is taken from twice, so that what is shown in one talk comes from several families.
    """
    cells: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for position, (_, example) in enumerate(given):
        cells[example.openness, example.temperament].append(position)
    used: set[str] = set()
    found: list[int] = []
    # The poorest first, while there are dialogues left for them.
    for cell in sorted(cells, key=lambda cell: len(cells[cell])):
        kinds: Counter[str] = Counter()
        chosen: list[int] = []
        while len(chosen) < each:
            free = [position for position in cells[cell] if given[position][0] not in used]
            if not free:
                break
            rarest = min(kinds[given[position][1].kind] for position in free)
            free = [position for position in free if kinds[given[position][1].kind] == rarest]
            near = (vectors[free] @ vectors[chosen].T).max(axis=1) if chosen else np.zeros(len(free))
            best = free[int(near.argmin())]
            chosen.append(best)
            used.add(given[best][0])
            kinds[given[best][1].kind] += 1
        found += chosen
    return sorted(found, key=lambda position: (given[position][1].openness, given[position][1].id))


def main(arguments: list[str] | None = None) -> int:
    """Pick from the training writers and write ``examples.jsonl``."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=settings.models_folder() / "son" / "examples.jsonl")
    chosen = parser.parse_args(arguments)
    given = list(exchanges([row for path in voice_data.files("train") for row in corpus.read(path)]))
    embedder = encoder.MiniLM(encoder.base_model())
    vectors = embedder.encode([f"{example.mother} {example.son}" for _, example in given])
    rows = [given[position][1] for position in picked(given, vectors, EACH)]
    chosen.out.write_text("".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    levels = Counter(row.openness for row in rows)
    sys.stdout.write(f"{len(rows)} of {len(given)} exchanges; by openness: {[levels[each] for each in Openness]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
