"""What a database file is and whether it is sound: pages, keys, journal and hashed texts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.sql.content_checks import FAULTS_MAX, answer_faults, content_faults
from bot.adapters.sql.drafts import telling
from bot.adapters.sql.engine import CUT_OFF, Database, no_mark, uri_of
from bot.adapters.sql.ledger_rows import JournalEntry
from bot.adapters.sql.ledger_store import entry_hash
from bot.adapters.sql.schema import GENESIS, REVISIONS
from bot.domain.errors import DamageError, SchemaError, StorageError

RESTORE_HINT = "keep it, and put a backup in its place with `hourhand db restore FILE`"
# What rows that are not what they were make the code that reads them run into.
_STUMBLES = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, AssertionError)
_ENTRY = "seq, kind, strategy, slot, body, prev_hash, hash"
_TAIL = 100  # entries whose links a start looks at


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a database file says of itself; `number` and `head` are its last journal entry."""

    revision: str
    ledger_id: str
    number: int
    head: str
    last_slot: int | None

    @property
    def is_newer(self) -> bool:
        """Whether a later version of the program wrote it."""
        return self.revision not in REVISIONS


def read_card(path: Path, way_out: str = RESTORE_HINT) -> Card:
    """What the file is.

    Raises SchemaError where it is no database of ours, StorageError where it cannot be read and
    DamageError, with the way out, where it is broken.
    """
    with reading(path, way_out) as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        if not {"alembic_version", "meta", "journal"} <= names:
            raise SchemaError(f"{path}: this is not a database of hourhand")
        marks = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        if len(marks) != 1:
            raise DamageError(f"{path}: {no_mark(len(marks))}: {way_out}")
        found = dict(connection.execute("SELECT key, value FROM meta"))
        query = "SELECT seq, hash, slot FROM journal ORDER BY seq DESC LIMIT 1"
        last = connection.execute(query).fetchone() or (0, GENESIS, None)
    return Card(
        revision=str(marks[0][0]),
        ledger_id=str(found.get("ledger_id", "")),
        number=last[0],
        head=last[1],
        last_slot=last[2],
    )


def faults_of(path: Path) -> list[str]:
    """What is wrong with a whole file, in words; empty for a sound one. Reads every page.

    The words name neither the file nor a way out: both are known to who asks. Raises StorageError
    where the file cannot be read.
    """
    try:
        with _connection(path) as connection:
            faults = _page_faults(connection, "integrity_check")
            broken = connection.execute("PRAGMA foreign_key_check").fetchmany(FAULTS_MAX)
            faults += [f"{row[0]}: row {row[1]} refers to a row of {row[2]} that is not there"
                       for row in broken]  # fmt: skip
            # Where pages are broken, rows cannot be told apart from their remains.
            return faults or chain_faults(connection, 1) or content_faults(connection)
    except _BrokenFile as error:
        return [str(error)]


@contextmanager
def blaming_damage(path: Path) -> Iterator[None]:
    """Where reading rows stumbles, the file is looked at whole: DamageError if it is not sound."""
    try:
        yield
    except _STUMBLES as error:
        faults = faults_of(path)
        if faults:
            raise DamageError(f"{path}: is damaged: {faults[0]}: {RESTORE_HINT}") from error
        raise


def worn_answers(path: Path) -> list[str]:
    """Which of the provider's answers are damaged in a file that is sound otherwise, in words."""
    with reading(path) as connection:
        return answer_faults(connection)


def check_start(database: Database) -> None:
    """Raises DamageError where the file is broken or the end of its journal does not hold."""
    with reading(database.path) as connection:
        faults = _page_faults(connection, "quick_check")
        if not faults:
            (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()
            faults = chain_faults(connection, max(1, last - _TAIL + 1))
    if faults:
        raise DamageError(f"{database.path}: is damaged: {faults[0]}: {RESTORE_HINT}")


def chain_faults(connection: sqlite3.Connection, first: int) -> list[str]:
    """Breaks of the journal's chain from entry `first` on, and of its noted end."""
    number, before = first - 1, GENESIS
    if first > 1:
        query = "SELECT hash FROM journal WHERE seq = ?"
        (before,) = connection.execute(query, (number,)).fetchone() or ("",)
    query = f"SELECT {_ENTRY} FROM journal WHERE seq >= ? ORDER BY seq"  # noqa: S608  our columns
    for row in connection.execute(query, (first,)):
        number += 1
        entry = JournalEntry(
            seq=row[0], kind=row[1], strategy=row[2], slot=row[3], body=row[4], prev_hash=row[5],
            hash=row[6],
        )  # fmt: skip
        if entry.seq != number:
            return [f"journal: entry {number} is missing"]
        if entry.prev_hash != before or entry.hash != entry_hash(entry):
            return [f"journal: entry {number} does not fit into the chain"]
        before = entry.hash
    return _head_faults(connection, number, before)


@contextmanager
def reading(path: Path, way_out: str = RESTORE_HINT) -> Iterator[sqlite3.Connection]:
    """A read-only connection. Raises StorageError or DamageError for whatever SQLite refuses.

    `way_out` is what a message about a broken file advises.
    """
    try:
        with _connection(path) as connection:
            yield connection
    except _BrokenFile as error:
        raise DamageError(f"{path}: is damaged: {error}: {way_out}") from None


def refuse_newer(card: Card, path: Path, way_out: str = "install that version") -> None:
    """Raises SchemaError where a later version of the program wrote the file."""
    if card.is_newer:
        raise SchemaError(
            f"{path}: schema {card.revision} was written by a newer version of hourhand than "
            f"this one, which knows {REVISIONS[-1]}: {way_out}"
        )


class _BrokenFile(Exception):
    """What SQLite says of a file that it cannot make sense of."""


@contextmanager
def _connection(path: Path) -> Iterator[sqlite3.Connection]:
    with telling(path, "cannot be read"):
        if not path.is_file():
            fault = "is no file" if path.exists() else "there is no such file"
            raise StorageError(f"{path}: {fault}")
        uri = uri_of(path, "ro")
    try:
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA busy_timeout = 5000")
            yield connection
    except UnicodeDecodeError:  # of the driver, about a schema that is no text any more
        raise _BrokenFile("a text in it is none any more") from None
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT")):
            raise _BrokenFile(str(error)) from None
        reason = CUT_OFF if name == "SQLITE_READONLY_ROLLBACK" else "cannot be read"
        raise StorageError(f"{path}: {reason} ({error})") from None


def _page_faults(connection: sqlite3.Connection, check: str) -> list[str]:
    found = [str(row[0]) for row in connection.execute(f"PRAGMA {check}({FAULTS_MAX})")]
    return [] if found == ["ok"] else [" ".join(text.split()) for text in found]


def _head_faults(connection: sqlite3.Connection, number: int, digest: str) -> list[str]:
    """Whether the chain ends where the last commit left it: a lost end is sound in itself."""
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'head'").fetchone()
    if known is None:  # a file of the first schema
        return []
    query = "SELECT number, hash FROM head WHERE chain = 'journal'"
    noted = connection.execute(query).fetchone() or (0, GENESIS)
    if noted == (number, digest):
        return []
    return [f"journal: ends at entry {number}, but entry {noted[0]} was its last"]
