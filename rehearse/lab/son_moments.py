"""Moments of held-out dialogues at which he is to answer, his openness moved by what the check hears there.

What was said before is as it was written and labelled; the last line, hers, is read by the check, and the rule moves him from the
labelled openness before it. So a moment asks the same of him as a talk does, and mistakes of earlier lines do not add up.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rehearse.lab import voice_data
from rehearse.scenario import Scenario
from rehearse.son import Mood
from rehearse.tone import ToneCheck
from rehearse.turn import Openness, Turn

SPOKEN, GENTLER = "spoken", "gentler"


@dataclass(frozen=True, slots=True)
class Moment:
    """A place where he is to answer: the path ends with a line of hers.

    ``id`` names the dialogue, the exchange and which of her lines it is (``gentler`` is the labelled wording without blame, or
    the other door); ``flagged`` is whether that line is labelled as blaming; ``his`` is what he said there, empty if unwritten.
    """

    id: str
    scene: Scenario
    path: tuple[Turn, ...]
    flagged: bool
    his: str
    openness: Openness

    @property
    def place(self) -> str:
        """Return what both doors of one moment have in common."""
        return self.id.rpartition("/")[0]


def moments(dialogues: Sequence[dict[str, Any]], check: ToneCheck) -> list[Moment]:
    """Return every moment of the dialogues, dialogue by dialogue in an order drawn once for all."""
    every = list(dialogues)
    random.Random(1).shuffle(every)
    return [moment for row in every for moment in of_dialogue(row, check)]


def of_dialogue(row: dict[str, Any], check: ToneCheck) -> list[Moment]:
    """Return the moments of one dialogue: each of her lines, and the other way to say it where there is one."""
    scene, mood, found = voice_data.scenario_of(row), None, list[Moment]()
    mood = Mood(scene)
    path: list[Turn] = []
    before, his = scene.openness, ""

    def heard(text: str) -> Turn:
        report = check.check(text, his)
        return Turn("mother", text, mood.after(before, report, path).openness, report=report.to_dict())

    for number, turn in enumerate(row["turns"], 1):
        hers = heard(turn["mother"])
        level = Openness(turn["openness"])
        name = f"{row.get('id', '')}/{number}"
        found.append(Moment(f"{name}/{SPOKEN}", scene, (*path, hers), turn["flag"], turn["son"], level))
        found += other_way(name, scene, path, turn, heard)
        before, his = level, turn["son"]
        path += [Turn("mother", turn["mother"], level, report=hers.report), Turn("son", his, level)]
    return found


def other_way(name: str, scene: Scenario, path: Sequence[Turn], turn: dict[str, Any], heard: Any) -> list[Moment]:
    """Return the moment of the other door, or of the gentler wording of a line that blames."""
    door = turn.get("door")
    if door and door["flag"] != turn["flag"]:
        line, flagged, said, level = door["mother"], door["flag"], door["son"], Openness(door["openness"])
    elif turn["flag"] and turn.get("gentler"):
        line, flagged, said, level = turn["gentler"], False, "", Openness(min(5, turn["openness"] + 1))
    else:
        return []
    return [Moment(f"{name}/{GENTLER}", scene, (*path, heard(line)), flagged, said, level)]


def spread(every: Sequence[Moment], most: int) -> list[Moment]:
    """Return moments as they were spoken, one from each dialogue, early and late places in turn; then a second from each."""
    talks: dict[str, list[Moment]] = {}
    for moment in every:
        if moment.id.endswith(SPOKEN):
            talks.setdefault(moment.place.rpartition("/")[0], []).append(moment)
    found: list[Moment] = []
    again = 0
    while talks and len(found) < most:
        for number, name in enumerate(list(talks)):
            found.append(talks[name].pop((number + again) % len(talks[name])))
            if not talks[name]:
                del talks[name]
        again += 1
    return found[:most]
