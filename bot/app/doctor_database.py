"""Doctor: the database as a file, its schema, its journal, who works on it, and its backups."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from bot.adapters.sql import ledger_read, overview, slot_store
from bot.adapters.sql.engine import PRAGMAS, open_readonly, open_unchecked
from bot.adapters.sql.file_checks import RESTORE_HINT, Card, faults_of, read_card, worn_answers
from bot.adapters.sql.lock_probe import lock_holder
from bot.adapters.sql.log_size import overgrown_log
from bot.adapters.sql.schema import REVISIONS
from bot.app.doctor_check import Check, fail, ok, warn
from bot.app.put_back import open_put_backs
from bot.app.reading import now_of
from bot.app.settings import Settings
from bot.domain.errors import DamageError, HourhandError, SchemaError, StorageError
from bot.domain.instants import HOUR, format_instant
from bot.domain.plurals import counted

_SAME = {"ON": "1", "OFF": "0", "FULL": "2"}
_CREDITS_LOW = 20  # a twentieth of the month's
_SHOWN = 3
_WORN_HINT = "no slot reads it again, the audit does; an older backup may have it whole"


def check_database(settings: Settings) -> Iterator[Check]:
    """Everything about the database of a home; each step only where the one before it holds."""
    path = settings.database_path
    if not path.is_file():
        yield from _check_absence(path)
        return
    try:
        card = read_card(path)
    except SchemaError as error:
        yield fail("database", str(error), "name another file in `database`")
        return
    except DamageError as error:
        yield fail("database", str(error), RESTORE_HINT)
        return
    except StorageError as error:
        yield fail("database", str(error), "correct the owner and mode of the file and its folder")
        return
    yield ok("database", f"{path}, ledger {card.ledger_id[:12]}")
    yield from _check_faults(path)
    if card.revision != REVISIONS[-1]:
        yield _revision_check(card.revision, newer=card.is_newer)
        return
    yield ok("schema", f"revision {card.revision}")
    yield from _check_journal(path, card)
    yield from _check_pragmas(path)
    if found := overgrown_log(path):
        yield warn("log", found, f"end that program: `fuser {path}` names who has it open")
    yield from _check_inside(path, settings)


def _check_absence(path: Path) -> Iterator[Check]:
    log = path.with_name(path.name + "-wal")
    if path.exists():
        yield fail("database", f"{path}: is no file", "name another file in `database`")
    elif log.exists():
        yield fail(
            "database",
            f"{path}: is gone, its log {log.name} is still there",
            "put the file back, or move the log away and use `hourhand db restore FILE`",
        )
    else:
        yield ok("database", f"{path}: not made yet")


def _check_faults(path: Path) -> Iterator[Check]:
    """Every page, every reference and the whole chain; of a copy's worth of reading."""
    faults = faults_of(path)
    for fault in faults[:_SHOWN]:
        yield fail("integrity", fault, RESTORE_HINT)
    if faults:
        return
    yield ok("integrity", "pages, foreign keys, the journal's chain and hashed texts hold")
    worn = worn_answers(path)
    for fault in worn[:_SHOWN]:
        yield warn("answers", fault, _WORN_HINT)
    if not worn:
        yield ok("answers", "what the provider answered has its hashes")


def _revision_check(revision: str, *, newer: bool) -> Check:
    if newer:
        found = f"{revision} is newer than {REVISIONS[-1]}, which this version knows"
        return fail("schema", found, "install the newer version of hourhand")
    return fail("schema", f"{revision} is older than {REVISIONS[-1]}", "run `hourhand db upgrade`")


def _check_journal(path: Path, card: Card) -> Iterator[Check]:
    """Where the journal ends, and whether it once went further."""
    try:
        database = open_readonly(path)
        try:
            with database.transaction() as connection:
                lost = open_put_backs(path, connection)
        finally:
            database.close()
    except HourhandError as error:
        yield fail("journal", str(error), RESTORE_HINT)
        return
    for one in lost:
        level = fail if one.since is None else warn
        yield level("journal", one.found, one.advice)
    if not lost:
        end = f", last slot {format_instant(card.last_slot)}" if card.last_slot else ""
        entries = counted(card.number, "entry", "entries")
        yield ok("journal", f"{entries}, head {card.head[:16]}{end}")


def _check_pragmas(path: Path) -> Iterator[Check]:
    """The settings that a writing connection gets; asking for them writes nothing."""
    try:
        database = open_unchecked(path)
        try:
            with database.engine.connect() as connection:
                raw = connection.connection.cursor()
                wrong = [pragma for pragma in PRAGMAS if not _holds(raw, pragma)]
        finally:
            database.close()
    except Exception as error:  # SQLite's own and the pool's
        yield fail("pragmas", f"no writing connection: {error}", "correct owner and mode")
        return
    if wrong:
        yield fail("pragmas", f"not in force: {', '.join(wrong)}", "is the disk a local one?")
    else:
        yield ok("pragmas", "write-ahead log, full sync, foreign keys")


def _holds(cursor: Any, pragma: str) -> bool:
    name, _, wanted = pragma.partition("=")
    found = cursor.execute(f"PRAGMA {name}").fetchone()[0]
    return str(found).casefold() in {wanted.casefold(), _SAME.get(wanted, wanted)}


def _check_inside(path: Path, settings: Settings) -> Iterator[Check]:
    try:
        database = open_readonly(path)
    except HourhandError as error:
        yield fail("database", str(error), RESTORE_HINT)
        return
    try:
        with database.transaction() as connection:
            yield from _check_schema(connection)
            yield from _check_lease(connection, path, now_of(settings, connection))
            yield _check_credits(connection, settings)
    finally:
        database.close()


def _check_schema(connection: Connection) -> Iterator[Check]:
    from bot.app.audit_file import check_schema

    found = [finding.text() for finding in check_schema(connection)]
    for text in found[:_SHOWN]:
        yield fail("schema text", text, "somebody changed it: restore a backup, or run the audit")
    if not found:
        yield ok("schema text", "tables, indexes and triggers are as this version makes them")


def _check_lease(connection: Connection, path: Path, now: int) -> Iterator[Check]:
    holder, lease = lock_holder(path), overview.lease_of(connection)
    marks = [ledger_read.watermark(connection, name) for name in ledger_read.strategies(connection)]
    last = max((mark for mark in marks if mark is not None), default=None)
    seen = f"last sign of life {format_instant(lease.heartbeat)}" if lease else "never ran here"
    if holder is None:
        yield ok("daemon", f"not running; {seen}")
    elif last is not None and now - last > 4 * HOUR:
        found = f"process {holder.pid} runs, but its last slot is {format_instant(last)}"
        yield warn("daemon", found, "see `hourhand status` and its log")
    else:
        yield ok("daemon", f"process {holder.pid} runs; {seen}")


def _check_credits(connection: Connection, settings: Settings) -> Check:
    month = format_instant(now_of(settings, connection))[:7]
    limit = settings.monthly_credits
    spent = slot_store.credits_spent(connection, month)
    left = max(0, limit - spent)
    found = f"{left} of {limit} left in {month}"
    if not left:
        return fail("credits", found, "raise `monthly_credits`, or wait for the next month")
    if left * _CREDITS_LOW < limit:
        return warn("credits", found, "poll less (fewer tokens, longer `daily_every`)")
    return ok("credits", found)
