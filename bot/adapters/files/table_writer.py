"""Rows as one CSV or Parquet file, written as they come: exact, and safe in a spreadsheet."""

from __future__ import annotations

import csv
import gzip
import io
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from bot.adapters.files.layout import Column, FileFormat, Kind
from bot.domain.decimals import plain
from bot.domain.errors import DataError
from bot.domain.instants import format_instant
from bot.domain.spreadsheet import guarded

if TYPE_CHECKING:
    import pyarrow as pa

Row = Sequence[Any]

MONEY_SCALE = 8
AMOUNT_SCALE = 18
DIGITS = 38  # of a 128-bit decimal
_PIECE_ROWS = 16_384  # of a Parquet file at a time: what is in memory
_LAST_INSTANTS = 512  # rows of one slot stand together


def write_table(
    path: Path, file_format: FileFormat, columns: Sequence[Column], rows: Iterable[Row]
) -> int:
    """Write a header and the rows; returns how many there were. None is an empty cell.

    Times are UTC milliseconds; money and amounts canonical decimal text; prices and decimals
    that or a Decimal. Memory does not grow with the rows. Raises DataError for an amount that
    128 bits do not hold in Parquet, OSError where the file cannot be written.
    """
    write = _write_parquet if file_format == "parquet" else _write_csv
    return write(path, columns, rows)


def _write_csv(path: Path, columns: Sequence[Column], rows: Iterable[Row]) -> int:
    texts: dict[Kind, Callable[[Any], str]] = dict(_TEXT)
    texts["time"] = lru_cache(_LAST_INSTANTS)(format_instant)
    forms = [texts[column.kind] for column in columns]
    count = 0
    with _open_text(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([guarded(column.name) for column in columns])
        for row in rows:
            writer.writerow(
                ["" if c is None else form(c) for form, c in zip(forms, row, strict=True)]
            )
            count += 1
    return count


@contextmanager
def _open_text(path: Path) -> Iterator[TextIO]:
    if ".csv.gz" not in path.name:
        with path.open("w", encoding="utf-8", newline="") as plain_text:
            yield plain_text
        return
    # Neither a time nor a name in the header: equal rows give equal bytes.
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8", newline="") as text,
    ):
        yield text


def _write_parquet(path: Path, columns: Sequence[Column], rows: Iterable[Row]) -> int:
    import pyarrow.parquet as pa_parquet

    schema = _schema(columns)
    count = 0
    with pa_parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in _batches(columns, rows, schema):
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def arrow_table(columns: Sequence[Column], rows: Iterable[Row]) -> pa.Table:
    """The rows as `write_table` would put them into a Parquet file, in memory."""
    import pyarrow as pa

    schema = _schema(columns)
    return pa.Table.from_batches(_batches(columns, rows, schema), schema)


def _schema(columns: Sequence[Column]) -> pa.Schema:
    import pyarrow as pa

    kinds = _parquet_kinds()
    return pa.schema([(column.name, kinds[column.kind]) for column in columns])


def _batches(
    columns: Sequence[Column], rows: Iterable[Row], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    for piece in _pieces(rows):
        lists = zip(*piece, strict=True)
        arrays = [_array(c, list(cells)) for c, cells in zip(columns, lists, strict=True)]
        yield pa.record_batch(arrays, schema=schema)


def _pieces(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while piece := list(islice(left, _PIECE_ROWS)):
        yield piece


def _array(column: Column, cells: list[Any]) -> Any:
    """The cells of a column in its type; decimals by way of their exact text."""
    import pyarrow as pa

    kind = _parquet_kinds()[column.kind]
    if column.kind in ("price", "decimal"):
        return pa.array([plain(c) if isinstance(c, Decimal) else c for c in cells], kind)
    if column.kind not in ("money", "amount"):
        return pa.array(cells, kind)
    try:
        return pa.array(cells, pa.string()).cast(kind)
    except pa.ArrowInvalid as error:
        raise DataError(f"column {column.name}: {error}: use --format csv") from None


def _parquet_kinds() -> dict[Kind, Any]:
    import pyarrow as pa

    return {
        "id": pa.int64(), "time": pa.timestamp("ms", tz="UTC"), "price": pa.string(),
        "decimal": pa.string(), "money": pa.decimal128(DIGITS, MONEY_SCALE),
        "amount": pa.decimal128(DIGITS, AMOUNT_SCALE), "number": pa.float64(),
        "flag": pa.bool_(), "text": pa.string(),
    }  # fmt: skip


def _number(value: float) -> str:
    return repr(float(value)) if math.isfinite(value) else ""


def _flag(value: bool) -> str:  # noqa: FBT001 - the cell itself
    return "true" if value else "false"


def _decimal(value: Decimal | str) -> str:
    return plain(value) if isinstance(value, Decimal) else value


_TEXT: dict[Kind, Callable[[Any], str]] = {
    "id": str,
    "time": format_instant,
    "price": _decimal,
    "decimal": _decimal,
    "money": str,
    "amount": str,
    "number": _number,
    "flag": _flag,
    "text": guarded,
}
