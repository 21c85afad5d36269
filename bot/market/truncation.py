"""A history as it was known at an instant: everything that could be seen later is taken out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bot.domain.bar_table import NONE, BarTable, History
from bot.domain.instants import HOUR
from bot.domain.values import Record
from bot.market.availability import Lags, bar_visible, signal_visible, snapshot_visible


def known_by(history: History, instant: int, lags: Lags) -> History:
    """The rows that could be read at an instant (T2), in the order in which they stand.

    A token of which nothing could be read is not there at all. Slots are no observations and are
    left out.
    """
    rest = history.rest
    tables = [_known_rows(table, instant, lags) for table in history.tables]
    return History(
        tables=[table for table in tables if len(table)],
        rest=Record(
            tokens=[row for row in rest.tokens if (row.available_at or 0) <= instant],
            bars=[row for row in rest.bars if bar_visible(row, lags) <= instant],
            signals=[row for row in rest.signals if signal_visible(row, lags) <= instant],
            metrics=[row for row in rest.metrics if snapshot_visible(row, lags) <= instant],
            levels=[row for row in rest.levels if row.seen_at <= instant],
            grades=[row for row in rest.grades if snapshot_visible(row, lags) <= instant],
            commands=[row for row in rest.commands if row.at <= instant],
        ),
    )


def _known_rows(table: BarTable, instant: int, lags: Lags) -> BarTable:
    """As `bar_visible`, for all rows."""
    close = table.open_time + HOUR
    seen = table.available_at
    visible = np.where(seen == NONE, close + lags.bar, np.maximum(seen, close))
    known = np.flatnonzero(visible <= instant)
    if len(known) == 0 or known[-1] + 1 > len(known):
        return table.take(known)
    stop = len(known)  # the usual case: nothing came late, so that a view will do
    return replace(
        table,
        open_time=table.open_time[:stop],
        prices=table.prices[:stop],
        volume=table.volume[:stop],
        available_at=table.available_at[:stop],
    )
