"""From edges to candidates, their life, and every rule that may refuse one (S2 to S4, G1)."""

from __future__ import annotations

import math

from bot.engine.bracket import entry_prices, find_bracket
from bot.engine.gates import gate_reason, out_of_domain, source_fresh
from bot.engine.layout import (
    A_HALT_DAILY,
    A_HALT_DRAWDOWN,
    B_CLOSE,
    B_OPEN_TIME,
    C_BOOK_BUILT,
    C_BOOK_END,
    C_BOOK_START,
    C_GRADE,
    C_HISTORY,
    C_LEVELS,
    C_QUANT,
    C_UNIVERSE,
    D_BAR,
    D_EDGE,
    D_GATES,
    D_KIND,
    D_MEMBER,
    DX_ADV,
    DX_ATR,
    DX_GATES,
    DX_SCORE,
    DX_SIGMA,
    GATE_COLUMN,
    HOUR,
    I_TICK,
    Q_TREND,
    RANK_COLUMN,
    RANK_SOURCE,
    S_MISSED,
    S_PAUSED,
    S_SLOT,
    STALE,
    T_CANDIDATE,
    T_COOL_UNTIL,
    T_EDGE_TIME,
    T_JUMPED,
    T_MEMBER,
    T_QTY,
    T_REST,
    T_SEEN_ROW,
    T_SERIES,
    X_ADV,
    X_ATR,
    X_SIGMA,
)
from bot.engine.levels import merge_book
from bot.engine.params import Params
from bot.engine.reasons import (
    ALREADY_OPEN,
    BAR_STALE,
    COOLDOWN,
    GATE_HIGH,
    GATE_LOW,
    GRADE_STALE,
    HALT_DAILY_LOSS,
    HALT_DRAWDOWN,
    HISTORY_SHORT,
    LEVELS_STALE,
    METRIC_MISSING,
    METRIC_OUT_OF_DOMAIN,
    OK,
    PAUSED,
    PRICE_JUMP,
    QUANT_STALE,
    SIGNAL_STALE,
    SLOT_MISSED,
    VOL_MISSING,
)
from bot.engine.signals import signal_age
from bot.engine.sizing import whole_sigma
from bot.engine.types import Floats, Ints, Row


def bar_fresh(newest: int, bars: Ints, slot: int, p: Params) -> bool:
    """Whether a token's newest known bar is within its age limit."""
    if newest < 0:
        return False
    return bool(slot + p.latency - (bars[newest, B_OPEN_TIME] + HOUR) <= p.stale_bars)


def refuse_by_account(t: Row, acc: Row, slots: Row) -> int:
    """The rules that ask nothing of the market: position, cooldown, missed slot, halts, guards."""
    failed = 0
    if t[T_QTY] > 0 or t[T_REST] > 0:
        failed = failed | (1 << ALREADY_OPEN)
    if slots[S_SLOT] < t[T_COOL_UNTIL]:
        failed = failed | (1 << COOLDOWN)
    if slots[S_MISSED] == 1:
        failed = failed | (1 << SLOT_MISSED)
    if slots[S_PAUSED] == 1:
        failed = failed | (1 << PAUSED)
    if acc[A_HALT_DAILY] == 1:
        failed = failed | (1 << HALT_DAILY_LOSS)
    if acc[A_HALT_DRAWDOWN] == 1:
        failed = failed | (1 << HALT_DRAWDOWN)
    if t[T_JUMPED] == 1:
        failed = failed | (1 << PRICE_JUMP)
    return failed


def refuse_by_age(t: Row, newest: int, cells: Row, bars: Ints, slot: int, p: Params) -> int:
    """The rules about staleness, of every series that the strategy reads."""
    failed = 0
    if not bar_fresh(newest, bars, slot, p):
        failed = failed | (1 << BAR_STALE)
    if t[T_SEEN_ROW] == 0 or signal_age(t, slot, p) > p.stale_signal:
        failed = failed | (1 << SIGNAL_STALE)
    if p.use_levels_age == 1 and cells[C_LEVELS] == STALE:
        failed = failed | (1 << LEVELS_STALE)
    if p.use_quant == 1 and cells[C_QUANT] == STALE:
        failed = failed | (1 << QUANT_STALE)
    if p.use_grade == 1 and cells[C_GRADE] == STALE:
        failed = failed | (1 << GRADE_STALE)
    return failed


def refuse_by_value(
    t: Row, inst: Row, cells: Row, values: Row, gates: Ints, limits: Floats, ranks: Ints,
    p: Params, d: Row,
) -> int:  # fmt: skip
    """Missing numbers, short history, then the gates in their order."""
    failed = 0
    if out_of_domain(values, p.domain_column):
        failed = failed | (1 << METRIC_OUT_OF_DOMAIN)
    if whole_sigma(values[X_SIGMA]) == 0:
        failed = failed | (1 << VOL_MISSING)
    if p.use_atr == 1 and math.isnan(values[X_ATR]):
        failed = failed | (1 << METRIC_MISSING)
    for r in range(ranks.shape[0]):
        if math.isnan(values[ranks[r, RANK_COLUMN]]):
            failed = failed | (1 << METRIC_MISSING)
    if p.min_history > 0 and cells[C_HISTORY] < p.min_history:
        failed = failed | (1 << HISTORY_SHORT)
    others = (1 << GATE_LOW) | (1 << GATE_HIGH)
    for g in range(gates.shape[0]):
        reason = gate_reason(t, inst, values, gates, limits, g)
        if reason == OK:
            continue
        d[D_GATES] = d[D_GATES] | (1 << g)
        # Gates on other columns share two codes: the first in file order gives the reason.
        if reason in (GATE_LOW, GATE_HIGH) and failed & others != 0:
            continue
        failed = failed | (1 << reason)
    return failed


def note_inputs(t: Row, newest: int, values: Row, gates: Ints, d: Row, x: Row) -> None:
    """Keep the numbers that a decision saw."""
    d[D_EDGE] = t[T_EDGE_TIME]
    d[D_KIND] = t[T_CANDIDATE]
    d[D_MEMBER] = t[T_MEMBER]
    d[D_BAR] = newest
    x[DX_SIGMA] = values[X_SIGMA]
    x[DX_ATR] = values[X_ATR]
    x[DX_ADV] = values[X_ADV]
    x[DX_SCORE] = math.nan
    for g in range(gates.shape[0]):
        x[DX_GATES + g] = values[gates[g, GATE_COLUMN]]


def refuse_by_levels(
    inst: Row, newest: int, cells: Row, values: Row, bars: Ints, prices: Ints, strengths: Floats,
    slot: int, p: Params, merged: Ints, merged_strengths: Ints, d: Row, x: Row,
) -> int:  # fmt: skip
    """Steps L1 to L6 where price and volatility are known; nothing is refused for what is not."""
    if newest < 0 or inst[I_TICK] == 0:
        return 0
    tick = inst[I_TICK]
    count = merge_book(
        prices, strengths, cells[C_BOOK_START], cells[C_BOOK_END], cells[C_BOOK_BUILT], slot,
        p.merge, tick, merged, merged_strengths,
    )  # fmt: skip
    entry_prices(bars[newest, B_CLOSE], p.k, tick, p, d)
    return find_bracket(merged, merged_strengths, count, values[X_ATR], tick, p, d, x)


def evaluate(
    t: Row, inst: Row, acc: Row, slots: Row, newest: int, cells: Row, values: Row, bars: Ints,
    gates: Ints, limits: Floats, ranks: Ints, prices: Ints, strengths: Floats, p: Params,
    merged: Ints, merged_strengths: Ints, d: Row, x: Row,
) -> int:  # fmt: skip
    """Every rule before ranking, on one candidate: the mask of those that refuse it."""
    slot = slots[S_SLOT]
    note_inputs(t, newest, values, gates, d, x)
    failed = refuse_by_account(t, acc, slots)
    failed = failed | refuse_by_age(t, newest, cells, bars, slot, p)
    failed = failed | refuse_by_value(t, inst, cells, values, gates, limits, ranks, p, d)
    return failed | refuse_by_levels(
        inst, newest, cells, values, bars, prices, strengths, slot, p, merged, merged_strengths, d,
        x,
    )  # fmt: skip


def first_reason(failed: int) -> int:
    """The lowest bit: reason codes are numbered in the order of evaluation."""
    for reason in range(1, 63):
        if (failed >> reason) & 1 == 1:
            return reason
    return OK


def in_pool(
    newest: int, cells: Row, values: Row, bars: Ints, ranks: Ints, slot: int, p: Params
) -> bool:
    """Whether a token of the universe counts for percentiles and Top-N (G9)."""
    if cells[C_UNIVERSE] == 0 or not bar_fresh(newest, bars, slot, p):
        return False
    for r in range(ranks.shape[0]):
        if math.isnan(values[ranks[r, RANK_COLUMN]]):
            return False
        if not source_fresh(cells, ranks[r, RANK_SOURCE]):
            return False
    return True


def trend_of(t: Row) -> int:
    """The token's trend: 1, -1, or 0 while none is known."""
    return t[T_SERIES + Q_TREND]  # type: ignore[no-any-return]
