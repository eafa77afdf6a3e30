"""Pictures where people would rather look, each with a table that says the same in words."""

from collections.abc import Sequence

from rehearse.debrief import Debrief
from rehearse.history import History, Talk
from rehearse.turn import Openness
from rehearse.ui.render import button, safe
from rehearse.ui.words import day, how_open, say

# The plots' own units, near to pixels on a phone, so that their words can be read there.
LEFT, RIGHT, TOP, BOTTOM, STEP = 172, 22, 18, 34, 34
LEAST, APART, MOST_APART = 420, 24, 90
# So many talks stand beside each other; earlier ones are in the table.
TALKS = 12
ROW = 34


def openness(debrief: Debrief) -> str:
    """Return his openness along the talk; every point leads to its line in the talk."""
    values = [debrief.start, *(line.after for line in debrief.lines)]
    across = min(MOST_APART, max(APART, (LEAST - LEFT - RIGHT) / max(1, len(values) - 1)))
    width = max(LEAST, round(LEFT + across * (len(values) - 1) + RIGHT))
    points = [(round(LEFT + across * number, 1), _y(value)) for number, value in enumerate(values)]
    every = max(1, round(22 / across))
    numbers = "".join(
        f'<text class="tick" x="{x}" y="{_y(1) + 26}" text-anchor="middle">{number or safe("·")}</text>'
        for number, (x, _) in enumerate(points)
        if number % every == 0
    )
    dots = f'<circle cx="{points[0][0]}" cy="{points[0][1]}" r="5"/>'
    for line, (x, y) in zip(debrief.lines, points[1:], strict=True):
        told = say("end.point", number=line.number, label=how_open(line.after), text=line.text)
        # A wide, invisible ring makes the point easy to hit.
        dots += (
            f'<a href="#turn-{safe(line.turn_id)}" data-act="turn" data-value="{safe(line.turn_id)}" aria-label="{safe(told)}">'
            f'<title>{safe(told)}</title><circle class="ring" cx="{x}" cy="{y}" r="12"/><circle cx="{x}" cy="{y}" r="6"/></a>'
        )
    label = say("end.curve_label", start=how_open(values[0]), end=how_open(values[-1]))
    path = " ".join(f"{x},{y}" for x, y in points)
    height = _y(1) + BOTTOM
    return (
        f'<div class="plot" tabindex="0" role="region" aria-label="{safe(label)}">'
        f'<svg viewBox="0 0 {width} {height}" style="{_size(width)}" role="group" aria-label="{safe(label)}">'
        f'{_levels(width)}{numbers}<polyline points="{path}"/>{dots}</svg></div>'
    )


def openness_table(debrief: Debrief) -> str:
    """Return the same as a table."""
    rows = [("·", safe(say("end.start")), safe(how_open(debrief.start)), "")]
    for line in debrief.lines:
        number = button("turn", str(line.number), line.turn_id, label=say("end.to_line", number=line.number))
        rows.append((number, safe(line.text), safe(how_open(line.after)), safe(line.reason)))
    heads = [say("end.column_line"), say("end.column_said"), say("end.column_after"), say("end.column_why")]
    return _table("lines", say("end.lines"), heads, rows)


def history(told: History) -> str:
    """Return all talks beside each other: how far he opened, and below, for each kind, how many lines were flagged."""
    if len(told.talks) < 2:
        return f'<p class="note">{safe(say("history.too_few"))}</p>'
    talks = told.talks[-TALKS:]
    across = min(MOST_APART, (LEAST - LEFT - RIGHT) / max(1, len(talks) - 1))
    width = max(LEAST, round(LEFT + across * (len(talks) - 1) + RIGHT))
    places = [round(LEFT + across * number, 1) for number in range(len(talks))]
    path = " ".join(f"{x},{_y(talk.reached)}" for x, talk in zip(places, talks, strict=True))
    dots = "".join(f'<circle cx="{x}" cy="{_y(talk.reached)}" r="5"/>' for x, talk in zip(places, talks, strict=True))
    below = _y(1) + 46
    flagged = "".join(_flagged(kind, below + ROW * row, places, talks) for row, kind in enumerate(told.kinds))
    numbers = "".join(
        f'<text class="tick" x="{x}" y="{_y(1) + 24}" text-anchor="middle">{len(told.talks) - len(talks) + number}</text>'
        for number, x in enumerate(places, 1)
    )
    height = below + ROW * len(told.kinds) + 4
    return (
        f'<p class="note">{safe(say("history.hint"))}</p>'
        f'<div class="plot" tabindex="0" role="region" aria-label="{safe(say("history.label"))}">'
        f'<svg viewBox="0 0 {width} {height}" style="{_size(width)}" role="img" aria-label="{safe(say("history.label"))}">'
        f'{_levels(width)}<polyline points="{path}"/>{dots}{numbers}{flagged}</svg></div>'
        f'<details class="twin"><summary>{safe(say("history.table"))}</summary>{_history_table(told)}</details>'
    )


def _flagged(kind: str, y: float, places: Sequence[float], talks: Sequence[Talk]) -> str:
    """Return one row: a ring for each talk with as many lines of this kind written into it, larger for more."""
    rings = ""
    for x, talk in zip(places, talks, strict=True):
        count = talk.flagged.get(kind, 0)
        if not count:
            rings += f'<circle class="none" cx="{x}" cy="{y}" r="2"/>'
            continue
        rings += f'<circle class="count" cx="{x}" cy="{y}" r="{min(15, 9 + 2 * count)}"/>'
        rings += f'<text class="inside" x="{x}" y="{y + 5}" text-anchor="middle">{count}</text>'
    return f'<text class="tick" x="{LEFT - 22}" y="{y + 5}" text-anchor="end">{safe(say(f"kind.{kind}"))}</text>{rings}'


def _history_table(told: History) -> str:
    heads = [say("history.talk"), say("history.reached"), say("history.lines"), say("history.flagged")]
    rows = []
    for number, talk in enumerate(told.talks, 1):
        flagged = ", ".join(f"{count} × {say(f'kind.{kind}')}" for kind, count in talk.flagged.items()) or say("history.nothing")
        title = f"{number}. {safe(talk.title)}, {safe(day(talk.date))}"
        rows.append((title, safe(how_open(talk.reached)), str(talk.lines), safe(flagged)))
    return _table("talks", say("history.table"), heads, rows)


def _table(kind: str, label: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table. It says by roles what it is: a phone lays out its rows otherwise, and some browsers forget it then."""
    head = "".join(f'<th role="columnheader" scope="col">{safe(each)}</th>' for each in heads)
    cells = ("".join(f'<td role="cell">{each}</td>' for each in row) for row in rows)
    body = "".join(f'<tr role="row">{each}</tr>' for each in cells)
    table = (
        f'<table role="table" class="{kind}"><thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{body}</tbody></table>'
    )
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{safe(label)}">{table}</div>'


def _size(width: float) -> str:
    """Let a narrow plot shrink with the page; a wide one is scrolled, so that its words stay readable."""
    return f"width: {width}px; max-width: {'100%' if width <= LEAST else 'none'}"


def _y(value: int) -> int:
    return TOP + STEP * (5 - int(value))


def _levels(width: float) -> str:
    return "".join(
        f'<line class="grid" x1="{LEFT - 12}" x2="{width - 8}" y1="{_y(level)}" y2="{_y(level)}"/>'
        f'<text class="tick" x="{LEFT - 22}" y="{_y(level) + 5}" text-anchor="end">{safe(how_open(level))}</text>'
        for level in Openness
    )
