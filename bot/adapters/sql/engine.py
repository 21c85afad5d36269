"""Opening the database: one connection with safe settings, and one way to begin a transaction."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DatabaseError, IntegrityError

from bot.adapters.sql.log_size import LOG_BYTES_MAX
from bot.adapters.sql.schema import REVISIONS
from bot.domain.errors import DamageError, LedgerError, SchemaError, StorageError

BUSY_TIMEOUT_MS = 5000
CUT_OFF = "a process was killed while it wrote the whole file: `hourhand db upgrade` sets it right"
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "recursive_triggers=ON",
    "trusted_schema=OFF",
    "cell_size_check=ON",
    f"journal_size_limit={LOG_BYTES_MAX}",
)
_READER_PRAGMAS = (f"busy_timeout={BUSY_TIMEOUT_MS}", "query_only=ON", "trusted_schema=OFF")
# For a draft that is thrown away whole when anything goes wrong.
_DRAFT_PRAGMAS = ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=ON", "cell_size_check=ON")
# Dropping a table in a migration must not fire the actions of its foreign keys.
_MIGRATION_PRAGMAS = tuple(pragma.replace("foreign_keys=ON", "foreign_keys=OFF")
                           for pragma in PRAGMAS)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Database:
    """An open database file; `transaction` is the only way in."""

    path: Path
    engine: Engine

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back whole on any error.

        For a writer it holds the write lock from its first statement on. Raises StorageError
        where SQLite cannot go on (busy, full, damaged): what had been committed must then be
        looked up again. Raises LedgerError where a constraint refuses a row.
        """
        try:
            with self.engine.begin() as connection:
                yield connection
        except IntegrityError as error:
            raise LedgerError(f"{self.path}: refused: {error.orig}") from error
        except DatabaseError as error:
            self.engine.dispose()
            raise _refusal(self.path, error.orig) from error

    def close(self) -> None:
        """Close the connection; the last one out folds the write-ahead log into the file."""
        self.engine.dispose()


def open_database(path: Path, *, create: bool = False) -> Database:
    """The database for reading and writing.

    With `create`, an absent file is made (readable by its owner only) and given the schema.
    Raises StorageError where the file is absent or unusable, SchemaError where its schema is
    not this version's.
    """
    if create and not path.exists():
        from bot.adapters.sql.migrate import create_database

        create_database(path)
    database = open_unchecked(path)
    return _checked(database)


def open_readonly(path: Path) -> Database:
    """The database for reading: a transaction is a steady view and blocks nobody."""
    return _checked(_open(path, "ro", _READER_PRAGMAS, "BEGIN"))


def open_unchecked(path: Path) -> Database:
    """The database for writing whatever its schema: for those who look into that."""
    return _open(path, "rw", PRAGMAS, "BEGIN IMMEDIATE")


def open_for_migration(path: Path) -> Database:
    """The database with foreign keys switched off, which cannot be done inside a transaction."""
    return _open(path, "rw", _MIGRATION_PRAGMAS, "BEGIN IMMEDIATE")


def open_draft(path: Path) -> Database:
    """A database in the making: nothing is safe on disk, or can be taken back, until its end."""
    return _open(path, "rw", _DRAFT_PRAGMAS, "BEGIN IMMEDIATE")


def uri_of(path: Path, mode: str) -> str:
    """The file as SQLite is told of it; on a read-only disk it needs no log file beside it."""
    uri = f"file:{quote(str(path.resolve()))}?mode={mode}"
    frozen = os.statvfs(path.resolve().parent).f_flag & os.ST_RDONLY
    if mode == "ro" and frozen and not path.with_name(path.name + "-wal").exists():
        uri += "&immutable=1"
    return uri


def make_file(path: Path) -> None:
    """An empty file that only its owner may read; the log files beside it inherit that."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise StorageError(f"{path}: cannot be created: {error.strerror}") from None


def revision_of(database: Database) -> str | None:
    """The revision of the schema; None for an empty file. Raises SchemaError for other files."""
    with database.transaction() as connection:
        rows = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
        names = {row[0] for row in rows}
        if not names:
            return None
        if not {"alembic_version", "meta"} <= names:
            raise SchemaError(f"{database.path}: this is not a database of hourhand")
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").fetchall()
    if len(found) != 1:
        raise DamageError(f"{database.path}: {no_mark(len(found))}: restore a backup")
    return str(found[0][0])


def no_mark(rows: int) -> str:
    """What is wrong where not one row says which schema a database has."""
    return f"is damaged: alembic_version, which says what schema it has, holds {rows} rows, not one"


def check_schema(database: Database) -> None:
    """Raises SchemaError where the database has an older, a newer or no schema."""
    found = revision_of(database)
    if found == REVISIONS[-1]:
        return
    if found is None or found in REVISIONS:
        raise SchemaError(
            f"{database.path}: schema {found or 'none'} is older than {REVISIONS[-1]}: "
            "run `hourhand db upgrade`"
        )
    raise SchemaError(
        f"{database.path}: schema {found} was written by a newer version of hourhand than this "
        f"one, which knows {REVISIONS[-1]}: install that version"
    )


def _checked(database: Database) -> Database:
    try:
        check_schema(database)
    except UnicodeDecodeError as error:  # of the driver, about a schema that is no text any more
        database.close()
        raise DamageError(f"{database.path}: it is damaged: restore a backup ({error})") from error
    except BaseException:
        database.close()
        raise
    return database


def _open(path: Path, mode: str, pragmas: tuple[str, ...], begin: str) -> Database:
    if not path.is_file():
        fault = "is no file" if path.exists() else "there is no such database"
        raise StorageError(f"{path}: {fault}")
    uri = uri_of(path, mode)

    def connect() -> sqlite3.Connection:
        # Not bound to a thread: the pool lends the one connection to one user at a time.
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        try:
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}").close()
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine(
        "sqlite+pysqlite://", creator=connect, poolclass=QueuePool, pool_size=1, max_overflow=0,
        hide_parameters=True,
    )  # fmt: skip

    # The driver begins no transaction for SELECT, and a deferred one cannot wait for another
    # writer once it has read; beginning at once makes read-then-write safe.
    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return Database(path, engine)


def _refusal(path: Path, cause: Any) -> StorageError:
    """What SQLite refuses, as an error of ours: broken for good, or perhaps for now."""
    name = getattr(cause, "sqlite_errorname", "") or ""
    kind = DamageError if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) else StorageError
    return kind(_explain(path, name, cause))


def _explain(path: Path, name: str, cause: Any) -> str:
    reasons = {
        "SQLITE_BUSY": "another program keeps it locked",
        "SQLITE_FULL": "the disk is full",
        "SQLITE_READONLY_ROLLBACK": CUT_OFF,
        "SQLITE_READONLY": "it may not be written",
        "SQLITE_CANTOPEN": "it cannot be opened",
        "SQLITE_NOTADB": "it is not a database",
        "SQLITE_CORRUPT": "it is damaged: keep it, and restore a backup by `hourhand db restore`",
    }
    for prefix, reason in reasons.items():
        if name.startswith(prefix):
            return f"{path}: {reason} ({cause})"
    return f"{path}: {cause}"
