"""Beside the talk: two doors, what he may have heard, changed seats, what to do with his silence, and stepping out."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from rehearse.doors import Doors
from rehearse.errors import RehearseError
from rehearse.helplines import OUT, words
from rehearse.rehearsal import MetOutside, Rehearsal
from rehearse.seats import Seats
from rehearse.son.silence import Offer
from rehearse.turn import seat
from rehearse.ui import outside, render
from rehearse.ui.answer import answering
from rehearse.ui.draft import FOCUS_DRAFT
from rehearse.ui.room import Room
from rehearse.ui.screen import CLICKS, QUIET, VOICE, Screen, screen
from rehearse.ui.stale import Told, end_of, watched
from rehearse.ui.talk import Talk
from rehearse.ui.words import say, trouble

# Escape steps out, wherever she is on the page, while there is a talk to step out of.
ESCAPE = """document.addEventListener('keydown', event => {
  if (event.key !== 'Escape' || event.defaultPrevented) return;
  const out = document.querySelector('#step-out');
  if (out && out.offsetParent !== null) out.click();
});"""


def _whole(told: Told) -> tuple[Any, ...]:
    return (*told.screen, "")


def _in_panel(told: Told) -> str:
    return told.note


class Beside:
    """The buttons under the talk, the panel they fill, and their handlers."""

    def __init__(self, room: Room, current: gr.Textbox, talk: Talk) -> None:
        """Build the view in the places that a talk keeps for it."""
        self.room = room
        self.current = current
        self.talk = talk
        self.view = talk.more
        # Beside the line she writes, so that it is in reach without looking for it.
        with talk.ways_out:
            self.out = gr.Button(say("beside.out"), elem_id="step-out")
        with talk.more:
            with gr.Row(elem_id="more-ways"):
                self.doors = gr.Button(say("beside.doors"), elem_id="two-doors")
                self.felt = gr.Button(say("beside.felt"), elem_id="felt")
                self.seats = gr.Button(say("beside.seats"), elem_id="seats")
                self.gentle = gr.Button(say("beside.gentle"), elem_id="gentle-mother")
            self.panel = gr.HTML(elem_id="beside-panel", js_on_load=CLICKS)
            self.keys = gr.HTML(elem_id="escape", visible="hidden", js_on_load=ESCAPE)

    def wire(self) -> None:
        """Connect the events."""
        room, seen = self.room, self.talk.seen
        given = [self.current, self.talk.draft, seen]
        everything = [*self.talk.outputs, self.panel]
        self.current.change(lambda id: (gr.update(visible=bool(id)), ""), [self.current], [self.view, self.panel], **QUIET)
        # Not queued: it must reach him in the middle of a word.
        self.out.click(watched(room, self.step_out, _in_panel), [self.current], [self.panel], queue=False, **QUIET)
        self.doors.click(watched(room, self.open_doors, _whole), given, everything, trigger_mode="once", **VOICE)
        self.felt.click(watched(room, self.what_he_heard, _in_panel), [self.current], [self.panel], trigger_mode="once", **VOICE)
        for pressed, gentle in ((self.seats, False), (self.gentle, True)):
            changing = watched(room, self._changing(gentle), _whole)
            pressed.click(changing, [self.current, seen], everything, **VOICE).then(None, js=FOCUS_DRAFT)
        for clicked in (self.panel, self.talk.note):
            clicked.click(watched(room, self.act, _whole), given, everything, **VOICE).then(None, js=FOCUS_DRAFT)
        # What he just did may be worth a word: looked at whenever the talk on the screen is drawn anew.
        self.talk.announce.change(watched(room, self.after, lambda told: ""), [self.current, self.panel], [self.panel], **QUIET)

    # -- handlers ----------------------------------------------------------------------------------------------------------

    def step_out(self, id: str) -> Any:
        """Stop him at once and show that she is outside."""
        if not id:
            return gr.skip()
        self.room.stop(id)
        self.room.stop_rewording(id)
        return outside.panel(OUT, self.room.rehearsal(id).scenario.son.name)

    def open_doors(self, id: str, draft: str, seen: str | None = None) -> Iterator[tuple[Any, ...]]:
        """Play this moment with her draft and with its gentler wording, side by side."""
        if not id:
            yield (*screen(), gr.skip())
            return
        if behind := self.talk.behind(id, seen):
            yield (*behind, "")
            return
        rehearsal = self.room.rehearsal(id)
        doors = Doors(rehearsal)
        stop = self.room.begin_answer(id)
        try:
            with self.room.rewriter(id) as rewriter:
                gentler = doors.gentler(draft, rewriter=rewriter) if draft.strip() else ""
            if not gentler:
                yield (*screen(), render.note(say("beside.doors_none" if draft.strip() else "beside.doors_empty")))
                return
            for _ in doors.open(draft, gentler, stop=stop):
                yield (*screen(stop=gr.update(visible=True)), self._doors(doors, rehearsal, choose=False))
        except MetOutside as error:
            yield (*screen(), outside.panel(error.met, rehearsal.scenario.son.name))
            return
        except RehearseError as error:
            failed = screen(note=render.note(trouble(error), "error"), stop=gr.update(visible=False), seen=end_of(rehearsal))
            yield (*failed, gr.skip())
            return
        finally:
            self.room.end_answer(id, stop)
        # Drawn without an answer going on, so that the draft is empty and both tries can be reached.
        unsent = {"stop": gr.update(visible=False), "send": gr.update(visible=True, value=say("talk.send"))}
        yield (*self._shown(id, draft="", report="", shown="", **unsent), self._doors(doors, rehearsal, choose=True))

    def what_he_heard(self, id: str) -> Iterator[Any]:
        """Show what he may have felt at her last line and not said."""
        rehearsal = self.room.rehearsal(id) if id else None
        hers = [turn for turn in rehearsal.path if turn.speaker == "mother"] if rehearsal else []
        if rehearsal is None or not hers:
            yield render.note(say("beside.felt_none"))
            return
        name = rehearsal.scenario.son.name
        yield render.note(say("beside.felt_waiting", name=name))
        try:
            felt = rehearsal.felt(hers[-1].id)
        except RehearseError as error:
            yield render.note(trouble(error), "error")
            return
        heading = render.safe(say("beside.felt_heading", name=name))
        heard = f"<p><q>{render.safe(hers[-1].text)}</q></p>"
        said = f'<p class="line">{render.safe(felt)}</p>{render.note(say("beside.felt_note"), "quiet")}'
        yield f'<section class="felt">{heard}<h3>{heading}</h3>{said}</section>'

    def change_seats(self, id: str, gentle: bool, seen: str | None = None) -> tuple[Any, ...]:
        """Sit her in his seat, or back in her own."""
        if not id:
            return (*screen(), gr.skip())
        if behind := self.talk.behind(id, seen):
            return (*behind, "")
        self.room.stop(id)
        seats = Seats(self.room.rehearsal(id))
        try:
            if seats.changed:
                seats.back()
                return (*self._shown(id, report="", shown=""), render.note(say("beside.seats_back")))
            seats.change(gentle=gentle)
        except RehearseError as error:
            return (*screen(), render.note(trouble(error), "error"))
        return (*self._shown(id, draft="", report="", shown=""), self._seated(id))

    def act(self, id: str, draft: str, event: gr.EventData, seen: str | None = None) -> Iterator[tuple[Any, ...]]:
        """Do what a button in a panel asks."""
        asked, value = event._data.get("act"), str(event._data.get("value") or "")
        if not id or asked not in ("go_on", "back", "unsent", "choose"):
            yield (*screen(), gr.skip())
            return
        if asked in ("unsent", "go_on") and value != OUT and (behind := self.talk.behind(id, seen)):
            yield (*behind, "")
            return
        rehearsal = self.room.rehearsal(id)
        if asked == "choose":
            rehearsal.show(value)
            yield (*self._shown(id), "")
        elif asked == "unsent" and draft.strip():
            rehearsal.keep_unsent(draft)
            yield (*self._shown(id, draft=""), render.note(words(value).kept))
        elif asked == "go_on" and value != OUT and draft.strip():
            for each in answering(self.room, rehearsal, lambda stop: rehearsal.say(draft, stop=stop, go_on=True), draft=""):
                yield (*each, "")
        elif asked == "back":
            rehearsal.end()
            yield (*screen(note=""), render.note(say("beside.rest" if rehearsal.written else "unkept.rest")))
        else:
            yield (*screen(note=""), "")

    def after(self, id: str, panel: str = "") -> Any:
        """Say a word where his last answer was one word or none, or where she sits in his seat.

        :param panel: what stands there; what it says of an earlier silence goes once he has said more.
        """
        if not id or self.room.answering(id):
            return gr.skip()
        rehearsal = self.room.rehearsal(id)
        if Seats(rehearsal).changed:
            return self._seated(id)
        offer = rehearsal.silent
        if offer:
            return _silence(offer)
        return "" if 'class="silence"' in (panel or "") else gr.skip()

    # -- how it is shown ---------------------------------------------------------------------------------------------------

    def _changing(self, gentle: bool) -> Any:
        return lambda id, seen: self.change_seats(id, gentle, seen)

    def _shown(self, id: str, **changed: Any) -> Screen:
        """Return the screen as the store has it, with the note of the talk cleared and what is named changed."""
        shown = self.talk.show(id)
        draft = changed.pop("draft", None)
        if draft is not None:
            changed["draft"] = gr.update(visible=True, value=draft)
        if Seats(self.room.rehearsal(id)).changed:
            name = self.room.rehearsal(id).scenario.son.name
            changed["draft"] = gr.update(visible=True, value="", label=say("beside.seats_draft", name=name))
        return shown._replace(**changed)

    def _seated(self, id: str) -> str:
        rehearsal = self.room.rehearsal(id)
        name = rehearsal.scenario.son.name
        path = rehearsal.path
        if path and path[-1].speaker == "son":
            return render.note(say("beside.seats_over"))
        gentle = any(seat(turn) == "gentle" for turn in path)
        return render.note(say("beside.seats_gentle" if gentle else "beside.seats_own", name=name))

    @staticmethod
    def _doors(doors: Doors, rehearsal: Rehearsal, *, choose: bool) -> str:
        name = rehearsal.scenario.son.name
        cards = []
        for number, door in enumerate(doors.found):
            answer = render.safe(door.answer) if door.answer else render.safe(say("talk.typing", name=name))
            act = render.button("choose", say("beside.choose"), door.hers.id, style="plain") if choose else ""
            heading = render.safe(say("beside.door_draft" if number == 0 else "beside.door_gentler"))
            cards.append(
                f'<section class="door"><h3>{heading}</h3>'
                f'<p class="hers">{render.safe(door.hers.text)}</p><p class="line">{answer}</p>'
                f"{render.gauge(door.hers.openness, door.hers.reason)}{act}</section>"
            )
        note = render.note(say("beside.doors_note", name=name), "quiet")
        return f'<div class="doors">{"".join(cards)}</div>{note}'


def _silence(offer: Offer) -> str:
    practices = "".join(
        f"<li><strong>{render.safe(say('check.practice', number=each.number, short=each.short))}.</strong> "
        f"{render.safe(each.in_talk)}</li>"
        for each in offer.practices
    )
    return (
        f'<section class="silence"><p><strong>{render.safe(offer.happened)}</strong> {render.safe(offer.sentence)}</p>'
        f"<ul>{practices}</ul></section>"
    )
