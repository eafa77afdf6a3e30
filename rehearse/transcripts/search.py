"""Finding rehearsals by their words, and the line of the list that each of them gets."""

import sqlite3
from functools import lru_cache

from rehearse.scenario import Scenario
from rehearse.transcripts.index import fold
from rehearse.transcripts.record import Summary
from rehearse.transcripts.rows import scenario_from

# More words than this narrow nothing any further.
_MOST_WORDS = 8
_AROUND = 60
# Above so many places, or rehearsals, it is quicker to ask the newest rehearsals one by one than to collect all there are.
_MANY_PLACES = 50_000
_MANY_REHEARSALS = 1_500


def holds(text: str, word: str) -> bool:
    """Return whether a text holds a word that is already folded; registered as a function of SQL."""
    return word in fold(text)


@lru_cache(maxsize=64)
def _words(query: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fold(query).split()))[:_MOST_WORDS]


def _condition(connection: sqlite3.Connection, words: tuple[str, ...], *, all_of_them: bool) -> str:
    # Each word may be found in another place: “Daniel job” finds the talk with Daniel in which a job came up.
    places = (_place(number, _common(connection, word, all_of_them)) for number, word in enumerate(words, 1))
    return " AND ".join(places) or "1"


def _common(connection: sqlite3.Connection, word: str, all_of_them: bool) -> bool:
    places, rehearsals = connection.execute(
        """
        SELECT count(*), count(DISTINCT number) FROM
            (SELECT number FROM word_place WHERE word_id IN (SELECT id FROM word WHERE instr(text, ?)) LIMIT ?)
        """,
        (word, _MANY_PLACES),
    ).fetchone()
    return int(places) == _MANY_PLACES or (int(rehearsals) > _MANY_REHEARSALS and not all_of_them)


def _place(number: int, common: bool) -> str:
    # CROSS JOIN and the plus sign tell SQLite where to begin: it keeps no statistics and would begin with the larger table.
    these = f"(SELECT id FROM word WHERE instr(text, ?{number}))"
    read = (
        f"EXISTS (SELECT 1 FROM word_place WHERE number = rehearsal.number AND +word_id IN {these})"
        if common
        else f"rehearsal.number IN (SELECT number FROM word_place WHERE word_id IN {these})"
    )
    return f"""({read}
        OR rehearsal.id IN (
            SELECT rehearsal_id FROM unread_turn CROSS JOIN turn USING (seq) WHERE holds(text, ?{number})
        )
        OR rehearsal.number IN (
            SELECT number FROM unread_head CROSS JOIN rehearsal USING (number)
            WHERE holds(title, ?{number}) OR holds(son, ?{number}) OR holds(situation, ?{number})
        ))"""


def count(connection: sqlite3.Connection, query: str) -> int:
    """Return how many rehearsals hold every word of the query."""
    words = _words(query)
    condition = _condition(connection, words, all_of_them=True)
    (found,) = connection.execute(f"SELECT count(*) FROM rehearsal WHERE {condition}", words).fetchone()
    return int(found)


def summaries(connection: sqlite3.Connection, query: str, limit: int, offset: int) -> list[Summary]:
    """Return the rehearsals that hold every word of the query: pinned ones first, then newest touched first."""
    words = _words(query)
    page = (*words, max(0, limit), max(0, offset))
    rows = connection.execute(
        f"""
        SELECT *, (SELECT count(*) FROM turn WHERE rehearsal_id = rehearsal.id) AS turns,
            (SELECT openness FROM turn WHERE id = rehearsal.leaf_id) AS openness
        FROM rehearsal WHERE {_condition(connection, words, all_of_them=False)}
        ORDER BY pinned DESC, touched DESC, touch DESC LIMIT ?{len(words) + 1} OFFSET ?{len(words) + 2}
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
        pinned=bool(row["pinned"]),
        scenario=scenario.id,
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
