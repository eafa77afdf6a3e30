"""The talk: her draft, what the check says of it, his answer, and other ways to play the same moment."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from rehearse.ui import outside, render, tries
from rehearse.ui.answer import answering, gauge, until_settled
from rehearse.ui.draft import FOCUS_AFTER, FOCUS_DRAFT, PAUSES, Draft
from rehearse.ui.heeded import ONCE
from rehearse.ui.room import Room
from rehearse.ui.screen import CLICKS, QUIET, REWORDING, VOICE, Screen, screen
from rehearse.ui.stale import COMING_BACK, Told, end_of, watched
from rehearse.ui.unkept import mark
from rehearse.ui.words import say

# What she wrote last goes to where she reads: nothing jumps if it is there already.
TO_LAST = """() => { const turns = document.querySelectorAll('ol.talk > li');
  if (turns.length) turns[turns.length - 1].scrollIntoView({block: 'nearest'}); }"""


def _whole(told: Told) -> Screen:
    return told.screen


class Talk:
    """The view and its handlers."""

    def __init__(self, room: Room, current: gr.Textbox) -> None:
        """Build the view inside the current Blocks; ``current`` holds the id of the rehearsal on the screen."""
        self.room = room
        self.current = current
        self.drafts = Draft(room)
        with gr.Column(elem_id="talk-view"):
            self.about = gr.HTML(elem_id="about")
            self.mark = gr.HTML(elem_id="unkept", js_on_load=CLICKS)
            with gr.Row(equal_height=False, elem_id="table"):
                with gr.Column(scale=3, min_width=320):
                    self.talk = gr.HTML(render.note(say("talk.none"), "empty"), elem_id="talk", js_on_load=CLICKS)
                    self.state = gr.HTML(elem_id="state")
                    # Where her line stands while he speaks in another window; the page's script shows it.
                    gr.HTML(render.queue(), elem_id="queue")
                    self.note = gr.HTML(elem_id="talk-note", js_on_load=CLICKS)
                    self.draft = gr.Textbox(
                        label=say("talk.draft", name="…"),
                        placeholder=say("talk.draft_hint"),
                        lines=1,
                        max_lines=10,
                        max_length=4000,
                        elem_id="draft",
                        visible=False,
                    )
                    with gr.Row(visible=False, elem_id="composer") as self.buttons:
                        self.send = gr.Button(say("talk.send"), variant="primary", elem_id="send")
                        self.stop = gr.Button(say("talk.stop"), variant="stop", elem_id="stop", visible=False)
                        # What stands beside a line that is being written: other things to do with this moment.
                        with gr.Row(elem_id="beside-talk") as self.ways_out:
                            self.end = gr.Button(say("talk.end"), elem_id="end-talk")
                    with gr.Column(visible=False, elem_id="beside-more") as self.more:
                        pass
                    with gr.Row(visible=False, elem_id="reading") as self.reading:
                        # The page's script reads; nothing of it comes here.
                        self.aloud = gr.Checkbox(value=False, label=say("aloud.on"), elem_id="aloud", container=False)
                        gr.HTML(render.note(say("aloud.none")), elem_id="aloud-none")
                    self.tries = gr.HTML(elem_id="tries", js_on_load=CLICKS)
                with gr.Column(scale=2, min_width=300, elem_id="beside"):
                    self.report = gr.HTML(elem_id="report", js_on_load=f"{ONCE}\n{CLICKS}")
                    self.gauge = gr.HTML(elem_id="gauge")
            self.pauses = gr.HTML(elem_id="pauses", visible="hidden", js_on_load=PAUSES)
            self.coming_back = gr.HTML(elem_id="coming-back", visible="hidden", js_on_load=COMING_BACK)
            # Where the talk ended when it was shown here; like the id, it is to survive a restart of the app.
            self.seen = gr.Textbox(visible="hidden", elem_id="seen")
            # One finished sentence for screen readers, instead of the fragments of an answer as it grows.
            self.announce = gr.HTML(
                elem_id="announce",
                elem_classes="sr",
                js_on_load="element.setAttribute('role', 'status'); element.setAttribute('aria-live', 'polite');",
            )
        self.shown = gr.State("")
        # Reads her draft wherever something changes what is to be said of it.
        self.read = watched(room, self.drafts.read, lambda told: (told.note, "", gr.skip(), "", render.safe(told.words)))
        self.read_outputs = [self.report, self.shown, self.send, self.state, self.announce]
        self.outputs = list(
            Screen(
                about=self.about,
                talk=self.talk,
                tries=self.tries,
                gauge=self.gauge,
                draft=self.draft,
                report=self.report,
                shown=self.shown,
                send=self.send,
                stop=self.stop,
                state=self.state,
                note=self.note,
                announce=self.announce,
                seen=self.seen,
                mark=self.mark,
            )
        )

    def wire(self) -> None:
        """Connect the events."""
        room, shown = self.room, [self.current, self.seen]
        self.coming_back.focus(watched(room, self.look, _whole), shown, self.outputs, trigger_mode="once", **QUIET)
        self.pauses.pause(
            self.read,
            [self.current, self.draft],
            self.read_outputs,
            trigger_mode="always_last",
            **QUIET,
        ).then(
            watched(room, self.drafts.reword, lambda told: gr.skip()),
            [self.current, self.draft],
            [self.report],
            trigger_mode="always_last",
            **REWORDING,
        )
        sending = gr.on(
            [self.send.click, self.draft.submit],
            watched(room, self.say, _whole),
            [self.current, self.draft, self.shown, self.seen],
            self.outputs,
            trigger_mode="once",
            **VOICE,
        )
        sending.then(None, js=TO_LAST)
        self.stop.click(self.stop_answer, [self.current], None, queue=False, **QUIET)
        for clicked in (self.talk, self.tries):
            clicked.click(watched(room, self.act, _whole), shown, self.outputs, **VOICE).then(None, js=FOCUS_DRAFT)
        self.report.click(
            watched(room, self.drafts.act, lambda told: (gr.skip(), told.note, "", gr.skip(), gr.skip(), gr.skip())),
            [self.current, self.draft],
            [self.draft, self.report, self.shown, self.note, self.send, self.announce],
            **QUIET,
        ).then(None, [self.report], None, js=FOCUS_AFTER)

    # -- handlers ----------------------------------------------------------------------------------------------------------

    def show(self, id: str) -> Screen:
        """Return the whole screen of a rehearsal, as the store has it."""
        if not id:
            return screen(
                about="",
                talk=render.note(say("talk.none"), "empty"),
                tries="",
                gauge="",
                draft=gr.update(visible=False, value=""),
                report="",
                state="",
                note="",
                seen="",
                mark="",
            )
        rehearsal = self.room.rehearsal(id)
        return screen(
            about=render.about(rehearsal),
            talk=render.talk(rehearsal, answering=self.room.answering(id)),
            tries=tries.tree(rehearsal),
            gauge=gauge(rehearsal),
            draft=gr.update(visible=True, label=say("talk.draft", name=rehearsal.scenario.son.name)),
            state="",
            note="",
            seen=end_of(rehearsal),
            mark=mark(rehearsal),
        )

    def behind(self, id: str, seen: str | None) -> Screen | None:
        """Return the talk as it stands now if it has gone on since it was shown here; ``None`` if this is how it stands.

        :param seen: its last turn as it was shown; ``None`` if that is not known.
        """
        if seen is None or seen == end_of(self.room.rehearsal(id)):
            return None
        return self.show(id)._replace(note=render.note(say("stale.moved"), "error"), announce=render.safe(say("stale.moved")))

    def look(self, id: str, seen: str) -> Screen:
        """Look, as she comes back to this tab, whether it still shows what is kept."""
        if not id or self.room.answering(id):
            return screen()
        return self.behind(id, seen) or screen()

    def his_turn(self, id: str) -> bool:
        """Whether he is to begin: it is he who speaks first, and nothing has been said yet."""
        if not id:
            return False
        rehearsal = self.room.rehearsal(id)
        return not rehearsal.path and rehearsal.scenario.speaks_first == "son"

    def begun(self, id: str) -> Iterator[Screen]:
        """Let him begin, if it is his turn to speak first."""
        if not self.his_turn(id):
            yield screen()
            return
        rehearsal = self.room.rehearsal(id)
        yield from answering(self.room, rehearsal, lambda stop: rehearsal.answer(stop=stop))

    def say(self, id: str, draft: str, shown: str, seen: str | None = None) -> Iterator[Screen]:
        """Send her line, unless it may land hard and she has not seen that yet; then let him answer."""
        if not id or not draft.strip():
            yield screen()
            return
        if behind := self.behind(id, seen):
            yield behind
            return
        rehearsal = self.room.rehearsal(id)
        if outside.seats_changed(rehearsal):
            refused = outside.answered_in_his_seat(rehearsal, draft)
            yield screen(note=refused) if refused else self.show(id)._replace(draft="", announce=str(len(rehearsal.path)))
            return
        if met := rehearsal.met(draft):
            yield screen(note=outside.panel(met, rehearsal.scenario.son.name), report="")
            return
        yield from until_settled(self.room)
        if shown != draft and self.room.parts.check is not None:
            report = rehearsal.check(draft)
            if report.flagged:
                yield screen(
                    report=self.drafts.panel(rehearsal, report, held=True),
                    shown=draft,
                    send=gr.update(value=say("talk.send_anyway")),
                    announce=render.safe(say("check.one")),
                )
                return
        yield from answering(self.room, rehearsal, lambda stop: rehearsal.say(draft, stop=stop), draft="")

    def act(self, id: str, event: gr.EventData, seen: str | None = None) -> Iterator[Screen]:
        """Do what a button in the talk asks: another way, another try, an earlier moment, or another answer."""
        asked, value = event._data.get("act"), str(event._data.get("value") or "")
        if not id or asked not in ("back", "return", "show", "again", "name"):
            yield screen()
            return
        if asked not in ("name", "show") and (behind := self.behind(id, seen)):
            yield behind
            return
        rehearsal = self.room.rehearsal(id)
        if asked == "again":
            yield from until_settled(self.room)
            yield from answering(self.room, rehearsal, lambda stop: rehearsal.answer(stop=stop))
            return
        if asked == "back":
            draft: Any = gr.update(value=rehearsal.go_back(value))
            yield self.show(id)._replace(draft=draft, note=render.note(say("talk.back_done")), report="", shown="")
        elif asked == "return":
            rehearsal.return_to(value)
            yield self.show(id)._replace(draft=gr.skip(), note=render.note(say("talk.returned")))
        elif asked == "name":
            self.room.parts.transcripts.label(value, str(event._data.get("text") or ""))
            yield self.show(id)._replace(draft=gr.skip(), note=render.note(say("tries.named")))
        else:
            rehearsal.show(value)
            yield self.show(id)._replace(draft=gr.skip())

    def stop_answer(self, id: str) -> None:
        """Stop him."""
        self.room.stop(id)
