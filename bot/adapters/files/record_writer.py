"""A Record as a folder of CSV or Parquet files that `record_folder` reads back unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.adapters.files.layout import FORMATS, TABLES, Column, FileFormat
from bot.adapters.files.table_writer import write_table
from bot.adapters.whole_file import whole_file
from bot.domain.errors import StorageError
from bot.domain.values import Record

_Row = tuple[Any, ...]


def write_record(record: Record, folder: Path, file_format: FileFormat) -> None:
    """Write every table, also an empty one; the folder is made where it is absent.

    A file of the same name is replaced whole. Raises StorageError where the folder holds a
    table in another format, or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_other_formats(folder, file_format)
        for name in TABLES:
            columns, rows = _table(record, name)
            with whole_file(folder / f"{name}.{file_format}") as draft:
                write_table(draft, file_format, columns, rows)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written: {error.strerror or error}") from None


def _refuse_other_formats(folder: Path, file_format: FileFormat) -> None:
    others = [
        f"{name}.{form}" for name in TABLES for form in FORMATS
        if form != file_format and (folder / f"{name}.{form}").exists()
    ]  # fmt: skip
    if others:
        raise StorageError(f"{folder}: holds {others[0]}: choose an empty folder")


def _table(record: Record, name: str) -> tuple[tuple[Column, ...], Iterator[_Row]]:
    if name == "metrics":
        return _metrics_table(record)
    columns = TABLES[name]
    if name == "levels":
        return columns, _level_rows(record)
    names = [column.name for column in columns]
    rows = (tuple(getattr(row, each) for each in names) for row in getattr(record, name))
    return columns, rows


def _metrics_table(record: Record) -> tuple[tuple[Column, ...], Iterator[_Row]]:
    standard = TABLES["metrics"]
    known = {column.name for column in standard}
    further = {name for row in record.metrics for name, _ in row.values} - known
    extra = tuple(Column(name, "number") for name in sorted(further))
    columns = (*standard[:-1], *extra, standard[-1])
    names = [column.name for column in columns[2:-1]]

    def rows() -> Iterator[_Row]:
        for row in record.metrics:
            values = dict(row.values)
            found = [values.get(name) for name in names]
            yield (row.token_id, row.valid_time, *found, row.available_at)

    return columns, rows()


def _level_rows(record: Record) -> Iterator[_Row]:
    for found in record.levels:
        for level in found.levels:
            yield found.token_id, found.seen_at, level.price, level.strength, level.level_date
        if not found.levels:
            yield found.token_id, found.seen_at, None, None, None
