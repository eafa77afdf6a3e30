"""The corner where her talks are given a passphrase, another one, or none; off until she sets one."""

from typing import Any

import gradio as gr

from rehearse.errors import RehearseError, WrongPassphrase
from rehearse.transcripts.cipher import SHORTEST, available
from rehearse.ui import render
from rehearse.ui.lobby import command
from rehearse.ui.room import Room
from rehearse.ui.screen import CLICKS, QUIET, lead
from rehearse.ui.words import say, trouble

# What can be asked for, and what is said of each before it is done.
TOLD = {
    "set": ("lock.what", "lock.lost", "lock.copies", "lock.good", "lock.browser"),
    "change": ("lock.lost", "lock.good", "lock.browser"),
    "remove": ("lock.without",),
}
# The keyboard follows: to the first field of what was asked for, or to what is said when it is done.
FOCUS = lead("#lock-form input", "#lock-note [tabindex]", "#lock-told button")


class Lock:
    """The view and its handlers. What is typed in it is given to the store, and every answer empties the fields."""

    def __init__(self, room: Room) -> None:
        """Build the view inside the current Blocks."""
        self.room = room
        self.asked = gr.State("")
        with gr.Column(elem_id="lock"):
            self.state = gr.HTML(elem_id="lock-told", js_on_load=CLICKS)
            with gr.Column(visible=False, elem_id="lock-form", elem_classes="ask") as self.form:
                self.what = gr.HTML(elem_id="lock-what")
                self.problem = gr.HTML(elem_id="lock-problem", js_on_load="element.setAttribute('role', 'alert');")
                self.fields = [
                    gr.Textbox(type="password", value="", label=say(f"lock.{name}"), max_length=1000, elem_id=f"lock-{name}")
                    for name in ("old", "new", "again")
                ]
                with gr.Row():
                    self.do = gr.Button(say("lock.do_set"), variant="primary", elem_id="lock-do")
                    self.leave = gr.Button(say("lock.leave"), elem_id="lock-leave")
            self.note = gr.HTML(elem_id="lock-note", js_on_load="element.setAttribute('role', 'status');")
        self.outputs = [self.state, self.asked, self.form, self.what, self.problem, *self.fields, self.do, self.note]

    def wire(self) -> None:
        """Connect the events."""
        sent = [self.do.click, *(field.submit for field in self.fields)]
        for happening in (
            self.state.click(self.ask, None, self.outputs, **QUIET),
            gr.on(sent, self.change, [self.asked, *self.fields], self.outputs, trigger_mode="once", **QUIET),
            self.leave.click(lambda: self.shown(), None, self.outputs, **QUIET),
        ):
            happening.then(None, js=FOCUS)

    def shown(self, asked: str = "", problem: str = "", note: str = "") -> tuple[Any, ...]:
        """Return the view, in the order of its outputs: closed, or open on what was asked for, with empty fields.

        :param problem: why it was not done.
        :param note: what was done.
        """
        visible = {"old": asked in ("change", "remove"), "new": asked in ("set", "change"), "again": asked in ("set", "change")}
        return (
            self._state(asked),
            asked,
            gr.update(visible=bool(asked)),
            "".join(render.note(say(name, count=SHORTEST), _style(name)) for name in TOLD.get(asked, ())),
            render.note(problem, "error"),
            *(gr.update(value="", visible=each) for each in visible.values()),
            gr.update(value=say(f"lock.do_{asked}")) if asked else gr.skip(),
            note,
        )

    def ask(self, event: gr.EventData) -> tuple[Any, ...]:
        """Open on what a button asks for."""
        asked = str(event._data.get("act") or "")
        return self.shown(asked) if asked in TOLD else (gr.skip(),) * len(self.outputs)

    def change(self, asked: str, old: str, new: str, again: str) -> tuple[Any, ...]:
        """Give the file a passphrase, another one, or none; whatever comes of it, the fields are empty afterwards."""
        store = self.room.parts.transcripts
        if asked not in TOLD:
            return self.shown()
        if store.locked == (asked == "set"):
            return self.shown(note=_said(say("lock.elsewhere")))
        if asked != "remove" and new != again:
            return self.shown(asked, say("lock.differ"))
        try:
            readable = store.set_passphrase(None if asked == "remove" else new, old=old if asked != "set" else None)
        except WrongPassphrase:
            return self.shown(asked, say("lock.wrong"))
        except RehearseError as error:
            return self.shown(asked, trouble(error))
        self.room.line.leave(passphrase=None if asked == "remove" else new)
        left = "".join(_said(say("lock.readable", path=path)) for path in readable)
        return self.shown(note=_said(say(f"lock.done_{asked}")) + left)

    def _state(self, asked: str) -> str:
        heading = f"<h3>{render.safe(say('lock.heading'))}</h3>"
        if asked:
            return heading
        if self.room.parts.transcripts.locked:
            acts = render.button("change", say("lock.change"), style="plain") + render.button("remove", say("lock.remove"))
            return f'{heading}{render.note(say("lock.on"))}<p class="acts">{acts}</p>'
        if not available():
            missing = render.note(say("lock.missing"))
            return f"{heading}{missing}<p><code>{render.safe(command())}</code></p>{render.note(say('lobby.then'))}"
        act = render.button("set", say("lock.set"), style="plain")
        return f'{heading}{render.note(say("lock.off"))}<p class="acts">{act}</p>'


def _style(name: str) -> str:
    return "told grave" if name == "lock.lost" else "told"


def _said(words: str) -> str:
    """Return a sentence that the keyboard can be led to, so that it is read."""
    return f'<p class="told" tabindex="-1">{render.safe(words)}</p>'
