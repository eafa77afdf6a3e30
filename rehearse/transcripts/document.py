"""A rehearsal as plain data, for carrying it to another computer, and everything that is checked on the way back in."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from rehearse.errors import ScenarioError, Sentence, TranscriptError
from rehearse.scenario import Scenario
from rehearse.transcripts import rows
from rehearse.transcripts.record import Saved
from rehearse.turn import Openness, Turn

FORMAT = "rehearse-transcript"
VERSION = 1
LARGEST_MEGABYTES = 50
_DEEPEST = 32

_SAVE_AGAIN = "Export the rehearsal again and import that file."


def write(saved: Saved, turns: Sequence[Turn]) -> dict[str, Any]:
    """Return a rehearsal with its turns, in the order they were said, as plain data."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "id": saved.id,
        "title": saved.title,
        "scenario": saved.scenario.to_dict(),
        "created": saved.created,
        "touched": saved.touched,
        "ended": saved.ended,
        "leaf": saved.leaf_id,
        "turns": [
            {
                "id": turn.id,
                "parent": turn.parent_id,
                "speaker": turn.speaker,
                "text": turn.text,
                "openness": int(turn.openness),
                "reason": turn.reason,
                "report": turn.report,
                "state": turn.state,
                "label": turn.label,
                "created": turn.created,
            }
            for turn in turns
        ],
    }


def read_document(text: str | bytes) -> dict[str, Any]:
    """Read what :func:`rehearse.transcripts.export.to_json` wrote, and check all of it.

    :raises TranscriptError: if it is too large, not JSON, not one of our files, or anything in it is not as it should be.
    """
    if len(text) > LARGEST_MEGABYTES * 1_000_000:
        raise TranscriptError(
            "The file is larger than {most} MB, so it is not an exported rehearsal.",
            "Choose another file.",
            most=LARGEST_MEGABYTES,
        )
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        given = json.loads(decoded.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:  # also bytes that are no text, and numbers too long to read
        raise TranscriptError(
            "The file is not an exported rehearsal: it is not valid JSON.", "Choose a .json file exported by the app."
        ) from error
    parse(given)
    return dict(given)


def read_documents(stream: BinaryIO) -> Iterator[dict[str, Any]]:
    """Yield the rehearsals of a file, which holds one of them or one on each line, as they are read.

    :raises TranscriptError: at the first that is not as it should be.
    """
    most = LARGEST_MEGABYTES * 1_000_000
    first = stream.readline(most + 1)
    if not _is_whole(first):
        yield read_document(first + stream.read(max(0, most + 1 - len(first))))
        return
    number, line = 1, first
    while line:
        if line.strip():
            try:
                yield read_document(line)
            except TranscriptError as error:
                raise TranscriptError(
                    "Line {number} of the file: {first}", error.sentences[1], number=number, first=error.sentences[0]
                ) from error
        number, line = number + 1, stream.readline(most + 1)


def _is_whole(line: bytes) -> bool:
    """Whether a line is a JSON object by itself, so that the next one is another."""
    try:
        return line.endswith(b"\n") and isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def parse(given: object) -> tuple[Saved, list[Turn]]:
    """Return the rehearsal and the turns that plain data describes.

    :raises TranscriptError: if anything in it is not as it should be.
    """
    if not isinstance(given, Mapping) or given.get("format") != FORMAT:
        raise TranscriptError("The file is not an exported rehearsal.", "Choose a .json file exported by the app.")
    version = given.get("version")
    if version != VERSION or isinstance(version, bool):
        raise TranscriptError("The file was exported by another version of the app.", "Update the app and import the file again.")
    _check_plain(given)
    turns = _turns(given.get("turns"))
    return _saved(given, {turn.id for turn in turns}), turns


def _broken(what: str, **fillings: object) -> TranscriptError:
    return TranscriptError("The file cannot be imported: {what}.", _SAVE_AGAIN, what=Sentence(what, fillings))


def _check_plain(given: Mapping[str, Any]) -> None:
    """Refuse what JSON could not hold, what could not be saved, and nesting deep enough to harm whoever walks it later."""
    waiting: list[tuple[object, int]] = [(given, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > _DEEPEST:
            raise _broken("it is nested too deeply")
        if isinstance(value, Mapping):
            if not all(isinstance(key, str) for key in value):
                raise _broken("it is not plain data")
            waiting += [(part, depth + 1) for part in (*value.keys(), *value.values())]
        elif isinstance(value, (list, tuple)):
            waiting += [(part, depth + 1) for part in value]
        else:
            _check_leaf(value)


def _check_leaf(value: object) -> None:
    if isinstance(value, str) and rows.clean(value) != value:
        raise _broken("it holds broken characters")
    if isinstance(value, float) and not math.isfinite(value):
        raise _broken("it holds a number that is not one")
    if not (value is None or isinstance(value, (str, bool, int, float))):
        raise _broken("it is not plain data")


def _saved(given: Mapping[str, Any], turn_ids: set[str]) -> Saved:
    if not rows.is_name(given.get("id")):
        raise _broken("the rehearsal has no id")
    title = given.get("title", "")
    if not isinstance(title, str):
        raise _broken("the title is not text")
    created = given.get("created")
    touched = given.get("touched", created)
    ended = given.get("ended")
    if not rows.is_moment(created) or not rows.is_moment(touched) or not (ended is None or rows.is_moment(ended)):
        raise _broken("it does not say when the rehearsal was")
    leaf = given.get("leaf")
    if leaf is not None and (not isinstance(leaf, str) or leaf not in turn_ids):
        raise _broken("the turn that was on the screen is not in it")
    try:
        scenario = Scenario.from_dict(given.get("scenario") or {})
    except ScenarioError as error:
        raise TranscriptError(
            "The file cannot be imported: its scene cannot be used. {why}", _SAVE_AGAIN, why=error.sentences[0]
        ) from error
    return Saved(given["id"], rows.short(title, "title"), scenario, str(created), str(touched), ended, leaf)


def _turns(given: object) -> list[Turn]:
    if not isinstance(given, (list, tuple)):
        raise _broken("it has no list of turns")
    everyone = {item.get("id") for item in given if isinstance(item, Mapping) and isinstance(item.get("id"), str)}
    turns: list[Turn] = []
    seen: set[str] = set()
    for number, item in enumerate(given, 1):
        turn = _turn(item, number)
        if turn.id in seen:
            raise _broken("turn {number} has the id of an earlier one", number=number)
        if turn.parent_id is not None and turn.parent_id not in everyone:
            raise _broken("turn {number} follows one that is not in the file", number=number)
        # Parents come first in every export. Holding to that makes a circle impossible.
        if turn.parent_id is not None and turn.parent_id not in seen:
            raise _broken("turn {number} follows itself or a later one", number=number)
        seen.add(turn.id)
        turns.append(turn)
    return turns


def _turn(given: object, number: int) -> Turn:
    if not isinstance(given, Mapping):
        raise _broken("turn {number} is not one", number=number)
    openness = given.get("openness")
    if isinstance(openness, bool) or not isinstance(openness, int) or not 1 <= openness <= 5:
        raise _broken("in turn {number} his openness is not from 1 to 5", number=number)
    turn = Turn(
        speaker=given.get("speaker", ""),
        text=given.get("text", None),
        openness=Openness(openness),
        parent_id=given.get("parent"),
        reason=given.get("reason", ""),
        report=given.get("report"),
        state=given.get("state", "complete"),
        label=given.get("label", ""),
        id=given.get("id", ""),
        created=given.get("created", ""),
    )
    wrong = rows.problem(turn)
    if wrong:
        raise _broken("turn {number} is not as it should be: {wrong}", number=number, wrong=wrong)
    return turn
