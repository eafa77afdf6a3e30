"""The schema, as numbered steps that are never edited once released.

Each step runs in one transaction together with the record that it ran, so a half-applied schema cannot exist. Names, not
numbers, are recorded: a name this version does not know means that a newer one has been here.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rehearse.errors import TranscriptError
from rehearse.turn import now

Migration = Callable[[sqlite3.Connection], None]

# Marks the file as ours ("rhrs"), so that another program's database is refused instead of being added to.
APPLICATION_ID = 0x72687273


def m001_initial(connection: sqlite3.Connection) -> None:
    """Create rehearsals, their turns, what the check said of them, and the list of erasures still owed."""
    for statement in _INITIAL:
        connection.execute(statement)


_INITIAL = (
    f"PRAGMA application_id = {APPLICATION_ID}",
    # `touch` breaks ties of `touched`: two things can happen in one millisecond.
    """
    CREATE TABLE rehearsal (
        id TEXT PRIMARY KEY NOT NULL,
        title TEXT NOT NULL,
        son TEXT NOT NULL,
        situation TEXT NOT NULL,
        scenario TEXT NOT NULL,
        created TEXT NOT NULL,
        touched TEXT NOT NULL,
        touch INTEGER NOT NULL,
        ended TEXT,
        leaf_id TEXT,
        FOREIGN KEY (id, leaf_id) REFERENCES turn (rehearsal_id, id)
    )
    """,
    "CREATE INDEX rehearsal_touched ON rehearsal (touched, touch)",
    "CREATE INDEX rehearsal_touch ON rehearsal (touch)",
    # The pair in the foreign key is what keeps a parent inside its own rehearsal.
    """
    CREATE TABLE turn (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        rehearsal_id TEXT NOT NULL REFERENCES rehearsal (id) ON DELETE CASCADE,
        parent_id TEXT,
        speaker TEXT NOT NULL CHECK (speaker IN ('mother', 'son')),
        text TEXT NOT NULL,
        openness INTEGER NOT NULL CHECK (openness BETWEEN 1 AND 5),
        reason TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('complete', 'partial', 'stopped')),
        label TEXT NOT NULL,
        created TEXT NOT NULL,
        UNIQUE (rehearsal_id, id),
        FOREIGN KEY (rehearsal_id, parent_id) REFERENCES turn (rehearsal_id, id)
    )
    """,
    "CREATE INDEX turn_parent ON turn (rehearsal_id, parent_id)",
    # Apart from the turn, so that a search through the texts does not read past every report. It is written before its
    # turn (the key is checked at commit), which lets a trigger refuse any report for a turn that is already there.
    """
    CREATE TABLE turn_report (
        turn_id TEXT PRIMARY KEY NOT NULL REFERENCES turn (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
        body TEXT NOT NULL
    )
    """,
    # A row stands for words that were deleted but may still lie in the file.
    "CREATE TABLE erasure (seq INTEGER PRIMARY KEY AUTOINCREMENT, owed_since TEXT NOT NULL)",
    """
    CREATE TRIGGER turn_never_changes BEFORE UPDATE ON turn
    WHEN NOT (
        NEW.seq IS OLD.seq AND NEW.id IS OLD.id AND NEW.rehearsal_id IS OLD.rehearsal_id
        AND NEW.parent_id IS OLD.parent_id AND NEW.speaker IS OLD.speaker AND NEW.reason IS OLD.reason
        AND NEW.created IS OLD.created
        AND (
            OLD.state = 'partial'
            OR (NEW.text IS OLD.text AND NEW.openness IS OLD.openness AND NEW.state IS OLD.state)
        )
    )
    BEGIN SELECT RAISE(ABORT, 'a turn never changes'); END
    """,
    """
    CREATE TRIGGER turn_never_leaves BEFORE DELETE ON turn
    WHEN EXISTS (SELECT 1 FROM rehearsal WHERE id = OLD.rehearsal_id)
    BEGIN SELECT RAISE(ABORT, 'a turn never changes'); END
    """,
    """
    CREATE TRIGGER report_comes_with_its_turn BEFORE INSERT ON turn_report
    WHEN EXISTS (SELECT 1 FROM turn WHERE id = NEW.turn_id)
    BEGIN SELECT RAISE(ABORT, 'a turn never changes'); END
    """,
    """
    CREATE TRIGGER report_never_changes BEFORE UPDATE ON turn_report
    BEGIN SELECT RAISE(ABORT, 'a turn never changes'); END
    """,
    """
    CREATE TRIGGER report_never_leaves BEFORE DELETE ON turn_report
    WHEN EXISTS (SELECT 1 FROM turn WHERE id = OLD.turn_id)
    BEGIN SELECT RAISE(ABORT, 'a turn never changes'); END
    """,
)


def m002_words(connection: sqlite3.Connection) -> None:
    """Add the index of words, for which everything that is there waits to be read."""
    for statement in _WORDS:
        connection.execute(statement)


_WORDS = (
    # A number, because a row of `word_place` is small and there are many; the rowid may change when the file is rewritten.
    "ALTER TABLE rehearsal ADD COLUMN number INTEGER",
    "UPDATE rehearsal SET number = rowid",
    "CREATE UNIQUE INDEX rehearsal_number ON rehearsal (number)",
    "CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)",
    # `head` is 1 for words of the title, his name and the situation, which may change, and 0 for words of turns.
    """
    CREATE TABLE word_place (
        word_id INTEGER NOT NULL REFERENCES word (id),
        number INTEGER NOT NULL REFERENCES rehearsal (number) ON DELETE CASCADE,
        head INTEGER NOT NULL,
        PRIMARY KEY (word_id, number, head)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX word_place_number ON word_place (number, head)",
    """
    CREATE TRIGGER word_unused AFTER DELETE ON word_place
    WHEN NOT EXISTS (SELECT 1 FROM word_place WHERE word_id = OLD.word_id)
    BEGIN DELETE FROM word WHERE id = OLD.word_id; END
    """,
    "CREATE TABLE unread_turn (seq INTEGER PRIMARY KEY REFERENCES turn (seq) ON DELETE CASCADE)",
    "INSERT INTO unread_turn SELECT seq FROM turn",
    "CREATE TRIGGER turn_unread AFTER INSERT ON turn BEGIN INSERT INTO unread_turn VALUES (NEW.seq); END",
    "CREATE TABLE unread_head (number INTEGER PRIMARY KEY REFERENCES rehearsal (number) ON DELETE CASCADE)",
    "INSERT INTO unread_head SELECT number FROM rehearsal",
    "CREATE TRIGGER head_unread AFTER INSERT ON rehearsal BEGIN INSERT INTO unread_head VALUES (NEW.number); END",
    """
    CREATE TRIGGER head_changed AFTER UPDATE OF title, son, situation ON rehearsal
    BEGIN
        DELETE FROM word_place WHERE number = NEW.number AND head = 1;
        INSERT OR IGNORE INTO unread_head VALUES (NEW.number);
    END
    """,
    # So that a deletion that was cut short can be finished in the backups too.
    "ALTER TABLE erasure ADD COLUMN rehearsal_id TEXT",
)


def m003_pinned(connection: sqlite3.Connection) -> None:
    """Let a rehearsal be pinned to the top of the list."""
    connection.execute("ALTER TABLE rehearsal ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0")


def m004_listed(connection: sqlite3.Connection) -> None:
    """Keep an index in the order of the list, so that its first page does not sort all there is."""
    connection.execute("DROP INDEX rehearsal_touched")
    connection.execute("CREATE INDEX rehearsal_listed ON rehearsal (pinned, touched, touch)")


def m005_remarks(connection: sqlite3.Connection) -> None:
    """Keep what she says of single sentences, this is fine or this stung, and erase it as rehearsals are."""
    for statement in _REMARKS:
        connection.execute(statement)


_REMARKS = (
    # `number` is what people see, and never given twice; `id` is what a remark has in every copy, also once an older copy was
    # put back and numbers began again from there.
    """
    CREATE TABLE remark (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        text TEXT NOT NULL,
        stung INTEGER NOT NULL CHECK (stung IN (0, 1)),
        made TEXT NOT NULL
    )
    """,
    "ALTER TABLE erasure ADD COLUMN remark_id TEXT",
)


MIGRATIONS: tuple[Migration, ...] = (m001_initial, m002_words, m003_pinned, m004_listed, m005_remarks)


def applied(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the steps that ran on this database, in their order."""
    if not _has_table(connection, "migration"):
        return []
    return [name for (name,) in connection.execute("SELECT name FROM migration ORDER BY seq")]


def outdated(connection: sqlite3.Connection) -> bool:
    """Return whether the file was made by an older version and steps wait for it.

    :raises TranscriptError: if the file belongs to another program or was made by a newer version.
    """
    with _transaction(connection, "BEGIN"):
        return bool(_waiting(connection, MIGRATIONS)) and bool(applied(connection))


def migrate(connection: sqlite3.Connection, steps: tuple[Migration, ...] = MIGRATIONS) -> list[str]:
    """Run the steps that have not run yet and return their names.

    :param connection: an open connection without a transaction, with ``isolation_level=None``.
    :raises TranscriptError: if the file belongs to another program or was made by a newer version.
    """
    ran = []
    with _transaction(connection, "BEGIN"):
        waiting = _waiting(connection, steps)
    for step in waiting:
        with _transaction(connection, "BEGIN IMMEDIATE"):
            # Looked at again inside the transaction: another process may have run it between.
            if step in _waiting(connection, steps):
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS migration (seq INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, ran TEXT NOT NULL)"
                )
                step(connection)
                connection.execute("INSERT INTO migration (name, ran) VALUES (?, ?)", (step.__name__, now()))
                ran.append(step.__name__)
    return ran


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _waiting(connection: sqlite3.Connection, steps: tuple[Migration, ...]) -> list[Migration]:
    """Return the steps that have not run, having made sure that the file is ours and not newer than this version."""
    blank = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if not blank and (application != APPLICATION_ID or not _has_table(connection, "migration")):
        raise TranscriptError(
            "The file of your rehearsals was made by another program.", "Move it away, or set REHEARSE_HOME to another folder."
        )
    done = applied(connection)
    if set(done) - {step.__name__ for step in steps}:
        raise TranscriptError(
            "Your rehearsals were last opened by a newer version of the app, and this one could damage them.",
            "Update the app, or set REHEARSE_HOME to another folder.",
        )
    return [step for step in steps if step.__name__ not in done]


def _has_table(connection: sqlite3.Connection, name: str) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,))
    return found.fetchone() is not None
