"""A rehearsal as people read it: the scene, the talk on the screen, then the other tries. Markup is not known here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any

from rehearse import data, settings
from rehearse.errors import DataError
from rehearse.scenario import Scenario
from rehearse.transcripts import document
from rehearse.turn import Openness, Turn, seat, voice_of, voices

_EXCERPT = 80


@dataclass(frozen=True, slots=True)
class Note:
    """What the check said of one sentence of hers."""

    quote: str
    why: str
    instead: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One turn: who speaks, what is said, and what stands beside it."""

    who: str
    hers: bool
    text: str
    created: str
    when: str
    openness: str
    reason: str
    state: str
    notes: tuple[Note, ...]
    # Said before the line where another voice than before speaks it; empty elsewhere.
    voice: str = ""


@dataclass(frozen=True, slots=True)
class Try:
    """Another way the talk went: its name, the line it came after (empty at the beginning), and its own lines."""

    name: str
    after: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Talk:
    """Everything that is shown of a rehearsal, in order."""

    title: str
    when: str
    scene: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    tries: tuple[Try, ...]
    closing: str
    # What stands over its parts, from ``prompts/copy.toml``.
    words: Mapping[str, str]


def openness_labels() -> dict[int, str]:
    """Return the word for each level of openness.

    :raises DataError: if the file of levels is missing or lacks a level.
    """
    path = settings.prompts_folder() / "openness.toml"
    labels = {level.get("value"): level.get("label") for level in data.read_toml(path).get("level", [])}
    if set(labels) != {int(level) for level in Openness} or not all(isinstance(label, str) for label in labels.values()):
        raise DataError(path, "it needs a value and a label for each level from 1 to 5")
    return {int(value): str(label) for value, label in labels.items()}


@cache
def _words(path: Path, language: str) -> Mapping[str, str]:
    return data.read_words(path, language)


def talk(given: Mapping[str, Any], labels: Mapping[int, str], language: str = "en") -> Talk:
    """Lay out an exported rehearsal for reading.

    :param labels: the word for each level of openness, as from :func:`openness_labels`.
    :param language: of the words around what was said.
    :raises TranscriptError: if the document is not as it should be.
    """
    saved, turns = document.parse(given)
    words = _words(settings.prompts_folder() / "copy.toml", language)
    son = saved.scenario.son.name
    by_id = {turn.id: turn for turn in turns}
    shown = {turn.id for turn in _back(by_id, saved.leaf_id, set())}
    on_screen = [turn for turn in turns if turn.id in shown]
    parents = {turn.parent_id for turn in turns}
    tries: list[Try] = []
    for leaf in turns:
        if leaf.id in parents or leaf.id in shown:
            continue
        # What an earlier try already shows is not repeated: this one begins where it left the others.
        own = _back(by_id, leaf.id, shown)
        shown.update(turn.id for turn in own)
        name = next((turn.label for turn in own if turn.label), words["try"].format(number=len(tries) + 1 + bool(on_screen)))
        parent = by_id.get(own[0].parent_id or "")
        after = f"{_who(parent, son, words)}: {_excerpt(parent.text)}" if parent else ""
        tries.append(Try(name, after, _lines(own, son, labels, words)))
    return Talk(
        title=saved.title or words["title"].format(son=son),
        when=_moment(saved.created, words),
        scene=_scene(saved.scenario, labels, words),
        lines=_lines(on_screen, son, labels, words),
        tries=tuple(tries),
        closing=words["closing"].format(son=son, names=_names(turns)),
        words=words,
    )


def _names(turns: Sequence[Turn]) -> str:
    named = dict.fromkeys(name for turn in turns if (name := voice_of(turn)))
    return f" ({', '.join(named)})" if named else ""


def _moment(created: str, words: Mapping[str, str]) -> str:
    """Return a date and time in words, in the time of this computer."""
    try:
        then = datetime.fromisoformat(created.removesuffix("Z"))
        local = (then if then.tzinfo else then.replace(tzinfo=timezone.utc)).astimezone()
    except (ValueError, OverflowError, OSError):  # years that this system's calendar cannot convert
        return created
    month = words["months"].split()[local.month - 1]
    return words["moment"].format(day=local.day, month=month, year=local.year, time=f"{local:%H:%M}")


def _back(by_id: Mapping[str, Turn], leaf_id: str | None, stop: set[str]) -> list[Turn]:
    found = []
    while leaf_id is not None and leaf_id not in stop:
        found.append(by_id[leaf_id])
        leaf_id = by_id[leaf_id].parent_id
    return found[::-1]


def _who(turn: Turn, son: str, words: Mapping[str, str]) -> str:
    changed = {"her": words["as_him"].format(son=son), "own": words["own"], "gentle": words["gentle"]}
    return changed.get(seat(turn)) or (words["you"] if turn.speaker == "mother" else son)


def _excerpt(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _EXCERPT else text[:_EXCERPT].rstrip() + "…"


def _scene(scenario: Scenario, labels: Mapping[int, str], words: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    son = scenario.son
    who = ", ".join(part for part in (son.name, "" if son.age is None else str(son.age), son.stage, son.temperament) if part)
    told = (
        (words["who"], who),
        (words["situation"], scenario.situation),
        (words["hope"], scenario.hope),
        (words["starts"], _label(scenario.openness, labels)),
    )
    return tuple((name, text) for name, text in told if text)


def _label(openness: Openness, labels: Mapping[int, str]) -> str:
    return labels.get(int(openness), openness.name.capitalize())


def _lines(turns: Sequence[Turn], son: str, labels: Mapping[int, str], words: Mapping[str, str]) -> tuple[Line, ...]:
    changed = voices(turns)
    return tuple(
        Line(
            who=_who(turn, son, words),
            hers=turn.speaker == "mother",
            text=turn.text,
            created=turn.created,
            when=_moment(turn.created, words),
            openness=f"{son}: {_label(turn.openness, labels)}",
            reason=turn.reason,
            state="" if turn.state == "complete" else words[turn.state],
            notes=_notes(turn) if turn.speaker == "mother" else (),
            voice=words["voice"].format(son=son, voice=changed[turn.id]) if turn.id in changed else "",
        )
        for turn in turns
    )


def _notes(turn: Turn) -> tuple[Note, ...]:
    """Read the findings of a report leniently: an imported one may come from anywhere."""
    findings = (turn.report or {}).get("findings")
    notes = []
    for finding in findings if isinstance(findings, list) else ():
        if not isinstance(finding, Mapping):
            continue
        suggestions = finding.get("suggestions")
        instead = [item.get("text") for item in suggestions if isinstance(item, Mapping)] if isinstance(suggestions, list) else []
        note = Note(_text(finding.get("text")), _text(finding.get("why")), tuple(text for text in map(_text, instead) if text))
        if note.quote or note.why:
            notes.append(note)
    return tuple(notes)


def _text(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""
