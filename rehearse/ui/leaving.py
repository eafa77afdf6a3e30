"""Deleted talks that may still be brought back: they are off the shelf at once, and gone for good when the page is left."""

from contextlib import suppress
from pathlib import Path
from threading import Lock

from rehearse.errors import NotFound, TranscriptError
from rehearse.transcripts import Transcripts, write_private


class Leaving:
    """The talks that are about to go, each with the visit of the page in which it was deleted.

    Their ids, no words, are also in a file: if the app is stopped before the page is left, they go at the next start.
    """

    def __init__(self, transcripts: Transcripts, path: Path) -> None:
        """Let go of rehearsals of a store; what an earlier run left is finished first."""
        self._transcripts = transcripts
        self._path = path
        self._visits: dict[str, str] = {}
        self._lock = Lock()
        if path.exists():
            self._visits = dict.fromkeys(path.read_text(encoding="utf-8").split(), "")
            self.finish()

    @property
    def ids(self) -> frozenset[str]:
        """The rehearsals that are about to go."""
        return frozenset(self._visits)

    def add(self, id: str, visit: str) -> str:
        """Take a rehearsal off the shelf, to go when this visit ends; return its title.

        :raises NotFound: if there is none of this id.
        :raises TranscriptError: if that cannot be written down.
        """
        title = self._transcripts.get(id).title
        with self._lock:
            self._visits[id] = visit
            self._write()
        return title

    def undo(self, id: str) -> bool:
        """Put a rehearsal back on the shelf; return whether it was still there."""
        with self._lock:
            there = self._visits.pop(id, None) is not None
            self._write()
        return there

    def finish(self, visit: str | None = None, *, id: str | None = None) -> None:
        """Delete for good what was deleted in a visit, or one rehearsal, or all of them.

        :raises TranscriptError: if one could not be deleted; it stays off the shelf and is tried again at the next call.
        """
        with self._lock:
            due = [each for each, of in self._visits.items() if visit in (None, of) and id in (None, each)]
        failure: TranscriptError | None = None
        for each in due:
            try:
                with suppress(NotFound):
                    self._transcripts.delete(each)
            except TranscriptError as error:
                failure = error
                continue
            with self._lock:
                self._visits.pop(each, None)
                self._write()
        if failure is not None:
            raise failure

    def _write(self) -> None:
        if self._visits:
            write_private(self._path, "\n".join(self._visits) + "\n")
        else:
            self._path.unlink(missing_ok=True)
