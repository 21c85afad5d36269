"""A whole copy of the database while others write to it, checked before it gets its name."""

from __future__ import annotations

import os
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

from bot.adapters.sql.engine import make_file
from bot.domain.errors import StorageError


def backup_database(source: Path, target: Path) -> int:
    """Copy a database, its write-ahead log included; returns the copy's bytes.

    The copy is made beside its place and appears there whole, readable by its owner only. Raises
    StorageError where the target is there already, cannot be written, or fails its checks.
    """
    if target.exists():
        raise StorageError(f"{target}: is there already: choose another name")
    draft = target.with_name(f".{target.name}.{uuid.uuid4().hex}.new")
    make_file(draft)
    try:
        _copy(source, draft)
        faults = integrity_faults(draft)
        if faults:
            raise StorageError(f"{source}: the copy is damaged: {faults[0]}")
        os.link(draft, target)
    except sqlite3.Error as error:
        raise StorageError(f"{target}: the backup failed: {error}") from None
    except OSError as error:
        raise StorageError(f"{target}: cannot be created: {error.strerror}") from None
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            draft.with_name(draft.name + suffix).unlink(missing_ok=True)
    return target.stat().st_size


def integrity_faults(path: Path) -> list[str]:
    """What SQLite finds wrong with a file, foreign keys included; empty for a sound one."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    faults = [] if found == ["ok"] else [str(text) for text in found]
    return faults + [f"{row[0]}: row {row[1]} refers to a row of {row[2]} that is not there"
                     for row in broken]  # fmt: skip


def _copy(source: Path, target: Path) -> None:
    reading = f"{source.resolve().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(reading, uri=True)) as origin,
        closing(sqlite3.connect(target)) as copy,
    ):
        origin.backup(copy)
        # The copy is one file: nothing of it may stand in a log beside it.
        copy.execute("PRAGMA journal_mode=DELETE")
