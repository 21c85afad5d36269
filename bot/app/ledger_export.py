"""Every table of a home's ledger as CSV or Parquet files: all of them or none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.files.layout import FORMATS, Column, FileFormat, chosen_format
from bot.adapters.sql import ledger_read
from bot.app.export_columns import COLUMN, INPUTS, TABLES
from bot.app.export_rows import ROWS, Export
from bot.app.reading import Document, Reader, reading
from bot.app.strategy_files import strategy_from_canonical
from bot.app.table_files import write_tables
from bot.domain.errors import StorageError, UsageError
from bot.market.rules import build_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerChoice:
    """Which tables of which strategy; none and None mean all."""

    tables: Sequence[str] = ()
    strategy: str | None = None


def export_ledger(home: Path, folder: Path, form: str, choice: LedgerChoice) -> Document:
    """Write the ledger's tables into a folder; returns the rows by table.

    They are one view of the database, and stand under their names when all are written: whatever
    interrupts that leaves the folder as it was. Raises UsageError for an unknown format, table or
    strategy, StorageError where the folder cannot be written.
    """
    chosen = chosen_format(form)
    names = _chosen_tables(choice.tables)
    _check_folder(folder, names, chosen)
    with reading(home) as reader:
        reader.strategies(choice.strategy)
        export = Export(reader, choice.strategy)
        tables = {name: (_columns_of(name, export), ROWS[name](export)) for name in names}
        rows = write_tables(folder, chosen, tables)
    return {"folder": str(folder), "format": chosen, "rows": rows}


def _chosen_tables(wanted: Sequence[str]) -> list[str]:
    unknown = [name for name in wanted if name not in TABLES]
    if unknown:
        raise UsageError(f"--table {unknown[0]}: must be one of {', '.join(TABLES)}")
    return [name for name in TABLES if not wanted or name in wanted]


def _check_folder(folder: Path, names: Sequence[str], form: FileFormat) -> None:
    """Refuse what is no folder, and one where a table would stand in two formats."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder")
    for name in names:
        for other in FORMATS:
            if other != form and (folder / f"{name}.{other}").exists():
                raise StorageError(f"{folder}: holds {name}.{other}: choose an empty folder")


def _columns_of(name: str, export: Export) -> tuple[Column, ...]:
    """A table's columns, with those of the strategies behind the inputs of the slots."""
    fixed = TABLES[name]
    if name != INPUTS:
        return fixed
    further = sorted(set(_strategy_columns(export.reader, export.strategy)))
    return (*fixed, *(Column(COLUMN + name, "number") for name in further))


def _strategy_columns(reader: Reader, strategy: str | None) -> Iterator[str]:
    for version in ledger_read.configs(reader.connection).values():
        if strategy in (None, version.strategy):
            plan = build_rules(strategy_from_canonical(version.body))[1]
            yield from (column.name for column in plan.columns)
