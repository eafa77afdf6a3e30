"""Coming back: what the page says while the app is away, and how it goes on once its keeper has started it again.

The page is not loaded anew: whatever she was typing, in the talk, the scene or the message to take along, stands in the page and
nowhere else, and stays there. What the app knows of the page is put right, and the talk is shown as the store has it.
"""

from typing import Any

import gradio as gr

from rehearse.errors import RehearseError
from rehearse.rehearsal import Rehearsal
from rehearse.ui import outside, render
from rehearse.ui.room import Room
from rehearse.ui.screen import screen
from rehearse.ui.stale import told
from rehearse.ui.talk import Talk
from rehearse.ui.words import say

# The page's script notices that the app is there again; the button takes the words away.
HEARS = """element.setAttribute('role', 'status');
document.addEventListener('app-back', () => trigger('retry'));
element.addEventListener('click', event => {
  if (event.target.closest('button')) element.querySelector('.back').remove();
});"""


class Back:
    """The words across the top of the page, and the handler that puts it right."""

    def __init__(self, room: Room, talk: Talk) -> None:
        """Build both inside the current Blocks, for a talk that is built later than they are."""
        self.room = room
        self.talk = talk

    @staticmethod
    def bar() -> gr.HTML:
        """Build what is said while the app is away; the page's script shows it."""
        words = " ".join(f'data-{name}="{render.safe(say(f"away.{name}"))}"' for name in ("stopped", "closed"))
        return gr.HTML(f'<p role="status" {words}></p>', elem_id="away")

    @staticmethod
    def note() -> gr.HTML:
        """Build what is said once it is back."""
        return gr.HTML(elem_id="back", js_on_load=HEARS)

    def arrived(self) -> str:
        """Return what is said to whoever loads the page just after the app fell; empty otherwise."""
        return self._said([say("away.loaded")]) if self.room.line.fell else ""

    def returned(self, id: str, draft: str) -> tuple[Any, ...]:
        """Return what is said, what of the talk may stand in the address, and the screen as the store has it.

        Her draft stays as it is, unless it is the line that had been sent.
        """
        if not id:
            return (self._said([say("away.back")]), "", *screen())
        try:
            rehearsal = self.room.rehearsal(id)
        except RehearseError as error:
            # One that was to leave no trace, or was about to be deleted for good.
            return (self._said([say("away.gone")]), "", *told(self.room, id, error).screen)
        shown = self.talk.show(id)._replace(
            send=gr.update(visible=True, value=say("talk.send")), stop=gr.update(visible=False), shown=""
        )
        path = rehearsal.path
        if path and path[-1].speaker == "son" and path[-1].state == "partial":
            path = path[:-1]
        if path and path[-1].speaker == "mother" and path[-1].text == draft.strip():
            shown = shown._replace(draft=gr.update(value=""))
        return (self._said([say("away.back"), _unfinished(rehearsal)]), id, *shown)

    def _said(self, words: list[str]) -> str:
        sentences = " ".join(render.safe(each) for each in words if each)
        button = f'<button type="button" class="plain">{render.safe(say("away.go_on"))}</button>'
        # Gradio shows only what is not what it showed last, and that may have been taken away since.
        return f'<div class="back" data-life="{self.room.line.life}"><p>{sentences}</p>{button}</div>'


def _unfinished(rehearsal: Rehearsal) -> str:
    path = rehearsal.path
    if not path or outside.seats_changed(rehearsal):
        return ""
    name = rehearsal.scenario.son.name
    if path[-1].speaker == "mother":
        return say("away.unanswered", name=name)
    return say("away.partial", name=name) if path[-1].state == "partial" else ""
