"""Prices of all tokens by hour, for forward returns and for the state of the market."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.domain.bar_table import BarTable, History, impossible_rows, table_of
from bot.domain.instants import HOUR
from bot.domain.values import Slot
from bot.engine.types import FloatArray, IntArray

REGIME_HOURS = 30 * 24
UNKNOWN, FALLING, RISING = 0, 1, 2
REGIMES = ("unknown", "falling", "rising")


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Opens by hour and token from the hour of the first slot on; NaN where nothing could fill.

    regimes: by slot, from closes that the slot knew.
    """

    opens: FloatArray
    regimes: npt.NDArray[np.int8]

    def forward(self, start: IntArray, hours: int) -> FloatArray:
        """Return of every token from the open of an hour to the open `hours` later."""
        count = len(self.opens)
        found = np.full((len(start), self.opens.shape[1]), math.nan)
        there = start + hours < count
        rows = start[there]
        found[there] = self.opens[rows + hours] / self.opens[rows] - 1.0
        return found


def price_panel(history: History, token_ids: Sequence[int], slots: Sequence[Slot]) -> Panel:
    """The bars that had closed by the last slot, in the version known last."""
    first, last = slots[0].slot, slots[-1].slot
    back = REGIME_HOURS + 1
    hours = (last - first) // HOUR + back
    opens = np.full((hours, len(token_ids)), math.nan)
    closes = opens.copy()
    tables = bar_tables(history)
    for place, token_id in enumerate(token_ids):
        table = tables.get(token_id)
        if table is None or len(table) == 0:
            continue
        row = (table.open_time - first) // HOUR + back
        kept = (row >= 0) & (row < hours) & ~impossible_rows(table.prices)
        prices = table.prices[kept] * 10.0**-table.decimals
        opens[row[kept], place] = np.where(table.volume[kept] == 0, math.nan, prices[:, 0])
        closes[row[kept], place] = prices[:, 3]
    return Panel(opens=opens[back:], regimes=_regimes(closes, len(slots)))


def bar_tables(history: History) -> dict[int, BarTable]:
    """The hourly bars of every token; those that no table holds exactly are left out."""
    found = {table.token_id: table for table in history.tables}
    others: dict[int, list[object]] = {}
    for bar in history.rest.bars:
        if bar.interval == "1h" and bar.token_id not in found:
            others.setdefault(bar.token_id, []).append(bar)
    for token_id, bars in others.items():
        table = table_of(token_id, bars)  # type: ignore[arg-type]  # bars, collected above
        if table is not None:
            found[token_id] = table
    return found


def _regimes(closes: FloatArray, slots: int) -> npt.NDArray[np.int8]:
    """Rising where the median token is above its close of 30 days ago, else falling.

    Row r of `closes` is the bar that opens REGIME_HOURS + 1 - r hours before the first slot, so
    slot s knows rows up to s + REGIME_HOURS.
    """
    newest = closes[REGIME_HOURS : REGIME_HOURS + slots]
    change = newest / closes[:slots][: len(newest)] - 1.0
    found = np.full(slots, UNKNOWN, dtype=np.int8)
    known = np.isfinite(change).any(axis=1)
    middle = np.full(len(change), math.nan)
    middle[known] = np.nanmedian(change[known], axis=1)
    found[: len(change)][middle > 0.0] = RISING
    found[: len(change)][middle <= 0.0] = FALLING
    return found
