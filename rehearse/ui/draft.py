"""Her draft: read as she pauses, reworded if the voice can, and changed only where she takes a wording."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from rehearse.errors import RehearseError
from rehearse.rehearsal import Rehearsal
from rehearse.tone.report import Report
from rehearse.tone.sentences import replaced, without
from rehearse.ui import render
from rehearse.ui.findings import findings, summary
from rehearse.ui.room import Room
from rehearse.ui.words import say, trouble

# Tells Python once she has paused: the check follows her pauses, not her keys.
PAUSES = """let waiting;
document.addEventListener('input', event => {
  if (!event.target.closest('#draft')) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => trigger('pause'), 600);
});"""
# What she says of a sentence leaves the keyboard at the way back, which is drawn anew; a wording leads on to her draft.
FOCUS_AFTER = """(report) => {
  const box = document.querySelector('#draft textarea');
  if (box && !String(report || '').includes('data-here')) box.focus(); }"""
FOCUS_DRAFT = "() => { const box = document.querySelector('#draft textarea'); if (box) box.focus(); }"


def send_button(report: dict[str, Any]) -> Any:
    """Return the words on the button that sends: what is marked may be sent too."""
    return gr.update(value=say("talk.send_anyway" if report["flagged"] else "talk.send"))


class Draft:
    """The handlers of the draft; the view is the talk's."""

    def __init__(self, room: Room) -> None:
        """Read drafts in a room."""
        self.room = room

    def read(self, id: str, draft: str) -> Iterator[tuple[Any, ...]]:
        """Read her draft as she pauses: report, the draft it is of, button, state, and one sentence to be read aloud."""
        if not id or not draft.strip():
            yield "", "", gr.update(value=say("talk.send")), "", gr.skip()
            return
        if self.room.parts.check is None:
            failed = self.room.check.state == "failed"
            off = say("check.off", why=self.room.check.failure) if failed else say("check.waiting")
            yield render.note(off), "", gr.skip(), gr.skip(), gr.skip()
            return
        # She may write on while he answers; what is said of him then stays.
        answering = self.room.answering(id)
        yield gr.skip(), gr.skip(), gr.skip(), gr.skip() if answering else render.state("reading"), gr.skip()
        rehearsal = self.room.rehearsal(id)
        first = rehearsal.check(draft, quick=True)
        yield self._told(rehearsal, first, draft, answering)
        # What is heard at once stands already when the second look is done.
        if (closer := rehearsal.check(draft)) != first:
            yield self._told(rehearsal, closer, draft, answering)

    def _told(self, rehearsal: Rehearsal, checked: Report, draft: str, answering: bool) -> tuple[Any, ...]:
        report = checked.to_dict()
        spoken = render.safe(summary(report)) if report["flagged"] else gr.skip()
        return self.panel(rehearsal, checked), draft, send_button(report), gr.skip() if answering else "", spoken

    def reword(self, id: str, draft: str) -> Any:
        """Add rewordings of her own sentences to what the check says, where the voice has learnt to make them."""
        if not id or not draft.strip() or self.room.parts.check is None or self.room.answering(id):
            return gr.skip()
        rehearsal = self.room.rehearsal(id)
        before = rehearsal.check(draft)
        if not before.flagged:
            return gr.skip()
        with self.room.rewriter(id) as rewriter:
            if rewriter is None:
                return gr.skip()
            report = rehearsal.check(draft, rewriter=rewriter)
            # What she is looking at is not drawn anew for nothing.
            return gr.skip() if rewriter.stop.is_set() or report == before else self.panel(rehearsal, report)

    def panel(self, rehearsal: Rehearsal, report: Report, **said: Any) -> str:
        """Return the panel for a report on a draft of this rehearsal.

        :param said: what else :func:`rehearse.ui.findings.findings` is to know.
        """
        # What she says of a sentence is kept; a talk that is to leave no trace leaves none there either.
        asks = self.room.parts.transcripts.is_written(rehearsal.id)
        return findings(report.to_dict(), asks=asks, **said)

    def act(self, id: str, draft: str, event: gr.EventData) -> tuple[Any, ...]:
        """Do what a button of the panel asks: change her draft, or treat a sentence as she says, or as before."""
        asked = event._data.get("act")
        if asked in ("take", "leave"):
            return (*self.take(id, draft, event), gr.skip())
        if asked not in ("fine", "stung", "unsay") or not id or self.room.parts.check is None:
            return (gr.skip(),) * 6
        number, text = str(event._data.get("value") or ""), str(event._data.get("text") or "")
        rehearsal, kept = self.room.rehearsal(id), self.room.parts.transcripts
        note = spoken = ""
        try:
            if asked == "unsay" and number.isdigit():
                kept.remarks.take_back(int(number))
                spoken = say("heeded.back_done")
                note = render.note(spoken)
            elif asked != "unsay" and kept.is_written(id):
                kept.remarks.add(text, stung=asked == "stung")
        except RehearseError as error:
            note = render.note(trouble(error), "error")
        report = rehearsal.check(draft)
        panel = self.panel(rehearsal, report, here="" if asked == "unsay" else text, back=asked == "unsay")
        return gr.skip(), panel, draft, note, send_button(report.to_dict()), render.safe(spoken)

    def take(self, id: str, draft: str, event: gr.EventData) -> tuple[Any, Any, Any, Any, Any]:
        """Put a suggested wording into her draft in place of the sentence it is for, or leave that out; nothing is sent."""
        check, act = self.room.parts.check, event._data.get("act")
        finding, wording = str(event._data.get("value") or ""), str(event._data.get("text") or "")
        if act not in ("take", "leave") or check is None or not id or not finding.isdigit() or not wording:
            return (gr.skip(),) * 5
        rehearsal = self.room.rehearsal(id)
        report = rehearsal.check(draft)
        if int(finding) >= len(report.findings):
            # The draft has changed since the wordings were shown.
            return gr.skip(), self.panel(rehearsal, report), draft, gr.skip(), gr.skip()
        start = report.findings[int(finding)].start
        words = replaced(draft, start, wording) if act == "take" else without(draft, start)
        changed = rehearsal.check(words)
        done = render.note(say("check.taken" if act == "take" else "check.left"))
        return words, self.panel(rehearsal, changed), words, done, send_button(changed.to_dict())
