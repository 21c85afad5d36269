"""Working orders against one bar: opens first, then what happens inside (semantics 6 and T12a)."""

from __future__ import annotations

from bot.engine.account import book_buy, book_sale, end_candidate_on_fill
from bot.engine.costs import (
    buy_ticks,
    fee_of,
    net_entry,
    net_stop,
    net_target,
    ratio_below,
    sell_ticks,
)
from bot.engine.layout import (
    A_CASH,
    ACT_ENTRY,
    ACT_EXIT,
    ACT_STOP,
    ACT_TARGET,
    CANCEL,
    I_TICK,
    I_UNIT,
    PHASE_END,
    PHASE_OPEN,
    RESIZE,
    T_BARS_TRIED,
    T_CAP,
    T_CARRIED,
    T_EXIT_ACTED,
    T_EXIT_FROM,
    T_EXIT_REASON,
    T_EXIT_SLOT,
    T_K,
    T_ORDER_FROM,
    T_ORDER_SLOT,
    T_QTY,
    T_RESIDUAL,
    T_REST,
    T_RISK,
    T_RISK_CASH,
    T_RISK_USED,
    T_RISK_USED_PPM,
    T_STOP,
    T_TARGET,
    T_TRIED,
    T_UNPRICED,
    T_VOLUME_LEFT,
    TRIGGER,
)
from bot.engine.numbers import PPM, mul_div_floor, wide_add, wide_div, wide_mul
from bot.engine.params import Params
from bot.engine.reasons import (
    ENTRY_DRIFT,
    ENTRY_TTL,
    MANUAL,
    PARENT_CLOSED,
    QTY_ZERO,
    RISK_CAP_AT_FILL,
    RR_BELOW_MIN_AT_FILL,
    SIGNAL_EXIT,
    STOP,
    STOP_BREACHED_BEFORE_FILL,
    STOP_GAP,
    STOP_RESIDUAL,
    TARGET,
    TARGET_PASSED_BEFORE_FILL,
)
from bot.engine.records import amounts, emit, place
from bot.engine.types import Ints, Row

MATCH = 2  # the step of a slot in which orders meet bars


def cancel_entry(
    t: Row, rec: Ints, out: Row, i: int, slot: int, bar: int, phase: int, reason: int
) -> None:
    """Take an entry's unfilled rest off the book; a candidate that it carried may try again.

    An entry with a fill has ended its candidate before, so nothing comes back for it.
    """
    row = emit(rec, out, CANCEL, MATCH, slot, i, reason)
    place(rec, row, bar, phase, ACT_ENTRY, t[T_ORDER_SLOT])
    amounts(rec, row, t[T_REST], 0, 0, 0, 0)
    t[T_REST] = 0
    t[T_CARRIED] = 0


def _sellable(t: Row) -> int:
    left = t[T_VOLUME_LEFT]
    qty = t[T_QTY]
    return qty if left < 0 or left >= qty else left  # type: ignore[no-any-return]


def sell(
    t: Row, inst: Row, acc: Row, p: Params, rec: Ints, out: Row, i: int, slot: int, bar: int,
    phase: int, action: int, reason: int, price: int, ref: int,
) -> int:  # fmt: skip
    """Sell what the hour's volume allows of the position and return how many lots that was."""
    qty = _sellable(t)
    if qty == 0:
        return 0
    if t[T_VOLUME_LEFT] >= 0:
        t[T_VOLUME_LEFT] = t[T_VOLUME_LEFT] - qty
    order_slot = t[T_EXIT_SLOT] if action == ACT_EXIT else t[T_ORDER_SLOT]
    rate = p.maker if action == ACT_TARGET else p.taker
    notional = price * qty * inst[I_UNIT]
    fee = fee_of(notional, rate)
    book_sale(
        t, acc, p, rec, out, i, slot, bar, phase, action, reason, order_slot,
        qty, price, ref, fee, notional,
    )  # fmt: skip
    return qty


def trigger_stop(
    t: Row, inst: Row, acc: Row, p: Params, rec: Ints, out: Row, i: int, slot: int, bar: int,
    phase: int, reason: int, ref: int,
) -> None:  # fmt: skip
    """The stop is reached: sell at market, keep the rest for the next opens, drop the entry."""
    price = sell_ticks(ref, t[T_K], inst[I_TICK])
    wanted = t[T_QTY]
    sold = sell(t, inst, acc, p, rec, out, i, slot, bar, phase, ACT_STOP, reason, price, ref)
    if sold == 0:
        row = emit(rec, out, TRIGGER, MATCH, slot, i, reason)
        place(rec, row, bar, phase, ACT_STOP, t[T_ORDER_SLOT])
        amounts(rec, row, wanted, price, ref, 0, 0)
    if sold < wanted:
        t[T_RESIDUAL] = 1
    if t[T_REST] > 0:
        cancel_entry(t, rec, out, i, slot, bar, phase, PARENT_CLOSED)


def reach_target(
    t: Row, inst: Row, acc: Row, p: Params, rec: Ints, out: Row, i: int, slot: int, bar: int,
    phase: int, price: int, ref: int,
) -> None:  # fmt: skip
    """The target is reached: sell what the volume allows; any exit cancels the entry's rest."""
    sold = sell(t, inst, acc, p, rec, out, i, slot, bar, phase, ACT_TARGET, TARGET, price, ref)
    if sold > 0 and t[T_REST] > 0:
        cancel_entry(t, rec, out, i, slot, bar, phase, PARENT_CLOSED)


def beyond_target(points: int, target_points: int, p: Params) -> bool:
    """Whether a price reaches a resting limit: through it, or touching it where that is enough."""
    if p.limit_touch == 1:
        return points >= target_points
    return points > target_points


def instruct_exit(
    t: Row, rec: Ints, out: Row, i: int, slot: int, bar: int, phase: int, open_time: int
) -> None:
    """The part of a due market exit that needs no price: the entry's rest goes."""
    if t[T_EXIT_REASON] == 0 or open_time < t[T_EXIT_FROM]:
        return
    if t[T_REST] > 0:
        reason = t[T_EXIT_REASON]
        if reason not in (SIGNAL_EXIT, MANUAL):
            reason = PARENT_CLOSED
        cancel_entry(t, rec, out, i, slot, bar, phase, reason)
    if t[T_QTY] == 0:
        t[T_EXIT_REASON] = 0


def write_off(
    t: Row, inst: Row, acc: Row, p: Params, rec: Ints, out: Row, i: int, slot: int, hour: int
) -> None:
    """Sell a position that nobody quotes any more for one tick, as the operator asked."""
    if t[T_QTY] == 0 or t[T_UNPRICED] <= 1 or hour < t[T_UNPRICED]:
        return
    t[T_VOLUME_LEFT] = -1
    t[T_EXIT_ACTED] = 1
    sell(t, inst, acc, p, rec, out, i, slot, hour, PHASE_OPEN, ACT_EXIT, MANUAL, 1, inst[I_TICK])


def exits_at_open(
    t: Row, inst: Row, acc: Row, p: Params, rec: Ints, out: Row, i: int, slot: int, bar: int,
    phase: int, open_time: int, opening: int,
) -> None:  # fmt: skip
    """What an open decides for a position: a due market exit, a stop's rest, or a gap."""
    tick = inst[I_TICK]
    if t[T_EXIT_REASON] != 0 and open_time >= t[T_EXIT_FROM]:
        t[T_EXIT_ACTED] = 1
        price = sell_ticks(opening, t[T_K], tick)
        reason = t[T_EXIT_REASON]
        sell(t, inst, acc, p, rec, out, i, slot, bar, phase, ACT_EXIT, reason, price, opening)
    elif t[T_RESIDUAL] == 1:
        price = sell_ticks(opening, t[T_K], tick)
        sell(
            t, inst, acc, p, rec, out, i, slot, bar, phase, ACT_STOP, STOP_RESIDUAL, price, opening
        )
    elif opening <= t[T_STOP] * tick:
        trigger_stop(t, inst, acc, p, rec, out, i, slot, bar, phase, STOP_GAP, opening)
    elif beyond_target(opening, t[T_TARGET] * tick, p):
        price = t[T_TARGET]
        if p.limit_gap_open == 1:
            price = opening // tick
        reach_target(t, inst, acc, p, rec, out, i, slot, bar, phase, price, opening)


def risk_room(t: Row, per_lot: int) -> int:
    """Lots that the frozen risk cash still allows; `per_lot` is q (e - s) of a lot in ppm money."""
    room = t[T_RISK_CASH] - t[T_RISK_USED]
    fraction = t[T_RISK_USED_PPM]
    if fraction > 0:
        room = room - 1
        fraction = PPM - fraction
    if room < 0:
        return 0
    high, low = wide_mul(room, PPM)
    high, low = wide_add(high, low, 0, fraction)
    if high >= per_lot:
        return t[T_REST]  # type: ignore[no-any-return]  # more than any order holds
    return wide_div(high, low, per_lot)


def use_risk(t: Row, qty: int, per_lot: int) -> None:
    """Count the risk that a fill takes out of the frozen risk cash, exactly."""
    whole = mul_div_floor(qty, per_lot, PPM)
    part = (qty % PPM) * (per_lot % PPM) % PPM + t[T_RISK_USED_PPM]
    t[T_RISK_USED] = t[T_RISK_USED] + whole + part // PPM
    t[T_RISK_USED_PPM] = part % PPM
    t[T_RISK] = t[T_RISK] + whole


def entry_refusal(t: Row, inst: Row, p: Params, opening: int, price: int) -> int:
    """The reason why an entry may not fill at this open, 0 for none (L7, in this order)."""
    tick = inst[I_TICK]
    if opening <= t[T_STOP] * tick:
        return STOP_BREACHED_BEFORE_FILL
    if opening >= t[T_TARGET] * tick:
        return TARGET_PASSED_BEFORE_FILL
    if price > t[T_CAP]:
        return ENTRY_DRIFT
    paid = net_entry(price, p)
    risk = paid - net_stop(t[T_STOP], t[T_K], p)
    if ratio_below(net_target(t[T_TARGET], p) - paid, risk, p.min_rr):
        return RR_BELOW_MIN_AT_FILL
    return 0


def entry_at_open(
    t: Row, inst: Row, acc: Row, p: Params, rec: Ints, out: Row, i: int, slot: int, bar: int,
    phase: int, opening: int,
) -> None:  # fmt: skip
    """Fill an eligible entry at an open, as far as risk, volume and cash allow."""
    left = t[T_VOLUME_LEFT]
    if left == 0:
        return
    unit = inst[I_UNIT]
    price = buy_ticks(opening, t[T_K], inst[I_TICK])
    reason = entry_refusal(t, inst, p, opening, price)
    if reason != 0:
        cancel_entry(t, rec, out, i, slot, bar, phase, reason)
        return
    per_lot = (net_entry(price, p) - net_stop(t[T_STOP], t[T_K], p)) * unit
    room = risk_room(t, per_lot)
    if room == 0:
        cancel_entry(t, rec, out, i, slot, bar, phase, QTY_ZERO)
        return
    if room < t[T_REST]:
        t[T_REST] = room
        row = emit(rec, out, RESIZE, MATCH, slot, i, RISK_CAP_AT_FILL)
        place(rec, row, bar, phase, ACT_ENTRY, t[T_ORDER_SLOT])
        amounts(rec, row, room, price, opening, 0, 0)
    qty = t[T_REST]
    if 0 <= left < qty:
        qty = left
    affordable = mul_div_floor(acc[A_CASH], PPM, price * unit * (PPM + p.taker))
    if affordable < qty:
        qty = affordable
    if qty == 0:
        return
    use_risk(t, qty, per_lot)
    if left > 0:
        t[T_VOLUME_LEFT] = left - qty
    notional = price * qty * unit
    fee = fee_of(notional, p.taker)
    book_buy(t, acc, rec, out, i, slot, bar, phase, qty, price, opening, fee, notional)
    end_candidate_on_fill(t)


def at_open(
    t: Row, inst: Row, acc: Row, p: Params, rec: Ints, out: Row, i: int, slot: int, bar: int,
    phase: int, open_time: int, opening: int,
) -> None:  # fmt: skip
    """All that one open decides for one token."""
    instruct_exit(t, rec, out, i, slot, bar, phase, open_time)
    if t[T_QTY] > 0:
        exits_at_open(t, inst, acc, p, rec, out, i, slot, bar, phase, open_time, opening)
    if t[T_REST] > 0 and t[T_TRIED] == 0 and open_time >= t[T_ORDER_FROM]:
        t[T_TRIED] = 1
        entry_at_open(t, inst, acc, p, rec, out, i, slot, bar, phase, opening)


def inside(
    t: Row, inst: Row, acc: Row, p: Params, rec: Ints, out: Row, i: int, slot: int, bar: int,
    phase: int, high: int, low: int,
) -> None:  # fmt: skip
    """What a bar's range decides after its open: the stop first (F5), unless told otherwise."""
    if t[T_QTY] == 0 or t[T_RESIDUAL] == 1 or t[T_EXIT_ACTED] == 1:
        return
    tick = inst[I_TICK]
    stop = t[T_STOP] * tick
    target = t[T_TARGET] * tick
    reached = beyond_target(high, target, p)
    if reached and (p.target_first == 1 or low > stop):
        reach_target(t, inst, acc, p, rec, out, i, slot, bar, phase, t[T_TARGET], target)
    if low <= stop and t[T_QTY] > 0:
        trigger_stop(t, inst, acc, p, rec, out, i, slot, bar, phase, STOP, stop)


def end_of_hour(t: Row, p: Params, rec: Ints, out: Row, i: int, slot: int, hour: int) -> None:
    """Count the hour towards the entry's time to live, whether it had a bar or not."""
    if t[T_REST] == 0 or hour + 3_600_000 - p.bar_span < t[T_ORDER_FROM]:
        return
    t[T_BARS_TRIED] = t[T_BARS_TRIED] + 1
    if t[T_BARS_TRIED] >= p.entry_ttl:
        cancel_entry(t, rec, out, i, slot, hour, PHASE_END, ENTRY_TTL)
