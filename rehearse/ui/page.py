"""The page as a whole: header, four views, and how one leads to the next."""

from contextlib import suppress
from typing import Any

import gradio as gr

from rehearse import settings
from rehearse.errors import RehearseError
from rehearse.history import History
from rehearse.ui import blank, pictures, render
from rehearse.ui.along import Along
from rehearse.ui.back import Back
from rehearse.ui.beside import Beside
from rehearse.ui.heeded import Heeded
from rehearse.ui.lock import Lock
from rehearse.ui.lookback import lookback
from rehearse.ui.practices import fitting, practices
from rehearse.ui.room import LATEST, Room
from rehearse.ui.scene import TO_STEP, Scene
from rehearse.ui.screen import CLICKS, QUIET, VOICE, let_speak
from rehearse.ui.shelf import Shelf
from rehearse.ui.stale import watched
from rehearse.ui.talk import Talk
from rehearse.ui.voices import Voices
from rehearse.ui.words import say, trouble
from rehearse.voice.choice import words_leave
from rehearse.voice.server import place

SCENE, TALK, END, SHELF, PRACTICES, ALONG = "scene", "talk", "end", "shelf", "practices", "along"
# The rehearsal on the screen stands in the address (its random id, never a word of it), so that a refresh shows the same talk.
# One that is to leave no trace leaves none there either.
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
            Back.bar()
            self.back_note = Back.note()
            gr.HTML(self._leaving(), elem_id="leaves")
            with gr.Row(elem_id="top"):
                gr.HTML(self._header(), elem_id="heading")
                self.status = gr.HTML(self._status(), elem_id="status")
                blank.way_out()
            self.clock = gr.Timer(SECONDS_BETWEEN_LOOKS)
            # Not a State: the page itself must know it, to put it into the address and to survive a restart of the app.
            self.current = gr.Textbox(visible="hidden", elem_id="current")
            self.address = gr.Textbox(visible="hidden", elem_id="address")
            self.resumable = gr.State("")
            # How far the check is, so that what she wrote meanwhile is read once it can be.
            self.awake = gr.Textbox(room.check.state, visible="hidden", elem_id="awake")
            # The talk that he is to begin, once it is on the screen.
            self.his_turn = gr.Textbox(visible="hidden", elem_id="his-turn")
            with gr.Tabs(selected=SCENE, elem_id="views", overflow_behavior="wrap") as self.tabs:
                with gr.Tab(say("tabs.scene"), id=SCENE) as self.scene_tab:
                    self.scene = Scene(room)
                with gr.Tab(say("tabs.talk"), id=TALK):
                    self.talk = Talk(room, self.current)
                    self.beside = Beside(room, self.current, self.talk)
                    self.back = Back(room, self.talk)
                with gr.Tab(say("tabs.end"), id=END) as self.end_tab:
                    self.lookback = gr.HTML(render.note(say("end.none"), "empty"), elem_id="lookback", js_on_load=CLICKS)
                    with gr.Row(visible=False) as self.end_buttons:
                        self.back_to_talk = gr.Button(say("end.back"), elem_id="back-to-talk")
                        self.new_talk = gr.Button(say("end.new"), variant="primary", elem_id="new-talk")
                    self.history = gr.HTML(elem_id="history")
                with gr.Tab(say("tabs.shelf"), id=SHELF) as self.shelf_tab:
                    self.shelf = Shelf(room)
                    self.heeded = Heeded(room)
                    self.voices = Voices(room)
                    self.lock = Lock(room)
                with gr.Tab(say("tabs.practices"), id=PRACTICES):
                    self.practices = gr.HTML(practices(), elem_id="practices", js_on_load=CLICKS)
                with gr.Tab(say("tabs.along"), id=ALONG):
                    self.along = Along(room)
            gr.HTML(render.note(say("foot.honest")))
            self._wire()
        room.speaking.follow(lambda voice: let_speak(self.blocks, voice))

    @staticmethod
    def _header() -> str:
        quiet = "" if words_leave() else f"<p>{render.safe(say('header.quiet'))}</p>"
        title = f"<h1>{render.safe(say('header.title'))}</h1><p>{render.safe(say('header.tagline'))}</p>"
        note = "" if settings.language() == "en" else render.note(say("language.note"))
        return f'<header class="top">{title}{quiet}</header>{note}'

    @staticmethod
    def _leaving() -> str:
        """Return what stays in sight as long as what is said leaves this computer."""
        return render.note(say("header.leaves", place=place(settings.voice())), "leaves") if words_leave() else ""

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
        if room.speaking.warning:
            return render.note(room.speaking.warning, "status ready")
        if room.quickening < 1:
            return render.note(say("status.quickening", percent=round(100 * room.quickening)), "status ready")
        return render.note(say("status.all_ready"), "status ready")

    def _wire(self) -> None:
        self.scene.wire()
        self.talk.wire()
        self.beside.wire()
        self.shelf.wire()
        self.heeded.wire(self.shelf_tab).then(self.talk.read, [self.current, self.talk.draft], self.talk.read_outputs, **QUIET)
        self.voices.wire(self.shelf_tab)
        self.lock.wire()
        self.along.wire()
        self.clock.tick(self._look, None, [self.status, self.clock, self.awake], queue=False, **QUIET)
        self.awake.change(self.talk.read, [self.current, self.talk.draft], self.talk.read_outputs, **QUIET)
        resumed = [self.scene.before, self.scene.go_on, self.resumable, self.scene.again]

        arriving = self.blocks.load(self._arrive, None, [self.current, self.tabs, *resumed, self.back_note], **QUIET)
        self._show_talk(arriving)
        begins = watched(self.room, self.talk.begun, lambda told: told.screen)
        self.his_turn.change(begins, [self.his_turn], self.talk.outputs, **VOICE)
        returning = self.back_note.retry(
            self._return,
            [self.current, self.talk.draft, self.beside.panel],
            [self.status, self.clock, self.beside.panel, *resumed, self.back_note, self.address, *self.talk.outputs],
            **QUIET,
        )
        returning.then(None, [self.address], None, js=REMEMBER)

        beginning = self.scene.begin.click(
            self._begin,
            [self.scene.choice, self.scene.unkept, *self.scene.fields],
            [self.current, self.tabs, self.scene.problem],
            trigger_mode="once",
            **QUIET,
        )
        self._show_talk(beginning).then(
            lambda line: (render.note(say("again.reminder", text=line)) if line else "", ""),
            [self.scene.reminder],
            [self.talk.note, self.scene.reminder],
            **QUIET,
        )
        going_on = self.scene.go_on.click(
            lambda id: (id, gr.Tabs(selected=TALK)), [self.resumable], [self.current, self.tabs], **QUIET
        )
        self._show_talk(going_on)

        looking = [self.lookback, self.end_buttons, self.history]
        ended = watched(self.room, self._end, lambda told: (*self._nothing(told.note), gr.Tabs(selected=END)))
        ending = self.talk.end.click(ended, [self.current], [*looking, self.tabs], **QUIET)
        ending.then(self.scene.latest, None, resumed, **QUIET)
        looked_back = watched(self.room, self._look_back, lambda told: self._nothing(told.note))
        self.scene_tab.select(self.scene.latest, None, resumed, **QUIET)
        self.end_tab.select(looked_back, [self.current], looking, **QUIET)
        for clicked in (self.lookback, self.practices):
            clicked.click(self._elsewhere, None, [self.tabs, *self.scene.picked_outputs], **QUIET).then(None, js=TO_STEP)
        for clicked in (self.talk.mark, self.lookback):
            keeping = watched(self.room, self._keep, lambda told: (gr.skip(), told.note, told.note, gr.skip()))
            # One at a time with his answers, which grow in the place that it is taken from.
            clicked.click(keeping, [self.current], [self.talk.mark, self.talk.note, self.lookback, self.address], **VOICE).then(
                None, [self.address], None, js=REMEMBER
            )
        self.back_to_talk.click(lambda: gr.Tabs(selected=TALK), None, [self.tabs], **QUIET)
        self.new_talk.click(lambda: gr.Tabs(selected=SCENE), None, [self.tabs], **QUIET)

        looked_for = [self.shelf.query, self.shelf.filter]
        self.shelf_tab.select(self.shelf.listed, looked_for, [self.shelf.list], **QUIET)
        self.shelf_tab.select(lambda: self.lock.shown(), None, self.lock.outputs, **QUIET)
        for clicked in (self.shelf.list, self.shelf.note, self.shelf.compared):
            choosing = clicked.click(
                self._choose, [self.current, *looked_for], [self.current, self.tabs, *self.shelf.outputs], **QUIET
            )
            self._show_talk(choosing)
            choosing.then(self.scene.latest, None, resumed, **QUIET)
        self.blocks.unload(self._left)

    def _show_talk(self, after: Any) -> Any:
        """Show the talk on the screen after an event that may have changed which it is."""
        after.then(self._address, [self.current], [self.address], **QUIET).then(None, [self.address], None, js=REMEMBER)
        return after.then(
            watched(self.room, self._open, lambda told: (*told.screen, gr.skip(), gr.skip(), "")),
            [self.current],
            [*self.talk.outputs, self.talk.buttons, self.talk.reading, self.his_turn],
            **QUIET,
        )

    # -- handlers ----------------------------------------------------------------------------------------------------------

    def _look(self) -> tuple[str, Any, str]:
        return self._status(), gr.Timer(active=self.room.busy), self.room.check.state

    def _arrive(self, request: gr.Request) -> tuple[Any, ...]:
        """Show what the address names; otherwise the scene, with a way back to the talk she left last."""
        asked = str(request.query_params.get("talk") or "")
        resumed = self.scene.latest(request)
        try:
            found = self.room.rehearsal(asked).id if asked else ""
        except RehearseError:
            # An address kept from before the talk was deleted: the scene is the place to begin.
            found = ""
        return found, gr.Tabs(selected=TALK) if found else gr.skip(), *resumed, self.back.arrived()

    def _return(self, current: str, draft: str, panel: str, request: gr.Request) -> tuple[Any, ...]:
        """Put the page right once the app has been started again; what she sees of it else stays as it is."""
        # What a model was writing there will not be written; what is met outside the role stays.
        panel = gr.skip() if 'class="outside"' in (panel or "") else ""
        return (self._status(), gr.Timer(active=True), panel, *self.scene.latest(request), *self.back.returned(current, draft))

    def _open(self, id: str) -> tuple[Any, ...]:
        there = gr.update(visible=bool(id))
        return (*self.talk.show(id), there, there, id if self.talk.his_turn(id) else "")

    def _address(self, id: str) -> str:
        """Return what of a talk may stand in the address."""
        return id if self.room.parts.transcripts.is_written(id) else ""

    def _begin(self, chosen: str | None, unkept: bool, request: gr.Request, *values: Any) -> tuple[Any, Any, str]:
        id, problem = self.scene.start(chosen, *values, gone_with=_visit(request) if unkept else None)
        return (id, gr.Tabs(selected=TALK), "") if id else (gr.skip(), gr.skip(), problem)

    def _end(self, id: str) -> tuple[Any, ...]:
        if not id:
            return (gr.skip(),) * 4
        self.room.stop(id)
        rehearsal = self.room.rehearsal(id)
        rehearsal.end()
        return lookback(rehearsal), gr.update(visible=True), self._history(), gr.Tabs(selected=END)

    def _look_back(self, id: str) -> tuple[Any, ...]:
        if not id:
            return self._nothing(render.note(say("end.none"), "empty"))
        return lookback(self.room.rehearsal(id)), gr.update(visible=True), self._history()

    def _keep(self, id: str, event: gr.EventData) -> tuple[Any, ...]:
        """Keep a talk that was to leave no trace."""
        if event._data.get("act") != "keep" or not id:
            return (gr.skip(),) * 4
        self.room.keep(id)
        kept = render.note(say("unkept.kept"))
        return "", kept, f"{kept}{lookback(self.room.rehearsal(id))}", id

    def _nothing(self, why: str) -> tuple[Any, ...]:
        """Return the look back where there is no talk to look back on."""
        return why, gr.update(visible=False), self._history()

    def _history(self) -> str:
        told = pictures.history(History.of(self.room.parts.transcripts, self.room.shelf(most=LATEST)))
        return f"<h3>{render.safe(say('history.heading'))}</h3>{told}"

    def _elsewhere(self, event: gr.EventData) -> tuple[Any, ...]:
        """Lead from the look back or a practice to a line of the talk, or to the scene of another one."""
        asked, value = event._data.get("act"), str(event._data.get("value") or "")
        if asked == "turn":
            return (gr.Tabs(selected=TALK), *(gr.skip(),) * len(self.scene.picked_outputs))
        if asked == "again":
            return (gr.Tabs(selected=SCENE), *self.scene.picked(value, reminder=str(event._data.get("text") or "")))
        if asked == "practise" and value.isdigit():
            return (gr.Tabs(selected=SCENE), *self.scene.picked(fitting(int(value))))
        return (gr.skip(),) * (1 + len(self.scene.picked_outputs))

    def _choose(self, current: str, query: str, only: str, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        asked, id = str(event._data.get("act") or ""), str(event._data.get("value") or "")
        if asked == "open":
            try:
                return (self.room.rehearsal(id).id, gr.Tabs(selected=TALK), "", gr.skip(), gr.skip())
            except RehearseError as error:
                return (gr.skip(), gr.skip(), render.note(trouble(error), "error"), gr.skip(), gr.skip())
        done = self.shelf.act(asked, id, str(event._data.get("text") or ""), query, only, _visit(request))
        # The talk on the screen is off the shelf too, once it is deleted.
        return ("" if asked == "delete" and id == current else gr.skip(), gr.skip(), *done)

    def _left(self, request: gr.Request) -> None:
        """Delete for good what goes with a visit that has ended."""
        # What could not be deleted now stays off the shelf and is tried again.
        with suppress(RehearseError):
            self.room.left(_visit(request))


def _visit(request: gr.Request) -> str:
    """Return which visit of the page a request is of: it ends when the page is left or reloaded."""
    return str(request.session_hash or "")
