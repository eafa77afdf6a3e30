"""The debrief as HTML: her lines, how open he was along the talk, the hardest line in another place, and copies to keep."""

from rehearse import article
from rehearse.debrief import Debrief, Remark
from rehearse.rehearsal import Rehearsal
from rehearse.scenario import Scenario
from rehearse.ui.pictures import openness, openness_table
from rehearse.ui.render import safe
from rehearse.ui.unkept import ending
from rehearse.ui.words import say

FORMATS = ("markdown", "html", "json")


def lookback(rehearsal: Rehearsal) -> str:
    """Return the whole debrief, and what may be taken of the talk."""
    debrief = rehearsal.debrief()
    if not debrief.lines:
        return f'<p class="empty">{safe(debrief.ending)}</p>'
    remarks = "".join(
        _remark(heading, remark)
        for heading, remark in (("end.opened", debrief.opened), ("end.closed", debrief.closed), ("end.next", debrief.next))
    )
    return (
        f'<div class="lookback"><h2 class="ending">{safe(debrief.ending)}</h2>'
        f"{'' if rehearsal.written else ending(rehearsal)}"
        f'<div class="remarks">{remarks}</div>{again(debrief, say("again.heading"))}'
        f'<h3>{safe(say("end.curve"))}</h3><div class="curve">{openness(debrief)}{openness_table(debrief)}</div>'
        f"{copies(rehearsal.id) if rehearsal.written else ''}</div>"
    )


def again(debrief: Debrief, heading: str) -> str:
    """Return the hardest line, offered again in another situation; nothing if no line was flagged."""
    if debrief.hardest is None or debrief.elsewhere is None:
        return ""
    text, elsewhere = debrief.hardest.text, Scenario.load(debrief.elsewhere)
    return (
        f'<section class="remark again"><h3>{safe(heading)}</h3><blockquote>{safe(text)}</blockquote>'
        f"<p>{safe(say('again.why'))}</p>"
        f'<button type="button" class="plain" data-act="again" data-value="{safe(elsewhere.id)}" data-text="{safe(text)}">'
        f"{safe(say('again.try', title=elsewhere.title))}</button></section>"
    )


def copies(rehearsal_id: str) -> str:
    """Return where a rehearsal is kept, and the links that carry it out: text, a page to print, and a file to bring back."""
    return (
        f'<h3>{safe(say("end.keep"))}</h3><p class="note">{safe(say("end.kept"))}</p>'
        f'<p class="note">{safe(say("end.copies"))}</p><p class="copies">{links(rehearsal_id)}</p>'
    )


def links(rehearsal_id: str) -> str:
    """Return the links themselves."""
    return "".join(
        f'<a class="plain" href="/copy/{safe(rehearsal_id)}/{name}" download>{safe(say(f"end.{name}"))}</a>' for name in FORMATS
    )


def _remark(heading: str, remark: Remark) -> str:
    quote = f"<blockquote>{safe(remark.line.text)}</blockquote>" if remark.line else ""
    practice = ""
    if remark.practice is not None:
        found = article.practice(remark.practice)
        practice = f'<p class="practice">{safe(say("end.practice", number=found.number, section=found.section))}</p>'
    return f'<section class="remark"><h3>{safe(say(heading))}</h3>{quote}<p>{safe(remark.sentence)}</p>{practice}</section>'
