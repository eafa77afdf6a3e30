"""A rehearsal as people read it: the scene, the talk on the screen, then the other tries. Markup is not known here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from rehearse import data, settings
from rehearse.errors import DataError
from rehearse.scenario import Scenario
from rehearse.transcripts import document
from rehearse.turn import Openness, Turn, seat, voice_of, voices

_STATES = {"complete": "", "partial": "broken off", "stopped": "you stopped him here"}
_MONTHS = "January February March April May June July August September October November December".split()
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


def openness_labels() -> dict[int, str]:
    """Return the word for each level of openness.

    :raises DataError: if the file of levels is missing or lacks a level.
    """
    path = settings.prompts_folder() / "openness.toml"
    labels = {level.get("value"): level.get("label") for level in data.read_toml(path).get("level", [])}
    if set(labels) != {int(level) for level in Openness} or not all(isinstance(label, str) for label in labels.values()):
        raise DataError(path, "it needs a value and a label for each level from 1 to 5")
    return {int(value): str(label) for value, label in labels.items()}


def talk(given: Mapping[str, Any], labels: Mapping[int, str]) -> Talk:
    """Lay out an exported rehearsal for reading.

    :param labels: the word for each level of openness, as from :func:`openness_labels`.
    :raises TranscriptError: if the document is not as it should be.
    """
    saved, turns = document.parse(given)
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
        name = next((turn.label for turn in own if turn.label), f"Try {len(tries) + 2 if on_screen else len(tries) + 1}")
        parent = by_id.get(own[0].parent_id or "")
        after = f"{_who(parent, son)}: {_excerpt(parent.text)}" if parent else ""
        tries.append(Try(name, after, _lines(own, son, labels)))
    return Talk(
        title=saved.title or f"A talk with {son}",
        when=moment(saved.created),
        scene=_scene(saved.scenario, labels),
        lines=_lines(on_screen, son, labels),
        tries=tuple(tries),
        closing=f"In this rehearsal {son} was played by a language model{_names(turns)}. These are not your son's words.",
    )


def _names(turns: Sequence[Turn]) -> str:
    named = dict.fromkeys(name for turn in turns if (name := voice_of(turn)))
    return f" ({', '.join(named)})" if named else ""


def moment(created: str) -> str:
    """Return a date and time in words, in the time of this computer."""
    try:
        then = datetime.fromisoformat(created.removesuffix("Z"))
        local = (then if then.tzinfo else then.replace(tzinfo=timezone.utc)).astimezone()
    except (ValueError, OverflowError, OSError):  # years that this system's calendar cannot convert
        return created
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}, {local:%H:%M}"


def _back(by_id: Mapping[str, Turn], leaf_id: str | None, stop: set[str]) -> list[Turn]:
    found = []
    while leaf_id is not None and leaf_id not in stop:
        found.append(by_id[leaf_id])
        leaf_id = by_id[leaf_id].parent_id
    return found[::-1]


def _who(turn: Turn, son: str) -> str:
    changed = {"her": f"You, as {son}", "own": "Your line, played", "gentle": "A gentle mother, played"}
    return changed.get(seat(turn)) or ("You" if turn.speaker == "mother" else son)


def _excerpt(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _EXCERPT else text[:_EXCERPT].rstrip() + "…"


def _scene(scenario: Scenario, labels: Mapping[int, str]) -> tuple[tuple[str, str], ...]:
    son = scenario.son
    who = ", ".join(part for part in (son.name, "" if son.age is None else str(son.age), son.stage, son.temperament) if part)
    told = (
        ("Your son", who),
        ("What happened", scenario.situation),
        ("What you hope for", scenario.hope),
        ("Where he starts", _label(scenario.openness, labels)),
    )
    return tuple((name, text) for name, text in told if text)


def _label(openness: Openness, labels: Mapping[int, str]) -> str:
    return labels.get(int(openness), openness.name.capitalize())


def _lines(turns: Sequence[Turn], son: str, labels: Mapping[int, str]) -> tuple[Line, ...]:
    changed = voices(turns)
    return tuple(
        Line(
            who=_who(turn, son),
            hers=turn.speaker == "mother",
            text=turn.text,
            created=turn.created,
            when=moment(turn.created),
            openness=f"{son}: {_label(turn.openness, labels)}",
            reason=turn.reason,
            state=_STATES[turn.state],
            notes=_notes(turn) if turn.speaker == "mother" else (),
            voice=f"From here on another voice plays {son}: {changed[turn.id]}." if turn.id in changed else "",
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
