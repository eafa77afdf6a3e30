"""Who speaks for him: the voice that stands, the one that is being fetched, and how one takes the place of the other."""

import os
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

from rehearse import catalog, settings
from rehearse.errors import RehearseError
from rehearse.son.reply import Son
from rehearse.ui.words import say, trouble
from rehearse.voice import download
from rehearse.voice.exchange import Exchange, held
from rehearse.voice.fetching import Fetching
from rehearse.voice.progress import Progress

if TYPE_CHECKING:
    from rehearse.ui.room import Room
    from rehearse.voice.voice import Voice

# If the app fell so often that this is the life it is in, the voice she chose is not tried again.
LIFE_OF_DOUBT = 3


class Speaking:
    """The voice of one running app. A change is kept for the next start, and left to the next life of this one."""

    def __init__(self, room: "Room") -> None:
        """Begin with nobody: :meth:`wake` loads who is to speak."""
        self.room = room
        self.fetching = Fetching()
        # Which one is being loaded in the place of the other; empty if none is.
        self.changing = ""
        # What happened last, told in the corner of the voices until something else does: done, or why not.
        self.note = self.problem = ""
        # Why he is played by another one than she chose, from the start on; told at the top of the page.
        self.warning = ""
        # Whether this start was told which voice it should be, so that a choice does not last beyond it.
        self.started_with = bool(os.environ.get("REHEARSE_VOICE", "").strip())
        self._name = ""
        # Whether something follows what is being fetched.
        self._fetched_next = False
        self._one_at_a_time = Lock()
        self._told: list[Callable[[str], None]] = []

    @property
    def name(self) -> str:
        """Which voice speaks, or is to speak once it is loaded: as it was asked for, or ``embedded``."""
        return self._name or self._wanted()

    def _wanted(self) -> str:
        # What she chose while the app ran comes before what it was started with.
        return str(self.room.line.left("voice") or settings.voice())

    def follow(self, told: Callable[[str], None]) -> None:
        """Tell somebody which voice speaks, now and whenever another one takes its place."""
        self._told.append(told)
        told(self.name)

    def _stands(self, name: str) -> None:
        self._name = name
        for told in self._told:
            told(name)

    def wake(self) -> None:
        """Load who is to speak. One that she chose and that cannot speak any more gives way to the one that came along."""
        from rehearse.voice.choice import open_voice

        name = self._wanted()
        chosen = name in {each.name for each in catalog.offered()}
        try:
            if chosen and self.room.line.life >= LIFE_OF_DOUBT:
                name, self.warning = settings.EMBEDDED, say("voices.fell", voice=title(name))
            try:
                voice = open_voice(name)
            except RehearseError as error:
                if not chosen:
                    raise
                voice = open_voice(settings.EMBEDDED)
                name, self.warning = settings.EMBEDDED, say("voices.gave_way", voice=title(name), why=trouble(error))
        except RehearseError as error:
            self.room.voice.failure, self.room.voice.state = trouble(error), "failed"
            return
        self._speak(voice)
        self._stands(name)

    def _speak(self, voice: "Voice") -> None:
        parts = self.room.parts
        parts.speak(Son.with_choice(Exchange(voice), parts.check.embedder if parts.check is not None else None))
        self.room.voice.failure, self.room.voice.state = "", "ready"

    def quicken(self) -> None:
        """Make the voice that came along faster, if it speaks; once everything is up and she is at work."""
        son = self.room.parts.son
        if son is None:
            return

        def tell(share: float) -> None:
            self.room.quickening = share

        try:
            from rehearse.voice.choice import quicken

            with held(son.voice) as voice:
                quicken(voice, tell)
        except RehearseError:
            # He speaks all the same, only slower; the next start tries again.
            pass
        finally:
            self.room.quickening = 1.0

    # -- changing ----------------------------------------------------------------------------------------------------------

    def change(self, name: str) -> None:
        """Let another voice speak for him from now on, in talks that are open too; an answer that has begun is finished first.

        What came of it is told in :attr:`note` or :attr:`problem`.
        """
        from rehearse.voice.choice import open_voice

        if not self._one_at_a_time.acquire(blocking=False):
            return
        self.changing, self.note, self.problem, self.warning = name, "", "", ""
        try:
            son, before = self.room.parts.son, self.name
            if son is None:
                self._speak(open_voice(name))
            elif name != before:
                # Where nothing was loaded by this room, its son is given a place for his voice here.
                son.voice = place = Exchange.over(son.voice)
                place.put(lambda: open_voice(name), lambda: open_voice(before))
            self._stands(name)
            self.room.line.leave(voice=name)
            if self.started_with:
                # Whatever asks later which voice it is, is told the one that speaks.
                os.environ["REHEARSE_VOICE"] = name
            self.note = say("voices.speaks_now", voice=title(name))
            settings.choose_voice(name)
        except RehearseError as error:
            self.problem = trouble(error)
        finally:
            self.changing = ""
            self._one_at_a_time.release()

    @property
    def busy(self) -> bool:
        """Whether a voice is being fetched or loaded."""
        return self._fetched_next or self.fetching.ongoing or bool(self.changing)

    def fetch(self, name: str) -> None:
        """Fetch a voice, and let it speak as soon as it is here."""
        if self.busy:
            return
        self.note = self.problem = ""
        self._fetched_next = True
        self.fetching.begin(download.found(name), lambda ended: self._fetched(name, ended))

    def _fetched(self, name: str, ended: Progress) -> None:
        if ended.state == "done":
            self.change(name)
            self.fetching.forget()
        self._fetched_next = False

    def forget(self, name: str) -> None:
        """Throw away what has arrived of a voice that is not whole."""
        self.note = self.problem = ""
        offered = download.found(name)
        if not (self.fetching.ongoing and self.fetching.offered == offered):
            download.throw_away(offered)
            self.fetching.forget()
            self.note = say("voices.thrown_away", voice=offered.title)

    def remove(self, name: str) -> None:
        """Remove a voice from this computer; if it speaks, the one that came along takes its place first."""
        self.note = self.problem = ""
        if self.name == name:
            self.change(settings.EMBEDDED)
            if self.name == name:
                return
        try:
            download.remove(name)
            self.note = say("voices.removed", voice=title(name))
        except RehearseError as error:
            self.problem = trouble(error)

    def close(self) -> None:
        """End what is being fetched; what has arrived stays."""
        if self.fetching.ongoing:
            self.fetching.stop()


def title(name: str) -> str:
    """Return what people read of a voice."""
    if name == settings.EMBEDDED:
        return say("voices.embedded")
    found = next((each.title for each in catalog.offered() if each.name == name), None)
    # Of a file its name, and of a server nothing that might be secret in its address.
    return found or (say("voices.server") if "://" in name else name.replace("\\", "/").rpartition("/")[2])
