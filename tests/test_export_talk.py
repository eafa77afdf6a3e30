"""A rehearsal as people read it: Markdown and HTML, in which nothing anyone said becomes markup."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from rehearse.errors import TranscriptError
from rehearse.transcripts import openness_labels, to_html, to_markdown
from rehearse.transcripts.markdown import escape
from rehearse.transcripts.talk import talk

WHEN = "2026-11-22T06:49:46.123+00:00"
LABELS = {1: "Shut", 2: "Guarded", 3: "Wary but listening", 4: "Warming", 5: "Open"}
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=http://evil.example/x.png onerror=alert(1)>",
    "\"><svg onload=alert(1)> ' & &lt;",
    "![x](http://evil.example/x.png)",
    "[x](javascript:alert(1)) <http://evil.example>",
    "# heading\n> quote\n- list\n1. one\n===\n---\n```\ncode\n    indented\n| a | b |",
    "*bold* _it_ `code` ~~gone~~ $x^2$ \\",
    "http://evil.example www.evil.example me@evil.example",
    "line\r\n# after\u2028# more\x0c# more\x00",
]


def turn(name: str, parent: str | None, text: str, speaker: str = "mother", **more: Any) -> dict[str, Any]:
    return {"id": name, "parent": parent, "speaker": speaker, "text": text, "openness": 2, "created": WHEN, **more}


def document(*turns: dict[str, Any], leaf: str | None = None, **more: Any) -> dict[str, Any]:
    scene = {"son": {"name": "Daniel", "age": 24}, "situation": "He moved away.", "hope": "To talk again."}
    base = {
        "format": "rehearse-transcript",
        "version": 1,
        "id": "r",
        "title": "Sunday",
        "scenario": scene,
        "created": WHEN,
        "ended": None,
    }
    return {**base, "leaf": leaf, "turns": list(turns), **more}


def hostile(text: str) -> dict[str, Any]:
    report = {"findings": [{"text": text, "why": text, "suggestions": [{"text": text}]}]}
    scene = {"son": {"name": text[:40].replace("\r", " ") or "x", "stage": text}, "situation": text, "hope": text}
    turns = [
        turn("a", None, text, report=report, reason=text, label=text[:100]),
        turn("b", "a", text, "son", state="stopped"),
        turn("c", "a", text, "son", label=text[:100]),
    ]
    return document(*turns, leaf="b", title=text[:100], scenario=scene)


TREE = document(
    turn(
        "a",
        None,
        "Hello",
        report={"findings": [{"text": "Hello", "why": "It sounds cold.", "suggestions": [{"text": "Hello dear"}]}]},
    ),
    turn("b", "a", "Hi", "son", openness=3),
    turn("c", "b", "You never call", openness=1, reason="He heard blame."),
    turn("d", "c", "Bye", "son", state="partial"),
    turn("e", "b", "I miss you", openness=4, label="The soft way"),
    turn("f", "e", "Oh", "son"),
    turn("g", "e", "Me too", "son", state="stopped"),
    leaf="f",
)


def test_the_words_for_his_openness_come_from_the_data() -> None:
    assert openness_labels() == LABELS


def test_the_screen_comes_first_then_each_other_try_once() -> None:
    shown = talk(TREE, LABELS)
    assert [line.text for line in shown.lines] == ["Hello", "Hi", "I miss you", "Oh"]
    assert [(other.name, other.after, [line.text for line in other.lines]) for other in shown.tries] == [
        ("Try 2", "Daniel: Hi", ["You never call", "Bye"]),
        ("Try 3", "You: I miss you", ["Me too"]),
    ]


def test_a_named_try_and_nothing_on_the_screen() -> None:
    shown = talk({**TREE, "leaf": None}, LABELS)
    assert shown.lines == ()
    assert [other.name for other in shown.tries] == ["Try 1", "The soft way", "Try 3"]
    assert [[line.text for line in other.lines] for other in shown.tries] == [
        ["Hello", "Hi", "You never call", "Bye"],
        ["I miss you", "Oh"],
        ["Me too"],
    ]


def test_what_came_after_the_screen_is_another_try() -> None:
    shown = talk({**TREE, "leaf": "b"}, LABELS)
    assert [line.text for line in shown.lines] == ["Hello", "Hi"]
    assert len(shown.tries) == 3


@pytest.mark.parametrize("render", [to_markdown, to_html])
def test_everything_is_on_the_page_in_its_order(render: Any) -> None:
    page = render(TREE, LABELS)
    expected = [
        "Sunday",
        "2026",
        "He moved away.",
        "To talk again.",
        "You",
        "Hello",
        "It sounds cold.",
        "Hello dear",
        "Wary but listening",
    ]
    expected += [
        "I miss you",
        "Oh",
        "Other tries",
        "You never call",
        "He heard blame.",
        "Bye",
        "broken off",
        "Me too",
        "you stopped him",
    ]
    expected += ["Daniel was played by a language model"]
    place = 0
    for words in expected:
        found = page.find(words, place)
        assert found >= 0, f"“{words}” is missing or out of order"
        place = found


@pytest.mark.parametrize("render", [to_markdown, to_html])
def test_a_document_that_is_not_one_is_refused(render: Any) -> None:
    with pytest.raises(TranscriptError):
        render({**TREE, "version": 7}, LABELS)
    assert "Nothing has been said yet" in render(document(), LABELS)


@pytest.mark.parametrize(
    "report", [{"findings": 3}, {"findings": [3, {}, {"text": 3, "suggestions": 4}, {"why": "w", "suggestions": [None, {}]}]}]
)
def test_a_report_of_another_shape_harms_nothing(report: dict[str, Any]) -> None:
    given = document(turn("a", None, "Hello", report=report), leaf="a")
    assert "Hello" in to_html(given, LABELS) and "Hello" in to_markdown(given, LABELS)


class Reader(HTMLParser):
    """Collects the tags, attributes and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


@pytest.mark.parametrize("text", HOSTILE)
def test_html_shows_what_was_said_and_no_more(text: str) -> None:
    page = read(to_html(hostile(text), LABELS))
    plain = read(to_html(hostile("plain"), LABELS))
    assert page.tags == plain.tags
    assert [name for name, _ in page.attributes] == [name for name, _ in plain.attributes]
    shown = re.sub("[\x00-\x08\x0b-\x1f]", "", text)
    assert page.text.count(shown) >= 3


def test_html_stands_alone() -> None:
    page = to_html(TREE, LABELS, lang="es")
    reader = read(page)
    assert not {"script", "img", "link", "iframe", "a"} & set(reader.tags)
    assert not {"src", "href", "onclick", "style"} & {name for name, _ in reader.attributes}
    assert "url(" not in page and "@import" not in page and "://" not in page
    assert ("lang", "es") in reader.attributes and ("charset", "utf-8") in reader.attributes
    assert "default-src 'none'" in page and "@media print" in page and "prefers-color-scheme: dark" in page


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_shows_what_was_said_and_no_more(text: str) -> None:
    markdown_it = pytest.importorskip("markdown_it")
    reader = markdown_it.MarkdownIt("commonmark").enable("table").enable("strikethrough")
    html = reader.render(to_markdown(hostile(text), LABELS))
    page, plain = read(html), read(reader.render(to_markdown(hostile("plain"), LABELS)))
    assert [tag for tag in page.tags if tag != "br"] == [tag for tag in plain.tags if tag != "br"]
    for line in re.sub("[\x00-\x08\x0b-\x1f\u2028]", "\n", text).splitlines():
        assert " ".join(line.split()) in " ".join(page.text.split())


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("# a", "\\# a"),
        ("1. a", "1\\. a"),
        ("2026 was 1. b", "2026 was 1. b"),
        ("- a - b", "\\- a - b"),
        ("    code", "code"),
        ("a *b* [c](d) <e> `f`", "a \\*b\\* \\[c\\](d) \\<e\\> \\`f\\`"),
        ("https://x.example", "https\\://x.example"),
        ("www.x.example", "www\\.x.example"),
        ("It's 5 o'clock, dear!", "It's 5 o'clock, dear!"),
    ],
)
def test_only_what_would_be_markup_is_escaped(text: str, escaped: str) -> None:
    assert escape(text) == escaped
