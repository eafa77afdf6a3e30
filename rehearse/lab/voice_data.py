"""Dialogues as prompts and answers: what the son's adapter learns from and is measured on.

The very functions that build a prompt in a talk build it here, so that the voice meets in use what it met in training.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearse import data, settings
from rehearse.lab import corpus
from rehearse.scenario import TEMPERAMENTS, Scenario
from rehearse.son import everyday, prompt
from rehearse.turn import Openness, Turn
from rehearse.voice.voice import Message


@dataclass(frozen=True, slots=True)
class Sample:
    """A prompt with answers in it. Only the messages named in ``learnt`` (by index) count in the loss."""

    id: str
    task: str
    messages: tuple[Message, ...]
    learnt: tuple[int, ...]


def files(part: str) -> list[Path]:
    """Return the writers' files of one part: ``train`` or ``test``, as ``models/son/parts.toml`` has them."""
    folder = settings.models_folder() / "son"
    held = data.read_toml(folder / "parts.toml")["test"]
    return corpus.of_part(sorted((folder / "dialogues").glob("*.jsonl")), {"test": held}, part)


def scenario_of(row: dict[str, Any]) -> Scenario:
    """Return the scene of a dialogue. He starts where the first line finds him: its openness, unless that line moved him."""
    first = row["turns"][0]
    start = first["openness"] + (1 if first["flag"] and first["openness"] < 3 else 0)
    return Scenario.from_dict(
        {
            "son": {key: row["son"][key] for key in ("name", "age", "stage", "temperament")},
            "situation": row["situation"],
            "openness": start,
        }
    )


def turns_of(row: dict[str, Any]) -> list[Turn]:
    """Return the turns of a dialogue, hers and his in alternation."""
    found = []
    for exchange in row["turns"]:
        level = Openness(exchange["openness"])
        found += [Turn("mother", exchange["mother"], level), Turn("son", exchange["son"], level)]
    return found


def samples(paths: Iterable[Path]) -> list[Sample]:
    """Return samples of the three tasks: his reply, a line of hers reworded, what he felt."""
    found: list[Sample] = []
    for path in paths:
        for row in corpus.read(path):
            if "turns" in row:
                found += _of_dialogue(row)
            elif row.get("flag") and row.get("gentler"):
                found.append(_reword(str(row.get("id", "")), row["text"], row["gentler"]))
    return found


def _of_dialogue(row: dict[str, Any]) -> list[Sample]:
    scene, turns = scenario_of(row), turns_of(row)
    chosen = prompt.template("tuned")
    talk = prompt.reply(scene, turns, chosen)
    found = [
        Sample(str(row.get("id", "")), "reply", tuple(talk), tuple(i for i, each in enumerate(talk) if each.role == "assistant"))
    ]
    for number, exchange in enumerate(row["turns"]):
        name = f"{row.get('id', '')}/{number + 1}"
        if exchange["flag"] and exchange.get("gentler"):
            found.append(_reword(name, exchange["mother"], exchange["gentler"]))
        if exchange.get("felt"):
            found.append(_felt(name, scene, exchange))
        if "door" in exchange:
            door = exchange["door"]
            level = Openness(door["openness"])
            path = [*turns[: 2 * number], Turn("mother", door["mother"], level), Turn("son", door["son"], level)]
            messages = prompt.reply(scene, path, chosen)
            found.append(Sample(f"{name}b", "reply", tuple(messages), (len(messages) - 1,)))
            if door["flag"] and door.get("gentler"):
                found.append(_reword(f"{name}b", door["mother"], door["gentler"]))
    return found


def everyday_samples(most: int, seed: int) -> list[Sample]:
    """Return what is written of everyday exchanges as talks of one line each, with sons of all ages and temperaments.

    :param most: how many answers of each row at most, drawn at random, each after another way to put her line.
    """
    chance = random.Random(seed)
    names = sorted({row["son"]["name"] for path in files("train") for row in corpus.read(path)})
    chosen, found = prompt.template("tuned"), []
    for number, asked in enumerate(everyday.written(), 1):
        # What follows a line of his would hang in the air.
        for answer in chance.sample(asked.answers, 0 if asked.after else min(most, len(asked.answers))):
            youngest, oldest = answer.ages or (13, 50)
            who = {
                "name": chance.choice(names),
                "age": chance.randint(youngest, oldest),
                "temperament": chance.choice(sorted(answer.temperaments or TEMPERAMENTS)),
            }
            level = chance.choice(sorted(answer.openness))
            path = [Turn("mother", chance.choice(asked.hers), level), Turn("son", answer.text, level)]
            messages = prompt.reply(Scenario.from_dict({"son": who}), path, chosen)
            found.append(Sample(f"everyday/{number}", "reply", tuple(messages), (len(messages) - 1,)))
    return found


def _reword(name: str, line: str, gentler: str) -> Sample:
    asked = prompt.reword(line, prompt.template("reword"))
    return Sample(name, "reword", (*asked, Message("assistant", gentler)), (2,))


def _felt(name: str, scene: Scenario, exchange: dict[str, Any]) -> Sample:
    hers = Turn("mother", exchange["mother"], Openness(exchange["openness"]))
    asked = prompt.felt(scene, hers, prompt.template("felt"))
    return Sample(name, "felt", (*asked, Message("assistant", exchange["felt"])), (2,))
