"""The talk that leaves no trace: the visit it goes with, the mark it carries, and how it ends."""

from threading import Lock

from rehearse import settings
from rehearse.rehearsal import Rehearsal
from rehearse.ui.render import button, note, safe
from rehearse.ui.words import say
from rehearse.voice.choice import is_server


class Unkept:
    """The talks of now that are never written, each with the visit of the page in which it was begun. In memory alone."""

    def __init__(self) -> None:
        """Begin with none."""
        self._visits: dict[str, str] = {}
        self._lock = Lock()

    def add(self, id: str, visit: str) -> None:
        """Let a talk go with a visit."""
        with self._lock:
            self._visits[id] = visit

    def drop(self, id: str) -> None:
        """Forget that a talk goes with a visit; one that does not is none the worse for it."""
        with self._lock:
            self._visits.pop(id, None)

    def of(self, visit: str) -> list[str]:
        """Return the talks that go with a visit, newest first."""
        with self._lock:
            return [id for id, found in reversed(self._visits.items()) if found == visit]


def no_trace() -> str:
    """Return what leaving no trace means, said before she chooses it: of a server that speaks for him it cannot be promised."""
    server = [say("unkept.server")] if is_server(settings.voice()) else []
    return " ".join([say("unkept.choice_hint"), *server])


def mark(rehearsal: Rehearsal) -> str:
    """Return the mark that a talk carries as long as it is not kept, with the way to keep it; empty for any other talk."""
    if rehearsal.written:
        return ""
    keep = button("keep", say("unkept.keep"), rehearsal.id)
    return f'<p class="unkept"><strong>{safe(say("unkept.mark"))}</strong> {keep}</p>'


def ending(rehearsal: Rehearsal) -> str:
    """Return what she is told at the end of a talk that is not kept, and what she may still do with it."""
    printed, copied = safe(say("unkept.print")), safe(say("unkept.copy"))
    keep = button("keep", say("unkept.keep"), rehearsal.id, style="plain")
    return (
        f'<section class="remark parting"><h3>{safe(say("unkept.heading"))}</h3><p>{safe(say("unkept.gone"))}</p>'
        f'<p class="copies"><button type="button" class="plain" data-do="print" data-sheet="#parting">{printed}</button>'
        f'<button type="button" class="plain" data-do="copy" data-text="{safe(words(rehearsal))}" '
        f'data-done="{safe(say("along.copied"))}">{copied}</button>{keep}</p>{_sheet(rehearsal)}</section>'
    )


def words(rehearsal: Rehearsal) -> str:
    """Return the talk on the screen as plain text."""
    return "\n\n".join(f"{who}: {text}" for who, text in _said(rehearsal)) + "\n"


def _said(rehearsal: Rehearsal) -> list[tuple[str, str]]:
    name = rehearsal.scenario.son.name
    return [(say("talk.you") if turn.speaker == "mother" else name, turn.text) for turn in rehearsal.path if turn.text]


def _sheet(rehearsal: Rehearsal) -> str:
    lines = "".join(f"<p><strong>{safe(who)}</strong><br>{safe(text)}</p>" for who, text in _said(rehearsal))
    return f'<article id="parting" hidden><h3>{safe(rehearsal.saved.title)}</h3>{lines}{note(say("foot.honest"))}</article>'
