"""The list of rehearsals: newest first, and found by their words."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearse.scenario import Scenario, Son
from rehearse.transcripts import Transcripts
from rehearse.transcripts.search import cut_around
from rehearse.turn import Openness, Turn


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Transcripts]:
    with Transcripts(tmp_path / "home" / "rehearsals.db") as opened:
        yield opened


@pytest.fixture(scope="module")
def found_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Transcripts]:
    with Transcripts(tmp_path_factory.mktemp("list") / "home" / "rehearsals.db") as opened:
        talk(opened, "by title garden", "hello")
        talk(opened, "by son", "How is work?", son="José")
        talk(opened, "by situation", "hello", situation="He left in Spring.")
        talk(opened, "by turn", "hello", "In the Straße it was 50% a_b “quoted”")
        yield opened


def talk(store: Transcripts, title: str, *texts: str, son: str = "Daniel", situation: str = "") -> str:
    rehearsal = store.create(Scenario(Son(son), situation, openness=Openness.SHUT), title).id
    for text in texts:
        store.append(rehearsal, Turn("mother", text, Openness.WARMING))
    return rehearsal


def titles(store: Transcripts, query: str = "", **page: int) -> list[str]:
    return [summary.title for summary in store.list(query, **page)]


def test_newest_touched_first(store: Transcripts) -> None:
    one, two, three = (talk(store, title) for title in ("one", "two", "three"))
    assert titles(store) == ["three", "two", "one"]
    store.append(one, Turn("mother", "again", Openness.WARY))
    assert titles(store) == ["one", "three", "two"]
    store.rename(two, "second")
    store.end(three)
    assert titles(store) == ["three", "second", "one"]
    store.select(one, None)
    assert titles(store) == ["three", "second", "one"]


def test_a_finished_answer_touches(store: Transcripts) -> None:
    one = talk(store, "one")
    store.append(one, Turn("son", "", Openness.WARY, state="partial", id="his"))
    talk(store, "two")
    store.finish("his", "x", "complete")
    assert titles(store) == ["one", "two"]


def test_what_a_line_of_the_list_says(store: Transcripts) -> None:
    rehearsal = talk(store, "Sunday", son="Ben")
    (summary,) = store.list()
    assert (summary.title, summary.son, summary.turns, summary.ended, summary.excerpt) == ("Sunday", "Ben", 0, None, "")
    assert summary.openness is Openness.SHUT
    store.append(rehearsal, Turn("mother", "x", Openness.OPEN))
    store.append(rehearsal, Turn("mother", "y", Openness.WARY), select=False)
    store.end(rehearsal)
    (summary,) = store.list()
    saved = store.get(rehearsal)
    assert (summary.turns, summary.openness, summary.ended) == (2, Openness.OPEN, saved.ended)
    assert (summary.created, summary.touched) == (saved.created, saved.touched)


def test_pages(store: Transcripts) -> None:
    for number in range(5):
        talk(store, str(number))
    assert titles(store, limit=2) == ["4", "3"]
    assert titles(store, limit=2, offset=3) == ["1", "0"]
    assert titles(store, limit=-1) == []
    assert store.count() == 5


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("garden", ["by title"]),
        ("JOSÉ", ["by son"]),
        ("jose", ["by son"]),
        ("spring", ["by situation"]),
        ("straße", ["by turn"]),
        ("STRASSE", ["by turn"]),
        ("50%", ["by turn"]),
        ("a_b", ["by turn"]),
        ("%", ["by turn"]),
        ("“quoted”", ["by turn"]),
        ("' OR 1=1 --", []),
        ("jose work", ["by son"]),
        ("jose garden", []),
        ("nothing", []),
        ("\u0301", ["by turn", "by situation", "by son", "by title"]),
        ("   ", ["by turn", "by situation", "by son", "by title"]),
    ],
)
def test_found_by_words(found_in: Transcripts, query: str, found: list[str]) -> None:
    assert [title.removesuffix(" garden") for title in titles(found_in, query)] == found
    assert found_in.count(query) == len(found)


def test_the_excerpt_shows_the_place(store: Transcripts) -> None:
    talk(store, "one", "nothing here", "x " * 100 + "the\nGarden gate" + " y" * 100)
    (summary,) = store.list("garden")
    assert "the Garden gate" in summary.excerpt
    assert summary.excerpt.startswith("…") and summary.excerpt.endswith("…")
    assert len(summary.excerpt) < 160
    assert store.list("one")[0].excerpt == "one"


@pytest.mark.parametrize("before", ["", "ß" * 200, "é" * 200, "e\u0301" * 200, "ﬃ" * 200, "İ" * 200])
def test_the_excerpt_is_right_where_folding_changes_lengths(before: str) -> None:
    assert "Garden" in cut_around(before + " Garden " + "z" * 200, "garden")


def test_thousands_of_turns_are_searched_quickly(store: Transcripts) -> None:
    document = store.export(talk(store, "long"))
    one = {
        "speaker": "mother",
        "openness": 2,
        "created": document["created"],
        "text": "I wonder how your week has been, and your work. ",
    }
    document["turns"] = [{**one, "id": f"t{number}"} for number in range(5000)]
    store.import_(document)
    start = time.perf_counter()
    assert store.count("needle") == 0
    assert time.perf_counter() - start < 0.5


def test_the_first_page_sorts_nothing(store: Transcripts) -> None:
    """However many there are: the list is read in the order of an index, and ends with the page."""
    with store._database.reading() as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM rehearsal WHERE 1 ORDER BY pinned DESC, touched DESC, touch DESC LIMIT 100"
        ).fetchall()
    (step,) = plan  # older versions of SQLite say "SCAN TABLE"
    assert step["detail"].endswith("USING INDEX rehearsal_listed")


def test_one_that_leaves_no_trace_is_pinned_without_one(store: Transcripts) -> None:
    unwritten = store.create(Scenario(Son("Ben")), written=False).id
    store.pin(unwritten, True)
    assert store.list() == []
