"""What the voice is told, built from ``prompts/son.toml``.

The prompt only ever grows at its end: fixed text first, then the turns, each with the openness it left him at. So the tokens
of one turn's prompt are a prefix of the next one's, and llama.cpp reads only what is new.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from rehearse import data, settings
from rehearse.errors import DataError
from rehearse.scenario import Scenario
from rehearse.son.levels import levels
from rehearse.turn import Openness, Turn
from rehearse.voice.voice import Message, Sampling, Voice

# When the talk outgrows the context, this share of its oldest turns leaves at once, so that the prefix then stays the same
# for many turns instead of moving at every one.
LEAVES = 0.5
# Tokens that stay free beside prompt and answer.
SPARE = 8


@dataclass(frozen=True, slots=True)
class Template:
    """One way to ask: the fixed text, the form of her line, and how freely to draw.

    ``longest`` is how many tokens of scene and talk are read; 0 means as many as the voice can keep in mind.
    """

    system: str
    line: str
    sampling: Sampling
    speaks_first: str = ""
    longest: int = 0


@cache
def _read(path: Path) -> tuple[dict[str, Template], dict[str, str]]:
    tables = data.read_toml(path)
    try:
        scene: dict[str, str] = tables.pop("scene")
        for other in ("choosing", "examples"):
            tables.pop(other, None)
        templates = {
            name: Template(
                table["system"],
                table["line"],
                Sampling(**table["sampling"]),
                table.get("speaks_first", ""),
                int(table.get("longest", 0)),
            )
            for name, table in tables.items()
        }
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(path, f"a field is missing or unknown ({error})") from error
    if not {"tuned", "plain", "reword", "felt"} <= set(templates) or set(scene) != {"age", "stage", "temperament", "situation"}:
        raise DataError(path, "it needs the templates tuned, plain, reword and felt, and four pieces of the scene")
    return templates, scene


def template(name: str) -> Template:
    """Return the template of this name.

    :raises DataError: if ``prompts/son.toml`` is not as it should be.
    """
    return _read(settings.prompts_folder() / "son.toml")[0][name]


def system(scenario: Scenario, chosen: Template) -> str:
    """Return the fixed text: who he is and what happened; what is unknown is not mentioned."""
    scene = _read(settings.prompts_folder() / "son.toml")[1]
    son = scenario.son
    facts: dict[str, Any] = {
        "age": son.age,
        "stage": _sentence(son.stage),
        "temperament": son.temperament,
        "situation": scenario.situation,
    }
    pieces = {key: scene[key].format(**{key: value}) if value else "" for key, value in facts.items()}
    return chosen.system.format(name=son.name, **pieces)


def _sentence(text: str) -> str:
    text = text.strip().rstrip(".")
    return text[:1].upper() + text[1:]


def said(text: str, openness: Openness, chosen: Template) -> str:
    """Return a line of hers in the form of a template, with where it leaves him."""
    level = levels()[openness]
    return chosen.line.format(text=text, level=level.name, sentence=level.sentence)


def reply(scenario: Scenario, path: Sequence[Turn], chosen: Template) -> list[Message]:
    """Return the prompt for his answer to the last turn of a path (or for his opening if the path is empty)."""
    prompt = [Message("system", system(scenario, chosen))]
    if not path or path[0].speaker == "son":
        level = levels()[scenario.openness]
        prompt.append(Message("user", chosen.speaks_first.format(level=level.name, sentence=level.sentence)))
    for turn in path:
        if not turn.text:
            # He was stopped before he said anything: an empty answer would teach the voice to be silent.
            continue
        spoken = _spoken(turn, chosen)
        if prompt[-1].role == spoken.role:
            # Two lines in a row by one speaker (he said nothing) become one message: chat templates want them in turn.
            prompt[-1] = Message(spoken.role, f"{prompt[-1].content}\n{spoken.content}")
        else:
            prompt.append(spoken)
    return prompt


def _spoken(turn: Turn, chosen: Template) -> Message:
    """Return what the voice is told of one turn."""
    if turn.speaker == "mother":
        return Message("user", said(turn.text, turn.openness, chosen))
    return Message("assistant", turn.text)


def reword(line: str, chosen: Template) -> list[Message]:
    """Return the prompt for rewording a line of hers."""
    return [Message("system", chosen.system), Message("user", chosen.line.format(text=line))]


def felt(scenario: Scenario, hers: Turn, chosen: Template) -> list[Message]:
    """Return the prompt for what he felt at a line of hers and did not say."""
    return [Message("system", system(scenario, chosen)), Message("user", said(hers.text, hers.openness, chosen))]


def fitted(scenario: Scenario, path: Sequence[Turn], chosen: Template, voice: Voice) -> list[Message]:
    """Return the prompt for his answer, without the oldest turns if the voice could not keep them all in mind.

    The scene always stays. Which turns leave is decided at the turn that no longer fitted, whatever came after it, so the
    same ones stay out on the next turn.
    """
    whole = _room(chosen, voice)
    room = min(whole, chosen.longest or whole)
    first = _first_kept(scenario, path, chosen, voice, room)
    prompt = reply(scenario, path[first:], chosen)
    taken = voice.tokens(prompt)
    while taken > room and len(path) - first > 2:
        # The voice counts the whole as more than its parts: rare, so that the prefix may move here.
        first = _later(path, first, len(path))
        prompt = reply(scenario, path[first:], chosen)
        taken = voice.tokens(prompt)
    if not path or taken <= whole:
        return prompt
    return shortened(lambda last: reply(scenario, [last], chosen), path[-1], chosen, voice)


def shortened(asked: Callable[[Turn], list[Message]], turn: Turn, chosen: Template, voice: Voice) -> list[Message]:
    """Return a prompt with a turn of hers, or of a letter too long to be kept in mind its end: it is what she leaves him with."""
    text, prompt = turn.text, asked(turn)
    while voice.tokens(prompt) > _room(chosen, voice) and len(text) > 1:
        text = text[len(text) // 4 + 1 :]
        text = text.partition(" ")[2] or text
        prompt = asked(replace(turn, text=text))
    return prompt


def _room(chosen: Template, voice: Voice) -> int:
    return voice.context - chosen.sampling.most - SPARE


def _first_kept(scenario: Scenario, path: Sequence[Turn], chosen: Template, voice: Voice, room: int) -> int:
    """Return where a talk told from its beginning, turn by turn, has got to when older turns leave each time it is full."""
    fixed = [Message("system", system(scenario, chosen)), Message("user", chosen.speaks_first)]
    alone = voice.tokens(fixed)
    costs = [voice.tokens([*fixed, _spoken(turn, chosen)]) - alone if turn.text else 0 for turn in path]
    first = 0
    for last in range(1, len(path) + 1):
        while alone + sum(costs[first:last]) > room and len(path) - first > 2 and first < last - 1:
            first = _later(path, first, last)
    return first


def _later(path: Sequence[Turn], first: int, last: int) -> int:
    """Return where the talk begins once the older share of these turns has left: at a line of hers if there is one."""
    leave = first + max(1, int((last - first) * LEAVES))
    while leave < last - 1 and path[leave].speaker == "son":
        leave += 1
    return min(leave, last - 1)
