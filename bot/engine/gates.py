"""Gates as data: membership with hysteresis, and which gates a candidate fails (G1, G7)."""

from __future__ import annotations

import math

from bot.engine.layout import (
    C_GRADE,
    C_QUANT,
    FRESH,
    FROM_GRADE,
    FROM_QUANT,
    FROM_VOLUME,
    GATE_COLUMN,
    GATE_HIGH_REASON,
    GATE_LEAVE_MAX,
    GATE_LEAVE_MIN,
    GATE_LOW_REASON,
    GATE_MAX,
    GATE_MIN,
    GATE_SOURCE,
    I_LOT_VOLUME,
    T_MEMBER,
)
from bot.engine.reasons import METRIC_MISSING, OK
from bot.engine.types import Floats, Ints, Row


def source_fresh(cells: Row, source: int) -> bool:
    """Whether the series that a column comes from is known and within its age limit."""
    if source == FROM_QUANT:
        return bool(cells[C_QUANT] == FRESH)
    if source == FROM_GRADE:
        return bool(cells[C_GRADE] == FRESH)
    return True


def within(value: float, low: float, high: float) -> bool:
    """Inclusive on both sides; a NaN limit is none."""
    if not math.isnan(low) and value < low:
        return False
    return math.isnan(high) or value <= high


def out_of_domain(values: Row, column: int) -> bool:
    """Whether the provider's drawdown is known and lies outside [0, 1]."""
    if column < 0:
        return False
    value = values[column]
    return bool(not math.isnan(value) and (value < 0.0 or value > 1.0))


def update_membership(
    t: Row, cells: Row, values: Row, gates: Ints, limits: Floats, domain_column: int
) -> None:
    """One bit per gate: in at the enter limit, out beyond the leave limit, else as it was."""
    member = t[T_MEMBER]
    broken = out_of_domain(values, domain_column)
    for g in range(gates.shape[0]):
        column = gates[g, GATE_COLUMN]
        value = values[column]
        if math.isnan(value) or not source_fresh(cells, gates[g, GATE_SOURCE]):
            continue
        if broken and column == domain_column:
            continue
        bit = 1 << g
        if within(value, limits[g, GATE_MIN], limits[g, GATE_MAX]):
            member = member | bit
        elif not within(value, limits[g, GATE_LEAVE_MIN], limits[g, GATE_LEAVE_MAX]):
            member = member & ~bit
    t[T_MEMBER] = member


def gate_reason(t: Row, inst: Row, values: Row, gates: Ints, limits: Floats, g: int) -> int:
    """Why one gate refuses, OK where it does not; the column's freshness is tested elsewhere."""
    if gates[g, GATE_SOURCE] == FROM_VOLUME and inst[I_LOT_VOLUME] == 0:
        return OK
    value = values[gates[g, GATE_COLUMN]]
    if math.isnan(value):
        return METRIC_MISSING
    if (t[T_MEMBER] >> g) & 1 == 1:
        return OK
    low = limits[g, GATE_MIN]
    if not math.isnan(low) and value < low:
        return gates[g, GATE_LOW_REASON]  # type: ignore[no-any-return]
    return gates[g, GATE_HIGH_REASON]  # type: ignore[no-any-return]
