"""Documents of the commands that write or read files: init, export, import, db."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from bot.app.documents.base import Count, Id, Instant, Note, Path


class Written(TypedDict):
    """The files of a new home, relative to it."""

    home: Path
    written: list[Path]


class Exported(TypedDict):
    """What was written, rows by table."""

    folder: Path
    format: Literal["csv", "csv.gz", "parquet"]
    rows: dict[str, Count]


class Imported(TypedDict):
    """What was read, and what of it was new, rows by table."""

    database: Path
    rows: dict[str, Count]
    new: dict[str, Count]
    notes: list[Note]


class Upgraded(TypedDict):
    """The schema after an upgrade; backup is null where nothing had to change."""

    database: Path
    revision: str
    backup: Path | None


class BackedUp(TypedDict):
    """A checked copy, and the older copies that went.

    `damaged` tells which answers of the provider no longer have their hash; the rest is sound.
    """

    database: Path
    backup: Path
    bytes: Count
    integrity: Literal["ok", "answers damaged"]
    damaged: list[Note]
    deleted: list[Path]


class Restored(TypedDict):
    """A backup in place of the database; kept is where that is now.

    `damaged` tells which answers of the provider no longer have their hash; the rest is sound.
    """

    database: Path
    restored: Path
    kept: Path | None
    revision: str
    ledger_id: Id
    last_slot: Instant | None
    last_slot_before: Instant | None
    damaged: list[Note]
    notes: list[Note]


class DatabaseInfo(TypedDict):
    """The database as a file, and its rows by table."""

    database: Path
    bytes: Count
    revision: str
    ledger_id: Id
    created_at: Instant
    last_slot: Instant | None
    sqlite: str
    rows: dict[str, Count]
