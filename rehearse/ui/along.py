"""Something to take along: she composes one message, sees what the check says of it, and prints it in large type."""

from typing import Any

import gradio as gr

from rehearse.errors import RehearseError
from rehearse.message import LONGEST, MOMENTS, WAYS, Message
from rehearse.ui import render
from rehearse.ui.findings import plain
from rehearse.ui.room import Room
from rehearse.ui.screen import CLICKS, QUIET, lead
from rehearse.ui.words import say, trouble, weekday

# What to do if no answer comes, in this order.
IF_SILENT = ("message.silent_wait", "message.silent_once", "message.silent_light", "message.silent_respect")
PAUSES = """let waiting;
document.addEventListener('input', event => {
  if (!event.target.closest('#message')) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => trigger('pause'), 600);
});"""


class Along:
    """The view and its handlers. Nothing of it is kept: what is not printed or copied is gone with the page."""

    def __init__(self, room: Room) -> None:
        """Build the view inside the current Blocks."""
        self.room = room
        with gr.Column(elem_id="along-view"):
            gr.HTML(f"<h2>{render.safe(say('along.heading'))}</h2>{render.note(say('along.intro'))}")
            self.name = gr.Textbox(value="", label=say("along.name"), max_length=40, elem_id="along-name")
            self.words = gr.Textbox(
                value="",
                label=say("along.words"),
                info=say("along.words_hint"),
                lines=3,
                max_lines=8,
                max_length=LONGEST,
                elem_id="message",
            )
            self.report = gr.HTML(elem_id="message-report")
            self.way = gr.Radio(
                [(say(f"way.{each}"), each) for each in WAYS], value=WAYS[0], label=say("along.way"), elem_id="way"
            )
            self.moment = gr.Radio(
                [(say(f"moment.{each}"), each) for each in MOMENTS], value=MOMENTS[0], label=say("along.moment"), elem_id="moment"
            )
            self.make = gr.Button(say("along.make"), variant="primary", elem_id="make")
            self.card = gr.HTML(elem_id="card", js_on_load=CLICKS)
            self.pauses = gr.HTML(elem_id="message-pauses", visible="hidden", js_on_load=PAUSES)

    def wire(self) -> None:
        """Connect the events."""
        self.pauses.pause(self.read, [self.words], [self.report], trigger_mode="always_last", **QUIET)
        self.make.click(self.made, [self.words, self.name, self.way, self.moment], [self.card], **QUIET).then(
            None, js=lead("#card .taken", "#card .error")
        )

    def read(self, words: str) -> str:
        """Read the message as she pauses; without a check it says so, and everything else goes on."""
        if not words.strip():
            return ""
        check = self.room.parts.check
        if check is None:
            return render.note(say("along.unchecked"))
        return plain(check.check(words).to_dict())

    def made(self, words: str, name: str, way: str, moment: str) -> Any:
        """Return the sheet to take along."""
        try:
            message = Message.of(words or "", name or "", way, moment)
        except RehearseError as error:
            return f'<p class="error" tabindex="-1">{render.safe(trouble(error))}</p>'
        return sheet(message)


def sheet(message: Message) -> str:
    """Return the message as a sheet of paper in large type."""
    name = message.name or say("message.him")
    way, moment = (say(f"message.{each}", name=name) for each in (message.way, message.moment))
    silent = "".join(f"<li>{render.safe(say(each, name=name))}</li>" for each in IF_SILENT)
    to = say("along.to", name=message.name) if message.name else say("along.to_him")
    night = say("along.sleep", date=weekday(message.not_before))
    return (
        f'<article class="taken" tabindex="-1" aria-label="{render.safe(say("along.sheet"))}"><h3>{render.safe(to)}</h3>'
        f'<p class="message">{render.safe(message.words)}</p>'
        f"<h4>{render.safe(say('along.how'))}</h4><p>{render.safe(way)}</p>"
        f"<h4>{render.safe(say('along.when'))}</h4><p>{render.safe(moment)}</p>"
        f"<h4>{render.safe(say('along.night'))}</h4><p>{render.safe(night)}</p>"
        f"<h4>{render.safe(say('along.silent'))}</h4><ul>{silent}</ul></article>"
        f'<p class="acts"><button type="button" class="plain" data-do="print">{render.safe(say("along.print"))}</button>'
        f'<button type="button" class="plain" data-do="copy" data-text="{render.safe(message.words)}" '
        f'data-done="{render.safe(say("along.copied"))}">{render.safe(say("along.copy"))}</button></p>'
        f"{render.note(say('along.kept'))}"
    )
