"""How soon he gives in: talks in which she says nothing but guilt, and talks in which she says nothing but kindness.

Her lines are those of held-out writers, drawn at random and read by the check as in a talk; no voice is needed, because how open
he is follows from her lines alone.
"""

import random
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from rehearse.kinds import gentle_kinds
from rehearse.lab.evaluation import Result
from rehearse.scenario import TEMPERAMENTS, Scenario
from rehearse.scenario import Son as SonIs
from rehearse.son import Mood
from rehearse.tone import ToneCheck
from rehearse.turn import Openness, Turn

# So many talks for each temperament, and so many lines in each.
TALKS, LINES = 10, 12
SOONEST = 5
GUILT, KINDNESS = "guilt_trip", frozenset(gentle_kinds()) - {"plain"}


def results(dialogues: Sequence[dict[str, Any]], check: ToneCheck, *, talks: int = TALKS, lines: int = LINES) -> list[Result]:
    """Return how often guilt alone opens him, and whether kindness alone does so in time; empty if there are no such lines."""
    guilty, kind = lines_of(dialogues)
    if not guilty or not kind:
        return []
    reports: dict[str, Any] = {}

    def heard(text: str) -> Any:
        if text not in reports:
            reports[text] = check.check(text).to_dict()
        return reports[text]

    found: dict[str, list[int]] = {}
    for name, given in (("guilt", guilty), ("kindness", kind)):
        draw = random.Random(1)
        found[name] = [
            warming_after([(text, heard(text)) for text in draw.sample(given, min(lines, len(given)))], temperament)
            for temperament in TEMPERAMENTS
            for _ in range(talks)
        ]
    reached = [turns for turns in found["kindness"] if turns]
    in_time = [turns for turns in reached if turns >= SOONEST]
    return [
        Result(
            "talks of guilt alone that reach warming",
            _share(found["guilt"], [t for t in found["guilt"] if t]),
            bar=0,
            lower_is_better=True,
        ),
        Result(f"talks of kindness alone that reach warming in {SOONEST} to {lines} lines", _share(found["kindness"], in_time)),
        Result("lines until then", median(reached) if reached else 0.0),
        Result("the soonest", min(reached, default=0)),
    ]


def lines_of(dialogues: Iterable[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Return her lines that are labelled as guilt, and those labelled as nothing but kind."""
    turns = [turn for row in dialogues for turn in row["turns"]]
    guilty = [turn["mother"] for turn in turns if turn["flag"] and turn.get("kinds", [""])[:1] == [GUILT]]
    kind = [turn["mother"] for turn in turns if not turn["flag"] and turn.get("kinds") and set(turn["kinds"]) <= KINDNESS]
    return list(dict.fromkeys(guilty)), list(dict.fromkeys(kind))


def warming_after(said: Sequence[tuple[str, Any]], temperament: str, start: Openness = Openness.GUARDED) -> int:
    """Return after how many of her lines he is warming; 0 if he never is.

    :param said: her lines, each with what the check says of it.
    """
    mood = Mood(Scenario(SonIs("Daniel", temperament=temperament), "", openness=start))
    openness, path = start, list[Turn]()
    for number, (text, report) in enumerate(said, 1):
        openness = mood.after(openness, report, path).openness
        if openness >= Openness.WARMING:
            return number
        path.append(Turn("mother", text, openness, report=report))
    return 0


def _share(every: Sequence[int], hits: Sequence[int]) -> float:
    return round(len(hits) / len(every), 4)
