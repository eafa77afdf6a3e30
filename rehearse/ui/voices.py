"""The corner of the voices: who plays him, who else could, and the way to fetch one, to go back, or to remove it."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from rehearse import catalog, settings
from rehearse.catalog import Offered
from rehearse.errors import VoiceError
from rehearse.ui import render
from rehearse.ui.render import button, note, safe
from rehearse.ui.room import Room
from rehearse.ui.screen import CLICKS, QUIET, lead
from rehearse.ui.speaking import title
from rehearse.ui.words import say, trouble
from rehearse.voice import download, fit
from rehearse.voice.fit import gigabytes

SECONDS_BETWEEN_LOOKS = 1.0
# The keyboard follows: to what is asked, to the way to stop, or to what is said.
FOCUS = lead("#voices-ask [tabindex]", "#voices-stop", "#voices-note [tabindex]", "#voices-told button")
# Anything that makes the list of the others go on being shown.
_ASKS = ("fetch", "remove")
_HOUR = 3600


class Voices:
    """The view and its handlers. What goes on is the room's; every window shows the same."""

    def __init__(self, room: Room) -> None:
        """Build the view inside the current Blocks."""
        self.room = room
        self.open = gr.State(False)
        with gr.Column(elem_id="voices"):
            self.told = gr.HTML(elem_id="voices-told", js_on_load=CLICKS)
            self.asked = gr.HTML(elem_id="voices-ask", js_on_load=CLICKS)
            self.progress = gr.HTML(elem_id="voices-progress")
            self.stop = gr.Button(say("voices.cancel"), visible=False, elem_id="voices-stop")
            self.note = gr.HTML(elem_id="voices-note", js_on_load="element.setAttribute('role', 'status');")
            self.list = gr.HTML(elem_id="voices-list", js_on_load=CLICKS)
        self.clock = gr.Timer(SECONDS_BETWEEN_LOOKS, active=False)
        self.outputs = [self.told, self.asked, self.progress, self.stop, self.note, self.list, self.clock, self.open]

    def wire(self, tab: gr.Tab) -> None:
        """Connect the events.

        :param tab: shows the corner as it stands whenever it is selected.
        """
        tab.select(lambda: self.shown(), None, self.outputs, **QUIET)
        for clicked in (self.told, self.asked, self.list):
            clicked.click(self.act, [self.open], self.outputs, trigger_mode="once", **QUIET).then(None, js=FOCUS)
        self.stop.click(self.cancel, [self.open], self.outputs, **QUIET).then(None, js=FOCUS)
        self.clock.tick(self.look, [self.open], self.outputs, queue=False, **QUIET)

    # -- handlers ----------------------------------------------------------------------------------------------------------

    def act(self, open_: bool, event: gr.EventData) -> Iterator[tuple[Any, ...]]:
        """Do what a button asks for; a change of the voice is shown while it goes on, too."""
        asked, name = str(event._data.get("act") or ""), str(event._data.get("value") or "")
        speaking = self.room.speaking
        if asked in ("more", "fewer"):
            speaking.note = speaking.problem = ""
            yield self.shown(open_=asked == "more")
        elif name != settings.EMBEDDED and name not in {each.name for each in catalog.offered()}:
            # The panel is closed without anything being done.
            yield self.shown(open_=open_)
        elif asked in _ASKS:
            yield self.shown(open_=True, asked=_question(asked, download.found(name)))
        elif asked == "yes":
            speaking.fetch(name)
            yield self.shown(open_=True)
        elif asked == "forget":
            speaking.forget(name)
            yield self.shown(open_=True)
        elif asked in ("use", "gone"):
            yield self.shown(open_=True, waking=settings.EMBEDDED if asked == "gone" else name)
            if asked == "use":
                speaking.change(name)
            else:
                speaking.remove(name)
            yield self.shown(open_=True)

    def cancel(self, open_: bool) -> tuple[Any, ...]:
        """Stop what is being fetched."""
        self.room.speaking.fetching.stop()
        return self.shown(open_=open_)

    def look(self, open_: bool) -> tuple[Any, ...]:
        """Show how far it is; what can be pressed in the list is put anew only once something has ended."""
        speaking = self.room.speaking
        if not speaking.busy:
            return self.shown(open_=open_)
        going = gr.update(visible=speaking.fetching.ongoing)
        return (gr.skip(), gr.skip(), self._progress(), going, *(gr.skip(),) * 4)

    def shown(self, *, open_: bool = False, asked: str = "", waking: str = "") -> tuple[Any, ...]:
        """Return the view, in the order of its outputs.

        :param asked: what is to be answered first.
        :param waking: the voice that is about to be loaded.
        """
        speaking = self.room.speaking
        going = speaking.fetching.ongoing
        return (
            self._state(open_ or going),
            asked,
            self._progress(waking),
            gr.update(visible=going),
            "" if waking else self._said(),
            self._cards() if open_ or going else "",
            gr.Timer(active=speaking.busy),
            open_ or going,
        )

    def _said(self) -> str:
        """Return what happened last, as a sentence that the keyboard can be led to."""
        speaking, ended = self.room.speaking, self.room.speaking.fetching.progress
        problem, told = speaking.problem, speaking.note
        if speaking.fetching.offered is not None and not (problem or told):
            if ended.state == "failed":
                problem = trouble(ended.problem)
            elif ended.state == "stopped":
                told = say("voices.stopped", done=gigabytes(ended.done), total=gigabytes(ended.total))
        words = problem or told
        return f'<p class="{"error" if problem else "told"}" tabindex="-1">{safe(words)}</p>' if words else ""

    # -- what is shown -----------------------------------------------------------------------------------------------------

    def _state(self, open_: bool) -> str:
        speaking = self.room.speaking
        heading = f"<h3>{safe(say('voices.heading'))}</h3>{note(say('voices.speaks', voice=title(speaking.name)))}"
        if speaking.started_with:
            heading += note(say("voices.started"))
        acts = button("fewer" if open_ else "more", say("voices.fewer" if open_ else "voices.more"), style="plain")
        if speaking.name != settings.EMBEDDED:
            acts += button("use", say("voices.back"), settings.EMBEDDED)
        acts = f'<p class="acts">{acts}</p>'
        return heading + acts

    def _cards(self) -> str:
        cards = "".join(self._card(each) for each in catalog.offered())
        return f'{note(say("voices.intro"))}{note(_own())}<ul class="voices">{cards}</ul>'

    def _card(self, offered: Offered) -> str:
        speaking = self.room.speaking
        now, here = speaking.name == offered.name, download.path_of(offered).is_file()
        mark = f' <span class="mark">{safe(say("voices.speaking" if now else "voices.here"))}</span>' if here else ""
        facts = say("voices.facts", size=gigabytes(offered.size), ram=offered.ram, licence=offered.licence)
        acts, why = self._acts(offered, here=here, now=now)
        return (
            f'<li class="card{" now" if now else ""}"><h4>{safe(offered.title)}{mark}</h4><p class="facts">{safe(facts)}</p>'
            f'<p>{safe(_expect(offered))}</p>{why}<div class="acts">{"".join(acts)}</div></li>'
        )

    def _acts(self, offered: Offered, *, here: bool, now: bool) -> tuple[list[str], str]:
        """Return what can be done with a voice, and what is said of it first: how much is here, or why it cannot be had."""
        fetching = self.room.speaking.fetching
        if fetching.ongoing and fetching.offered == offered:
            return [], ""
        if here:
            return [*([] if now else [_act("use", offered, "plain")]), _act("remove", offered)], ""
        arrived = download.arrived(offered)
        said = note(say("voices.arrived", done=gigabytes(arrived), total=gigabytes(offered.size))) if arrived else ""
        forget = [_act("forget", offered)] if arrived else []
        try:
            fit.in_computer(offered)
            fit.on_disk(offered, arrived)
        except VoiceError as error:
            return forget, said + note(trouble(error))
        if fetching.ongoing:
            return forget, said
        words = say("voices.go_on" if arrived else "voices.fetch")
        return [button("fetch", words, offered.name, label=f"{words}: {offered.title}", style="plain"), *forget], said

    def _progress(self, waking: str = "") -> str:
        fetching = self.room.speaking.fetching
        if loaded := waking or self.room.speaking.changing:
            return note(say("voices.loads", voice=title(loaded)), "told")
        now, offered = fetching.progress, fetching.offered
        if offered is None or not fetching.ongoing:
            return ""
        done, total = gigabytes(now.done), gigabytes(now.total or offered.size)
        if now.state == "asking":
            words = say("voices.asking", voice=offered.title, host=download.host())
        elif now.state == "checking":
            words = say("voices.checking", voice=offered.title)
        elif now.speed:
            speed, left = gigabytes(int(now.speed)), _left(now.left)
            words = say("voices.fetching_speed", voice=offered.title, done=done, total=total, speed=speed, left=left)
        else:
            words = say("voices.fetching", voice=offered.title, done=done, total=total)
        bar = f'<progress max="{now.total or 1}" value="{now.done}" aria-label="{safe(offered.title)}"></progress>'
        return f"{note(words, 'told')}{bar}{note(say('voices.along'))}"


def _act(asked: str, offered: Offered, style: str = "link") -> str:
    words = say(f"voices.{asked}")
    return button(asked, words, offered.name, label=f"{words}: {offered.title}", style=style)


def _question(asked: str, offered: Offered) -> str:
    """Return what is asked before anything is done: to go online, or to remove a voice."""
    size = gigabytes(offered.size)
    if asked == "remove":
        heading, said = say("voices.sure_heading", voice=offered.title), [say("voices.sure", size=size)]
        acts = button("gone", say("voices.sure_yes"), offered.name, style="plain") + button("leave", say("voices.sure_no"))
    else:
        heading, host = say("voices.ask_heading", voice=offered.title), download.host()
        said = [
            say("voices.ask_what", host=host, file=offered.file, size=size, repo=offered.repo),
            say("voices.ask_sees", host=host),
            say("voices.ask_then"),
        ]
        acts = button("yes", say("voices.yes"), offered.name, style="plain") + button("leave", say("voices.no"))
    told = "".join(render.note(each, "told") for each in said)
    return f'<div class="ask"><h4 tabindex="-1">{safe(heading)}</h4>{told}<p class="acts">{acts}</p></div>'


def _expect(offered: Offered) -> str:
    """Return what to expect of a voice, in the language of the page where it is told there."""
    try:
        return say(f"expect.{offered.name}")
    except KeyError:
        return offered.expect


def _own() -> str:
    """Return what this computer has."""
    import shutil

    import psutil

    free = shutil.disk_usage(settings.private_folder(settings.voices_folder())).free
    return say("voices.own", memory=gigabytes(psutil.virtual_memory().total), disk=gigabytes(free))


def _left(seconds: float) -> str:
    if seconds < 60:
        return say("voices.moments")
    if seconds < 1.5 * _HOUR:
        return say("voices.minutes", count=max(2, round(seconds / 60)))
    return say("voices.hours", count=round(seconds / _HOUR, 1))
