"""`db`: upgrade, backup and a look at the database as a file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from bot.adapters.sql import overview
from bot.adapters.sql.backup import backup_database
from bot.adapters.sql.engine import open_readonly
from bot.adapters.sql.lock import acquire
from bot.adapters.sql.schema import REVISIONS
from bot.app.bootstrap import database_at, wall_ms
from bot.app.reading import Document, instant_text, reading
from bot.app.settings import load_settings
from bot.domain.errors import UsageError
from bot.domain.instants import format_instant


def upgrade_database(home: Path) -> Document:
    """Migrate the home's database to this version's schema, after a backup where it changes.

    Raises AlreadyRunningError while a daemon works on it, SchemaError for a newer schema.
    """
    from bot.adapters.sql.migrate import upgrade

    path = database_at(home, load_settings(home))
    with acquire(path):
        saved = upgrade(path)
    return {
        "database": str(path),
        "revision": REVISIONS[-1],
        "backup": None if saved is None else str(saved),
    }


def backup(home: Path, target: Path | None) -> Document:
    """Copy the database, also while a daemon writes, and check the copy.

    Without a target the copy gets the hour in its name, beside the database.
    """
    path = database_at(home, load_settings(home))
    open_readonly(path).close()  # refuses what is no database of ours
    place = target or path.with_name(f"{path.name}.{_stamp(wall_ms())}.backup")
    if place.is_dir():
        raise UsageError(f"{place}: is a folder: name the file to write")
    return {
        "database": str(path),
        "backup": str(place),
        "bytes": backup_database(path, place),
        "integrity": "ok",
    }


def info(home: Path) -> Document:
    """The database as a file: size, schema, identity, rows by table."""
    with reading(home) as reader:
        known = overview.identity(reader.connection)
        slots = overview.last_slots(reader.connection, 1)
        return {
            "database": str(reader.path),
            "bytes": reader.path.stat().st_size,
            "revision": REVISIONS[-1],
            "ledger_id": known["ledger_id"],
            "created_at": format_instant(int(known["created_at"])),
            "last_slot": instant_text(slots[-1].slot if slots else None),
            "sqlite": sqlite3.sqlite_version,
            "rows": overview.row_counts(reader.connection),
        }


def _stamp(ms: int) -> str:
    """An instant that a file name can hold: `20250510T130000Z`."""
    return format_instant(ms // 1000 * 1000).replace("-", "").replace(":", "")
