"""Labelled lines as sentences: what the check's reader learns from and is measured on."""

from argparse import ArgumentParser
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearse import article, kinds, settings
from rehearse.lab import corpus
from rehearse.tone.heard import HIM, Heard
from rehearse.tone.sentences import sentences


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled sentence. ``kinds`` is empty where only the flag is known; ``spans`` are offsets into the sentence.

    ``group`` is shared by examples that differ in how they land and in little else: the two of a minimal pair, or a line and
    its gentler wording.
    """

    id: str
    heard: Heard
    flag: bool
    kinds: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    group: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One labelled message of hers, whole, with what he said before it (empty if nothing)."""

    id: str
    text: str
    before: str
    flag: bool
    kinds: tuple[str, ...]
    spans: tuple[str, ...]
    pair: str
    gentler: str


def files(part: str) -> list[Path]:
    """Return the writers' files of one part: ``train``, ``development`` or ``test``, as ``models/tone/parts.toml`` has them."""
    from rehearse import data

    folder = settings.models_folder()
    held = data.read_toml(folder / "tone" / "parts.toml")
    every = sorted((folder / "tone" / "lines").glob("*.jsonl")) + sorted((folder / "son" / "dialogues").glob("*.jsonl"))
    return corpus.of_part(every, {name: held[name] for name in ("development", "test")}, part)


def line_files(part: str) -> list[Path]:
    """Return the files of one part that hold single lines, without the dialogues."""
    return [path for path in files(part) if path.parent.name == "lines"]


def messages(paths: Iterable[Path]) -> list[Message]:
    """Return her labelled messages: single lines, and her lines in dialogues after his last answer."""
    found = []
    for path in paths:
        for number, row in enumerate(corpus.read(path), 1):
            if "turns" in row:
                found += _from_dialogue({"id": number, **row})
            elif "text" in row and "flag" in row:
                found.append(_message(str(row.get("id", number)), row, row["text"], row.get("before", ""), row.get("spans", [])))
    return found


def learnt(new: Collection[str] = (), rest: int = 1) -> list[Message]:
    """Return the messages to learn from: those of some writers whole, and every ``rest``-th of all others, so that a pass that
    teaches what is new keeps what was known.

    :param new: files by their stem.
    """
    found: list[Message] = []
    for path in files("train"):
        found += messages([path])[:: 1 if path.stem in new else rest]
    return found


def ask_for(parser: ArgumentParser) -> None:
    """Let a training be told what :func:`learnt` asks for."""
    parser.add_argument("--new", nargs="+", default=[], help="writers to learn from whole, where --rest thins the others")
    parser.add_argument("--rest", type=int, default=1, help="of the messages of all other writers take every n-th")


def _message(name: str, row: dict[str, Any], text: str, before: str, spans: list[str]) -> Message:
    return Message(
        name, text, before, row["flag"], tuple(row.get("kinds", ())), tuple(spans), row.get("pair", ""), row.get("gentler") or ""
    )


def _from_dialogue(row: dict[str, Any]) -> list[Message]:
    found, before = [], ""
    for number, turn in enumerate(row["turns"], 1):
        found.append(_message(f"{row['id']}/{number}", turn, turn["mother"], before, []))
        if "door" in turn:
            found.append(_message(f"{row['id']}/{number}b", turn["door"], turn["door"]["mother"], before, []))
        before = turn["son"]
    return found


def his(line: str) -> str:
    """Return a line of his as the reader is given it."""
    return f"{HIM}{line}" if line else ""


def examples(found: Iterable[Message]) -> list[Example]:
    """Cut messages into labelled sentences.

    A message with spans flags the sentences that a span touches. A flagged message of several sentences without spans (her
    lines in the dialogues) tells of no single sentence, so it is kept whole. Kinds are kept only where they belong to one
    sentence beyond doubt.
    """
    made = []
    for message in found:
        cut = sentences(message.text)
        if not cut:
            continue
        group = message.pair or message.id
        if message.flag and len(cut) > 1 and not message.spans:
            made.append(Example(message.id, Heard(message.text, his(message.before)), True, message.kinds, (), group))
            continue
        where = [(message.text.find(span), message.text.find(span) + len(span)) for span in message.spans]
        touched = [
            [
                (max(a, each.start) - each.start, min(b, each.end) - each.start)
                for a, b in where
                if a < each.end and b > each.start
            ]
            for each in cut
        ]
        flagged = sum(bool(spans) for spans in touched)
        before = his(message.before)
        for each, spans in zip(cut, touched, strict=True):
            flag = message.flag and (len(cut) == 1 or bool(spans))
            known = len(cut) == 1 or (flag and flagged == 1)
            labels = message.kinds if known else ()
            made.append(Example(message.id, Heard(each.text, before), flag, labels, tuple(spans) if flag else (), group))
            before = each.text
    return made


def gentler_examples(found: Iterable[Message]) -> list[Example]:
    """Return the sentences of the hand-written gentler wordings: the same concern as a flagged line, and not flagged."""
    made = []
    for message in found:
        before = his(message.before)
        for each in sentences(message.gentler) if message.flag else ():
            made.append(Example(f"{message.id}/gentler", Heard(each.text, before), False, (), (), message.pair or message.id))
            before = each.text
    return made


def whole_examples(found: Iterable[Message]) -> list[Example]:
    """Return messages of several sentences uncut: what none of the sentences says alone, all of them together may."""
    return [
        Example(f"{each.id}/whole", Heard(each.text, his(each.before)), each.flag, (), (), each.pair or each.id)
        for each in found
        if each.spans or not each.flag
        if len(sentences(each.text)) > 1
    ]


def article_examples() -> list[Example]:
    """Return the article's own phrases: those it offers, not flagged, and those it warns against, flagged."""
    made = []
    for practice in article.practices():
        for offer in practice.offers:
            kinds_of_it = tuple(kind for kind in offer.kinds if kind in kinds.gentle_kinds())
            made += [
                Example(f"article/{practice.number}", Heard(each.text), False, kinds_of_it, ()) for each in sentences(offer.text)
            ]
        made += [
            Example(f"article/{practice.number}", Heard(warned.text), True, (warned.kind,), ((0, len(warned.text)),))
            for warned in practice.warns
        ]
    return made
