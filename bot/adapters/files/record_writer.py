"""A Record as a folder of CSV or Parquet files that `record_folder` reads back unchanged."""

from __future__ import annotations

import csv
import gzip
import io
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

from bot.adapters.files.layout import FORMATS, TABLES, Column, FileFormat, Kind
from bot.adapters.whole_file import whole_file
from bot.domain.decimals import plain
from bot.domain.errors import StorageError
from bot.domain.instants import format_instant
from bot.domain.spreadsheet import guarded
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
        write = _write_parquet if file_format == "parquet" else _write_csv
        for name in TABLES:
            columns, rows = _table(record, name)
            with whole_file(folder / f"{name}.{file_format}") as draft:
                write(draft, columns, rows)
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


def _write_csv(path: Path, columns: tuple[Column, ...], rows: Iterator[_Row]) -> None:
    formats = [_TEXT[column.kind] for column in columns]
    with _open_text(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([guarded(column.name) for column in columns])
        writer.writerows(
            ["" if cell is None else form(cell) for form, cell in zip(formats, row, strict=True)]
            for row in rows
        )


@contextmanager
def _open_text(path: Path) -> Iterator[TextIO]:
    if ".csv.gz" not in path.name:
        with path.open("w", encoding="utf-8", newline="") as plain_text:
            yield plain_text
        return
    # Neither a time nor a name in the header: equal records give equal bytes.
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8", newline="") as text,
    ):
        yield text


def _write_parquet(path: Path, columns: tuple[Column, ...], rows: Iterator[_Row]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pa_parquet

    kinds: dict[Kind, Any] = {
        "id": pa.int64(), "time": pa.timestamp("ms", tz="UTC"), "price": pa.string(),
        "decimal": pa.string(), "number": pa.float64(), "flag": pa.bool_(), "text": pa.string(),
    }  # fmt: skip
    lists: list[list[Any]] = [[] for _ in columns]
    for row in rows:
        for cells, cell in zip(lists, row, strict=True):
            cells.append(plain(cell) if isinstance(cell, Decimal) else cell)
    arrays = [
        pa.array(found, kinds[column.kind]) for column, found in zip(columns, lists, strict=True)
    ]
    table = pa.table(arrays, names=[column.name for column in columns])
    pa_parquet.write_table(table, path, compression="zstd")


def _number(value: float) -> str:
    return repr(float(value)) if math.isfinite(value) else ""


def _flag(value: bool) -> str:  # noqa: FBT001 - the cell itself
    return "true" if value else "false"


_TEXT: dict[Kind, Callable[[Any], str]] = {
    "id": str,
    "time": format_instant,
    "price": plain,
    "decimal": plain,
    "number": _number,
    "flag": _flag,
    "text": guarded,
}
