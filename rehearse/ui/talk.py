"""The talk: her draft, what the check says of it, his answer, and other ways to play the same moment."""

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import gradio as gr

from rehearse.errors import RehearseError
from rehearse.rehearsal import Rehearsal
from rehearse.tone.sentences import replaced
from rehearse.ui import render
from rehearse.ui.room import Room
from rehearse.ui.words import say

# Tells Python once she has paused: the check follows her pauses, not her keys.
PAUSES = """let waiting;
document.addEventListener('input', event => {
  if (!event.target.closest('#draft')) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => trigger('pause'), 600);
});"""
# Clicks on our own buttons reach Python as one event with what was asked for.
CLICKS = """element.addEventListener('click', event => {
  const asked = event.target.closest('[data-act]');
  if (asked) trigger('click', {act: asked.dataset.act, value: asked.dataset.value, text: asked.textContent});
});"""
# Every event of the page: no part of a public interface, and nothing laid over what she reads while it runs.
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
FOCUS_DRAFT = "() => { const box = document.querySelector('#draft textarea'); if (box) box.focus(); }"
TO_LAST = """() => { const turns = document.querySelectorAll('ol.talk > li');
  if (turns.length) turns[turns.length - 1].scrollIntoView({block: 'nearest'}); }"""


class Screen(NamedTuple):
    """What the talk shows, in the order of its outputs."""

    about: Any
    talk: Any
    gauge: Any
    draft: Any
    report: Any
    shown: Any
    send: Any
    stop: Any
    note: Any
    announce: Any


def screen(**changed: Any) -> Screen:
    """Return a change of the screen that leaves alone what is not named."""
    return Screen(**{name: changed.get(name, gr.skip()) for name in Screen._fields})


class Talk:
    """The view and its handlers."""

    def __init__(self, room: Room, current: gr.Textbox) -> None:
        """Build the view inside the current Blocks; ``current`` holds the id of the rehearsal on the screen."""
        self.room = room
        self.current = current
        with gr.Column(elem_id="talk-view"):
            self.about = gr.HTML(elem_id="about")
            with gr.Row(equal_height=False):
                with gr.Column(scale=3, min_width=320):
                    self.talk = gr.HTML(render.note(say("talk.none"), "empty"), elem_id="talk", js_on_load=CLICKS)
                    self.note = gr.HTML(elem_id="talk-note")
                    self.draft = gr.Textbox(
                        label=say("talk.draft", name="…"),
                        placeholder=say("talk.draft_hint"),
                        lines=1,
                        max_lines=10,
                        max_length=4000,
                        elem_id="draft",
                        visible=False,
                    )
                    with gr.Row(visible=False) as self.buttons:
                        self.send = gr.Button(say("talk.send"), variant="primary", elem_id="send")
                        self.stop = gr.Button(say("talk.stop"), variant="stop", elem_id="stop", visible=False)
                        self.end = gr.Button(say("talk.end"), elem_id="end-talk")
                with gr.Column(scale=2, min_width=300, elem_id="beside"):
                    self.gauge = gr.HTML(elem_id="gauge")
                    self.report = gr.HTML(elem_id="report", js_on_load=CLICKS)
            self.pauses = gr.HTML(elem_id="pauses", visible="hidden", js_on_load=PAUSES)
            # One finished sentence for screen readers, instead of the fragments of an answer as it grows.
            self.announce = gr.HTML(elem_id="announce", elem_classes="sr")
        self.shown = gr.State("")
        self.outputs = list(
            Screen(
                self.about,
                self.talk,
                self.gauge,
                self.draft,
                self.report,
                self.shown,
                self.send,
                self.stop,
                self.note,
                self.announce,
            )
        )

    def wire(self) -> None:
        """Connect the events."""
        voice: dict[str, Any] = {**QUIET, "concurrency_id": "voice", "concurrency_limit": 1}
        self.pauses.pause(
            self.read, [self.current, self.draft], [self.report, self.shown, self.send], trigger_mode="always_last", **QUIET
        ).then(self.reword, [self.current, self.draft], [self.report], trigger_mode="always_last", **voice)
        sending = gr.on(
            [self.send.click, self.draft.submit],
            self.say,
            [self.current, self.draft, self.shown],
            self.outputs,
            trigger_mode="once",
            **voice,
        )
        sending.then(None, js=TO_LAST)
        self.stop.click(self.stop_answer, [self.current], None, queue=False, **QUIET)
        # Going back and choosing are instant; an answer asked for anew streams. Each has its own handler on the same click.
        self.talk.click(self.act, [self.current], self.outputs, **voice).then(None, js=FOCUS_DRAFT)
        self.report.click(
            self.take, [self.current, self.draft], [self.draft, self.report, self.shown, self.note, self.send], **QUIET
        ).then(None, js=FOCUS_DRAFT)

    # -- handlers ----------------------------------------------------------------------------------------------------------

    def show(self, id: str) -> Screen:
        """Return the whole screen of a rehearsal, as the store has it."""
        if not id:
            return screen(
                about="",
                talk=render.note(say("talk.none"), "empty"),
                gauge="",
                draft=gr.update(visible=False, value=""),
                report="",
                note="",
            )
        rehearsal = self.room.rehearsal(id)
        scenario = rehearsal.scenario
        return screen(
            about=render.about(rehearsal),
            talk=render.talk(rehearsal, answering=self.room.answering(id)),
            gauge=self._gauge(rehearsal),
            draft=gr.update(visible=True, label=say("talk.draft", name=scenario.son.name)),
            note="",
        )

    def open(self, id: str) -> Iterator[Screen]:
        """Show a rehearsal, and let him begin if it is his turn to speak first."""
        yield self.show(id)
        if not id:
            return
        rehearsal = self.room.rehearsal(id)
        if not rehearsal.path and rehearsal.scenario.speaks_first == "son":
            yield from self._answering(rehearsal, lambda stop: rehearsal.answer(stop=stop))

    def read(self, id: str, draft: str) -> tuple[Any, Any, Any]:
        """Read her draft as she pauses."""
        if not id or not draft.strip():
            return "", "", gr.update(value=say("talk.send"))
        if self.room.parts.check is None:
            failed = self.room.check.state == "failed"
            return render.note(say("check.off", why=self.room.check.failure) if failed else say("check.waiting")), "", gr.skip()
        report = self.room.rehearsal(id).check(draft).to_dict()
        return render.findings(report), draft, gr.update(value=say("talk.send_anyway" if report["flagged"] else "talk.send"))

    def reword(self, id: str, draft: str) -> Any:
        """Add rewordings of her own sentences to what the check says, where the voice has learnt to make them."""
        if not id or not draft.strip() or self.room.parts.check is None or self.room.answering(id):
            return gr.skip()
        rehearsal = self.room.rehearsal(id)
        if not rehearsal.check(draft).flagged:
            return gr.skip()
        with self.room.rewriter(id) as rewriter:
            if rewriter is None:
                return gr.skip()
            report = rehearsal.check(draft, rewriter=rewriter).to_dict()
            return gr.skip() if rewriter.stop.is_set() else render.findings(report)

    def say(self, id: str, draft: str, shown: str) -> Iterator[Screen]:
        """Send her line, unless it may land hard and she has not seen that yet; then let him answer."""
        if not id or not draft.strip():
            yield screen()
            return
        rehearsal = self.room.rehearsal(id)
        yield from self._until_settled()
        if shown != draft and self.room.parts.check is not None:
            report = rehearsal.check(draft).to_dict()
            if report["flagged"]:
                yield screen(
                    report=render.findings(report, held=True),
                    shown=draft,
                    send=gr.update(value=say("talk.send_anyway")),
                    announce=render.safe(say("check.one")),
                )
                return
        yield from self._answering(rehearsal, lambda stop: rehearsal.say(draft, stop=stop), draft="")

    def act(self, id: str, event: gr.EventData) -> Iterator[Screen]:
        """Do what a button in the talk asks: another way, another try, or another answer."""
        asked, value = event._data.get("act"), str(event._data.get("value") or "")
        if not id or asked not in ("back", "show", "again"):
            yield screen()
            return
        rehearsal = self.room.rehearsal(id)
        if asked == "again":
            yield from self._until_settled()
            yield from self._answering(rehearsal, lambda stop: rehearsal.answer(stop=stop))
            return
        try:
            if asked == "back":
                words = rehearsal.go_back(value)
                draft = gr.update(value=words)
                yield self.show(id)._replace(draft=draft, note=render.note(say("talk.back_done")), report="", shown="")
            else:
                rehearsal.show(value)
                yield self.show(id)._replace(draft=gr.skip())
        except RehearseError as error:
            yield screen(note=render.note(str(error), "error"))

    def take(self, id: str, draft: str, event: gr.EventData) -> tuple[Any, Any, Any, Any, Any]:
        """Put a suggested wording into her draft in place of the sentence it is for; nothing is sent."""
        check = self.room.parts.check
        finding, wording = str(event._data.get("value") or ""), str(event._data.get("text") or "")
        if event._data.get("act") != "take" or check is None or not id or not finding.isdigit() or not wording:
            return (gr.skip(),) * 5
        rehearsal = self.room.rehearsal(id)
        findings = rehearsal.check(draft).findings
        if int(finding) >= len(findings):
            # The draft has changed since the wordings were shown.
            return gr.skip(), render.findings(rehearsal.check(draft).to_dict()), draft, gr.skip(), gr.skip()
        words = replaced(draft, findings[int(finding)].start, wording)
        report = rehearsal.check(words).to_dict()
        send = gr.update(value=say("talk.send_anyway" if report["flagged"] else "talk.send"))
        return words, render.findings(report), words, render.note(say("check.taken")), send

    def stop_answer(self, id: str) -> None:
        """Stop him."""
        self.room.stop(id)

    def _until_settled(self) -> Iterator[Screen]:
        """Wait until check and voice are loaded, or cannot be: a line should not go to him unread just because she was quick."""
        if self.room.settled:
            return
        yield screen(note=render.note(say("talk.waiting")))
        while not self.room.settled:
            time.sleep(0.1)
        yield screen(note="")

    # -- how an answer is shown --------------------------------------------------------------------------------------------

    def _gauge(self, rehearsal: Rehearsal) -> str:
        path = rehearsal.path
        hers = [turn for turn in path if turn.speaker == "mother"]
        return render.gauge(rehearsal.openness, hers[-1].reason if hers else "")

    def _answering(self, rehearsal: Rehearsal, begin: Any, **cleared: Any) -> Iterator[Screen]:
        """Show an answer as it grows; whatever ends it, the screen ends as the store has it."""
        self.room.stop_rewording(rehearsal.id)
        stop = self.room.begin_answer(rehearsal.id)
        failure = ""
        first = True
        try:
            yield screen(
                talk=render.talk(rehearsal, answering=True),
                report="",
                shown="",
                note="",
                send=gr.update(visible=False, value=say("talk.send")),
                stop=gr.update(visible=True),
            )
            for _ in begin(stop):
                changed: dict[str, Any] = dict(cleared) if first else {}
                first = False
                yield screen(talk=render.talk(rehearsal, answering=True), gauge=self._gauge(rehearsal), **changed)
        except RehearseError as error:
            failure = str(error)
        finally:
            self.room.end_answer(rehearsal.id, stop)
        path = rehearsal.path
        kept = bool(path) and path[-1].speaker == "mother"
        name = rehearsal.scenario.son.name
        spoken = (
            say("talk.answered", name=name, text=path[-1].text) if path and path[-1].speaker == "son" and path[-1].text else ""
        )
        changed = dict(cleared) if first and (kept or not failure) else {}
        yield screen(
            talk=render.talk(rehearsal),
            gauge=self._gauge(rehearsal),
            note=render.note(failure, "error"),
            send=gr.update(visible=True, value=say("talk.send")),
            stop=gr.update(visible=False),
            announce=render.safe(spoken or failure),
            **changed,
        )
