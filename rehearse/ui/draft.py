"""Her draft: read as she pauses, reworded if the voice can, and changed only where she takes a wording."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from rehearse.tone.sentences import replaced, without
from rehearse.ui import render
from rehearse.ui.findings import findings, summary
from rehearse.ui.room import Room
from rehearse.ui.words import say

# Tells Python once she has paused: the check follows her pauses, not her keys.
PAUSES = """let waiting;
document.addEventListener('input', event => {
  if (!event.target.closest('#draft')) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => trigger('pause'), 600);
});"""
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
        report = self.room.rehearsal(id).check(draft).to_dict()
        spoken = render.safe(summary(report)) if report["flagged"] else gr.skip()
        yield findings(report), draft, send_button(report), gr.skip() if answering else "", spoken

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
            return gr.skip() if rewriter.stop.is_set() or report == before else findings(report.to_dict())

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
            return gr.skip(), findings(report.to_dict()), draft, gr.skip(), gr.skip()
        start = report.findings[int(finding)].start
        words = replaced(draft, start, wording) if act == "take" else without(draft, start)
        changed = rehearsal.check(words).to_dict()
        done = render.note(say("check.taken" if act == "take" else "check.left"))
        return words, findings(changed), words, done, send_button(changed)
