"""Years of bars into an empty database: from columns to rows without a value for each bar."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sqlalchemy import Connection

from bot.adapters.sql.record_store import add_observations
from bot.domain.bar_table import NONE, BarTable
from bot.domain.decimals import scaled
from bot.domain.values import Record

_EXACT_BELOW = 10**12  # a price of so many points, and decimals, is stored as it stands
_DECIMALS_MAX = 12
_INSERT = (
    "INSERT INTO bar (token_id, interval, open_time, open, high, low, close, volume, available_at)"
    " VALUES (?, '1h', ?, ?, ?, ?, ?, ?, ?)"
)


def add_new_bars(connection: Connection, table: BarTable) -> None:
    """Store the hourly bars of a token of which there is none yet, as the import stores them."""
    if _is_plain(table):
        connection.exec_driver_sql(_INSERT, list(_rows(table)))
    else:
        add_observations(connection, Record(bars=table.bars()))


def _is_plain(table: BarTable) -> bool:
    """Whether no price needs rounding and no bar stands there twice."""
    return bool(
        len(table)
        and table.decimals <= _DECIMALS_MAX
        and np.abs(table.prices).max() < _EXACT_BELOW
        and (np.diff(table.open_time) > 0).all()
    )


def _rows(table: BarTable) -> Iterator[tuple[Any, ...]]:
    columns = (table.open_time, table.prices, table.volume, table.available_at)
    lists = [column.tolist() for column in columns]
    for open_time, prices, volume, seen in zip(*lists, strict=True):
        yield (
            table.token_id,
            open_time,
            *(scaled(price, table.decimals) for price in prices),
            None if volume == NONE else scaled(volume, table.volume_decimals),
            None if seen == NONE else seen,
        )
