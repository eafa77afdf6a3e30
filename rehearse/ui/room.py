"""What all tabs of the page share: the store, check and voice as they become ready, and who is answering."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread

from rehearse import settings
from rehearse.errors import NotFound, StoreLocked, TranscriptError
from rehearse.lifeline import Lifeline
from rehearse.parts import Parts
from rehearse.rehearsal import Rehearsal
from rehearse.son.rewriter import VoiceRewriter
from rehearse.transcripts import Summary, Transcripts, put_locked_aside
from rehearse.ui.leaving import Leaving
from rehearse.ui.loading import Loading, load
from rehearse.ui.speaking import Speaking
from rehearse.ui.unkept import Unkept

# More than anyone looks through; the search finds the others.
SHELF = 100
# So many of the latest are looked back on together, and offered to be compared.
LATEST = 500
# How long an answer that was stopped may take to end: the model is only asked between two words.
ENDING = 30.0
# How long the end of the app waits for what is being loaded.
LOADED = 5.0


@dataclass(slots=True)
class Room:
    """One running app. Its parts are loaded once, in the background, after the page is up.

    If her rehearsals have a passphrase, it begins without parts and waits for it: see :attr:`locked`.
    """

    _parts: Parts | None = None
    _leaving: Leaving | None = None
    check: Loading = field(default_factory=Loading)
    voice: Loading = field(default_factory=Loading)
    # How much is done of what makes his voice faster; 1 when nothing is being done.
    quickening: float = 1.0
    unkept: Unkept = field(default_factory=Unkept)
    # Set once the app ends.
    ending: Event = field(default_factory=Event)
    # What leads from one life of the app to the next, if it should fall.
    line: Lifeline = field(default_factory=Lifeline)
    _answering: dict[str, Event] = field(default_factory=dict)
    _rewording: dict[str, Event] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _unlocking: Lock = field(default_factory=Lock)
    _thread: Thread | None = None
    speaking: Speaking = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nobody who speaks."""
        self.speaking = Speaking(self)

    @classmethod
    def open(cls, store: Transcripts | None = None, line: Lifeline | None = None) -> "Room":
        """Open the store, if it is not open yet, or wait for its passphrase; nothing else is loaded.

        :param line: the line to the app's keeper; a passphrase that was given in an earlier life is not asked for again.
        :raises TranscriptError: if the database cannot be opened.
        """
        room = cls(line=line or Lifeline())
        # It stays locked until she has given the passphrase.
        with suppress(StoreLocked):
            room.furnish(store or Transcripts.opened(settings.database_path(), room.line.left("passphrase")))
        return room

    def furnish(self, transcripts: Transcripts) -> None:
        """Bring in the open store, and with it all that works on it.

        :raises TranscriptError: if what was deleted before cannot be erased.
        """
        self._leaving = Leaving(transcripts, settings.leaving_path())
        self._parts = Parts(transcripts)

    @property
    def locked(self) -> bool:
        """Whether it still waits for the passphrase."""
        return self._parts is None

    @property
    def parts(self) -> Parts:
        """The store, and check and voice as they become ready.

        :raises StoreLocked: while it waits for the passphrase.
        """
        if self._parts is None:
            raise StoreLocked("Your rehearsals are locked with a passphrase.", "Give the passphrase to open them.")
        return self._parts

    @property
    def leaving(self) -> Leaving:
        """The deleted talks that may still be brought back.

        :raises StoreLocked: while it waits for the passphrase.
        """
        if self._leaving is None:
            raise StoreLocked("Your rehearsals are locked with a passphrase.", "Give the passphrase to open them.")
        return self._leaving

    def unlock(self, passphrase: str) -> None:
        """Open the locked store, one try at a time; does nothing if it is open.

        :raises WrongPassphrase: if this is not the one. Each try takes as long as it takes to make the key.
        :raises TranscriptError: if the database cannot be opened.
        """
        with self._unlocking:
            if not self.locked:
                return
            self.furnish(Transcripts.opened(settings.database_path(), passphrase))
            self.line.leave(passphrase=passphrase)
        self.load()

    def begin_anew(self) -> Path:
        """Set the locked store aside as it is and begin an empty one; return where it is now.

        :raises TranscriptError: if it is not locked any more, or cannot be moved.
        """
        with self._unlocking:
            aside = put_locked_aside(settings.database_path())
            self.line.leave(passphrase=None)
            self.furnish(Transcripts(settings.database_path()))
        self.load()
        return aside

    def close(self) -> None:
        """Close the store; what could not be deleted now is written down, and deleted at the next start.

        What is being loaded is waited for, for a moment: a process that ends meanwhile does not end cleanly.
        """
        self.ending.set()
        self.speaking.close()
        if self._thread is not None:
            self._thread.join(LOADED)
        if self.locked:
            return
        with suppress(TranscriptError):
            self.leaving.finish()
        self.parts.transcripts.close()

    def load(self) -> None:
        """Begin to load the voice and the check in a thread of their own, once there is something to load them for."""
        with self._lock:
            if self._thread is None and not self.locked:
                self._thread = Thread(target=load, args=(self,), name="loading", daemon=True)
                self._thread.start()

    @contextmanager
    def rewriter(self, id: str) -> Iterator[VoiceRewriter | None]:
        """Lend a rewriter for her drafts in a rehearsal; ``None`` while the voice is not there or has not learnt to reword.

        It stops as soon as she sends, since he needs the voice then.
        """
        son = self.parts.son
        if son is None or not son.voice.tuned:
            yield None
            return
        stop = Event()
        with self._lock:
            self._rewording[id] = stop
        try:
            yield VoiceRewriter(son.voice, stop=stop)
        finally:
            with self._lock:
                if self._rewording.get(id) is stop:
                    del self._rewording[id]

    def stop_rewording(self, id: str) -> None:
        """Stop rewording her draft in this rehearsal, if that is going on."""
        with self._lock:
            stop = self._rewording.get(id)
        if stop is not None:
            stop.set()

    @property
    def settled(self) -> bool:
        """Whether nothing is loading any more."""
        return "loading" not in (self.check.state, self.voice.state)

    @property
    def busy(self) -> bool:
        """Whether anything is still going on in the background, be it only what makes his voice faster."""
        return not self.settled or (self._thread is not None and self._thread.is_alive())

    def rehearsal(self, id: str) -> Rehearsal:
        """Return a saved rehearsal.

        :raises NotFound: if there is none of this id, or it is deleted and only waits to go for good.
        """
        if id in self.leaving.ids:
            raise NotFound("This talk is deleted.", "Bring it back on the shelf where it was deleted, or choose another one.")
        return Rehearsal.open(id, parts=self.parts)

    def shelf(self, query: str = "", *, most: int | None = SHELF) -> list[Summary]:
        """Return the rehearsals on the shelf that hold every word of a query: pinned ones first, then newest first.

        :param most: how many are looked at; ``None`` is all there are.
        """
        transcripts, going = self.parts.transcripts, self.leaving.ids
        limit = transcripts.count(query) if most is None else most
        return [each for each in transcripts.list(query, limit=limit) if each.id not in going]

    def keep(self, id: str) -> None:
        """Keep a talk that was to leave no trace.

        :raises NotFound: if there is none of this id.
        :raises TranscriptError: if it cannot be written; it goes on as it was then.
        """
        self.parts.transcripts.keep(id)
        self.unkept.drop(id)

    def left(self, visit: str) -> None:
        """End a visit of the page: what was deleted in it, and what was to leave no trace, is gone for good when this returns.

        :raises TranscriptError: if something could not be deleted; it stays off the shelf and is tried again.
        """
        for id in self.unkept.of(visit):
            self.stop_rewording(id)
            self.stop(id)
            until = time.monotonic() + ENDING
            while self.answering(id) and time.monotonic() < until:
                time.sleep(0.05)
            self.unkept.drop(id)
            # She may have kept it in the meantime.
            if not self.parts.transcripts.is_written(id):
                self.parts.transcripts.delete(id)
        self.leaving.finish(visit)

    def begin_answer(self, id: str) -> Event:
        """Return the event that stops the answer about to begin; one still going on in the same rehearsal is stopped."""
        with self._lock:
            earlier = self._answering.get(id)
            if earlier is not None:
                earlier.set()
            self._answering[id] = Event()
            return self._answering[id]

    def end_answer(self, id: str, stop: Event) -> None:
        """Forget an answer that has ended."""
        with self._lock:
            if self._answering.get(id) is stop:
                del self._answering[id]

    def answering(self, id: str) -> bool:
        """Whether he is answering in this rehearsal now."""
        return id in self._answering

    def stop(self, id: str) -> None:
        """Stop the answer that is being given in this rehearsal, if one is."""
        with self._lock:
            stop = self._answering.get(id)
        if stop is not None:
            stop.set()
