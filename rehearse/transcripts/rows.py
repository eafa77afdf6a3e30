"""Turns and scenarios as rows of the database, and back."""

import json
import re
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args

from rehearse.errors import ScenarioError, TranscriptError
from rehearse.scenario import LONGEST, Scenario
from rehearse.turn import Openness, Speaker, State, Turn

SPEAKERS: tuple[str, ...] = get_args(Speaker)
STATES: tuple[str, ...] = get_args(State)

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HALF = re.compile("[\ud800-\udfff]")
_DAMAGED = ("A saved rehearsal is damaged.", "Put back a backup of rehearsals.db, or delete this rehearsal.")


def clean(text: str) -> str:
    """Return the text with halves of characters (from a broken paste) replaced: they cannot be written to a file."""
    return _HALF.sub("\ufffd", text)


def is_name(value: object) -> bool:
    """Return whether a value can be the identifier of a rehearsal or a turn."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def is_moment(value: object) -> bool:
    """Return whether a value is a date and time as the app writes them."""
    if not isinstance(value, str) or len(value) > 40:
        return False
    try:
        datetime.fromisoformat(value.removesuffix("Z"))
    except ValueError:
        return False
    return True


def short(text: str, what: str) -> str:
    """Return a title or a label on one line.

    :raises TranscriptError: if it is longer than a title may be.
    """
    text = " ".join(clean(text).split())
    if len(text) > LONGEST["title"]:
        raise TranscriptError(
            "The {what} is longer than {most} characters.", "A few words are enough.", what=what, most=LONGEST["title"]
        )
    return text


def report_body(report: Mapping[str, Any] | None) -> str | None:
    """Return what the check said, as it is kept.

    :raises TranscriptError: if it is not plain data.
    """
    if report is None:
        return None
    try:
        return clean(json.dumps(dict(report), ensure_ascii=False, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise TranscriptError(
            "What the check said of a turn is not plain data and cannot be saved.", "Give it as JSON would hold it."
        ) from error


def problem(turn: Turn) -> str:
    """Return in a few words what is wrong with a turn, or an empty text if it can be saved."""
    openness: object = turn.openness  # whatever the types promise, a document from outside may have brought it
    label: object = turn.label
    checks = (
        (is_name(turn.id), "its id is not one"),
        (turn.parent_id is None or is_name(turn.parent_id), "the id of the turn before it is not one"),
        (turn.speaker in SPEAKERS, "it does not say who speaks"),
        (turn.state in STATES, "its state is not known"),
        (turn.speaker == "son" or turn.state == "complete", "only his turns can be unfinished"),
        (isinstance(openness, int) and 1 <= openness <= 5, "his openness is not from 1 to 5"),
        (all(isinstance(text, str) for text in (turn.text, turn.reason, turn.label)), "its words are not text"),
        (isinstance(label, str) and len(label) <= LONGEST["title"], "its label is too long"),
        (is_moment(turn.created), "its time is not one"),
        (turn.report is None or isinstance(turn.report, Mapping), "what the check said is not in the form it should have"),
    )
    return next((wrong for fine, wrong in checks if not fine), "")


def insert(connection: sqlite3.Connection, rehearsal_id: str, turn: Turn) -> None:
    """Write a turn and what the check said of it, inside a transaction.

    :raises TranscriptError: if the turn is not as it should be.
    """
    wrong = problem(turn)
    if wrong:
        raise TranscriptError("A turn cannot be saved: {wrong}.", "Try again.", wrong=wrong)
    body = report_body(turn.report)
    if body is not None:
        connection.execute("INSERT INTO turn_report (turn_id, body) VALUES (?, ?)", (turn.id, body))
    connection.execute(
        """
        INSERT INTO turn (id, rehearsal_id, parent_id, speaker, text, openness, reason, state, label, created)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            turn.id,
            rehearsal_id,
            turn.parent_id,
            turn.speaker,
            clean(turn.text),
            int(turn.openness),
            clean(turn.reason),
            turn.state,
            short(turn.label, "label"),
            turn.created,
        ),
    )


def turn_from(row: sqlite3.Row) -> Turn:
    """Build a turn from its row joined with its report as ``body``.

    :raises TranscriptError: if the row is damaged.
    """
    try:
        report = None if row["body"] is None else json.loads(row["body"])
        openness = Openness(row["openness"])
    except ValueError as error:
        raise TranscriptError(*_DAMAGED) from error
    return Turn(
        speaker=row["speaker"],
        text=row["text"],
        openness=openness,
        parent_id=row["parent_id"],
        reason=row["reason"],
        report=report,
        state=row["state"],
        label=row["label"],
        id=row["id"],
        created=row["created"],
    )


def scenario_body(scenario: Scenario) -> str:
    """Return a scenario as it is kept."""
    return clean(json.dumps(scenario.to_dict(), ensure_ascii=False))


def scenario_from(body: str) -> Scenario:
    """Build a scenario from what is kept.

    :raises TranscriptError: if it is damaged.
    """
    try:
        return Scenario.from_dict(json.loads(body))
    except (ValueError, ScenarioError) as error:
        raise TranscriptError(*_DAMAGED) from error
