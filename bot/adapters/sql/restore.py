"""Putting a backup into the place of the database: checked first, in one step, the old one kept."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.sql.backup import copy_database, name_of
from bot.adapters.sql.drafts import drafting, publish, replace, sync, telling
from bot.adapters.sql.file_checks import Card, faults_of, read_card, refuse_newer
from bot.domain.errors import DamageError, HourhandError, StorageError, UsageError

_WAY_OUT = "nothing was changed: name another backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put in place, what stood there before, and under which name that is kept.

    `before` is None where nothing stood there or it cannot be read, `kept` where nothing did.
    """

    card: Card
    before: Card | None
    kept: Path | None


def restore_database(source: Path, target: Path) -> Restored:
    """Put a copy of `source` into the place of `target`; the caller holds its instance lock.

    Nothing is touched until the backup is found sound, page by page and link by link of its
    journal. A kill leaves the old database or the new one, whole. Raises UsageError for a path
    that names no file or the database itself, SchemaError for a file that is no database of ours
    or a newer one, DamageError for a broken one and StorageError where a file cannot be read or
    written.
    """
    card = _checked(source, target)
    before = _card_of(target)
    with drafting(target) as draft:
        copy_database(source, draft)
        _prepare(draft, source, before.last_slot if before else None)
        faults = faults_of(draft)
        if faults:
            raise DamageError(f"{target}: the copy of the backup does not hold: {faults[0]}")
        with telling(target, "cannot be kept under another name"):
            kept = _set_aside(target)
        replace(draft, target)
    return Restored(card=card, before=before, kept=kept)


def _checked(source: Path, target: Path) -> Card:
    with telling(source, "cannot be read"):
        if not source.is_file():
            fault = "is no file" if source.exists() else "there is no such file"
            raise UsageError(f"{source}: {fault}: {_WAY_OUT}")
        if target.exists() and source.samefile(target):
            raise UsageError(f"{source}: is the database itself: name a backup")
    card = read_card(source, _WAY_OUT)
    refuse_newer(card, source, "install that version, or name an older backup")
    faults = faults_of(source)
    if faults:
        raise DamageError(f"{source}: is damaged: {faults[0]}: {_WAY_OUT}")
    return card


def _prepare(draft: Path, source: Path, told_until: int | None) -> None:
    """What makes the copy of a backup a database in use: its log, and no message a second time.

    What waited when the backup was made has been told since, and so have the slots up to
    `told_until`, which will now be done again.
    """
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            query = "SELECT 1 FROM sqlite_master WHERE name = 'outbox_sink'"
            if connection.execute(query).fetchone():
                connection.execute(
                    "UPDATE outbox_sink SET quiet_until = nullif(max(coalesce(quiet_until, 0), "
                    "coalesce(?, 0)), 0), since_id = (SELECT coalesce(max(id), 0) FROM outbox)",
                    (told_until,),
                )
            connection.execute("PRAGMA journal_mode = WAL")
    except (sqlite3.Error, UnicodeDecodeError) as error:
        text = f"{draft.parent}: the copy of {source} cannot be made ready: {error}"
        raise StorageError(text) from None


def _card_of(path: Path) -> Card | None:
    """What the file in place is; None where it cannot be told, which may be why it is replaced."""
    try:
        return read_card(path)
    except HourhandError:
        return None


def _set_aside(target: Path) -> Path | None:
    """Keep the database under another name, its log folded in; None where there is nothing.

    A log left in place would be taken for the new file's. One that cannot be folded in, as that of
    a broken or a deleted database, is kept under the other name too.
    """
    kept = name_of(target, target.parent, "replaced")
    there = target.exists()
    if there:
        with suppress(sqlite3.Error), closing(sqlite3.connect(target)) as connection:
            connection.execute("PRAGMA busy_timeout = 5000")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    log = target.with_name(target.name + "-wal")
    logged = log.exists() and log.stat().st_size > 0
    if logged:
        _keep(log, kept.with_name(kept.name + "-wal"))
    if there:
        _keep(target, kept)
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    return kept if there or logged else None


def _keep(path: Path, kept: Path) -> None:
    """A second name for a file, or a copy where the file system knows no second names."""
    try:
        os.link(path, kept)
        sync(kept.parent)
    except FileExistsError:
        raise StorageError(f"{kept}: is there already: try again in a second") from None
    except OSError:
        with drafting(kept) as draft:
            shutil.copyfile(path, draft)
            publish(draft, kept)
