"""Columns of text as lists of typed values: whole columns at once, faults cell by cell.

Each parser first tests the whole column against the plain form and converts it in bulk; only
where a cell differs does it go through the column one by one, which accepts the rarer lawful
forms and names the first cell that has none. A blank cell is None.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from bot.adapters.files.sheet import Sheet
from bot.domain.decimals import canonical_price, parse_decimal
from bot.domain.errors import DataError
from bot.domain.instants import EARLIEST, LATEST, in_range, parse_instant

_ISO_PLAIN = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$"
_EPOCH_MS = r"^\d{12,13}$"
_ID = r"^[1-9]\d{0,14}$"
_DECIMAL = r"^\d+(\.\d+)?$"
# At most 11 digits and a point, or 12 digits: always within 12 decimals and 12 digits.
_PRICE = r"^[\d.]{1,12}$"
_FLOAT = r"^-?\d+(\.\d+)?([eE][+-]?\d{1,3})?$"
V = TypeVar("V")

_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def texts(sheet: Sheet, name: str) -> list[str | None]:
    """The cells as they stand."""
    found: list[str | None] = sheet.columns[name].to_pylist()
    return found


def ids(sheet: Sheet, name: str) -> list[int | None]:
    """Positive whole numbers."""
    column = sheet.columns[name]
    if _all_match(column, _ID):
        found: list[int | None] = column.cast(pa.int64()).to_pylist()
        return found
    return _one_by_one(sheet, name, _id)


def instants(sheet: Sheet, name: str) -> list[int | None]:
    """UTC milliseconds from ISO 8601 or from whole epoch seconds, ms, us or ns."""
    column = instant_column(sheet, name)
    found: list[int | None] = column.to_pylist()
    return found


def instant_column(sheet: Sheet, name: str) -> Any:
    """The same as `instants`, as a column that can be compared in bulk."""
    column = sheet.columns[name]
    bulk = None
    if _all_match(column, _EPOCH_MS):
        bulk = column.cast(pa.int64())
    elif _all_match(column, _ISO_PLAIN):
        bulk = _cast_iso(column)
    if bulk is not None and _within_years(bulk):
        return bulk
    return pa.chunked_array([pa.array(_one_by_one(sheet, name, _instant), pa.int64())])


def prices(sheet: Sheet, name: str) -> list[Decimal | None]:
    """Prices as the record keeps them (see `canonical_price`)."""
    column = sheet.columns[name]
    if _all_match(column, _DECIMAL) and _all_match(column, _PRICE):
        return _bulk_decimals(column)
    return _one_by_one(sheet, name, _price)


def decimals(sheet: Sheet, name: str) -> list[Decimal | None]:
    """Exact decimals of any length."""
    column = sheet.columns[name]
    if _all_match(column, _DECIMAL):
        return _bulk_decimals(column)
    return _one_by_one(sheet, name, parse_decimal)


def numbers(sheet: Sheet, name: str) -> list[float | None]:
    """Finite binary floats."""
    column = sheet.columns[name]
    if _all_match(column, _FLOAT):
        bulk = column.cast(pa.float64())
        if pc.all(pc.is_finite(bulk)).as_py() is not False:
            found: list[float | None] = bulk.to_pylist()
            return found
    return _one_by_one(sheet, name, _number)


def flags(sheet: Sheet, name: str) -> list[bool | None]:
    """true, false, 1 or 0, in any case."""
    return _one_by_one(sheet, name, _flag)


def holds_a_number(sheet: Sheet, name: str) -> bool:
    """Whether any cell of the column is a plain number: then it is meant to be numeric."""
    matches = pc.match_substring_regex(sheet.columns[name], pattern=_FLOAT)
    return bool(pc.any(matches).as_py())


def _bulk_decimals(column: Any) -> list[Decimal | None]:
    cells = column.to_pylist()
    if column.null_count == 0:
        return list(map(Decimal, cells))
    return [None if cell is None else Decimal(cell) for cell in cells]


def _one_by_one(sheet: Sheet, name: str, parse: Callable[[str], V]) -> list[V | None]:
    out: list[V | None] = []
    for row, cell in enumerate(texts(sheet, name)):
        try:
            out.append(None if cell is None or not cell.strip() else parse(cell))
        except DataError as error:
            raise sheet.fault(row, name, str(error)) from None
    return out


def _all_match(column: Any, pattern: str) -> bool:
    """True for a column of blanks too."""
    return pc.all(pc.match_substring_regex(column, pattern=pattern)).as_py() is not False


def _cast_iso(column: Any) -> Any | None:
    try:
        return column.cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64())
    except pa.ArrowInvalid:
        return None  # such as February 30: the slow way names the cell


def _within_years(column: Any) -> bool:
    ends = pc.min_max(column).as_py()
    return ends["min"] is None or (ends["min"] >= EARLIEST and ends["max"] < LATEST)


def _instant(text: str) -> int:
    stripped = text.strip()
    whole = stripped.removesuffix(".0")
    if not whole.isascii() or not whole.isdigit():
        return parse_instant(stripped)
    value = int(whole)
    for multiplier, divisor in ((1000, 1), (1, 1), (1, 1000), (1, 1_000_000)):
        ms = value * multiplier // divisor
        if EARLIEST <= ms < LATEST:
            return ms
    return in_range(value, text)


def _id(text: str) -> int:
    stripped = text.strip().removesuffix(".0")
    if stripped.isascii() and stripped.isdigit() and 0 < int(stripped) < 10**15:
        return int(stripped)
    raise DataError(f"{text!r} is not a token id: expected a whole number above 0")


def _price(text: str) -> Decimal:
    return canonical_price(parse_decimal(text))


def _number(text: str) -> float:
    value = float(parse_decimal(text))
    if not math.isfinite(value):
        raise DataError(f"{text!r} is too large: expected a finite number")
    return value


def _flag(text: str) -> bool:
    found = _FLAGS.get(text.strip().lower())
    if found is None:
        raise DataError(f"{text!r} is not a yes or no: expected true, false, 1 or 0")
    return found
