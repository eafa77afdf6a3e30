"""A rehearsal as one HTML file: no script, nothing from outside, readable in the dark and on paper."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from rehearse.transcripts.talk import Line, talk

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")

_STYLE = """
:root { color-scheme: light dark; --ink: #26221f; --soft: #655d56; --paper: #fffdfa; --hers: #f3ece4; --his: #e8eef2; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ece7e1; --soft: #b5aca3; --paper: #1c1a18; --hers: #322b25; --his: #232c33; }
}
body { max-width: 42rem; margin: 2rem auto; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 1.05rem/1.55 Georgia, "Times New Roman", serif; overflow-wrap: anywhere; }
h1, h2, h3 { line-height: 1.25; break-after: avoid; }
h2 { margin-top: 2.5rem; }
dt { font-weight: bold; }
dd { margin: 0 0 .6rem; }
article { margin: 1rem 0; padding: .7rem 1rem; border-radius: .6rem; break-inside: avoid; }
.hers { background: var(--hers); margin-left: 2rem; }
.his { background: var(--his); margin-right: 2rem; }
.head, .reason, .after, footer { color: var(--soft); font-size: .88rem; margin: 0; }
.said { margin: .3rem 0; white-space: pre-wrap; }
aside { margin: .5rem 0 0; padding-left: .8rem; border-left: 3px solid var(--soft); color: var(--soft); font-size: .88rem; }
aside p, aside ul { margin: .2rem 0; }
footer { margin-top: 3rem; border-top: 1px solid var(--soft); padding-top: .8rem; }
@media print {
  :root { --ink: #000; --soft: #444; --paper: #fff; --hers: #fff; --his: #fff; }
  body { margin: 0; max-width: none; }
  article { border: 1px solid #999; }
}
""".strip()

# Even if something slipped through, the browser would neither run it nor fetch anything.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def to_html(document: Mapping[str, Any], labels: Mapping[int, str], *, lang: str = "en") -> str:
    """Return an exported rehearsal as one HTML page: the scene, the talk on the screen, then the other tries.

    :param labels: the word for each level of openness.
    :param lang: the language of the words around what was said.
    :raises TranscriptError: if the document is not as it should be.
    """
    shown = talk(document, labels, lang)
    words = {name: _safe(text) for name, text in shown.words.items()}
    title = _safe(shown.title)
    body = [
        f"<header>\n<h1>{title}</h1>\n<p class='after'>{_safe(shown.when)}</p>\n</header>",
        "<main>",
        f"<h2>{words['scene']}</h2>",
        "<dl>",
    ]
    body += [f"<dt>{_safe(name)}</dt><dd dir='auto'>{_safe(text)}</dd>" for name, text in shown.scene]
    body += ["</dl>", f"<h2>{words['talk']}</h2>", _lines(shown.lines, words) or f"<p>{words['nothing']}</p>"]
    if shown.tries:
        body.append(f"<h2>{words['tries']}</h2>")
    for other in shown.tries:
        after = words["after"].format(line=_safe(other.after)) if other.after else words["beginning"]
        heading = f"<h3>{_safe(other.name)}</h3>\n<p class='after' dir='auto'>{after}</p>"
        body.append(f"<section>\n{heading}\n{_lines(other.lines, words)}\n</section>")
    body += ["</main>", f"<footer><p>{_safe(shown.closing)}</p></footer>"]
    return "\n".join(
        [
            "<!doctype html>",
            f"<html lang='{_safe(lang)}'>",
            "<head>",
            "<meta charset='utf-8'>",
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            "<meta name='viewport' content='width=device-width, initial-scale=1'>",
            "<meta name='referrer' content='no-referrer'>",
            f"<title>{title}</title>",
            f"<style>\n{_STYLE}\n</style>",
            "</head>",
            "<body>",
            *body,
            "</body>",
            "</html>",
            "",
        ]
    )


def _safe(text: str) -> str:
    return escape(_CONTROL.sub("", text), quote=True)


def _lines(lines: Sequence[Line], words: Mapping[str, str]) -> str:
    return "\n".join(_line(line, words) for line in lines)


def _line(line: Line, words: Mapping[str, str]) -> str:
    state = f" <em>({_safe(line.state)})</em>" if line.state else ""
    parts = [
        f"<p class='reason'>{_safe(line.voice)}</p>" if line.voice else "",
        f"<article class='{'hers' if line.hers else 'his'}'>",
        f"<p class='head'><strong>{_safe(line.who)}</strong> · <time datetime='{_safe(line.created)}'>{_safe(line.when)}</time>"
        f" · {_safe(line.openness)}</p>",
        f"<p class='said' dir='auto'>{_safe(line.text)}{state}</p>",
    ]
    if line.reason.strip():
        parts.append(f"<p class='reason' dir='auto'>{_safe(line.reason)}</p>")
    for note in line.notes:
        quote = f"“{_safe(note.quote)}” " if note.quote else ""
        parts.append(f"<aside dir='auto'><p>{quote}{_safe(note.why)}</p>")
        if note.instead:
            parts.append(
                "<ul>" + "".join(f"<li>{words['instead'].format(text=_safe(text))}</li>" for text in note.instead) + "</ul>"
            )
        parts.append("</aside>")
    return "\n".join([*parts, "</article>"])
