"""The record out of the database into a folder, and from a folder into a new database."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

from bot.adapters.files.layout import chosen_format
from bot.adapters.files.record_folder import read_record_with_notes
from bot.adapters.files.record_writer import write_record
from bot.adapters.sql import ledger_read, slot_store
from bot.adapters.sql.engine import open_database
from bot.adapters.sql.lock import acquire
from bot.adapters.sql.record_store import export_record, import_record
from bot.adapters.sql.slot_store import InstrumentRow
from bot.app.reading import Document, reading
from bot.app.settings import load_settings
from bot.domain.errors import StorageError, UsageError
from bot.domain.plurals import counted
from bot.domain.values import Record, Token


def export_to(home: Path, folder: Path, form: str) -> Document:
    """Write the home's record into a folder; returns the rows by table.

    Units that the slots derived are written with their tokens, so that the folder replays to the
    same hash. Raises UsageError for an unknown format or a path that is no folder.
    """
    chosen = chosen_format(form)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder")
    with reading(home) as reader:
        record = export_record(reader.connection)
        units = {row.token_id: row for row in slot_store.instruments(reader.connection)}
    record.tokens = [_with_units(token, units.get(token.token_id)) for token in record.tokens]
    write_record(record, folder, chosen)
    return {"folder": str(folder), "format": chosen, "rows": _counts(record)}


def import_from(home: Path, folder: Path) -> Document:
    """Read a record folder into the home's database, which is made where it is absent.

    Raises UsageError where the database has a ledger: its slots were decided without these rows,
    and would no longer follow from the record.
    """
    settings = load_settings(home)
    if not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder")
    record, notes = read_record_with_notes(folder)
    path = settings.database_path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{path.parent}: cannot be made: {error.strerror}") from None
    with acquire(path):
        database = open_database(path, create=True)
        try:
            with database.transaction() as connection:
                done = ledger_read.counts(connection)["cycle"]
                if done:
                    raise UsageError(
                        f"{path}: holds a ledger of {counted(done, 'slot')} decided without these "
                        f"rows: import into a new home (--home DIR)"
                    )
                added = import_record(connection, record)
        finally:
            database.close()
    return {"database": str(path), "rows": _counts(record), "new": added, "notes": notes}


def _counts(record: Record) -> dict[str, int]:
    return {field.name: len(getattr(record, field.name)) for field in fields(record)}


def _with_units(token: Token, units: InstrumentRow | None) -> Token:
    """A token row with the units that it leaves open."""
    if units is None:
        return token
    return replace(
        token,
        tick=units.tick if token.tick is None else token.tick,
        lot=units.lot if token.lot is None else token.lot,
        min_notional=units.min_notional if token.min_notional is None else token.min_notional,
    )
