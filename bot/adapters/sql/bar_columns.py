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
_QUERY = """
SELECT token_id, open_time, CAST(open AS REAL), CAST(high AS REAL), CAST(low AS REAL),
       CAST(close AS REAL),
       max(CASE WHEN instr(open, '.') THEN length(open) - instr(open, '.') ELSE 0 END,
           CASE WHEN instr(high, '.') THEN length(high) - instr(high, '.') ELSE 0 END,
           CASE WHEN instr(low, '.') THEN length(low) - instr(low, '.') ELSE 0 END,
           CASE WHEN instr(close, '.') THEN length(close) - instr(close, '.') ELSE 0 END)
FROM bar WHERE interval = '1h' {more} ORDER BY token_id, open_time, id
"""


def hourly_tables(
    connection: Connection, token_id: int | None = None, span: tuple[int, int] | None = None
) -> dict[int, BarTable]:
    """Token id -> its hourly bars in order of time, the newest row of each hour, without volumes.

    token_id: only this token. span: only bars that open in [start, end).
    """
    more, values = "", []
    if token_id is not None:
        more, values = more + " AND token_id = ?", [token_id]
    if span is not None:
        more, values = more + " AND open_time >= ? AND open_time < ?", [*values, *span]
    rows = connection.exec_driver_sql(_QUERY.format(more=more), tuple(values))
    return {token: _table(token, found) for token, found in _by_token(rows)}


def _by_token(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[int, list[Sequence[Any]]]]:
    for token_id, found in groupby(rows, key=itemgetter(0)):
        yield int(token_id), list(found)


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
