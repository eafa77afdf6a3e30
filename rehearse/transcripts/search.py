"""Finding rehearsals by their words.

A scan, not a full-text index. SQLite's FTS5 keeps deleted words in its index until a whole segment is merged, and the
options that would remove them need SQLite 3.42 or newer, which many systems do not have yet. A scan of 300,000 turns takes
about a third of a second for each word, hers are a few thousand, and nothing has to be kept in step or erased twice. It
also ignores case and accents in every language; ``LIKE`` ignores case in ASCII only.
"""

import sqlite3
import unicodedata
from functools import lru_cache

from rehearse.scenario import Scenario
from rehearse.transcripts.record import Summary
from rehearse.transcripts.rows import scenario_from

# More words than this narrow nothing any further.
_MOST_WORDS = 8
_AROUND = 60


def fold(text: str) -> str:
    """Return the text without differences of case and accents."""
    folded = text.casefold()
    if folded.isascii():
        return folded
    return "".join(mark for mark in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(mark))


def holds(text: str, word: str) -> bool:
    """Return whether a text holds a word that is already folded; registered as a function of SQL."""
    return word in fold(text)


@lru_cache(maxsize=64)
def _words(query: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fold(query).split()))[:_MOST_WORDS]


def _condition(words: tuple[str, ...]) -> str:
    # Each word may be found in another place: “Daniel job” finds the talk with Daniel in which a job came up.
    if not words:
        return "1"
    return " AND ".join(
        f"""(id IN (SELECT rehearsal_id FROM turn WHERE holds(text, ?{number}))
            OR holds(title, ?{number}) OR holds(son, ?{number}) OR holds(situation, ?{number}))"""
        for number in range(1, len(words) + 1)
    )


def count(connection: sqlite3.Connection, query: str) -> int:
    """Return how many rehearsals hold every word of the query."""
    words = _words(query)
    (found,) = connection.execute(f"SELECT count(*) FROM rehearsal WHERE {_condition(words)}", words).fetchone()
    return int(found)


def summaries(connection: sqlite3.Connection, query: str, limit: int, offset: int) -> list[Summary]:
    """Return the rehearsals that hold every word of the query, newest touched first."""
    words = _words(query)
    page = (*words, max(0, limit), max(0, offset))
    rows = connection.execute(
        f"""
        SELECT *, (SELECT count(*) FROM turn WHERE rehearsal_id = rehearsal.id) AS turns,
            (SELECT openness FROM turn WHERE id = rehearsal.leaf_id) AS openness
        FROM rehearsal WHERE {_condition(words)}
        ORDER BY touched DESC, touch DESC LIMIT ?{len(words) + 1} OFFSET ?{len(words) + 2}
        """,
        page,
    ).fetchall()
    return [_summary(connection, row, words) for row in rows]


def _summary(connection: sqlite3.Connection, row: sqlite3.Row, words: tuple[str, ...]) -> Summary:
    scenario: Scenario = scenario_from(row["scenario"])
    return Summary(
        id=row["id"],
        title=row["title"],
        son=row["son"],
        created=row["created"],
        touched=row["touched"],
        turns=row["turns"],
        ended=row["ended"],
        openness=type(scenario.openness)(row["openness"] or scenario.openness),
        excerpt=_excerpt(connection, row, words),
    )


def _excerpt(connection: sqlite3.Connection, row: sqlite3.Row, words: tuple[str, ...]) -> str:
    for word in words:
        found = connection.execute(
            "SELECT text FROM turn WHERE rehearsal_id = ? AND holds(text, ?) ORDER BY seq LIMIT 1", (row["id"], word)
        ).fetchone()
        if found:
            return cut_around(found["text"], word)
    for word in words:
        for field in ("title", "situation", "son"):
            if holds(row[field], word):
                return cut_around(row[field], word)
    return ""


def cut_around(text: str, word: str) -> str:
    """Return the part of a text round a folded word, on one line, with “…” where it was cut."""
    text = " ".join(text.split())
    at = fold(text).find(word)
    # Folding may change lengths, so the place is counted in letters of the text itself.
    start = end = seen = 0
    for index, letter in enumerate(text):
        if seen <= at:
            start = index
        if seen < at + len(word):
            end = index + 1
        seen += len(fold(letter))
    first, last = max(0, start - _AROUND), min(len(text), end + _AROUND)
    return ("…" if first else "") + text[first:last].strip() + ("…" if last < len(text) else "")
