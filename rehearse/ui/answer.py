"""How an answer of his is shown: as it grows, whatever ends it, and what stands on the screen then."""

import time
from collections.abc import Iterator
from typing import Any

import gradio as gr

from rehearse.errors import RehearseError
from rehearse.rehearsal import Rehearsal
from rehearse.turn import Turn
from rehearse.ui import render, tries
from rehearse.ui.room import Room
from rehearse.ui.screen import Screen, screen
from rehearse.ui.stale import end_of
from rehearse.ui.words import say, trouble


def until_settled(room: Room) -> Iterator[Screen]:
    """Wait until check and voice are loaded, or cannot be: a line should not go to him unread just because she was quick."""
    if room.settled:
        return
    yield screen(note=render.note(say("talk.waiting")))
    while not room.settled:
        time.sleep(0.1)
    yield screen(note="")


def gauge(rehearsal: Rehearsal) -> str:
    """Return how open he is at the end of the path, and why."""
    hers = [turn for turn in rehearsal.path if turn.speaker == "mother"]
    return render.gauge(rehearsal.openness, hers[-1].reason if hers else "")


def answering(room: Room, rehearsal: Rehearsal, begin: Any, **cleared: Any) -> Iterator[Screen]:
    """Show an answer as it grows; whatever ends it, the screen ends as the store has it.

    :param begin: called with the event that stops him; returns the pieces of his answer.
    :param cleared: what changes on the screen once he begins, such as the draft that was sent.
    """
    name = rehearsal.scenario.son.name
    room.stop_rewording(rehearsal.id)
    stop = room.begin_answer(rehearsal.id)
    failure = ""
    first = True
    try:
        yield screen(
            talk=render.talk(rehearsal, answering=True),
            report="",
            shown="",
            note="",
            state=render.state("thinking", name=name),
            send=gr.update(visible=False, value=say("talk.send")),
            stop=gr.update(visible=True),
        )
        for _ in begin(stop):
            changed: dict[str, Any] = {}
            if first:
                changed = {**cleared, "state": render.state("answering", name=name), "seen": end_of(rehearsal)}
            first = False
            yield screen(talk=render.talk(rehearsal, answering=True), gauge=gauge(rehearsal), **changed)
    except RehearseError as error:
        failure = trouble(error)
    finally:
        room.end_answer(rehearsal.id, stop)
    path = rehearsal.path
    kept = bool(path) and path[-1].speaker == "mother"
    changed = dict(cleared) if first and (kept or not failure) else {}
    yield screen(
        talk=render.talk(rehearsal),
        tries=tries.tree(rehearsal),
        gauge=gauge(rehearsal),
        note=render.note(failure, "error"),
        state=_ended(path, name) if not failure else "",
        send=gr.update(visible=True, value=say("talk.send")),
        stop=gr.update(visible=False),
        announce=render.safe(_spoken(path, name) or failure),
        seen=end_of(rehearsal),
        **changed,
    )


def _ended(path: list[Turn], name: str) -> str:
    stopped = bool(path) and path[-1].speaker == "son" and path[-1].state == "stopped"
    return render.state("stopped", name=name) if stopped else ""


def _spoken(path: list[Turn], name: str) -> str:
    if not path or path[-1].speaker != "son" or not path[-1].text:
        return ""
    return say("talk.answered", name=name, text=path[-1].text)
