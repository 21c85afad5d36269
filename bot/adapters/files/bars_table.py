"""The bars of a record folder, taken apart by token and interval."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from bot.adapters.files import bulk, cells
from bot.adapters.files.bar_rows import BarRows, read_rows, refuse_blank, required_instants
from bot.adapters.files.layout import TABLES
from bot.adapters.files.sheet import Sheet, grouped, refuse_absent
from bot.domain.bar_table import NONE, IntColumn

_INTERVAL = re.compile(r"[1-9]\d{0,3}[mhd]", re.ASCII)
_USUAL = "1h"
_KEYS = ("token_id", "open_time", "interval")


@dataclass(frozen=True, slots=True, kw_only=True)
class BarPart:
    """The bars of one token and interval in the file's order, and their places among all rows."""

    token_id: int
    interval: str
    places: IntColumn
    rows: BarRows


def read_bars(sheet: Sheet) -> list[BarPart]:
    """The bars by token id and interval.

    Raises DataError naming file, row and column of a fault.
    """
    columns = TABLES["bars"]
    for column in columns:
        if column.required and column.name not in sheet.columns:
            refuse_absent(sheet, column.name)
    token_ids = cells.id_array(sheet, "token_id")
    refuse_blank(sheet, "token_id", token_ids == NONE)
    times = required_instants(sheet, "open_time")
    intervals, codes = _intervals(sheet)
    values = sheet.of(
        column.name
        for column in columns
        if column.name not in _KEYS and column.name in sheet.columns
    )
    tokens = np.unique(token_ids, return_inverse=True)[1]
    return [
        BarPart(
            token_id=int(token_ids[places[0]]),
            interval=intervals[codes[places[0]]],
            places=places,
            rows=read_rows(values.at(places), times[places]),
        )
        for places in grouped(tokens * len(intervals) + codes)
    ]


def _intervals(sheet: Sheet) -> tuple[list[str], IntColumn]:
    """The intervals there are, and each row's place among them."""
    if "interval" not in sheet.columns:
        return [_USUAL], np.zeros(sheet.rows, dtype=np.int64)
    encoded = sheet.columns["interval"].fill_null(_USUAL).dictionary_encode()
    codes = bulk.integers(encoded.indices.cast("int64"))
    names: list[str] = encoded.dictionary.to_pylist()
    for code, name in enumerate(names):
        if _INTERVAL.fullmatch(name) is None:
            problem = f"found {name!r}, expected an interval such as 1h"
            raise sheet.fault(int((codes == code).argmax()), "interval", problem)
    return names or [_USUAL], codes
