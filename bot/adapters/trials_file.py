"""The trial registry on disk: a small SQLite file that several processes may write at once."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from bot.domain.errors import SchemaError, StorageError

DATA_VARIABLE = "HOURHAND_DATA_DIR"
FILE = "trials.db"
_VERSION = 1
_WAIT_S = 10.0  # for another process to finish its one row
_TABLE = """
CREATE TABLE IF NOT EXISTS trial (
    data_sha256 TEXT NOT NULL,
    config_sha256 TEXT NOT NULL,
    first_slot INTEGER NOT NULL,
    last_slot INTEGER NOT NULL,
    strategy TEXT NOT NULL,
    days INTEGER NOT NULL,
    sharpe REAL,
    total_return REAL NOT NULL,
    tried_at INTEGER NOT NULL,
    CONSTRAINT trial_once PRIMARY KEY (data_sha256, config_sha256, first_slot, last_slot)
) STRICT
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One configuration over one stretch of one data set, and what it came to.

    days: number of daily returns. sharpe: of one day, not annualised; None where the sample gives
    none. total_return: a fraction. tried_at: wall clock of the first time.
    """

    data_sha256: str
    config_sha256: str
    first_slot: int
    last_slot: int
    strategy: str
    days: int
    sharpe: float | None
    total_return: float
    tried_at: int


_COLUMNS = ", ".join(field.name for field in fields(Trial))
_PLACES = ", ".join("?" for _ in fields(Trial))


def trials_path(environment: Mapping[str, str]) -> Path:
    """The registry's file, existing or not: HOURHAND_DATA_DIR, else the user's data folder."""
    named = environment.get(DATA_VARIABLE)
    if named:
        return Path(named).expanduser() / FILE
    if sys.platform == "win32" and environment.get("LOCALAPPDATA"):
        return Path(environment["LOCALAPPDATA"], "hourhand", FILE)
    base = environment.get("XDG_DATA_HOME")
    if not base:
        base = os.path.join(environment.get("HOME") or "~", ".local", "share")
    with contextlib.suppress(RuntimeError):  # no home is known: then nothing can be written
        return Path(base).expanduser() / "hourhand" / FILE
    return Path(base) / "hourhand" / FILE


def remember(path: Path, trial: Trial) -> None:
    """Keep a trial; the same configuration on the same data and stretch is kept once, as first.

    Raises StorageError where the file cannot be written, SchemaError where another version wrote
    it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{path.parent}: {error.strerror}") from None
    with _opened(path, "rwc") as connection:
        connection.execute("BEGIN IMMEDIATE")
        if _version(connection, path) == 0:
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute(
            f"INSERT INTO trial ({_COLUMNS}) VALUES ({_PLACES}) "  # noqa: S608 - names of fields
            "ON CONFLICT DO NOTHING",
            astuple(trial),
        )
        connection.execute("COMMIT")


def read_trials(path: Path, data_sha256: str | None = None) -> list[Trial]:
    """The trials of a data set, or all, in the order in which they were made; none without a file.

    Raises StorageError where the file cannot be read, SchemaError where another version wrote it.
    """
    try:
        if not path.exists():
            return []
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from None
    with _opened(path, "ro") as connection:
        if _version(connection, path) == 0:
            return []
        found = connection.execute(
            f"SELECT {_COLUMNS} FROM trial "  # noqa: S608 - names of fields
            "WHERE data_sha256 = ? OR ? IS NULL ORDER BY tried_at, rowid",
            (data_sha256, data_sha256),
        ).fetchall()
    names = [field.name for field in fields(Trial)]
    return [Trial(**dict(zip(names, row, strict=True))) for row in found]


def _version(connection: sqlite3.Connection, path: Path) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version not in (0, _VERSION):
        raise SchemaError(f"{path}: trial registry of version {version}, this reads {_VERSION}")
    return version


@contextmanager
def _opened(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_WAIT_S,
            isolation_level=None,
        )  # fmt: skip
        try:
            yield connection
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StorageError(f"{path}: {error}") from None
