"""What she told the check of her own sentences: this is fine, this one stings. In the panel, and as a list with a way back."""

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from rehearse.errors import RehearseError
from rehearse.tone.check import LONGEST_DRAFT
from rehearse.tone.sentences import sentences
from rehearse.transcripts import KeptRemark
from rehearse.ui import render
from rehearse.ui.render import safe
from rehearse.ui.room import Room
from rehearse.ui.screen import CLICKS, QUIET, lead
from rehearse.ui.words import say, trouble

# Whoever presses twice out of habit means it once: the second press would meet what has moved to the place of the first.
ONCE = """element.addEventListener('click', event => {
  const said = event.target.closest('[data-act=fine], [data-act=stung], [data-act=unsay]');
  if (said && event.detail > 1) event.stopImmediatePropagation();
}, true);"""
# The button she pressed is gone then; the keyboard goes where it says what was done.
TO_NOTE = lead("#heeded-note p")


# -- in the panel of the check ----------------------------------------------------------------------------------------------


def fine(text: str) -> str:
    """Return the button that says of a sentence the check has marked that it is fine between the two of them."""
    return f'<p class="own">{_act("fine", text)}</p>'


def back(number: int, text: str, *, about: str = "", here: bool = False) -> str:
    """Return the button that takes back what she said of a sentence.

    :param about: the id of what says what she said.
    :param here: whether the keyboard is to go there, because she has just said it.
    """
    label = safe(f"{say('heeded.back')}: “{text}”")
    described = f' aria-describedby="{about}"' if about else ""
    return (
        f'<button type="button" class="link" data-act="unsay" data-value="{number}" aria-label="{label}"'
        f"{described}{' data-here' if here else ''}>{safe(say('heeded.back'))}</button>"
    )


def stung(report: Mapping[str, Any], start: int) -> Mapping[str, Any] | None:
    """Return the sentence marked only because she said that it stings, if that is the one around ``start``."""
    told = (each for each in report.get("remarks", ()) if each["stung"])
    return next((each for each in told if each["start"] <= start < each["end"]), None)


def let_through(report: Mapping[str, Any], here: str = "") -> str:
    """Return what is not marked because she called it fine, each with a way back.

    :param here: the sentence of which she has just said so.
    """
    found = []
    for index, each in enumerate(report.get("remarks", ())):
        if not each["stung"]:
            said = f'<span id="let-{index}">{safe(say("heeded.fine_done", text=each["text"]))}</span>'
            undo = back(each["number"], each["text"], about=f"let-{index}", here=each["text"] == here)
            found.append(f'<p class="own">{said} {undo}</p>')
    return "".join(found)


def stings(report: Mapping[str, Any]) -> str:
    """Return a way to say of what the check let pass that it stings: one button, or the sentences to choose from."""
    passed = _passed(report)
    if not passed:
        return ""
    if len(passed) == 1 and not report["findings"]:
        return f'<p class="own">{safe(say("heeded.better"))} {_act("stung", passed[0])}</p>'
    listed = "".join(f"<li>{_act('stung', each, words=f'“{each}”')}</li>" for each in passed)
    return (
        f'<details class="own"><summary>{safe(say("heeded.which"))}</summary>'
        f"<p>{safe(say('heeded.better'))}</p><ul>{listed}</ul></details>"
    )


def _passed(report: Mapping[str, Any]) -> list[str]:
    """Return the sentences that neither the check nor she has said anything of, each once."""
    told = [*report["findings"], *report.get("remarks", ())]
    read = sentences(report["text"][:LONGEST_DRAFT])
    left = [each for each in read if not any(one["start"] < each.end and each.start < one["end"] for one in told)]
    return list(dict.fromkeys(each.text for each in left))


def _act(action: str, text: str, *, words: str = "") -> str:
    named = say(f"heeded.{action}")
    label = safe(f"{named}: “{text}”")
    return (
        f'<button type="button" class="link" data-act="{action}" data-text="{safe(text)}" aria-label="{label}">'
        f"{safe(words or named)}</button>"
    )


# -- as a list --------------------------------------------------------------------------------------------------------------


class Heeded:
    """All she told the check, under her talks: what it does, where it stays, and a way back from each."""

    def __init__(self, room: Room) -> None:
        """Build the view inside the current Blocks."""
        self.room = room
        with gr.Column(elem_id="heeded-view"):
            self.note = gr.HTML(elem_id="heeded-note")
            self.list = gr.HTML(elem_id="heeded", js_on_load=f"{ONCE}\n{CLICKS}")

    def wire(self, tab: gr.Tab) -> Any:
        """Connect the events, and return the one after which her draft is to be read again.

        :param tab: where the list stands.
        """
        tab.select(self.listed, None, [self.list, self.note], **QUIET)
        taking = self.list.click(self.act, None, [self.list, self.note], **QUIET)
        taking.then(None, js=TO_NOTE)
        return taking

    def listed(self) -> tuple[str, str]:
        """Return the list, newest first, and no note."""
        return told(self.room.parts.heed()[::-1]), ""

    def act(self, event: gr.EventData) -> tuple[Any, Any]:
        """Take back what a button names, and return the list and a note."""
        number = str(event._data.get("value") or "")
        if event._data.get("act") != "unsay" or not number.isdigit():
            return gr.skip(), gr.skip()
        try:
            self.room.parts.transcripts.remarks.take_back(int(number))
            note = f'<p class="note" role="status" tabindex="-1">{safe(say("heeded.erased"))}</p>'
        except RehearseError as error:
            note = f'<p class="error" role="status" tabindex="-1">{safe(trouble(error))}</p>'
        return self.listed()[0], note


def told(kept: Sequence[KeptRemark]) -> str:
    """Return her remarks as a list."""
    head = f"<h3>{safe(say('heeded.heading'))}</h3>{render.note(say('heeded.intro'))}"
    if not kept:
        return f"{head}{render.note(say('heeded.none'))}"
    return f'{head}<ul class="heeded">{"".join(_row(each) for each in kept)}</ul>'


def _row(each: KeptRemark) -> str:
    what = say("heeded.is_stung" if each.stung else "heeded.is_fine")
    return f'<li><q lang="en">{safe(each.text)}</q> <span class="mark">{safe(what)}</span> {back(each.number, each.text)}</li>'
