"""Hourly bars of the record as columns, for pictures and statistics: no value for each bar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
from sqlalchemy import Connection

from bot.domain.bar_table import NONE, BarTable

_EXACT = 2**53  # whole numbers that a float holds
_COLUMNS = """
SELECT token_id, open_time, CAST(open AS REAL), CAST(high AS REAL), CAST(low AS REAL),
       CAST(close AS REAL),
       max(CASE WHEN instr(open, '.') THEN length(open) - instr(open, '.') ELSE 0 END,
           CASE WHEN instr(high, '.') THEN length(high) - instr(high, '.') ELSE 0 END,
           CASE WHEN instr(low, '.') THEN length(low) - instr(low, '.') ELSE 0 END,
           CASE WHEN instr(close, '.') THEN length(close) - instr(close, '.') ELSE 0 END)
FROM bar WHERE interval = '1h'
"""
_ORDER = " ORDER BY token_id, open_time, id"
_ALL = _COLUMNS + _ORDER
_SOME = _COLUMNS + " AND token_id = ? AND open_time >= ? AND open_time < ?" + _ORDER


def hourly_tables(connection: Connection) -> dict[int, BarTable]:
    """Token id -> its hourly bars by time, the newest row of each hour, without volumes."""
    return dict(_tables(connection.exec_driver_sql(_ALL)))


def hourly_table(
    connection: Connection, token_id: int, start: int, end: int
) -> dict[int, BarTable]:
    """The same of one token and of bars that open in [start, end); empty where there are none."""
    return dict(_tables(connection.exec_driver_sql(_SOME, (token_id, start, end))))


def _tables(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[int, BarTable]]:
    for token_id, found in groupby(rows, key=itemgetter(0)):
        yield int(token_id), _table(int(token_id), list(found))


def _table(token_id: int, rows: list[Sequence[Any]]) -> BarTable:
    """Prices in whole points; those that a float does not hold exactly lose their last digits."""
    times = np.array([row[1] for row in rows], dtype=np.int64)
    newest = np.append(times[1:] != times[:-1], [True])
    prices = np.array([row[2:6] for row in rows], dtype=np.float64)
    decimals = max(row[6] for row in rows)
    while decimals and prices.max() * 10.0**decimals >= _EXACT:
        decimals -= 1
    none = np.full(int(newest.sum()), NONE, dtype=np.int64)
    return BarTable(
        token_id=token_id,
        decimals=decimals,
        volume_decimals=0,
        open_time=times[newest],
        prices=np.rint(prices[newest] * 10.0**decimals).astype(np.int64),
        volume=none,
        available_at=none,
    )
