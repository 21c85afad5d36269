"""Columns of text as typed values: whole columns at once, faults cell by cell.

Each parser first tries the whole column at once (see `bulk`); only where a cell differs does it
go through the column one by one, which accepts the rarer lawful forms and names the first cell
that has none. A blank cell is None in lists and NONE in arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bot.adapters.files import bulk
from bot.adapters.files.sheet import Sheet
from bot.domain.bar_table import NONE, IntColumn
from bot.domain.decimals import PRICE_MAX, canonical_price, is_cut, parse_decimal
from bot.domain.errors import DataError
from bot.domain.instants import EARLIEST, LATEST, in_range, parse_instant
from bot.domain.spreadsheet import unguarded

_GUARDED = r"^'|\\x\{"
_FLOAT = r"^-?\d+(\.\d+)?([eE][+-]?\d{1,3})?$"
_NUMERIC = r"(?i)^\s*([+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?|nan)\s*$"
V = TypeVar("V")

_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def texts(sheet: Sheet, name: str) -> list[str | None]:
    """The cells as they stand; in a CSV as they were before they were made safe to look at."""
    column = sheet.columns[name]
    found: list[str | None] = column.to_pylist()
    if not sheet.is_csv or pc.any(pc.match_substring_regex(column, _GUARDED)).as_py() is not True:
        return found
    return [None if text is None else unguarded(text) for text in found]


def ids(sheet: Sheet, name: str) -> list[int | None]:
    """Positive whole numbers."""
    return _list(id_array(sheet, name))


def id_array(sheet: Sheet, name: str) -> IntColumn:
    """The same as an array."""
    found = bulk.ids(sheet.columns[name])
    return found if found is not None else _array(_one_by_one(sheet, name, _id))


def instants(sheet: Sheet, name: str) -> list[int | None]:
    """UTC milliseconds from ISO 8601 or from whole epoch seconds, ms, us or ns."""
    return _list(instant_array(sheet, name))


def instant_array(sheet: Sheet, name: str) -> IntColumn:
    """The same as an array."""
    found = bulk.instants(sheet.columns[name])
    return found if found is not None else _array(_one_by_one(sheet, name, _instant))


def prices(sheet: Sheet, name: str) -> list[Decimal | None]:
    """Prices as the record keeps them (see `canonical_price`)."""
    column = sheet.columns[name]
    found = bulk.prices(column)
    return _one_by_one(sheet, name, _price) if found is None else _exact(column, *found)


def prices_one_by_one(sheet: Sheet, name: str) -> list[tuple[Decimal, bool] | None]:
    """The same, each with whether it had more decimals than the record keeps."""
    return _one_by_one(sheet, name, _price_and_cut)


def decimals(sheet: Sheet, name: str) -> list[Decimal | None]:
    """Exact decimals of any length."""
    column = sheet.columns[name]
    found = bulk.decimals(column)
    return _one_by_one(sheet, name, parse_decimal) if found is None else _exact(column, *found)


def amounts(sheet: Sheet, name: str) -> list[Decimal | None]:
    """Exact decimals of any length, none below 0."""
    return _one_by_one(sheet, name, _amount)


def numbers(sheet: Sheet, name: str) -> list[float | None]:
    """Finite binary floats; NaN, in any case, is a blank."""
    column = sheet.columns[name]
    if _all_match(column, _FLOAT):
        bulk = column.cast(pa.float64())
        if pc.all(pc.is_finite(bulk)).as_py() is not False:
            found: list[float | None] = bulk.to_pylist()
            return found
    parsed = _one_by_one(sheet, name, _number)
    return [None if number is None or math.isnan(number) else number for number in parsed]


def flags(sheet: Sheet, name: str) -> list[bool | None]:
    """true, false, 1 or 0, in any case."""
    return _one_by_one(sheet, name, _flag)


def holds_a_number(sheet: Sheet, name: str) -> bool:
    """Whether any cell of the column is a number: then it is meant to be numeric."""
    matches = pc.match_substring_regex(sheet.columns[name], pattern=_NUMERIC)
    return bool(pc.any(matches).as_py())


def _list(column: IntColumn) -> list[int | None]:
    return [None if value == NONE else value for value in column.tolist()]


def _array(values: list[int | None]) -> IntColumn:
    return np.array([NONE if value is None else value for value in values], dtype=np.int64)


def _exact(column: Any, values: IntColumn, places: int) -> list[Decimal | None]:
    found = [Decimal(value).scaleb(-places) for value in values.tolist()]
    if column.null_count == 0:
        return list(found)
    there = bulk.filled(column).tolist()
    return [value if is_there else None for value, is_there in zip(found, there, strict=True)]


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
    return _price_and_cut(text)[0]


def _price_and_cut(text: str) -> tuple[Decimal, bool]:
    given = parse_decimal(text)
    value = canonical_price(given)
    if abs(value) > PRICE_MAX:
        raise DataError(f"{text!r} is too large for a price: expected at most 4e12")
    return value, is_cut(given)


def _amount(text: str) -> Decimal:
    value = parse_decimal(text)
    if value < 0:
        raise DataError(f"{text!r} is below 0: expected an amount")
    return value


def _number(text: str) -> float:
    if text.strip().lower() == "nan":
        return math.nan
    value = float(parse_decimal(text))
    if not math.isfinite(value):
        raise DataError(f"{text!r} is too large: expected a finite number")
    return value


def _flag(text: str) -> bool:
    found = _FLAGS.get(text.strip().lower())
    if found is None:
        raise DataError(f"{text!r} is not a yes or no: expected true, false, 1 or 0")
    return found
