"""The page's own pieces of HTML. Everything a person or a model wrote goes through :func:`safe`."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from rehearse.rehearsal import Rehearsal
from rehearse.scenario import Scenario
from rehearse.tone.report import known_kind, listed
from rehearse.turn import Openness, Turn, voices
from rehearse.ui.words import how_open, say, so_open
from rehearse.voice.choice import words_leave


def safe(text: object) -> str:
    """Return text that shows as it is, in HTML and through Gradio's own templates (which read ``${…}`` and ``{{…}}``)."""
    return escape(str(text), quote=True).replace("$", "&#36;").replace("{", "&#123;").replace("}", "&#125;").replace("`", "&#96;")


def button(action: str, text: str, value: str = "", *, label: str = "", style: str = "link") -> str:
    """Return a button whose click reaches Python as ``{"act": action, "value": value}``."""
    named = f' aria-label="{safe(label)}"' if label else ""
    return (
        f'<button type="button" class="{style}" data-act="{safe(action)}" data-value="{safe(value)}"{named}>{safe(text)}</button>'
    )


def naming(turn_id: str, name: str) -> str:
    """Return a small form that gives a try a name; it reaches Python as ``{"act": "name", "value": id, "text": …}``."""
    label = safe(say("tries.name"))
    return (
        f'<details class="naming"><summary>{label}</summary><form data-act="name" data-value="{safe(turn_id)}">'
        f'<input name="words" type="text" maxlength="120" autocomplete="off" aria-label="{label}" value="{safe(name)}">'
        f'<button class="plain">{safe(say("tries.save"))}</button></form></details>'
    )


def state(what: str, /, **filled: object) -> str:
    """Return in words what is going on: reading, thinking, answering, stopped."""
    return f'<p class="state {safe(what)}">{safe(say(f"state.{what}", **filled))}</p>'


def queue() -> str:
    """Return the place for what is said while a line waits for its turn, with both ways of saying it."""
    words = " ".join(f'data-{name}="{safe(say(f"queue.{name}"))}"' for name in ("next", "later"))
    return f'<p class="queue" role="status" {words}></p>'


# -- the scene --------------------------------------------------------------------------------------------------------------


def cards(found: Sequence[Scenario]) -> str:
    """Return the situations as a list of cards, her own last."""
    listed = [(each.id, each.title, each.teaser) for each in found]
    listed.append(("own", say("scene.own_title"), say("scene.own_teaser")))
    items = "".join(
        f'<li><button type="button" class="card" data-act="scenario" data-value="{safe(id)}">'
        f"<strong>{safe(title)}</strong> <span>{safe(teaser)}</span></button></li>"
        for id, title, teaser in listed
    )
    return f'<ul class="cards">{items}</ul>'


# -- the talk ---------------------------------------------------------------------------------------------------------------


def talk(rehearsal: Rehearsal, *, answering: bool = False) -> str:
    """Return the talk on the screen, with what can be done at each line."""
    saved = rehearsal.saved
    turns = rehearsal.turns
    name = saved.scenario.son.name
    path = _path(turns, saved.leaf_id)
    if not path and not answering:
        return f'<p class="empty">{safe(say("talk.empty"))}</p>'
    changed = voices(path)
    items = [_voice(changed.get(turn.id), name) + _turn(turn, path, turns, name, answering=answering) for turn in path]
    if answering and (not path or path[-1].speaker == "mother"):
        items.append(_typing(name))
    return f'<ol class="talk">{"".join(items)}</ol>'


def _voice(changed: str | None, name: str) -> str:
    """Return what is said where another voice than before speaks for him."""
    return f'<li class="voice">{note(say("voices.from_here", name=name, voice=changed))}</li>' if changed else ""


def _path(turns: Sequence[Turn], leaf_id: str | None) -> list[Turn]:
    by_id = {turn.id: turn for turn in turns}
    found: list[Turn] = []
    while leaf_id is not None:
        found.append(by_id[leaf_id])
        leaf_id = by_id[leaf_id].parent_id
    return found[::-1]


def _typing(name: str) -> str:
    waiting = safe(say("talk.typing", name=name))
    return (
        f'<li class="turn son typing"><p class="head"><span class="who">{safe(name)}</span></p><p class="line">{waiting}</p></li>'
    )


def _turn(turn: Turn, path: Sequence[Turn], turns: Sequence[Turn], name: str, *, answering: bool) -> str:
    last = turn is path[-1]
    if turn.speaker == "son" and not turn.text and answering and last:
        return _typing(name)
    who = say("talk.you") if turn.speaker == "mother" else name
    text = (
        f'<p class="line" lang="en">{safe(turn.text)}</p>'
        if turn.text
        else f'<p class="line quiet">{safe(say("talk.partial_empty" if turn.state == "partial" else "talk.stopped_empty"))}</p>'
    )
    marks = ""
    if turn.speaker == "son":
        marks = f'<span class="level level-{int(turn.openness)}">{safe(how_open(turn.openness))}</span>'
        if turn.state != "complete" and turn.text and not (answering and last):
            marks += f'<span class="mark">{safe(say("talk.stopped" if turn.state == "stopped" else "talk.partial"))}</span>'
    actions = "" if answering else _tries(turn, turns) + _actions(turn, last)
    heard = _heard(turn) if turn.speaker == "mother" else ""
    acts = f'<div class="acts">{actions}</div>' if actions else ""
    head = f'<p class="head"><span class="who">{safe(who)}</span>{marks}</p>'
    return f'<li class="turn {turn.speaker}" id="turn-{safe(turn.id)}">{head}{text}{heard}{acts}</li>'


def _actions(turn: Turn, last: bool) -> str:
    if turn.speaker == "mother":
        unanswered = button("again", say("talk.let_answer")) if last else ""
        return button("back", say("talk.back"), turn.id) + unanswered
    return button("again", say("talk.again")) if last else button("return", say("talk.return"), turn.id)


def _tries(turn: Turn, turns: Sequence[Turn]) -> str:
    tries = [each for each in turns if each.parent_id == turn.parent_id and each.speaker == turn.speaker]
    if len(tries) < 2:
        return ""
    here = [each.id for each in tries].index(turn.id)
    earlier = button("show", "‹", tries[here - 1].id, label=say("talk.earlier"), style="step") if here else ""
    later = button("show", "›", tries[here + 1].id, label=say("talk.later"), style="step") if here + 1 < len(tries) else ""
    name = f" <em>{safe(turn.label)}</em>" if turn.label else ""
    counted = safe(say("talk.try", number=here + 1, count=len(tries)))
    return f'<span class="tries">{earlier}{counted}{name}{later}</span>'


def _heard(turn: Turn) -> str:
    # An imported talk may carry a report of any form: what has no words cannot be shown.
    found = [sentence(each, "check.this") for each in listed(turn.report, "findings") if isinstance(each.get("text"), str)]
    found += [sentence(each, "check.strength") for each in listed(turn.report, "strengths") if isinstance(each.get("text"), str)]
    if not found and not turn.reason:
        return ""
    reason = f'<p class="reason">{safe(turn.reason)}</p>' if turn.reason else ""
    items = f"<ul>{''.join(f'<li>{each}</li>' for each in found)}</ul>" if found else ""
    return f'<details class="heard"><summary>{safe(say("talk.heard"))}</summary>{reason}{items}</details>'


def sentence(found: Mapping[str, Any], words: str) -> str:
    """Return her words that were found, quoted, and what they are."""
    return f"<q>{safe(found['text'])}</q> {safe(what(found, words))}"


def what(found: Mapping[str, Any], words: str) -> str:
    """Return what a finding or strength is, in one short sentence."""
    if found.get("said") is True:
        return say("heeded.stings")
    kind = known_kind(found)
    return say("check.unknown") if kind is None else say(words, label=kind.label)


def gauge(openness: Openness, reason: str = "") -> str:
    """Return how open he is, in words, as five steps, and with why it moved."""
    steps = "".join(f'<span class="step{" on" if each <= openness else ""}"></span>' for each in Openness)
    label = say("openness.gauge", label=how_open(openness), value=int(openness))
    why = f'<p class="reason">{safe(reason)}</p>' if reason else ""
    return (
        f'<div class="gauge"><span class="name">{safe(say("openness.heading"))}</span>'
        f'<span class="steps level-{int(openness)}" role="img" aria-label="{safe(label)}">{steps}</span>'
        f"<strong>{safe(how_open(openness))}</strong><p>{safe(so_open(openness))}</p>{why}</div>"
    )


def about(rehearsal: Rehearsal) -> str:
    """Return the lines over the talk: whom she is practising with, and who really speaks."""
    scenario = rehearsal.scenario
    name = scenario.son.name
    facts = ", ".join(str(each) for each in (scenario.son.age, scenario.son.stage) if each)
    told = [each for each in (scenario.situation, scenario.hope and say("talk.hope", hope=scenario.hope)) if each]
    situation = ""
    if told:
        paragraphs = "".join(f'<p class="situation">{safe(each)}</p>' for each in told)
        situation = f"<details><summary>{safe(say('talk.what_happened'))}</summary>{paragraphs}</details>"
    played = "talk.played_elsewhere" if words_leave() else "talk.played"
    return (
        f"<h2>{safe(say('talk.about', name=name))}</h2>"
        f'<p class="facts">{safe(facts)}</p>{situation}<p class="played">{safe(say(played, name=name))}</p>'
    )


def note(text: str, style: str = "note") -> str:
    """Return one quiet sentence."""
    return f'<p class="{style}">{safe(text)}</p>' if text else ""


def undo(title: str, id: str) -> str:
    """Return the note that a talk is off the shelf, with the ways back and forward."""
    back = button("undo", say("shelf.undo"), id, style="plain")
    now = button("now", say("shelf.now"), id)
    return f'<div class="undo"><p>{safe(say("shelf.leaving", title=title))}</p>{back}{now}</div>'
