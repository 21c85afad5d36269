"""How a record gets into the buffers that the driver empties."""

from __future__ import annotations

from bot.engine.layout import (
    R_ACTION,
    R_BAR,
    R_FEE,
    R_KIND,
    R_NOTIONAL,
    R_ORDER_SLOT,
    R_PHASE,
    R_PRICE,
    R_QTY,
    R_REASON,
    R_REF,
    R_SLOT,
    R_STEP,
    R_TOKEN,
)
from bot.engine.types import Ints, Row


def emit(rec: Ints, out: Row, kind: int, step: int, slot: int, token: int, reason: int) -> int:
    """Append a record and return its row; the caller fills what the kind needs besides."""
    row = out[0]
    out[0] = row + 1
    # The buffers are used again and again: what this kind does not set must not show an old record.
    for j in range(rec.shape[1]):
        rec[row, j] = 0
    rec[row, R_KIND] = kind
    rec[row, R_STEP] = step
    rec[row, R_SLOT] = slot
    rec[row, R_TOKEN] = token
    rec[row, R_REASON] = reason
    return row  # type: ignore[no-any-return]  # a machine integer either way


def place(rec: Ints, row: int, bar: int, phase: int, action: int, order_slot: int) -> None:
    """Say where a record of an order happened and to which order it belongs."""
    rec[row, R_BAR] = bar
    rec[row, R_PHASE] = phase
    rec[row, R_ACTION] = action
    rec[row, R_ORDER_SLOT] = order_slot


def amounts(rec: Ints, row: int, qty: int, price: int, ref: int, fee: int, notional: int) -> None:
    """Quantity in lots, price in ticks, reference in points, fee and notional in money."""
    rec[row, R_QTY] = qty
    rec[row, R_PRICE] = price
    rec[row, R_REF] = ref
    rec[row, R_FEE] = fee
    rec[row, R_NOTIONAL] = notional
