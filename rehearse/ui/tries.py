"""Her tries: every way she has said something in this talk, as a small tree with names."""

from collections.abc import Sequence

from rehearse.rehearsal import Rehearsal
from rehearse.turn import Turn
from rehearse.ui.render import button, naming, safe
from rehearse.ui.words import how_open, say

# Enough of a line to know it again.
EXCERPT = 60


def tree(rehearsal: Rehearsal) -> str:
    """Return the tries of a rehearsal as a nested list; empty while there is only one way through it."""
    turns = rehearsal.turns
    shown = {turn.id for turn in rehearsal.path}
    count = sum(len(each) for each in _branches(turns))
    if not count:
        return ""
    return (
        f'<details class="tree"><summary>{safe(say("tries.heading", count=count))}</summary>'
        f'<p class="note">{safe(say("tries.hint"))}</p>{_below(None, turns, shown)}</details>'
    )


def _branches(turns: Sequence[Turn]) -> list[list[Turn]]:
    """Return the groups of turns said at the same moment, where there is more than one."""
    groups: dict[tuple[str | None, str], list[Turn]] = {}
    for turn in turns:
        groups.setdefault((turn.parent_id, turn.speaker), []).append(turn)
    return [group for group in groups.values() if len(group) > 1]


def _below(parent_id: str | None, turns: Sequence[Turn], shown: set[str]) -> str:
    """Return the tries that begin after a turn; a stretch without any is passed over to the next that has some."""
    following = [turn for turn in turns if turn.parent_id == parent_id]
    if len(following) == 1:
        return _below(following[0].id, turns, shown)
    items = "".join(f"<li>{_try(turn, turns, shown)}{_below(turn.id, turns, shown)}</li>" for turn in following)
    return f"<ul>{items}</ul>" if items else ""


def _try(turn: Turn, turns: Sequence[Turn], shown: set[str]) -> str:
    words = turn.text if len(turn.text) <= EXCERPT else turn.text[: EXCERPT - 1].rstrip() + "…"
    here = turn.id in shown
    title = f"{turn.label}: {words}" if turn.label else words or say("talk.stopped_empty")
    current = ' aria-current="true"' if here else ""
    facts = say("tries.facts", count=_length(turn, turns), openness=how_open(_last(turn, turns).openness))
    mark = f' <span class="mark">{safe(say("tries.here"))}</span>' if here else ""
    return (
        f'<div class="try"{current}>{button("show", title, turn.id, label=say("tries.show", title=title))}{mark}'
        f'<span class="facts">{safe(facts)}</span>{naming(turn.id, turn.label)}</div>'
    )


def _last(turn: Turn, turns: Sequence[Turn]) -> Turn:
    """Return where this try has got to: the newest of what followed."""
    while following := [each for each in turns if each.parent_id == turn.id]:
        turn = following[-1]
    return turn


def _length(turn: Turn, turns: Sequence[Turn]) -> int:
    count = 1
    while following := [each for each in turns if each.parent_id == turn.id]:
        turn = following[-1]
        count += 1
    return count
