"""Measuring the rewording on lines that writers it never learnt from labelled as blaming, and reworded by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearse.lab import lines
from rehearse.lab.evaluation import NoData, Result
from rehearse.lab.lines import Message
from rehearse.tone import ToneCheck
from rehearse.tone.report import Suggestion
from rehearse.tone.reword import Rewriter

LINES = 60
LEAST_SUGGESTIONS = 2


@dataclass(frozen=True, slots=True)
class Reworded:
    """What was offered for one line. ``kept`` is whether the best wording of her own is at least as near to the one
    written by hand as her line was; ``None`` if none was offered.
    """

    passing: int
    own: int
    bad: int
    kept: bool | None


def measure(
    data: list[Path] | None = None, check: ToneCheck | None = None, rewriter: Rewriter | None = None, *, most: int = LINES
) -> list[Result]:
    """Return the figures of the rewording.

    :param data: labelled files; the held-out test writers if left out.
    :param check: the check that lets wordings through; loaded if left out.
    :param rewriter: what rewords her own line; the embedded voice if left out.
    :param most: how many lines are reworded.
    :raises NoData: if the files hold no flagged line that was reworded by hand.
    """
    every = [each for each in lines.messages(data if data is not None else lines.files("test")) if each.flag and each.gentler]
    if not every:
        raise NoData("There is no line reworded by hand to measure on.", "Give a file with --data.")
    chosen = every[:: max(1, len(every) // max(1, most))][:most]
    tone = check or ToneCheck.load()
    if rewriter is not None:
        return results([reworded(each, tone, rewriter) for each in chosen])
    from rehearse.son.rewriter import VoiceRewriter
    from rehearse.voice.choice import open_voice

    voice = open_voice("embedded")
    try:
        return results([reworded(each, tone, VoiceRewriter(voice)) for each in chosen])
    finally:
        voice.close()


def reworded(message: Message, tone: ToneCheck, rewriter: Rewriter) -> Reworded:
    """Reword one line and judge what was offered."""
    offered = tone.reword(message.text, rewriter)
    passing = [each for each in offered if each.text.strip() and tone.reworder.passes(each.text)]
    own = [each for each in passing if each.source == "reworded"]
    bad = [each for each in offered if each not in passing or _same(each.text, message.text)]
    return Reworded(len(passing), len(own), len(bad), _kept(message, own, tone))


def _kept(message: Message, own: Sequence[Suggestion], tone: ToneCheck) -> bool | None:
    """Whether the best of her own rewordings means at least as nearly what the hand-written one means as her line did."""
    if not own:
        return None
    vectors = tone.reworder.embedder.encode([message.gentler, message.text, *(each.text for each in own)])
    nearness = vectors[1:] @ vectors[0]
    return bool(nearness[1:].max() >= nearness[0])


def _same(one: str, other: str) -> bool:
    return " ".join(one.lower().split()) == " ".join(other.lower().split())


def results(found: Sequence[Reworded]) -> list[Result]:
    """Return the figures of what was offered."""
    kept = [each.kept for each in found if each.kept is not None]
    return [
        Result("lines", len(found)),
        Result("at least two suggestions that pass the check", _share([each.passing >= LEAST_SUGGESTIONS for each in found])),
        Result("a rewording of her own that passes", _share([each.own > 0 for each in found])),
        Result("her own rewording as near to the hand-written one as her line", _share(kept)),
        Result("suggestions flagged, empty or the same", sum(each.bad for each in found), bar=0, lower_is_better=True),
    ]


def _share(hits: Sequence[bool]) -> float:
    return round(sum(hits) / len(hits), 4) if hits else 0.0
