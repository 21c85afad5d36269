"""The numbers that one slot of one strategy read, as the record keeps them for `why`."""

from __future__ import annotations

import json
import math
from typing import Any

from bot.domain.decimals import plain
from bot.domain.instants import format_instant
from bot.engine import layout as at
from bot.market.bar_series import Prices
from bot.market.inputs import MarketSlice
from bot.market.rules import ColumnPlan

# Only what is set stands in a slot's inputs: a ledger without commands keeps its hashes.
_OF_THE_SLOT = ((at.S_PAUSED, "paused"), (at.S_ACKNOWLEDGED, "acknowledged"))
_OF_A_TOKEN = (
    (at.ASKED_CLOSE, "CLOSE"),
    (at.ASKED_ACK, "ACK"),
    (at.ASKED_WRITE_OFF, "WRITE_OFF"),
)
_STATUS = {at.UNKNOWN: "unknown", at.FRESH: "fresh", at.STALE: "stale"}


def slot_input_bytes(market: MarketSlice, plan: ColumnPlan, source: str) -> bytes:
    """Canonical JSON of the last slot of a slice: one entry per token of which it knew anything."""
    return inputs_of_slot(market, plan, source, market.inputs.slots.shape[0] - 1)


def inputs_of_slot(market: MarketSlice, plan: ColumnPlan, source: str, s: int) -> bytes:
    """The same of the slot with index `s` of a slice."""
    tokens = {
        str(token_id): token_inputs(market, plan, s, i)
        for i, token_id in enumerate(market.token_ids)
        if _is_known(market, s, i)
    }
    slot = market.inputs.slots[s].tolist()
    asked = {name: True for column, name in _OF_THE_SLOT if slot[column]}
    body = {"source": source, "tokens": tokens, **asked}
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def derived_in(market: MarketSlice) -> dict[int, int]:
    """Token id -> index of the slot of a slice in which its units were derived: its first bar."""
    places = {token_id: i for i, token_id in enumerate(market.token_ids)}
    has_bar = market.inputs.newest >= 0
    return {
        unit.token_id: int(has_bar[:, places[unit.token_id]].argmax()) for unit in market.derived
    }


def _is_known(market: MarketSlice, s: int, i: int) -> bool:
    """False for a token that only later rows name: they may stand in the record already."""
    inputs = market.inputs
    cell = inputs.cells[s, i].tolist()
    statuses = (cell[at.C_QUANT], cell[at.C_GRADE], cell[at.C_LEVELS])
    news = inputs.signals[inputs.sig_start[s] : inputs.sig_start[s + 1], at.G_TOKEN]
    return bool(
        cell[at.C_UNIVERSE]
        or inputs.newest[s, i] >= 0
        or cell[at.C_OPERATOR]
        or any(status != at.UNKNOWN for status in statuses)
        or i in news.tolist()
    )


def token_inputs(market: MarketSlice, plan: ColumnPlan, s: int, i: int) -> dict[str, Any]:
    """What slot `s` of a slice saw of its token `i`."""
    inputs = market.inputs
    cell = inputs.cells[s, i].tolist()
    values = inputs.values[s, i].tolist()
    prices = market.prices[i]
    shown: dict[str, Any] = {
        "in_universe": bool(cell[at.C_UNIVERSE]),
        "quantmetrics": _STATUS[cell[at.C_QUANT]],
        "grade": _STATUS[cell[at.C_GRADE]],
        "levels": _STATUS[cell[at.C_LEVELS]],
        "columns": {
            column.name: values[at.X_FIRST + c]
            for c, column in enumerate(plan.columns)
            if math.isfinite(values[at.X_FIRST + c])
        },
    }
    for name, value, scale in (
        ("sigma", values[at.X_SIGMA], 1.0),
        ("atr", values[at.X_ATR], 10.0**prices.decimals),
        ("adv", values[at.X_ADV], 1.0),
    ):
        if math.isfinite(value):
            shown[name] = float(f"{value / scale:.10g}")
    newest = int(inputs.newest[s, i])
    if newest >= 0:
        shown["bar"] = _bar(inputs.bars[newest].tolist(), prices)
    if cell[at.C_OPERATOR]:
        shown["asked"] = [name for bit, name in _OF_A_TOKEN if cell[at.C_OPERATOR] & bit]
    start, end = cell[at.C_BOOK_START], cell[at.C_BOOK_END]
    shown["book"] = [
        [prices.text(price), strength]
        for price, strength in zip(
            inputs.prices[start:end].tolist(), inputs.strengths[start:end].tolist(), strict=True
        )
    ]
    if cell[at.C_BOOK_BUILT]:
        shown["book_built"] = format_instant(cell[at.C_BOOK_BUILT])
    instrument = market.instruments[i]
    if instrument is not None:
        shown["tick"], shown["lot"] = plain(instrument.tick), plain(instrument.lot)
    rows = inputs.signals[inputs.sig_start[s] : inputs.sig_start[s + 1]].tolist()
    shown["signals"] = [
        [format_instant(row[at.G_VALID]), row[at.G_VALUE]] for row in rows if row[at.G_TOKEN] == i
    ]
    return shown


def _bar(row: list[int], prices: Prices) -> dict[str, str]:
    names = ("open", "high", "low", "close")
    points = row[at.B_OPEN : at.B_CLOSE + 1]
    shown = {name: prices.text(price) for name, price in zip(names, points, strict=True)}
    return {"open_time": format_instant(row[at.B_OPEN_TIME]), **shown}
