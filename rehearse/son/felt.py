"""What he felt at a line of hers and did not say: one sentence, made on request and kept nowhere."""

import random
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from threading import Event

from rehearse import data, settings
from rehearse.errors import DataError
from rehearse.scenario import Scenario
from rehearse.son import prompt
from rehearse.son.guard import Guard, finished_sentences
from rehearse.turn import Openness, Turn
from rehearse.voice.voice import Voice

TRIES = 3


@dataclass(frozen=True, slots=True)
class _Told:
    most_words: int
    lines: dict[Openness, tuple[str, ...]]


@cache
def _read(path: Path) -> _Told:
    try:
        table = data.read_toml(path)["felt"]
        found = _Told(int(table["most_words"]), {level: tuple(table[str(int(level))]) for level in Openness})
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(path, "its table felt lacks something") from error
    if not all(found.lines.values()):
        raise DataError(path, "its table felt needs a line for every openness")
    return found


def felt(voice: Voice, scenario: Scenario, hers: Turn, stop: Event) -> str:
    """Return what he may have felt at a turn of hers, in one sentence; the same each time it is asked of the same turn.

    :param voice: asked aside from the talk, which it keeps in mind.
    :param stop: once set, a sentence written beforehand is returned at once.
    :raises VoiceError: if the voice cannot answer.
    :raises DataError: if ``prompts/beside.toml`` is not as it should be.
    """
    told = _read(settings.prompts_folder() / "beside.toml")
    chosen = prompt.template("felt")
    asked = prompt.shortened(lambda turn: prompt.felt(scenario, turn, chosen), hers, chosen, voice)
    first = random.Random(hers.id).randrange(2**31)
    guard = Guard([hers.text], [])
    for attempt in range(TRIES):
        if stop.is_set():
            break
        sampling = replace(chosen.sampling, seed=first + attempt, afresh=True, aside=True)
        text = " ".join("".join(voice.stream(asked, sampling, stop)).split())
        sentence = finished_sentences(text).strip()
        if sentence and not stop.is_set() and not guard.broken(sentence, whole=True) and len(sentence.split()) <= told.most_words:
            return sentence
    return random.Random(hers.id).choice(told.lines[hers.openness])
