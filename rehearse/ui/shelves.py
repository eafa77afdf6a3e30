"""The list on the shelf: one row for each rehearsal, with everything that can be done with it."""

from collections.abc import Sequence

from rehearse.transcripts import Summary
from rehearse.ui.lookback import links
from rehearse.ui.render import button, safe
from rehearse.ui.words import day, how_open, say

FILTERS = ("all", "pinned", "open", "ended")


def shelf(found: Sequence[Summary], query: str, only: str) -> str:
    """Return the rehearsals that were found, as far as the filter lets them through."""
    shown = [each for each in found if _through(each, only)]
    if not shown:
        return f'<p class="empty">{safe(say("shelf.nothing" if query or found else "shelf.none"))}</p>'
    return f'<ul class="shelf">{"".join(_row(each) for each in shown)}</ul>'


def _through(each: Summary, only: str) -> bool:
    return {"pinned": each.pinned, "open": not each.ended, "ended": bool(each.ended)}.get(only, True)


def _row(each: Summary) -> str:
    many = say("shelf.lines", count=each.turns)
    lines = say("shelf.no_lines") if not each.turns else say("shelf.line") if each.turns == 1 else many
    facts = [day(each.touched), each.son, lines, how_open(each.openness)]
    facts += [say("shelf.ended")] if each.ended else []
    pin = f'<span class="mark">{safe(say("shelf.is_pinned"))}</span> ' if each.pinned else ""
    excerpt = f'<p class="excerpt">{safe(each.excerpt)}</p>' if each.excerpt else ""
    heading = f"<h3>{pin}{safe(each.title)}</h3>"
    return (
        f'<li class="card"><div>{heading}<p class="facts">{safe(" · ".join(facts))}</p>{excerpt}</div>'
        f'<div class="acts">{_act("open", each, "plain")}{_act("unpin" if each.pinned else "pin", each)}'
        f"{_act('delete', each)}</div>{_more(each)}</li>"
    )


def _act(action: str, each: Summary, style: str = "link") -> str:
    words = say(f"shelf.{action}")
    return button(action, words, each.id, label=f"{words}: {each.title}", style=style)


def _more(each: Summary) -> str:
    """Return what is seldom wanted, folded away: another name, a comparison, copies."""
    label = safe(say("shelf.title"))
    form = (
        f'<form data-act="rename" data-value="{safe(each.id)}"><label>{label} '
        f'<input name="words" type="text" maxlength="120" autocomplete="off" value="{safe(each.title)}"></label>'
        f'<button class="plain">{safe(say("shelf.rename"))}</button></form>'
    )
    compare = _act("compare", each, "plain") if each.turns else ""
    return (
        f'<details class="more"><summary>{safe(say("shelf.more"))}<span class="sr">: {safe(each.title)}</span></summary>'
        f'{form}<p class="copies">{compare}{links(each.id)}</p><p class="note">{safe(say("end.copies"))}</p></details>'
    )
