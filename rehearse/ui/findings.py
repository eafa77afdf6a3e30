"""What the check says of a draft: underlines for the draft itself, and a panel that explains one finding at a time."""

import json
from collections.abc import Mapping
from typing import Any

from rehearse import article, settings
from rehearse.tone.difference import Piece, difference
from rehearse.tone.sentences import sentence_at, sentences
from rehearse.ui import heeded
from rehearse.ui.render import button, note, safe, sentence, what
from rehearse.ui.words import say

_TAGS = {"kept": "span", "left": "del", "new": "ins"}


def findings(report: Mapping[str, Any], *, held: bool = False, asks: bool = True, here: str = "", back: bool = False) -> str:
    """Return the panel for a report in its plain form; the page's script draws the underlines from what it carries.

    :param held: whether her line waits because of what was found.
    :param asks: whether she may say of a sentence that it is fine, or that it stings.
    :param here: the sentence of which she has just said so.
    :param back: whether she has just taken something back.
    """
    if not report["text"].strip():
        return ""
    cards = "".join(_finding(index, each, report, asks, here) for index, each in enumerate(report["findings"]))
    strengths = "".join(f'<li class="strength">{sentence(each, "check.strength")}</li>' for each in report["strengths"])
    listed = f'<ul class="strengths">{strengths}</ul>' if strengths else ""
    told = heeded.let_through(report, here) + (heeded.stings(report) if asks else "")
    state = "flagged" if report["findings"] else "clear"
    marks = [[each["start"], each["end"], index, "finding"] for index, each in enumerate(report["findings"])]
    marks += [[each["start"], each["end"], -1, "strength"] for each in report["strengths"]]
    arrived = ' tabindex="-1" data-here' if back else ""
    return (
        f'<div class="report {state}" data-text="{safe(report["text"])}" data-marks="{safe(json.dumps(marks))}">'
        f'<p class="summary" id="check-summary"{arrived}>{safe(summary(report, held=held))}</p>'
        f"{_in_english(report)}{_steps(len(report['findings']))}{cards}{listed}{told}</div>"
    )


def summary(report: Mapping[str, Any], *, held: bool = False) -> str:
    """Return in one sentence what the check says of a draft."""
    count = len(report["findings"])
    words = say("check.clear") if not count else say("check.one") if count == 1 else say("check.many", count=count)
    return say("check.hold", summary=words) if held else words


def plain(report: Mapping[str, Any]) -> str:
    """Return what the check says of a message that is not part of a talk: every finding at once, nothing to take."""
    found = "".join(f"<li>{sentence(each, 'check.this')} {safe(each['why'])}</li>" for each in report["findings"])
    strengths = "".join(f'<li class="strength">{sentence(each, "check.strength")}</li>' for each in report["strengths"])
    listed = f"<ul>{found}</ul>" if found else ""
    good = f'<ul class="strengths">{strengths}</ul>' if strengths else ""
    return f'<div class="report"><p class="summary">{safe(summary(report))}</p>{_in_english(report)}{listed}{good}</div>'


def _in_english(report: Mapping[str, Any]) -> str:
    """Return the word that what follows is English, where the page is not."""
    explains = report["findings"] or report["strengths"]
    return note(say("language.check"), "quiet") if explains and settings.language() != "en" else ""


def _steps(count: int) -> str:
    """Return the buttons that lead from one finding to the next; moving there is the page's script's."""
    if count < 2:
        return ""
    before, after = (
        f'<button type="button" class="step" data-look="{way}" aria-label="{safe(label)}">{sign}</button>'
        for way, label, sign in ((-1, say("check.before"), "‹"), (1, say("check.after"), "›"))
    )
    return f'<p class="steps">{before}<span class="where">{safe(say("check.where", number=1, count=count))}</span>{after}</p>'


def _finding(index: int, found: Mapping[str, Any], report: Mapping[str, Any], asks: bool, here: str) -> str:
    held = sentence_at(report["text"], found["start"])
    hers = held.text if held else found["text"]
    wordings = "".join(f"<li>{_wording(index, each, hers)}</li>" for each in found["suggestions"])
    offered = f'<p class="instead">{safe(say("check.instead"))}</p><ul class="wordings">{wordings}</ul>' if wordings else ""
    # With nothing else in the draft there would be nothing left to say.
    leave = button("leave", say("check.leave"), str(index), style="plain") if len(sentences(report["text"])) > 1 else ""
    where = say("check.where", number=index + 1, count=len(report["findings"]))
    told = heeded.stung(report, found["start"])
    if told is not None:
        # She said so, and not the check: it cannot tell which practice this is about.
        foot = f'<p class="own">{heeded.back(told["number"], hers, about=f"why-{index}", here=hers == here)}</p>'
    else:
        practice = article.practice(found["practice"])
        foot = f'<p class="practice">{safe(say("check.practice", number=practice.number, short=practice.short))}</p>'
        foot += heeded.fine(hers) if asks else ""
    return (
        f'<section class="finding" data-finding="{index}" data-where="{safe(where)}"{" hidden" if index else ""}>'
        f"<p><mark>{safe(found['text'])}</mark> <strong>{safe(what(found, 'check.this'))}</strong></p>"
        f'<p class="why" id="why-{index}">{safe(found["why"])}</p>{offered}{leave}{foot}</section>'
    )


def _wording(index: int, offered: Mapping[str, Any], hers: str) -> str:
    """Return one wording to take, with what it changes in her sentence where the two have enough in common to see it."""
    source = say("check.source_" + offered["source"])
    changed = difference(hers, offered["text"])
    shown = " ".join(_piece(each) for each in changed) if changed else safe(offered["text"])
    # The name is the wording and nothing else: struck-out words read aloud would say the opposite.
    return (
        f'<button type="button" class="wording" data-act="take" data-value="{index}" data-text="{safe(offered["text"])}" '
        f'aria-label="{safe(say("check.take", text=offered["text"], source=source))}"><span class="words">{shown}</span>'
        f'<span class="source">{safe(source)}</span></button>'
    )


def _piece(piece: Piece) -> str:
    tag = _TAGS[piece.change]
    return f"<{tag}>{safe(piece.text)}</{tag}>"
