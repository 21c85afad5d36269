"""Whole columns of text as int64 arrays: exact, or None where a column needs reading cell by cell.

Every way here takes a subset of what the cell parsers take and gives the same values, so a
column that is refused here is not wrong: it is only written in a rarer form. The bytes of all
cells of a column stand side by side in memory; a look at all of them at once is what tests a
spelling, since a pattern on every cell would cost more than the conversion. Values are taken out
of Arrow's own memory: its way to numpy imports pandas where that is there, for a third of a second.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bot.domain.bar_table import DECIMALS_MAX, NONE, IntColumn
from bot.domain.decimals import PRICE_DECIMALS_MAX, PRICE_DIGITS_MAX, PRICE_MAX
from bot.domain.errors import DataError
from bot.domain.instants import EARLIEST, LATEST, parse_instant

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
# What a table of 64-bit integers may hold; twice as much still fits, so sums do not wrap.
LARGEST = 1 << 62
_TENS = 10 ** np.arange(19, dtype=np.int64)
_LONGEST = 38  # characters of a number: of more digits Arrow's cast takes some modulo 2^128
_EXPONENT = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?[01]?\d)?$"
_ZONE = re.compile(r"(Z|[+-]\d{2}:?\d{2})$")
# Epoch seconds, ms, us, ns: (multiplier, divisor) to ms. The ranges do not overlap.
_UNITS = ((1000, 1), (1, 1), (1, 1000), (1, 1_000_000))


def instants(column: Any) -> IntColumn | None:
    """UTC ms of a column of one spelling (ISO 8601 or whole epoch units); NONE for null."""
    return _where_filled(column, _instants)


def ids(column: Any) -> IntColumn | None:
    """Positive whole numbers; NONE for null."""
    return _where_filled(column, _ids)


def decimals(column: Any) -> tuple[IntColumn, int] | None:
    """Numbers in units of 10^-n, and n, the fewest decimals that hold them all; 0 for null."""
    found = _points(column)
    return None if found is None else lowest_terms(*found)


def prices(column: Any) -> tuple[IntColumn, int] | None:
    """The same for prices as the record keeps them (see `canonical_price`)."""
    found = _points(column)
    if found is None or found[1] > PRICE_DECIMALS_MAX:
        return None
    values, places = lowest_terms(_shortened(found[0]), found[1])
    most = min(LARGEST, int(PRICE_MAX) * 10**places)
    return (values, places) if values.size == 0 or np.abs(values).max() <= most else None


def lowest_terms(values: IntColumn, places: int) -> tuple[IntColumn, int]:
    """The same numbers at the fewest decimals that hold them all."""
    common = int(np.gcd.reduce(values, axis=None)) if values.size else 0
    spare = 0
    while spare < places and common % 10 ** (spare + 1) == 0:
        spare += 1
    return (values // 10**spare if spare else values), places - spare


def _where_filled(column: Any, convert: Any) -> IntColumn | None:
    if column.null_count == 0 and len(column):
        whole: IntColumn | None = convert(column)
        return whole
    out = np.full(len(column), NONE, dtype=np.int64)
    if column.null_count < len(column):
        found = convert(column.drop_null())
        if found is None:
            return None
        out[filled(column)] = found
    return out


def filled(column: Any) -> Flags:
    """Where a column is not null."""
    return np.asarray(_memory(column.is_valid().cast(pa.int8()), np.int8) == 1)


def integers(column: Any) -> IntColumn:
    """A column of int64 without nulls, as memory of its own that may be written to."""
    return np.array(_memory(column, np.int64))


def _memory(column: Any, kind: type[np.generic]) -> Any:
    if len(column) == 0:
        return np.zeros(0, dtype=kind)
    return np.frombuffer(column.buffers()[1], dtype=kind)[column.offset :][: len(column)]


def _text(column: Any) -> tuple[Bytes, IntColumn]:
    """All bytes of a column of text, and where each cell ends in them."""
    if len(column) == 0:
        return np.zeros(0, dtype=np.uint8), np.zeros(0, dtype=np.int64)
    _, offsets, data = column.buffers()
    places = np.frombuffer(offsets, dtype=np.int32)[column.offset :][: len(column) + 1]
    if data is None:  # nothing but blanks
        return np.zeros(0, dtype=np.uint8), np.zeros(len(column), dtype=np.int64)
    text = np.frombuffer(data, dtype=np.uint8)[places[0] : places[-1]]
    return text, (places[1:] - places[0]).astype(np.int64)


def _digits(text: Bytes) -> Flags:
    return (text - np.uint8(ord("0"))) < 10  # smaller bytes wrap to large ones


def _cast(column: Any, kind: Any) -> Any | None:
    try:
        return column.cast(kind)
    except pa.ArrowInvalid:
        return None


def _whole(column: Any) -> IntColumn | None:
    """Digits alone: the cast by itself would take a sign and 0x too."""
    if not _digits(_text(column)[0]).all():
        return None
    found = _cast(column, pa.int64())
    return None if found is None else integers(found)


def _ids(column: Any) -> IntColumn | None:
    found = _whole(column)
    return found if found is not None and found.min() > 0 and found.max() < 10**15 else None


def _instants(column: Any) -> IntColumn | None:
    found = _whole(column)
    if found is None:
        return _iso(column)
    least, most = int(found.min()), int(found.max())
    for multiplier, divisor in _UNITS:
        if _within_years(least * multiplier // divisor, most * multiplier // divisor):
            return found * multiplier // divisor
    return None


def _iso(column: Any) -> IntColumn | None:
    """Cells that all have digits where the first has digits, and equal its other characters."""
    text, ends = _text(column)
    width = int(ends[0])
    if width * len(ends) != len(text) or (np.diff(ends) != width).any():
        return None
    grid = text.reshape(len(ends), width)
    digits = _digits(grid[0])
    if not _digits(grid[:, digits]).all() or (grid[:, ~digits] != grid[0, ~digits]).any():
        return None
    first = column[0].as_py()
    found = _cast(column, pa.timestamp("ms", tz="UTC" if _ZONE.search(first[10:]) else None))
    if found is None:
        return None
    out = integers(found.cast(pa.int64()))
    if not _within_years(int(out.min()), int(out.max())) or not _is_instant(first, int(out[0])):
        return None
    return out


def _is_instant(text: str, ms: int) -> bool:
    """Whether the cell parser takes this spelling, and reads the same from it."""
    try:
        return parse_instant(text) == ms
    except DataError:
        return False


def _within_years(least: int, most: int) -> bool:
    return least >= EARLIEST and most < LATEST


def _points(column: Any) -> tuple[IntColumn, int] | None:
    """Numbers in units of 10^-n, and n; 0 for null."""
    if column.null_count == len(column):
        return np.zeros(len(column), dtype=np.int64), 0
    text, ends = _text(column)
    if np.diff(ends, prepend=0).max() > _LONGEST:
        return None
    dots = np.flatnonzero(text == ord("."))
    if (_digits(text) | (text == ord("."))).all():
        # A cell with two dots is refused by the cast.
        after = ends[np.searchsorted(ends, dots, side="right")] - dots - 1
        places = int(after.max()) if len(after) else 0
    elif _all_match(column, _EXPONENT):
        places = PRICE_DECIMALS_MAX  # a cell that needs more is refused by the cast
    else:
        return None
    if places > DECIMALS_MAX:
        return None
    found = _cast(column, pa.decimal128(38, places))
    return None if found is None else _narrow(found, places)


def _narrow(column: Any, places: int) -> tuple[IntColumn, int] | None:
    """The integers inside a column of 128-bit decimals, where 62 bits hold them all."""
    words = np.frombuffer(column.buffers()[1], dtype=np.int64).reshape(-1, 2)
    low, high = words[column.offset :][: len(column)].T
    if column.null_count:
        low, high = low * filled(column), high * filled(column)
    if (high != low >> 63).any() or low.max() >= LARGEST or low.min() <= -LARGEST:
        return None
    return np.array(low), places


def _shortened(values: IntColumn) -> IntColumn:
    """At most 12 significant digits, half to even."""
    size = np.abs(values)
    if not len(size) or size.max() < _TENS[PRICE_DIGITS_MAX]:
        return values
    surplus = np.searchsorted(_TENS, size, side="right") - PRICE_DIGITS_MAX
    unit = _TENS[np.maximum(surplus, 0)]
    quotient, rest = np.divmod(size, unit)
    up = (2 * rest > unit) | ((2 * rest == unit) & (quotient % 2 == 1))
    return np.asarray(np.sign(values) * (quotient + up) * unit, dtype=np.int64)


def _all_match(column: Any, pattern: str) -> bool:
    import pyarrow.compute as pc

    return pc.all(pc.match_substring_regex(column, pattern=pattern)).as_py() is not False
