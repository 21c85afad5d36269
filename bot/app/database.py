"""`db`: upgrade, backup, restore and a look at the database as a file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from bot.adapters.sql import overview
from bot.adapters.sql.backup import backup_database, name_of, older_backups
from bot.adapters.sql.drafts import telling
from bot.adapters.sql.file_checks import read_card, refuse_newer, worn_answers
from bot.adapters.sql.lock import acquire
from bot.adapters.sql.restore import Restored, restore_database
from bot.adapters.sql.schema import REVISIONS
from bot.app.bootstrap import database_at
from bot.app.reading import Document, instant_text, reading
from bot.app.settings import load_settings
from bot.domain.errors import UsageError
from bot.domain.instants import HOUR, format_instant


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


def backup(home: Path, target: Path | None, keep: int | None = None) -> Document:
    """Copy the database, also while a daemon writes, and check the copy.

    Without a target, or with a folder as one, the copy gets the instant in its name. `keep` then
    deletes older copies of that form in the same folder but the newest so many; none where an
    answer of the provider is damaged in the new copy, for an older one may have it whole. Raises
    SchemaError for a database that is none of ours, or a newer one.
    """
    path = database_at(home, load_settings(home))
    refuse_newer(read_card(path), path)
    folder = path.parent if target is None else target
    with telling(folder, "cannot be written"):
        is_folder = folder.is_dir()
        if keep is not None and not is_folder:
            raise UsageError(
                "--keep goes with a folder or no name at all: it counts names with times"
            )
        place = name_of(path, folder) if is_folder else folder
        size = backup_database(path, place)
    damaged = worn_answers(place)
    with telling(folder, "older backups cannot be deleted"):
        spared = older_backups(path, folder, keep) if keep is not None and not damaged else []
        for old in spared:
            old.unlink()
    return {
        "database": str(path),
        "backup": str(place),
        "bytes": size,
        "integrity": "answers damaged" if damaged else "ok",
        "damaged": damaged,
        "deleted": [str(old) for old in spared],
    }


def restore(home: Path, source: Path) -> Document:
    """Put a backup into the place of the home's database, which is kept under another name.

    Answers of the provider that are damaged in it are named: no decision reads them again, so they
    are no reason to go without the ledger. Raises AlreadyRunningError while a daemon works on it,
    and UsageError, SchemaError, DamageError or StorageError, with nothing changed, for a file that
    must not stand there.
    """
    path = load_settings(home).database_path
    with acquire(path):
        done = restore_database(source, path)
    card = done.card
    return {
        "database": str(path),
        "restored": str(source),
        "kept": None if done.kept is None else str(done.kept),
        "revision": card.revision,
        "ledger_id": card.ledger_id,
        "last_slot": instant_text(card.last_slot),
        "last_slot_before": instant_text(done.before.last_slot) if done.before else None,
        "damaged": worn_answers(path),
        "notes": _restore_notes(done),
    }


def _restore_notes(done: Restored) -> list[str]:
    """What a person should know before the next start."""
    card, before = done.card, done.before
    notes = []
    if card.revision != REVISIONS[-1]:
        notes.append(f"its schema is {card.revision}: run `hourhand db upgrade`")
    if before is not None and before.ledger_id != card.ledger_id:
        notes.append("it is another ledger than the one before, not an earlier state of it")
    elif before is not None and (before.last_slot or 0) > (card.last_slot or 0):
        hours = ((before.last_slot or 0) - (card.last_slot or 0)) // HOUR
        back = (
            "all slots are"
            if not card.last_slot
            else ("the last hour is" if hours == 1 else f"the last {hours} hours are")
        )
        notes.append(f"{back} done again at the next start, as missed: exits, but no entries")
    return notes


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
