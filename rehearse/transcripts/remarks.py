"""What she said of single sentences, this is fine or this stung: kept beside her talks, and erased as they are."""

import re
import sqlite3
from dataclasses import dataclass

from rehearse.errors import NotFound, TranscriptError
from rehearse.transcripts import rows
from rehearse.transcripts.database import Database
from rehearse.turn import new_id, now

# The check reads no more of a draft than this either.
LONGEST_REMARK = 4000

_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class KeptRemark:
    """One sentence of hers, and whether she said that it stung (otherwise that it is fine); ``number`` names it."""

    number: int
    text: str
    stung: bool
    made: str


class KeptRemarks:
    """Her remarks in the database. They go into every backup of it, and into no export."""

    def __init__(self, database: Database) -> None:
        """Keep them in an open database."""
        self._database = database

    def all(self) -> list[KeptRemark]:
        """Return every remark, the oldest first."""
        with self._database.reading() as connection:
            return [_kept(row) for row in connection.execute("SELECT * FROM remark ORDER BY number")]

    def add(self, text: str, *, stung: bool) -> KeptRemark:
        """Keep a remark; what she said earlier of a sentence of the same words is replaced.

        :param text: one sentence.
        :raises TranscriptError: if it has no words or is too long, or cannot be kept.
        """
        text = rows.clean(text).strip()
        if not _WORDS.search(text):
            raise TranscriptError("There are no words in this.", "Give a sentence of yours.")
        if len(text) > LONGEST_REMARK:
            raise TranscriptError("This is longer than {most} characters.", "Give one sentence of it.", most=LONGEST_REMARK)
        made = now()
        with self._database.writing() as connection:
            same = [row["number"] for row in connection.execute("SELECT * FROM remark") if _same(row["text"], text)]
            if same:
                # In its place and under its id, so that taking it back reaches the copies of the earlier one too.
                connection.execute(
                    "UPDATE remark SET text = ?, stung = ?, made = ? WHERE number = ?", (text, int(stung), made, same[0])
                )
                return KeptRemark(same[0], text, stung, made)
            values = (new_id(), text, int(stung), made)
            added = connection.execute("INSERT INTO remark (id, text, stung, made) VALUES (?, ?, ?, ?)", values)
            return KeptRemark(int(added.lastrowid or 0), text, stung, made)

    def take_back(self, number: int) -> None:
        """Take a remark back: when this returns, no file of the store and none of its backups holds its words.

        :raises NotFound: if there is none of this number.
        :raises TranscriptError: if another process is in the way. If the sentence says that it is taken back but not yet
            erased, the next start finishes it.
        """
        with self._database.writing() as connection:
            row = connection.execute("SELECT id FROM remark WHERE number = ?", (number,)).fetchone()
            if row is None:
                raise NotFound("There is no such sentence any more.", "It may have been taken back already.")
            connection.execute("DELETE FROM remark WHERE number = ?", (number,))
            connection.execute("INSERT INTO erasure (owed_since, remark_id) VALUES (?, ?)", (now(), row["id"]))
        try:
            self._database.erase()
        except TranscriptError as error:
            raise TranscriptError(
                "It is taken back, but its words could not be erased from the disk yet. {first}",
                "Close other windows of the app; the rest is erased when it next starts.",
                first=error.sentences[0],
            ) from error


def _same(one: str, other: str) -> bool:
    """Whether two sentences have the same words, however they are typed."""
    return _WORDS.findall(one.casefold()) == _WORDS.findall(other.casefold())


def _kept(row: sqlite3.Row) -> KeptRemark:
    return KeptRemark(row["number"], row["text"], bool(row["stung"]), row["made"])
