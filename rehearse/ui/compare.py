"""Two tries of the same situation side by side: what she said each time, and where he was after it."""

from collections.abc import Sequence
from itertools import zip_longest

from rehearse.kinds import kinds
from rehearse.tone.report import entries
from rehearse.transcripts import Saved, Transcripts
from rehearse.turn import Turn
from rehearse.ui.render import button, safe
from rehearse.ui.room import LATEST, Room
from rehearse.ui.words import day, how_open, say

# A list longer than this is not read.
MOST = 24
EXCERPT = 70


def ends(turns: Sequence[Turn]) -> list[Turn]:
    """Return where each try of a rehearsal ends, newest first."""
    parents = {turn.parent_id for turn in turns}
    return [turn for turn in reversed(turns) if turn.id not in parents]


def choices(room: Room, id: str) -> str:
    """Return what a rehearsal on the shelf can be compared with: its own other tries, and those of the same situation."""
    transcripts = room.parts.transcripts
    chosen = transcripts.get(id)
    if chosen.leaf_id is None:
        return f'<p class="note">{safe(say("compare.empty"))}</p>'
    same = [id, *(each.id for each in room.shelf(most=LATEST) if each.id != id and _same(transcripts.get(each.id), chosen))]
    offered = [
        (one, end)
        for one in same
        for end in ends(transcripts.turns(one))
        if (one, end.id) != (id, chosen.leaf_id) and end.openness
    ][:MOST]
    heading = f"<h3>{safe(say('compare.heading', title=chosen.title))}</h3>"
    if not offered:
        return (
            f'{heading}<p class="note">{safe(say("compare.none"))}</p>{button("uncompare", say("compare.close"), style="plain")}'
        )
    items = "".join(
        f"<li>{button('beside', _named(transcripts, one, end), f'{id} {chosen.leaf_id} {one} {end.id}')}</li>"
        for one, end in offered
    )
    close = button("uncompare", say("compare.close"), style="plain")
    return f'{heading}<p class="note">{safe(say("compare.choose"))}</p><ul class="offered">{items}</ul>{close}'


def _same(one: Saved, other: Saved) -> bool:
    if one.scenario.id != other.scenario.id:
        return False
    return one.scenario.id != "own" or one.scenario.son.name == other.scenario.son.name


def _named(transcripts: Transcripts, id: str, end: Turn) -> str:
    """Return a name for a try: its title, what she called it or said first, and where he was at its end."""
    saved = transcripts.get(id)
    hers = [turn for turn in transcripts.path(id, end.id) if turn.speaker == "mother"]
    named = next((turn.label for turn in reversed(transcripts.path(id, end.id)) if turn.label), "")
    words = named or (hers[-1].text if hers else "")
    words = words if len(words) <= EXCERPT else words[: EXCERPT - 1].rstrip() + "…"
    return say("compare.named", title=saved.title, date=day(saved.touched), words=words, openness=how_open(end.openness))


def side_by_side(transcripts: Transcripts, asked: str) -> str:
    """Return two tries beside each other, line by line of hers.

    :param asked: rehearsal and last turn of the one, then of the other, with spaces between.
    :raises NotFound: if one of them is no longer there.
    """
    first, first_end, second, second_end = (asked.split() + [""] * 4)[:4]
    pairs = ((first, first_end), (second, second_end))
    heads, columns = [], []
    for number, (id, end) in enumerate(pairs, 1):
        path = transcripts.path(id, end)
        heads.append(f"<h4>{number}. {safe(_named(transcripts, id, path[-1]))}</h4>" if path else "")
        columns.append(_exchanges(path))
    name = transcripts.get(first).scenario.son.name
    rows = "".join(
        f'<div class="pair">{_side(one, name, 1)}{_side(other, name, 2)}</div>'
        for one, other in zip_longest(*columns, fillvalue=[])
    )
    return (
        f'<section class="compared" aria-label="{safe(say("compare.label"))}">'
        f'<div class="pair">{"".join(f"<div>{head}</div>" for head in heads)}</div>{rows}'
        f"{button('uncompare', say('compare.close'), style='plain')}</section>"
    )


def _exchanges(path: Sequence[Turn]) -> list[list[Turn]]:
    """Return the talk cut before each line of hers."""
    found: list[list[Turn]] = []
    for turn in path:
        if turn.speaker == "mother" or not found:
            found.append([])
        found[-1].append(turn)
    return found


def _side(turns: Sequence[Turn], name: str, number: int) -> str:
    """Return what was said in one try, each line with its number: on a phone the two stand in one column."""
    return f"<div>{''.join(_said(turn, name, number) for turn in turns)}</div>"


def _said(turn: Turn, name: str, number: int) -> str:
    who = say("talk.you") if turn.speaker == "mother" else name
    if turn.speaker == "mother":
        found = [kinds()[kind].label for kind, _ in entries(turn.report, "findings")]
        found += [kinds()[kind].label for kind, _ in entries(turn.report, "strengths")]
        told = "".join(f'<p class="facts">{safe(say("check.this", label=label))}</p>' for label in found)
    else:
        told = f'<p class="facts">{safe(how_open(turn.openness))}</p>'
    head = f'<p class="head"><span class="who">{safe(who)}</span> <span class="level">{number}</span></p>'
    return f'<div class="turn {turn.speaker}">{head}<p class="line">{safe(turn.text)}</p>{told}</div>'
