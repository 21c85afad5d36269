"""One table file of any format as columns of text, with the way back to a cell's line."""

from __future__ import annotations

import csv
import difflib
import gzip
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from bot.adapters.files.sheet_faults import (
    HEADER_CHARS_MAX,
    ROW_BYTES_MAX,
    check_header,
    shown,
    unreadable,
)
from bot.domain.bar_table import IntColumn
from bot.domain.errors import DataError
from bot.domain.instants import EARLIEST, LATEST
from bot.domain.spreadsheet import unguarded

_TEXT_SUFFIXES = (".csv", ".csv.gz")
SUFFIXES = (*_TEXT_SUFFIXES, ".parquet", ".feather")
_CELL_MAX_BYTES = 1 << 20
_TICKS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
# A few blocks a file: smaller ones need more joining, larger ones hold memory that is never used.
_BLOCK_BYTES = ROW_BYTES_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table whose cells are text or null; blank text is null."""

    path: Path
    columns: dict[str, Any]  # name -> pyarrow array of strings
    rows: int
    places: IntColumn | None = None  # the rows' places in the file, where only some were kept

    @property
    def is_csv(self) -> bool:
        """Whether the file is text."""
        return self.path.name.lower().endswith(_TEXT_SUFFIXES)

    def fault(self, row: int, column: str, problem: str) -> DataError:
        """The error that names this cell: file, line, column, what was found and expected."""
        where = f"{self.path}, row {self._line(row)}, column {shown(column)}"
        return DataError(f"{where}: {shown(problem)}")

    def at(self, rows: IntColumn) -> Sheet:
        """The rows of these numbers, which rise; a stretch without a hole is not copied."""
        count = len(rows)
        if count and rows[-1] - rows[0] + 1 == count:
            kept = {name: cells.slice(rows[0], count) for name, cells in self.columns.items()}
        else:
            taken = pa.Array.from_buffers(pa.int64(), count, [None, pa.py_buffer(rows)])
            kept = {name: cells.take(taken) for name, cells in self.columns.items()}
        places = rows if self.places is None else self.places[rows]
        return Sheet(path=self.path, columns=kept, rows=count, places=places)

    def of(self, names: Iterable[str]) -> Sheet:
        """The same rows with these columns only."""
        columns = {name: self.columns[name] for name in names}
        return Sheet(path=self.path, columns=columns, rows=self.rows, places=self.places)

    def _line(self, row: int) -> int:
        """Line of the file for CSV, which may hold blank lines and line breaks in cells."""
        if self.places is not None:
            row = int(self.places[row])
        if not self.is_csv:
            return row + 1
        with _open_text(self.path) as stream:
            reader = csv.reader(stream, delimiter=_delimiter(self.path))
            seen = -2
            try:
                for cells in reader:
                    seen += bool(cells)
                    if seen == row:
                        return reader.line_num
            except csv.Error:
                pass  # a cell beyond what this reader takes: without line breaks it is this row
        return row + 2


def release_memory() -> None:
    """Give what Arrow keeps for later back to the system: reading is over."""
    pa.default_memory_pool().release_unused()


def refuse_absent(sheet: Sheet, name: str) -> None:
    """Raise DataError for a required column that is not there, with the likeliest misspelling."""
    near = difflib.get_close_matches(name, sheet.columns, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    names = shown(", ".join(sheet.columns))
    raise DataError(f"{sheet.path}: column {name!r} is missing{hint}; found {names}")


def grouped(codes: IntColumn) -> list[IntColumn]:
    """The numbers of the rows of each code, by code; rising within each."""
    if not len(codes):
        return []
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)


def stem_and_suffix(path: Path) -> tuple[str, str] | None:
    """`bars.csv.gz` as ("bars", ".csv.gz"); None for files of other kinds."""
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)], suffix
    return None


def read_sheet(path: Path) -> Sheet:
    """The whole file as text columns.

    Raises DataError where the file is not what its name says, has no header, or names a column
    twice.
    """
    if path.exists() and not path.is_file():  # reading a pipe would wait for who writes into it
        raise DataError(f"{path}: is no regular file")
    try:
        is_text = path.name.lower().endswith(_TEXT_SUFFIXES)
        table = _read_csv(path) if is_text else _read_typed(path)
    except (pa.ArrowException, csv.Error, OSError, EOFError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from None
    names = [str(name).strip() for name in table.column_names]
    if is_text:
        names = [unguarded(name) for name in names]
    _refuse_doubles(path, names)
    if is_text:
        columns = {name: table.column(i).combine_chunks() for i, name in enumerate(names) if name}
    else:
        columns = {n: _text_column(path, n, table.column(i)) for i, n in enumerate(names) if n}
    return Sheet(path=path, columns=columns, rows=table.num_rows)


def _read_csv(path: Path) -> Any:
    delimiter = _delimiter(path)
    with _open_text(path) as stream:
        begin = stream.read(HEADER_CHARS_MAX)
    lines = csv.reader(io.StringIO(begin, newline=""), delimiter=delimiter)
    header = check_header(path, next(lines, None), begin)
    # Named by position: names may be doubled here, which the caller reports in our words.
    slots = [f"c{i}" for i in range(len(header))]
    table = pa_csv.read_csv(
        path,
        read_options=pa_csv.ReadOptions(
            column_names=slots,
            skip_rows_after_names=1,
            block_size=_BLOCK_BYTES,
            use_threads=False,  # Arrow's own threads keep the memory that they once held
        ),
        parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(slots, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )
    return table.rename_columns(header)


def _read_typed(path: Path) -> Any:
    # Imported where they are used: a folder of CSV files needs neither.
    if path.name.lower().endswith(".feather"):
        import pyarrow.feather as pa_feather

        return pa_feather.read_table(path)
    import pyarrow.parquet as pa_parquet

    return pa_parquet.read_table(path)


def _text_column(path: Path, name: str, chunks: Any) -> Any:
    """Any column as text: instants as epoch milliseconds, floats at their shortest."""
    column = chunks.combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_date(kind):
        column = column.cast(pa.timestamp("ms"))
    if pa.types.is_timestamp(column.type):
        column = _milliseconds(path, name, column)
    if pa.types.is_floating(kind):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)
    try:
        column = column.cast(pa.string())
    except pa.ArrowException:
        problem = f"holds {kind}: expected text, numbers or instants"
        raise DataError(f"{path}, column {shown(name)}: {problem}") from None
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def _milliseconds(path: Path, name: str, column: Any) -> Any:
    """Instants whose unit is known, so that none of another century is taken for another unit."""
    ticks = column.cast(pa.int64())
    per_second = _TICKS[column.type.unit]
    least, end = EARLIEST // 1000 * per_second, LATEST // 1000 * per_second
    outside = pc.or_(pc.less(ticks, least), pc.greater_equal(ticks, end))
    row = pc.index(outside, value=True).as_py()
    if row >= 0:
        problem = "an instant outside the years 2000 to 2100"
        raise DataError(f"{path}, row {row + 1}, column {shown(name)}: {problem}")
    if per_second < _TICKS["ms"]:
        return pc.multiply(ticks, _TICKS["ms"] // per_second)
    return pc.divide(ticks, per_second // _TICKS["ms"])


def _refuse_doubles(path: Path, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DataError(f"{path}: column {name!r} stands there twice")
        seen.add(name)


def _delimiter(path: Path) -> str:
    with _open_text(path) as stream:
        first = stream.readline(_CELL_MAX_BYTES)
    return max(",;\t", key=first.count)


def _open_text(path: Path) -> TextIO:
    if path.name.lower().endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open("rt", encoding="utf-8-sig", newline="")
