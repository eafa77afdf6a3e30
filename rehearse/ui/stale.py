"""A tab whose talk is not what it shows: deleted, or gone on, in another window. It is told so in a sentence, with what to do.

Every event of the talk goes through :func:`watched`, so that no failure reaches her as an error without words.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any

import gradio as gr

from rehearse.errors import NotFound, RehearseError
from rehearse.rehearsal import Rehearsal
from rehearse.ui import render
from rehearse.ui.room import Room
from rehearse.ui.screen import Screen, screen
from rehearse.ui.words import say, trouble

# Whoever comes back to a tab is told at once, not only when she sends.
COMING_BACK = """document.addEventListener('visibilitychange', () => { if (!document.hidden) trigger('focus'); });
window.addEventListener('focus', () => trigger('focus'));"""


@dataclass(frozen=True, slots=True)
class Told:
    """What she is told instead: the sentence, and whether the talk is gone, so that its words leave the screen too."""

    words: str
    gone: bool

    @property
    def note(self) -> str:
        """The sentence, as it is shown."""
        return render.note(self.words, "error")

    @property
    def screen(self) -> Screen:
        """The talk with the sentence in it. Her draft stays: she may want to copy it."""
        spoken = render.safe(self.words)
        # Whatever was going on is over.
        buttons = {"send": gr.update(visible=True), "stop": gr.update(visible=False)}
        if not self.gone:
            return screen(note=self.note, announce=spoken, **buttons)
        emptied = dict.fromkeys(("about", "tries", "gauge", "report", "shown", "state", "note", "mark"), "")
        return screen(talk=self.note, announce=spoken, **emptied, **buttons)


def end_of(rehearsal: Rehearsal) -> str:
    """Return what the page remembers of the talk it shows: the last turn, empty before the first."""
    return rehearsal.saved.leaf_id or ""


def told(room: Room, id: str, error: RehearseError) -> Told:
    """Return what she is told of a failure in a talk."""
    places = {"scene": say("tabs.scene"), "shelf": say("tabs.shelf")}
    if id in room.leaving.ids:
        return Told(say("stale.leaving", **places), gone=True)
    try:
        room.rehearsal(id)
    except NotFound:
        return Told(say("stale.deleted", **places), gone=True)
    except RehearseError:
        # The store itself cannot be read; the first failure says why.
        pass
    return Told(trouble(error), gone=False)


def watched(room: Room, handler: Callable[..., Any], fit: Callable[[Told], Any]) -> Callable[..., Any]:
    """Return an event's handler, whose first value is the id of the talk, so that a failure is told and never raised.

    :param fit: makes what the event puts out of what she is told.
    """
    if inspect.isgeneratorfunction(handler):

        @wraps(handler)
        def going(id: str, *given: Any) -> Iterator[Any]:
            try:
                yield from handler(id, *given)
            except RehearseError as error:
                yield fit(told(room, id, error))

        return going

    @wraps(handler)
    def once(id: str, *given: Any) -> Any:
        try:
            return handler(id, *given)
        except RehearseError as error:
            return fit(told(room, id, error))

    return once
