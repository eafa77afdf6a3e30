"""The page as a whole: header, four views, and how one leads to the next."""

from typing import Any

import gradio as gr

from rehearse import settings
from rehearse.errors import RehearseError
from rehearse.ui import render
from rehearse.ui.lookback import lookback
from rehearse.ui.room import Room
from rehearse.ui.scene import Scene
from rehearse.ui.shelf import Shelf
from rehearse.ui.talk import QUIET, Talk
from rehearse.ui.words import say
from rehearse.voice.choice import leaves_this_computer

SCENE, TALK, END, SHELF = "scene", "talk", "end", "shelf"
# The rehearsal on the screen stands in the address (its random id, never a word of it), so that a refresh shows the same talk.
CARDS = """() => document.querySelectorAll('#scenarios label span').forEach(card => {
  const [title, ...rest] = card.textContent.split('\\n');
  if (!rest.length) return;
  card.innerHTML = '<strong></strong><small></small>';
  card.firstChild.textContent = title;
  card.lastChild.textContent = rest.join(' ');
})"""
REMEMBER = "(id) => { history.replaceState(null, '', id ? '?talk=' + id : location.pathname); }"
SECONDS_BETWEEN_LOOKS = 1.0


def build(room: Room) -> gr.Blocks:
    """Build the page over a room; nothing is loaded and nothing is served yet."""
    return Page(room).blocks


class Page:
    """The whole page."""

    def __init__(self, room: Room) -> None:
        """Build all views and connect them."""
        self.room = room
        with gr.Blocks(
            title=say("header.title"), analytics_enabled=False, fill_width=False, delete_cache=(600, 600)
        ) as self.blocks:
            gr.HTML(self._header())
            self.status = gr.HTML(self._status(), elem_id="status")
            self.clock = gr.Timer(SECONDS_BETWEEN_LOOKS)
            # Not a State: the page itself must know it, to put it into the address and to survive a restart of the app.
            self.current = gr.Textbox(visible="hidden", elem_id="current")
            self.resumable = gr.State("")
            with gr.Tabs(selected=SCENE, elem_id="views") as self.tabs:
                with gr.Tab(say("tabs.scene"), id=SCENE):
                    self.scene = Scene(room)
                with gr.Tab(say("tabs.talk"), id=TALK):
                    self.talk = Talk(room, self.current)
                with gr.Tab(say("tabs.end"), id=END) as self.end_tab:
                    self.lookback = gr.HTML(render.note(say("end.none"), "empty"), elem_id="lookback")
                    with gr.Row(visible=False) as self.end_buttons:
                        self.back_to_talk = gr.Button(say("end.back"), elem_id="back-to-talk")
                        self.new_talk = gr.Button(say("end.new"), variant="primary", elem_id="new-talk")
                with gr.Tab(say("tabs.shelf"), id=SHELF) as self.shelf_tab:
                    self.shelf = Shelf(room)
            gr.HTML(render.note(say("foot.honest")))
            self._wire()

    @staticmethod
    def _header() -> str:
        quiet = f"<p>{render.safe(say('header.quiet'))}</p>"
        if leaves_this_computer(settings.voice()):
            quiet = f'<p class="leaves">{render.safe(say("header.leaves", address=settings.voice()))}</p>'
        title = f"<h1>{render.safe(say('header.title'))}</h1><p>{render.safe(say('header.tagline'))}</p>"
        return f'<header class="top">{title}{quiet}</header>'

    def _status(self) -> str:
        room = self.room
        if not room.settled:
            return render.note(say("status.waking"), "status loading")
        failures = [
            f"{say(f'status.{name}_failed')} {part.failure}"
            for name, part in (("voice", room.voice), ("check", room.check))
            if part.state == "failed"
        ]
        if failures:
            return "".join(render.note(each, "status failed") for each in failures)
        return render.note(say("status.all_ready"), "status ready")

    def _wire(self) -> None:
        self.scene.wire()
        self.talk.wire()
        self.shelf.wire()
        self.clock.tick(self._look, None, [self.status, self.clock], queue=False, **QUIET)
        resumed = [self.scene.before, self.scene.go_on, self.resumable]

        self.blocks.load(None, js=CARDS)
        arriving = self.blocks.load(self._arrive, None, [self.current, self.tabs, *resumed], **QUIET)
        self._show_talk(arriving)

        beginning = self.scene.begin.click(
            self._begin,
            [self.scene.choice, *self.scene.fields],
            [self.current, self.tabs, self.scene.problem],
            trigger_mode="once",
            **QUIET,
        )
        self._show_talk(beginning)
        going_on = self.scene.go_on.click(
            lambda id: (id, gr.Tabs(selected=TALK)), [self.resumable], [self.current, self.tabs], **QUIET
        )
        self._show_talk(going_on)

        self.talk.end.click(self._end, [self.current], [self.lookback, self.end_buttons, self.tabs], **QUIET)
        self.end_tab.select(self._look_back, [self.current], [self.lookback, self.end_buttons], **QUIET)
        self.back_to_talk.click(lambda: gr.Tabs(selected=TALK), None, [self.tabs], **QUIET)
        self.new_talk.click(lambda: gr.Tabs(selected=SCENE), None, [self.tabs], **QUIET)

        self.shelf_tab.select(self.shelf.listed, [self.shelf.query], [self.shelf.list], **QUIET)
        choosing = self.shelf.list.click(
            self._choose, [self.current], [self.current, self.tabs, self.shelf.note, *self.shelf.chosen_outputs], **QUIET
        )
        self._show_talk(choosing)
        deleting = self.shelf.yes.click(
            self._delete,
            [self.current, self.shelf.chosen, self.shelf.query],
            [self.current, self.shelf.note, self.shelf.list, *self.shelf.chosen_outputs],
            **QUIET,
        )
        self._show_talk(deleting)
        deleting.then(self.scene.latest, None, resumed, **QUIET)

    def _show_talk(self, after: Any) -> None:
        """Show the talk on the screen after an event that may have changed which it is."""
        after.then(None, [self.current], None, js=REMEMBER)
        after.then(
            self._open,
            [self.current],
            [*self.talk.outputs, self.talk.buttons],
            concurrency_id="voice",
            concurrency_limit=1,
            **QUIET,
        )

    # -- handlers ----------------------------------------------------------------------------------------------------------

    def _look(self) -> tuple[str, Any]:
        return self._status(), gr.Timer(active=not self.room.settled)

    def _arrive(self, request: gr.Request) -> tuple[Any, ...]:
        """Show what the address names; otherwise the scene, with a way back to the talk she left last."""
        asked = str(request.query_params.get("talk") or "")
        resumed = self.scene.latest()
        try:
            return (self.room.rehearsal(asked).id, gr.Tabs(selected=TALK), *resumed) if asked else ("", gr.skip(), *resumed)
        except RehearseError:
            # An address kept from before the talk was deleted: the scene is the place to begin.
            return "", gr.skip(), *resumed

    def _open(self, id: str) -> Any:
        for each in self.talk.open(id):
            yield (*each, gr.update(visible=bool(id)))

    def _begin(self, chosen: str | None, *values: Any) -> tuple[Any, Any, str]:
        id, problem = self.scene.start(chosen, *values)
        return (id, gr.Tabs(selected=TALK), "") if id else (gr.skip(), gr.skip(), problem)

    def _end(self, id: str) -> tuple[Any, Any, Any]:
        if not id:
            return gr.skip(), gr.skip(), gr.skip()
        self.room.stop(id)
        return lookback(self.room.rehearsal(id).end(), id), gr.update(visible=True), gr.Tabs(selected=END)

    def _look_back(self, id: str) -> tuple[str, Any]:
        if not id:
            return render.note(say("end.none"), "empty"), gr.update(visible=False)
        return lookback(self.room.rehearsal(id).debrief(), id), gr.update(visible=True)

    def _choose(self, current: str, event: gr.EventData) -> tuple[Any, ...]:
        asked, id = event._data.get("act"), str(event._data.get("value") or "")
        nothing = (gr.skip(),) * len(self.shelf.chosen_outputs)
        try:
            if asked == "open":
                return (self.room.rehearsal(id).id, gr.Tabs(selected=TALK), "", *self.shelf.closed())
            if asked == "more":
                return (gr.skip(), gr.skip(), "", *self.shelf.opened(id))
        except RehearseError as error:
            return (gr.skip(), gr.skip(), render.note(str(error), "error"), *nothing)
        return (gr.skip(), gr.skip(), gr.skip(), *nothing)

    def _delete(self, current: str, id: str, query: str) -> tuple[Any, ...]:
        return ("" if id == current else gr.skip(), *self.shelf.deleted(id, query))
