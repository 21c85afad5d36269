"""Cash, positions and equity in whole money: average cost, marks and the equity identity (F10)."""

from __future__ import annotations

from bot.engine.layout import (
    A_CASH,
    A_DAY,
    A_DAY_BASE,
    A_EQUITY,
    A_HALT_DAILY,
    A_HALT_DRAWDOWN,
    A_PEAK,
    A_REALISED,
    A_VALUE,
    ACT_ENTRY,
    B_CLOSE,
    B_OPEN_TIME,
    CLOSED,
    DAY,
    FILL,
    HOUR,
    I_TICK,
    I_UNIT,
    M_CASH,
    M_DAY_BASE,
    M_EQUITY,
    M_HALT_DAILY,
    M_HALT_DRAWDOWN,
    M_OPEN,
    M_PEAK,
    M_REALISED,
    M_RECORDS,
    M_SLOT,
    M_UNREALISED,
    M_VALUE,
    NOTICE,
    OUT_MARKS,
    OUT_RECORDS,
    R_A,
    R_B,
    R_BAR,
    R_C,
    R_D,
    R_E,
    R_FEE,
    R_QTY,
    S_ACKNOWLEDGED,
    S_SLOT,
    T_BOUGHT,
    T_CANDIDATE,
    T_CARRIED,
    T_CLOSED_SLOT,
    T_COOL_UNTIL,
    T_COST,
    T_ENTRY_FEES,
    T_ENTRY_OPEN,
    T_EXIT_ACTED,
    T_EXIT_REASON,
    T_FEES,
    T_ORDER_SLOT,
    T_PAID,
    T_PROCEEDS,
    T_QTY,
    T_REALISED,
    T_RESIDUAL,
    T_REST,
    T_RISK,
    T_SYNTHETIC_DUE,
    T_UNPRICED,
)
from bot.engine.numbers import mul_div_floor, rate_floor
from bot.engine.params import Params
from bot.engine.reasons import ENTRY, STOP, STOP_GAP, STOP_RESIDUAL, UNPRICED
from bot.engine.records import amounts, emit, place
from bot.engine.types import Ints, Row

MATCH = 2
MARKING = 3
UNPRICED_AFTER = 48 * HOUR


def book_buy(
    t: Row, acc: Row, rec: Ints, out: Row, i: int, slot: int, bar: int, phase: int, qty: int,
    price: int, ref: int, fee: int, notional: int,
) -> None:  # fmt: skip
    """Book an entry fill; the first one opens the position."""
    if t[T_QTY] == 0 and t[T_BOUGHT] == 0:
        t[T_ENTRY_OPEN] = bar
    t[T_QTY] = t[T_QTY] + qty
    t[T_REST] = t[T_REST] - qty
    t[T_COST] = t[T_COST] + notional
    t[T_ENTRY_FEES] = t[T_ENTRY_FEES] + fee
    t[T_BOUGHT] = t[T_BOUGHT] + qty
    t[T_PAID] = t[T_PAID] + notional
    t[T_FEES] = t[T_FEES] + fee
    acc[A_CASH] = acc[A_CASH] - notional - fee
    row = emit(rec, out, FILL, MATCH, slot, i, ENTRY)
    place(rec, row, bar, phase, ACT_ENTRY, t[T_ORDER_SLOT])
    amounts(rec, row, qty, price, ref, fee, notional)
    rec[row, R_C] = acc[A_CASH]


def book_sale(
    t: Row, acc: Row, p: Params, rec: Ints, out: Row, i: int, slot: int, bar: int, phase: int,
    action: int, reason: int, order_slot: int, qty: int, price: int, ref: int, fee: int,
    notional: int,
) -> None:  # fmt: skip
    """Book a sale: release cost and entry fees pro rata, the last sale releases what is left."""
    cost = t[T_COST]
    entry_fees = t[T_ENTRY_FEES]
    if qty < t[T_QTY]:
        cost = mul_div_floor(t[T_COST], qty, t[T_QTY])
        entry_fees = mul_div_floor(t[T_ENTRY_FEES], qty, t[T_QTY])
    realised = notional - cost - fee - entry_fees
    t[T_QTY] = t[T_QTY] - qty
    t[T_COST] = t[T_COST] - cost
    t[T_ENTRY_FEES] = t[T_ENTRY_FEES] - entry_fees
    t[T_PROCEEDS] = t[T_PROCEEDS] + notional
    t[T_FEES] = t[T_FEES] + fee
    t[T_REALISED] = t[T_REALISED] + realised
    acc[A_CASH] = acc[A_CASH] + notional - fee
    acc[A_REALISED] = acc[A_REALISED] + realised
    row = emit(rec, out, FILL, MATCH, slot, i, reason)
    place(rec, row, bar, phase, action, order_slot)
    amounts(rec, row, qty, price, ref, fee, notional)
    rec[row, R_A] = cost
    rec[row, R_B] = entry_fees
    rec[row, R_C] = acc[A_CASH]
    rec[row, R_D] = realised
    if t[T_QTY] == 0:
        close_position(t, p, rec, out, i, slot, bar, phase, reason)


def close_position(
    t: Row, p: Params, rec: Ints, out: Row, i: int, slot: int, bar: int, phase: int, reason: int
) -> None:
    """Write the round trip down and start the cooldown; a working exit is void without a record."""
    row = emit(rec, out, CLOSED, MATCH, slot, i, reason)
    place(rec, row, bar, phase, ACT_ENTRY, t[T_ORDER_SLOT])
    rec[row, R_QTY] = t[T_BOUGHT]
    rec[row, R_A] = t[T_ENTRY_OPEN]
    rec[row, R_B] = t[T_PAID]
    rec[row, R_C] = t[T_PROCEEDS]
    rec[row, R_FEE] = t[T_FEES]
    rec[row, R_D] = t[T_REALISED]
    rec[row, R_E] = t[T_RISK]
    stopped = reason in (STOP, STOP_GAP, STOP_RESIDUAL)
    t[T_CLOSED_SLOT] = slot
    t[T_COOL_UNTIL] = slot + (p.cooldown_stop if stopped else p.cooldown_other)
    t[T_SYNTHETIC_DUE] = 1
    t[T_BOUGHT] = 0
    t[T_PAID] = 0
    t[T_PROCEEDS] = 0
    t[T_FEES] = 0
    t[T_REALISED] = 0
    t[T_RISK] = 0
    t[T_RESIDUAL] = 0
    t[T_EXIT_REASON] = 0
    t[T_EXIT_ACTED] = 0
    t[T_UNPRICED] = 0


def end_candidate_on_fill(t: Row) -> None:
    """An entry with any fill ends the candidate that it carried (S3)."""
    if t[T_CARRIED] == 1:
        t[T_CANDIDATE] = 0
        t[T_CARRIED] = 0


def mark_points(newest: Row, bars: Ints, i: int) -> int:
    """The newest known close of a token in points, 0 where there is none."""
    at = newest[i]
    return bars[at, B_CLOSE] if at >= 0 else 0


def position_value(t: Row, inst: Row, close: int) -> int:
    """A position at the close rounded down to the tick."""
    if t[T_QTY] == 0:
        return 0
    return close // inst[I_TICK] * t[T_QTY] * inst[I_UNIT]  # type: ignore[no-any-return]


def mark_equity(
    tokens: Ints, insts: Ints, acc: Row, newest: Row, bars: Ints, slots: Row, p: Params,
    active: Ints, busy: int, rec: Ints, marks: Ints, out: Row,
) -> None:  # fmt: skip
    """Step 3: value every position, move peak, day base and halts, and write the mark."""
    slot = slots[S_SLOT]
    value = 0
    costs = 0
    held = 0
    for n in range(busy):
        i = active[n]
        t = tokens[i]
        if t[T_QTY] == 0:
            continue
        held += 1
        value += position_value(t, insts[i], mark_points(newest, bars, i))
        costs += t[T_COST] + t[T_ENTRY_FEES]
        flag_unpriced(t, newest[i], bars, i, slot, rec, out)
    equity = acc[A_CASH] + value
    acc[A_VALUE] = value
    acc[A_EQUITY] = equity
    # An acknowledged drawdown is over: what may be lost counts from here.
    if equity > acc[A_PEAK] or slots[S_ACKNOWLEDGED] == 1:
        acc[A_PEAK] = equity
    if slot - acc[A_DAY] >= DAY:
        acc[A_DAY] = slot - slot % DAY
        acc[A_DAY_BASE] = equity
    set_halts(acc, equity, p)
    write_mark(acc, slot, value - costs, held, marks, out)


def write_mark(acc: Row, slot: int, unrealised: int, held: int, marks: Ints, out: Row) -> None:
    """Append the account as it stands after the marks of its positions."""
    row = out[OUT_MARKS]
    out[OUT_MARKS] = row + 1
    marks[row, M_SLOT] = slot
    marks[row, M_CASH] = acc[A_CASH]
    marks[row, M_VALUE] = acc[A_VALUE]
    marks[row, M_EQUITY] = acc[A_EQUITY]
    marks[row, M_REALISED] = acc[A_REALISED]
    marks[row, M_UNREALISED] = unrealised
    marks[row, M_PEAK] = acc[A_PEAK]
    marks[row, M_DAY_BASE] = acc[A_DAY_BASE]
    marks[row, M_OPEN] = held
    marks[row, M_HALT_DAILY] = acc[A_HALT_DAILY]
    marks[row, M_HALT_DRAWDOWN] = acc[A_HALT_DRAWDOWN]
    marks[row, M_RECORDS] = out[OUT_RECORDS]


def set_halts(acc: Row, equity: int, p: Params) -> None:
    """Daily loss against the day's base; drawdown from the peak, released at half (G10)."""
    base = acc[A_DAY_BASE]
    acc[A_HALT_DAILY] = 0
    if p.daily_loss_limit >= 0 and base - equity > rate_floor(base, p.daily_loss_limit):
        acc[A_HALT_DAILY] = 1
    if p.dd_halt < 0:
        return
    fall = acc[A_PEAK] - equity
    limit = rate_floor(acc[A_PEAK], p.dd_halt)
    if fall > limit:
        acc[A_HALT_DRAWDOWN] = 1
    elif fall <= limit // 2:
        acc[A_HALT_DRAWDOWN] = 0


def flag_unpriced(t: Row, at: int, bars: Ints, i: int, slot: int, rec: Ints, out: Row) -> None:
    """Say once when a held token's newest bar is older than 48 hours."""
    stale = 1
    if at >= 0 and slot - (bars[at, B_OPEN_TIME] + HOUR) <= UNPRICED_AFTER:
        stale = 0
    if stale == 0:
        t[T_UNPRICED] = 0
    elif t[T_UNPRICED] == 0:
        row = emit(rec, out, NOTICE, MARKING, slot, i, UNPRICED)
        rec[row, R_BAR] = bars[at, B_OPEN_TIME] if at >= 0 else 0
        t[T_UNPRICED] = 1
