"""The shelf: every rehearsal kept on this computer, to open, rename, copy, delete or bring back."""

from pathlib import Path
from typing import Any

import gradio as gr

from rehearse import settings
from rehearse.errors import RehearseError
from rehearse.transcripts import read_document
from rehearse.ui import lookback, render
from rehearse.ui.room import Room
from rehearse.ui.talk import CLICKS, QUIET
from rehearse.ui.words import say

PAGE = 100


class Shelf:
    """The view and its handlers."""

    def __init__(self, room: Room) -> None:
        """Build the view inside the current Blocks."""
        self.room = room
        with gr.Column(elem_id="shelf-view"):
            gr.HTML(f"<h2>{render.safe(say('shelf.heading'))}</h2>{render.note(say('shelf.intro'))}")
            self.query = gr.Textbox(label=say("shelf.search"), placeholder=say("shelf.search_hint"), elem_id="search")
            self.note = gr.HTML(elem_id="shelf-note")
            with gr.Group(visible=False, elem_id="chosen") as self.panel:
                self.heading = gr.HTML()
                with gr.Row():
                    self.title = gr.Textbox(label=say("shelf.title"), max_length=120, elem_id="title")
                    self.rename = gr.Button(say("shelf.rename"), elem_id="rename")
                self.copies = gr.HTML()
                with gr.Row():
                    self.delete = gr.Button(say("shelf.delete"), variant="stop", elem_id="delete")
                    self.close = gr.Button(say("shelf.close"), elem_id="close")
                with gr.Row(visible=False) as self.sure:
                    self.question = gr.HTML()
                    self.yes = gr.Button(say("shelf.delete_yes"), variant="stop", elem_id="delete-yes")
                    self.no = gr.Button(say("shelf.delete_no"), elem_id="delete-no")
            self.list = gr.HTML(elem_id="shelf", js_on_load=CLICKS)
            self.back = gr.UploadButton(say("shelf.import"), file_types=[".json"], type="filepath", elem_id="import")
        self.chosen = gr.State("")
        self.chosen_outputs = [self.chosen, self.panel, self.heading, self.title, self.copies, self.sure]

    def wire(self) -> None:
        """Connect the events that stay in this view."""
        self.query.change(self.listed, [self.query], [self.list], trigger_mode="always_last", **QUIET)
        self.rename.click(self.renamed, [self.chosen, self.title, self.query], [self.note, self.list, self.heading], **QUIET)
        self.title.submit(self.renamed, [self.chosen, self.title, self.query], [self.note, self.list, self.heading], **QUIET)
        self.close.click(self.closed, None, self.chosen_outputs, **QUIET)
        self.delete.click(self.asked, [self.chosen], [self.sure, self.question], **QUIET).then(
            None, js="() => setTimeout(() => document.querySelector('#delete-no')?.focus(), 60)"
        )
        self.no.click(lambda: gr.update(visible=False), None, [self.sure], **QUIET)
        self.back.upload(self.imported, [self.back, self.query], [self.note, self.list], **QUIET)

    def listed(self, query: str = "") -> str:
        """Return the list for a search."""
        return render.shelf(self.room.parts.transcripts.list(query.strip(), limit=PAGE), query.strip())

    def opened(self, id: str) -> tuple[Any, ...]:
        """Return the panel of one rehearsal."""
        saved = self.room.parts.transcripts.get(id)
        heading = render.note(say("shelf.chosen", title=saved.title))
        return id, gr.update(visible=True), heading, saved.title, lookback.copies(id), gr.update(visible=False)

    def closed(self) -> tuple[Any, ...]:
        """Return the closed panel."""
        return "", gr.update(visible=False), "", "", "", gr.update(visible=False)

    def asked(self, id: str) -> tuple[Any, str]:
        """Ask whether she is sure."""
        if not id:
            return gr.update(visible=False), ""
        title = self.room.parts.transcripts.get(id).title
        return gr.update(visible=True), render.note(say("shelf.sure", title=title), "error")

    def deleted(self, id: str, query: str) -> tuple[Any, ...]:
        """Delete for good, and return the note, the list and the closed panel."""
        if not id:
            return "", self.listed(query), *self.closed()
        self.room.stop(id)
        try:
            self.room.parts.transcripts.delete(id)
        except RehearseError as error:
            return render.note(str(error), "error"), self.listed(query), *self.closed()
        return render.note(say("shelf.deleted")), self.listed(query), *self.closed()

    def renamed(self, id: str, title: str, query: str) -> tuple[Any, Any, Any]:
        """Give a rehearsal another name."""
        if not id:
            return gr.skip(), gr.skip(), gr.skip()
        try:
            self.room.parts.transcripts.rename(id, title)
        except RehearseError as error:
            return render.note(str(error), "error"), gr.skip(), gr.skip()
        return (
            render.note(say("shelf.renamed")),
            self.listed(query),
            render.note(say("shelf.chosen", title=self.room.parts.transcripts.get(id).title)),
        )

    def imported(self, path: str | None, query: str) -> tuple[str, str]:
        """Bring back an exported rehearsal; what was uploaded is removed at once."""
        if not path:
            return "", self.listed(query)
        try:
            saved = self.room.parts.transcripts.import_(read_document(Path(path).read_bytes()))
            note = render.note(say("shelf.imported", title=saved.title))
        except RehearseError as error:
            note = render.note(str(error), "error")
        finally:
            # Gradio keeps the upload and a copy of it; both hold her words.
            Path(path).unlink(missing_ok=True)
            settings.empty_temporary_folder()
        return note, self.listed(query)
