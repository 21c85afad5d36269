"""One table file of any format as columns of text, with the way back to a cell's line."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.feather as pa_feather
import pyarrow.parquet as pa_parquet

from bot.domain.errors import DataError

SUFFIXES = (".csv", ".csv.gz", ".parquet", ".feather")
_CELL_MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table whose cells are text or null; blank text is null."""

    path: Path
    columns: dict[str, Any]  # name -> pyarrow string column
    rows: int
    places: Any = None  # the rows' places in the file, where only some were kept

    def fault(self, row: int, column: str, problem: str) -> DataError:
        """The error that names this cell: file, line, column, what was found and expected."""
        return DataError(f"{self.path}, row {self._line(row)}, column {column}: {problem}")

    def where(self, mask: Any) -> Sheet:
        """The rows where a boolean column is true."""
        kept = {name: column.filter(mask) for name, column in self.columns.items()}
        places = pc.indices_nonzero(mask)
        if self.places is not None:
            places = self.places.take(places)
        return Sheet(path=self.path, columns=kept, rows=len(places), places=places)

    def _line(self, row: int) -> int:
        """Line of the file for CSV, which may hold blank lines and line breaks in cells."""
        if self.places is not None:
            row = self.places[row].as_py()
        if not self.path.name.endswith((".csv", ".csv.gz")):
            return row + 1
        with _open_text(self.path) as stream:
            reader = csv.reader(stream, delimiter=_delimiter(self.path))
            seen = -2
            for cells in reader:
                seen += bool(cells)
                if seen == row:
                    return reader.line_num
        return row + 2


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
    try:
        table = _read_csv(path) if ".csv" in path.name.lower() else _read_typed(path)
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from None
    names = [str(name).strip() for name in table.column_names]
    _refuse_doubles(path, names)
    columns = {name: _text_column(table.column(i)) for i, name in enumerate(names) if name}
    return Sheet(path=path, columns=columns, rows=table.num_rows)


def _read_csv(path: Path) -> Any:
    delimiter = _delimiter(path)
    with _open_text(path) as stream:
        header = next(csv.reader(stream, delimiter=delimiter), None)
    if not header:
        raise DataError(f"{path}: the file is empty: expected a header line")
    # Named by position: names may be doubled here, which the caller reports in our words.
    slots = [f"c{i}" for i in range(len(header))]
    table = pa_csv.read_csv(
        path,
        read_options=pa_csv.ReadOptions(column_names=slots, skip_rows_after_names=1),
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
    if path.name.lower().endswith(".feather"):
        return pa_feather.read_table(path)
    return pa_parquet.read_table(path)


def _text_column(column: Any) -> Any:
    """Any column as text: instants as epoch milliseconds, floats at their shortest."""
    kind = column.type
    if pa.types.is_string(kind):
        return _blank_to_null(column)
    if pa.types.is_dictionary(kind) or pa.types.is_large_string(kind):
        return _blank_to_null(column.cast(pa.string()))
    if pa.types.is_date(kind):
        column = column.cast(pa.timestamp("ms"))
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("ms", tz=column.type.tz), safe=False).cast(pa.int64())
    if pa.types.is_floating(kind):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)
    return column.cast(pa.string())


def _blank_to_null(column: Any) -> Any:
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


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
