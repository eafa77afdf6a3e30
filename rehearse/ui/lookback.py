"""The debrief as HTML: her lines, a plot of his openness with a table beside it, and copies to keep."""

from rehearse import article
from rehearse.debrief import Debrief, Remark
from rehearse.son.levels import levels
from rehearse.turn import Openness
from rehearse.ui.render import safe
from rehearse.ui.words import say

# The plot's own units; it scales with the page.
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 250, 132, 20, 16, 34
FORMATS = ("markdown", "html", "json")


def lookback(debrief: Debrief, rehearsal_id: str) -> str:
    """Return the whole debrief."""
    if not debrief.lines:
        return f'<p class="empty">{safe(debrief.ending)}</p>'
    remarks = "".join(
        _remark(heading, remark)
        for heading, remark in (("end.opened", debrief.opened), ("end.closed", debrief.closed), ("end.next", debrief.next))
    )
    return (
        f'<div class="lookback"><p class="ending">{safe(debrief.ending)}</p>'
        f'<div class="remarks">{remarks}</div>'
        f'<h3>{safe(say("end.curve"))}</h3><div class="curve">{plot(debrief)}{_table(debrief)}</div>'
        f'<h3>{safe(say("end.keep"))}</h3><p class="note">{safe(say("end.kept"))}</p>{copies(rehearsal_id)}</div>'
    )


def copies(rehearsal_id: str) -> str:
    """Return the links that carry a rehearsal out: text, a page to print, and a file to bring back."""
    links = "".join(
        f'<a class="plain" href="/copy/{safe(rehearsal_id)}/{name}" download>{safe(say(f"end.{name}"))}</a>' for name in FORMATS
    )
    return f'<p class="note">{safe(say("end.copies"))}</p><p class="copies">{links}</p>'


def _remark(heading: str, remark: Remark) -> str:
    quote = f"<blockquote>{safe(remark.line.text)}</blockquote>" if remark.line else ""
    practice = ""
    if remark.practice is not None:
        found = article.practice(remark.practice)
        practice = f'<p class="practice">{safe(say("end.practice", number=found.number, section=found.section))}</p>'
    return f'<section class="remark"><h3>{safe(say(heading))}</h3>{quote}<p>{safe(remark.sentence)}</p>{practice}</section>'


def plot(debrief: Debrief) -> str:
    """Return his openness along the talk as an SVG; the table beside it says the same in words."""
    values = [debrief.start, *(line.after for line in debrief.lines)]
    across = (WIDTH - LEFT - RIGHT) / max(1, len(values) - 1)

    def x(number: int) -> float:
        return round(LEFT + across * number, 1)

    def y(value: int) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (5 - value) / 4, 1)

    grid = "".join(
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(level)}" y2="{y(level)}"/>'
        f'<text class="tick" x="{LEFT - 12}" y="{y(level) + 4}" text-anchor="end">{safe(levels()[level].label)}</text>'
        for level in Openness
    )
    # With many lines only some numbers fit under the plot.
    every = max(1, len(values) // 12)
    numbers = "".join(
        f'<text class="tick" x="{x(number)}" y="{HEIGHT - 10}" text-anchor="middle">{number or safe("·")}</text>'
        for number in range(len(values))
        if number % every == 0
    )
    points = " ".join(f"{x(number)},{y(value)}" for number, value in enumerate(values))
    dots = "".join(f'<circle cx="{x(number)}" cy="{y(value)}" r="5"/>' for number, value in enumerate(values))
    label = say("end.curve_label", start=levels()[values[0]].label, end=levels()[values[-1]].label)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{safe(label)}">{grid}{numbers}'
        f'<polyline points="{points}"/>{dots}</svg>'
    )


def _table(debrief: Debrief) -> str:
    head = "".join(f'<th scope="col">{safe(say(f"end.column_{name}"))}</th>' for name in ("line", "said", "after", "why"))
    first = f"<tr><td>·</td><td>{safe(say('end.start'))}</td><td>{safe(levels()[debrief.start].label)}</td><td></td></tr>"
    rows = "".join(
        f"<tr><td>{line.number}</td><td>{safe(line.text)}</td><td>{safe(levels()[line.after].label)}</td><td>{safe(line.reason)}</td></tr>"
        for line in debrief.lines
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{first}{rows}</tbody></table>"
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{safe(say("end.lines"))}">{table}</div>'
