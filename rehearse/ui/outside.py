"""Outside the role: what she sees when a draft is met there, or when she steps out. HTML only; no model is asked."""

from collections.abc import Sequence
from datetime import date

from rehearse import helplines
from rehearse.distress import Met
from rehearse.errors import RehearseError
from rehearse.helplines import OUT, HelpLine
from rehearse.rehearsal import MetOutside, Rehearsal
from rehearse.seats import Seats
from rehearse.ui.render import button, note, safe
from rehearse.ui.words import date_of, trouble


def panel(met: Met | str, name: str, country: str = "") -> str:
    """Return the plain kind words for one reason to step out, what she can do, and the help lines of every country.

    :param met: what her draft was met as, or :data:`rehearse.helplines.OUT`.
    :param name: his name.
    :param country: whose lines stand open, two letters; where this computer is set to if left out.
    """
    told = helplines.words(met)
    words = "".join(f"<p>{safe(each)}</p>" for each in told.words)
    acts = button("go_on", told.go_on, met, style="plain") + button("back", told.back, met, style="plain")
    if told.unsent:
        acts = button("unsent", told.unsent, met, style="plain") + acts
    private = f'<p class="quiet">{safe(helplines.general("private").format(name=name))}</p>' if met != OUT else ""
    heading = safe(told.heading.format(name=name))
    return (
        f'<section class="outside" role="alertdialog" aria-label="{heading}" data-met="{safe(met)}">'
        f'<h3 tabindex="-1">{heading}</h3>{words}'
        f'{_lines(met, country or helplines.here())}<div class="acts">{acts}</div>{private}</section>'
    )


def seats_changed(rehearsal: Rehearsal) -> bool:
    """Whether she sits in his seat."""
    return Seats(rehearsal).changed


def answered_in_his_seat(rehearsal: Rehearsal, draft: str) -> str:
    """Keep what she answers in his seat; return what is shown instead if it cannot be, empty if it was."""
    try:
        Seats(rehearsal).answer(draft)
    except MetOutside as error:
        return panel(error.met, rehearsal.scenario.son.name)
    except RehearseError as error:
        return note(trouble(error), "error")
    return ""


def _lines(met: Met | str, country: str) -> str:
    blocks = []
    known = helplines.countries()
    for each in sorted(known, key=lambda code: (code != country, list(known).index(code))):
        found = helplines.lines(each, met)
        # Her own country stands open, unless she only wanted a pause; the others are one click away.
        opened = " open" if each == country and met != OUT else ""
        heading = f"{safe(helplines.general('country'))} {safe(known[each])}"
        blocks.append(f"<details{opened}><summary>{heading}</summary>{_list(found)}</details>")
    written = min(line.written for each in known for line in helplines.lines(each, met))
    notes = (helplines.general("elsewhere"), helplines.general("check").format(written=date_of(date.fromisoformat(written))))
    return "".join(blocks) + "".join(f'<p class="quiet">{safe(each)}</p>' for each in notes)


def _list(found: Sequence[HelpLine]) -> str:
    items = "".join(
        f'<li><strong>{safe(line.number)}</strong> {safe(line.name)} <span class="source">{safe(line.source)}</span></li>'
        for line in found
    )
    return f"<ul>{items}</ul>"
