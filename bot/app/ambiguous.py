"""Bars in which a position's stop and target both lay: where the rule, not the market, decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from bot.domain.bar_table import BarTable, History
from bot.domain.records import Fill, Order, SlotRecords


def ambiguous_bars(busy: Iterable[SlotRecords], history: History) -> int:
    """How many stops filled in a bar that also traded through the target (F5 b).

    Bars of tokens whose prices stand in no table are not counted.
    """
    tables = {table.token_id: table for table in history.tables}
    targets: dict[int, Order] = {}  # the bracket at work, by token
    count = 0
    for slot in busy:
        for fill in slot.fills:
            if fill.reason == "STOP" and fill.token_id in targets:
                count += _reached(fill, targets[fill.token_id], tables)
        for order in slot.orders:
            if order.action == "TARGET":
                targets[order.token_id] = order
    return count


def _reached(fill: Fill, target: Order, tables: Mapping[int, BarTable]) -> bool:
    table = tables.get(fill.token_id)
    if table is None or target.price is None:
        return False
    row = int(np.searchsorted(table.open_time, fill.open_time))
    if row >= len(table) or int(table.open_time[row]) != fill.open_time:
        return False
    return table.bar_at(row).high > target.scale.tick * target.price
