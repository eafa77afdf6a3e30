"""A rehearsal as Markdown, in which nothing anyone said can become markup."""

import re
from collections.abc import Mapping
from typing import Any

from rehearse.transcripts.talk import Line, Talk, talk

_MARKUP = re.compile(r"([\\`*_\[\]<>&|~$^])")
# A line that begins so would become a heading, a list, a rule or the underline of a heading.
_BEGINNING = re.compile(r"^([#+=:-]|\d+(?=[.)]))")
_ADDRESS = re.compile(r"(?i)(://|\bwww\.|@)")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


def escape(text: str) -> str:
    """Return a text on one line that Markdown shows as it is."""
    text = _MARKUP.sub(r"\\\1", " ".join(_CONTROL.sub("", text).split()))
    text = _BEGINNING.sub(lambda found: f"{found[1]}\\" if found[1].isdigit() else f"\\{found[1]}", text)
    # Many viewers make bare addresses into links; a zero-width space would be copied along, an escape is not.
    return _ADDRESS.sub(lambda found: f"{found[1][:-1]}\\{found[1][-1]}" if found[1][0] in "wW" else f"\\{found[1]}", text)


def to_markdown(document: Mapping[str, Any], labels: Mapping[int, str], *, lang: str = "en") -> str:
    """Return an exported rehearsal as Markdown: the scene, the talk on the screen, then the other tries.

    :param labels: the word for each level of openness.
    :param lang: the language of the words around what was said.
    :raises TranscriptError: if the document is not as it should be.
    """
    shown = talk(document, labels, lang)
    return "\n\n".join(part for part in _parts(shown) if part) + "\n"


def _parts(shown: Talk) -> list[str]:
    words = shown.words
    parts = [f"# {escape(shown.title)}", escape(shown.when)]
    parts += [f"## {words['scene']}", "\n".join(f"- **{name}:** {escape(text)}" for name, text in shown.scene)]
    parts.append(f"## {words['talk']}")
    parts += [_line(line, words) for line in shown.lines] or [words["nothing"]]
    if shown.tries:
        parts.append(f"## {words['tries']}")
    for other in shown.tries:
        parts.append(f"### {escape(other.name)}")
        parts.append(words["after"].format(line=escape(other.after)) if other.after else words["beginning"])
        parts += [_line(line, words) for line in other.lines]
    return [*parts, "---", escape(shown.closing)]


def _line(line: Line, words: Mapping[str, str]) -> str:
    head = f"**{escape(line.who)}** · {escape(line.when)} · {escape(line.openness)}"
    state = f" *({line.state})*" if line.state else ""
    said = "\\\n".join(escape(part) for part in line.text.splitlines() if part.strip())
    parts = [
        f"*{escape(line.voice)}*" if line.voice else "",
        head,
        (said + state).strip(),
        f"*{escape(line.reason)}*" if line.reason.strip() else "",
    ]
    for note in line.notes:
        quote = f"“{escape(note.quote)}” " if note.quote else ""
        parts.append(f"> {quote}{escape(note.why)}".rstrip())
        parts += [f"> - {words['instead'].format(text=escape(text))}" for text in note.instead]
    return _joined([part for part in parts if part])


def _joined(parts: list[str]) -> str:
    """Join by blank lines, but keep the lines of one quotation together."""
    text = ""
    for before, part in zip(["", *parts], parts, strict=False):
        gap = "" if not before else "\n" if before[0] == ">" and part.startswith("> -") else "\n\n"
        text += gap + part
    return text
