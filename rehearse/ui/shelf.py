"""The shelf: every rehearsal kept on this computer, to find, open, name, pin, copy, compare, delete or bring back."""

from pathlib import Path
from typing import Any

import gradio as gr

from rehearse import settings
from rehearse.errors import RehearseError
from rehearse.transcripts import read_bundle, read_document
from rehearse.ui import compare, render
from rehearse.ui.room import SHELF, Room
from rehearse.ui.screen import CLICKS, QUIET
from rehearse.ui.shelves import FILTERS, shelf
from rehearse.ui.words import say, trouble

# The first bytes of any ZIP file.
ZIP = b"PK\x03\x04"


class Shelf:
    """The view and its handlers."""

    def __init__(self, room: Room) -> None:
        """Build the view inside the current Blocks."""
        self.room = room
        with gr.Column(elem_id="shelf-view"):
            gr.HTML(f"<h2>{render.safe(say('shelf.heading'))}</h2>{render.note(say('shelf.intro'))}")
            with gr.Row(elem_id="finding"):
                self.query = gr.Textbox(
                    label=say("shelf.search"), value="", placeholder=say("shelf.search_hint"), elem_id="search"
                )
                self.filter = gr.Radio(
                    [(say(f"shelf.filter_{each}"), each) for each in FILTERS],
                    value=FILTERS[0],
                    label=say("shelf.filter"),
                    elem_id="filter",
                )
            self.note = gr.HTML(elem_id="shelf-note", js_on_load=f"{CLICKS}\nelement.setAttribute('role', 'status');")
            self.compared = gr.HTML(elem_id="compare", js_on_load=CLICKS)
            self.list = gr.HTML(elem_id="shelf", js_on_load=CLICKS)
            with gr.Row(elem_id="carrying"):
                gr.HTML(f'<a class="plain" href="/copies/all" download>{render.safe(say("shelf.all"))}</a>', elem_id="all")
                self.back = gr.UploadButton(say("shelf.import"), file_types=[".json", ".zip"], type="filepath", elem_id="import")
        self.outputs = [self.note, self.list, self.compared]

    def wire(self) -> None:
        """Connect the events that stay in this view."""
        looked_for = [self.query, self.filter]
        self.query.change(self.listed, looked_for, [self.list], trigger_mode="always_last", **QUIET)
        self.filter.change(self.listed, looked_for, [self.list], **QUIET)
        self.back.upload(self.imported, [self.back, *looked_for], [self.note, self.list], **QUIET)

    def listed(self, query: str = "", only: str = FILTERS[0]) -> str:
        """Return the list for a search and a filter."""
        found = self.room.shelf(query.strip())
        older = render.note(say("shelf.older", count=SHELF)) if len(found) >= SHELF else ""
        return shelf(found, query.strip(), only) + older

    def act(self, asked: str, value: str, text: str, query: str, only: str, visit: str) -> tuple[Any, Any, Any]:
        """Do what a button of the shelf asks; return the note, the list and the comparison.

        :param visit: the visit of the page, at whose end what was deleted in it goes for good.
        """
        store = self.room.parts.transcripts
        note: Any = ""
        compared: Any = gr.skip()
        try:
            if asked == "rename":
                store.rename(value, text)
                note = render.note(say("shelf.renamed"))
            elif asked in ("pin", "unpin"):
                store.pin(value, asked == "pin")
                note = render.note(say(f"shelf.{asked}ned"))
            elif asked == "delete":
                self.room.stop(value)
                note = render.undo(self.room.leaving.add(value, visit), value)
            elif asked == "undo":
                note = render.note(say("shelf.undone") if self.room.leaving.undo(value) else say("shelf.too_late"))
            elif asked == "now":
                self.room.leaving.finish(id=value)
                note = render.note(say("shelf.deleted"))
            elif asked == "compare":
                compared, note = compare.choices(self.room, value), gr.skip()
            elif asked == "beside":
                compared, note = compare.side_by_side(store, value), gr.skip()
            elif asked == "uncompare":
                compared, note = "", gr.skip()
            else:
                return gr.skip(), gr.skip(), gr.skip()
        except RehearseError as error:
            return render.note(trouble(error), "error"), self.listed(query, only), gr.skip()
        still = asked in ("compare", "beside", "uncompare")
        return note, gr.skip() if still else self.listed(query, only), compared

    def imported(self, path: str | None, query: str, only: str) -> tuple[str, str]:
        """Bring back one exported rehearsal or all of a bundle; what was uploaded is removed at once."""
        if not path:
            return "", self.listed(query, only)
        try:
            data = Path(path).read_bytes()
            documents = read_bundle(data) if data.startswith(ZIP) else [read_document(data)]
            saved = [self.room.parts.transcripts.import_(each) for each in documents]
            one = say("shelf.imported", title=saved[0].title) if len(saved) == 1 else say("shelf.imported_all", count=len(saved))
            note = render.note(one)
        except RehearseError as error:
            note = render.note(trouble(error), "error")
        finally:
            # Gradio keeps the upload and a copy of it; both hold her words.
            Path(path).unlink(missing_ok=True)
            settings.empty_temporary_folder()
        return note, self.listed(query, only)
