"""Which words stand in which rehearsal, kept in ordinary tables.

Not FTS5: it keeps deleted words in its segments until these are merged, the option that removes them needs SQLite 3.42,
which many systems do not have yet, and it finds whole words only. Here every word (whatever stands between two spaces,
folded) has one row, and one more for each rehearsal it stands in. That finds parts of words in any language, takes a look
through the vocabulary instead of all that was ever said, and goes with its rehearsal by foreign key and trigger.

A turn is not taken apart while she waits for it to be saved. A trigger notes it as unread, a search reads what is unread as it
is, and :func:`settle` catches up in a quiet moment.
"""

import sqlite3
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

# Words of the title, his name and the situation, which may change, and words of turns, which never do.
HEAD, TURNS = 1, 0


def fold(text: str) -> str:
    """Return the text without differences of case and accents."""
    folded = text.casefold()
    if folded.isascii():
        return folded
    return "".join(mark for mark in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(mark))


def unread(connection: sqlite3.Connection) -> bool:
    """Return whether anything waits to be read that does not grow any more."""
    found = connection.execute(
        """
        SELECT EXISTS (SELECT 1 FROM unread_head)
            OR EXISTS (SELECT 1 FROM unread_turn CROSS JOIN turn USING (seq) WHERE state <> 'partial')
        """
    )
    return bool(found.fetchone()[0])


def settle(connection: sqlite3.Connection, most: int) -> None:
    """Read what waits, the oldest first; an answer that still grows goes on waiting.

    :param connection: inside a transaction.
    :param most: how many turns, and how many rehearsals, to read.
    """
    heads = connection.execute(
        "SELECT number, title, son, situation FROM unread_head CROSS JOIN rehearsal USING (number) LIMIT ?", (most,)
    ).fetchall()
    connection.executemany("DELETE FROM word_place WHERE number = ? AND head = ?", [(row[0], HEAD) for row in heads])
    _place(connection, HEAD, [(number, text) for number, *texts in heads for text in texts])
    connection.executemany("DELETE FROM unread_head WHERE number = ?", [(row[0],) for row in heads])
    turns = connection.execute(
        """
        SELECT turn.seq, number, text FROM unread_turn CROSS JOIN turn USING (seq)
        CROSS JOIN rehearsal ON rehearsal.id = rehearsal_id WHERE state <> 'partial' ORDER BY unread_turn.seq LIMIT ?
        """,
        (most,),
    ).fetchall()
    _place(connection, TURNS, [(number, text) for _, number, text in turns])
    connection.executemany("DELETE FROM unread_turn WHERE seq = ?", [(row[0],) for row in turns])


def _place(connection: sqlite3.Connection, head: int, texts: Iterable[tuple[int, str]]) -> None:
    found: defaultdict[str, set[int]] = defaultdict(set)
    for number, text in texts:
        for word in fold(text).split():
            found[word].add(number)
    connection.executemany("INSERT OR IGNORE INTO word (text) VALUES (?)", [(word,) for word in sorted(found)])
    ids = {word: connection.execute("SELECT id FROM word WHERE text = ?", (word,)).fetchone()[0] for word in found}
    # In the order of the table, so that neighbours are written together.
    places = sorted((ids[word], number, head) for word, numbers in found.items() for number in numbers)
    connection.executemany("INSERT OR IGNORE INTO word_place (word_id, number, head) VALUES (?, ?, ?)", places)
