"""One slot: match, mark, expire, exit, enter; the pure function that daemon and replay share."""

from __future__ import annotations

from bot.engine.account import mark_equity
from bot.engine.candidates import trend_of
from bot.engine.entries import enter, expire, judge, keep_top, update_candidate
from bot.engine.gates import update_membership
from bot.engine.layout import (
    A_SLOT,
    ACT_EXIT,
    ASKED_ACK,
    ASKED_CLOSE,
    ASKED_WRITE_OFF,
    B_HIGH,
    B_KNOWN,
    B_LOW,
    B_OPEN,
    B_OPEN_TIME,
    B_VOLUME,
    C_JUMP,
    C_LATE,
    C_OPERATOR,
    F_HIGH,
    F_LOW,
    F_OPEN,
    F_OPEN_TIME,
    F_VOLUME,
    HOUR,
    I_LOT_VOLUME,
    NOTICE,
    ORDER,
    OUT_BUSY,
    OUT_WOKEN,
    PHASE_INTRABAR,
    PHASE_OPEN,
    R_A,
    R_BAR,
    S_SLOT,
    T_BAR_ROW,
    T_BUSY,
    T_CANDIDATE,
    T_CARRIED,
    T_CURSOR,
    T_ENTRY_OPEN,
    T_EXIT_ACTED,
    T_EXIT_FROM,
    T_EXIT_REASON,
    T_EXIT_SLOT,
    T_JUMPED,
    T_MATCHING,
    T_ORDER_FROM,
    T_QTY,
    T_REST,
    T_SYNTHETIC_DUE,
    T_TRIED,
    T_UNPRICED,
    T_VOLUME_LEFT,
    W_ACTIVE,
    W_BUSY,
    W_NEW,
    W_WOKEN,
)
from bot.engine.matching import at_open, end_of_hour, inside, instruct_exit, write_off
from bot.engine.numbers import rate_floor
from bot.engine.params import Params
from bot.engine.reasons import LATE_ROW, MANUAL, PRICE_JUMP, SIGNAL_EXIT, TIME_STOP
from bot.engine.records import amounts, emit, place
from bot.engine.signals import ingest
from bot.engine.types import Floats, Ints, Row

INGEST = 1
EXITING = 5


def find_bar(bars: Ints, start: int, end: int, open_time: int, slot: int) -> int:
    """The row of the newest version known in `slot` of the bar that opened then, else -1."""
    low = start
    high = end
    while low < high:
        middle = (low + high) // 2
        if bars[middle, B_OPEN_TIME] < open_time:
            low = middle + 1
        else:
            high = middle
    found = -1
    while low < end and bars[low, B_OPEN_TIME] == open_time:
        if bars[low, B_KNOWN] <= slot:
            found = low
        low += 1
    return found


def join_woken(work: Ints, out: Row) -> None:
    """Merge the woken tokens into the busy ones, from the back, so that both stay in order."""
    busy = out[OUT_BUSY] - 1
    woken = out[OUT_WOKEN] - 1
    out[OUT_BUSY] = busy + woken + 2
    while woken >= 0:
        at = busy + woken + 1
        if busy >= 0 and work[busy, W_BUSY] > work[woken, W_WOKEN]:
            work[at, W_BUSY] = work[busy, W_BUSY]
            busy -= 1
        else:
            work[at, W_BUSY] = work[woken, W_WOKEN]
            woken -= 1


def list_active(look: Ints, start: int, end: int, work: Ints, busy: int) -> int:
    """Tokens with something to do or something new, in token order; returns how many."""
    count = 0
    n = 0
    while n < busy or start < end:
        if start == end or (n < busy and work[n, W_BUSY] <= look[start]):
            i = work[n, W_BUSY]
            n += 1
        else:
            i = look[start]
        work[count, W_ACTIVE] = i
        work[count, W_NEW] = 0
        if start < end and look[start] == i:
            work[count, W_NEW] = 1
            start += 1
        count += 1
    return count


def volume_left(inst: Row, volume: int, p: Params) -> int:
    """Lots that a bar's volume gives to all orders of a token; -1 for no limit (F8)."""
    if inst[I_LOT_VOLUME] == 0 or volume < 0:
        return -1
    # Floors nest, so one after the other is the floor of the whole.
    return rate_floor(volume, p.part) // inst[I_LOT_VOLUME]  # type: ignore[no-any-return]


def begin_hour(
    t: Row, inst: Row, bars: Ints, newest: int, start: int, end: int, hour: int, slot: int,
    p: Params,
) -> None:  # fmt: skip
    """Decide whether a token's next hour can be matched: its bar is known, or it is a hole."""
    t[T_MATCHING] = 0
    if (t[T_QTY] == 0 and t[T_REST] == 0) or t[T_CURSOR] != hour:
        return
    row = newest  # nearly always the bar of the hour to match
    if newest < 0 or bars[newest, B_OPEN_TIME] != hour:
        row = find_bar(bars, start, end, hour, slot)
    if row < 0 and slot - (hour + HOUR) < p.bar_wait:
        return
    t[T_MATCHING] = 1
    t[T_BAR_ROW] = row
    t[T_TRIED] = 0
    t[T_VOLUME_LEFT] = volume_left(inst, bars[row, B_VOLUME], p) if row >= 0 else 0


def open_hour(
    t: Row, inst: Row, acc: Row, bars: Ints, fine: Ints, fine_start: Row, p: Params, rec: Ints,
    out: Row, i: int, slot: int, hour: int,
) -> None:  # fmt: skip
    """The hour's open for one token; an empty or missing bar only carries out a cancellation."""
    row = t[T_BAR_ROW]
    if row < 0 or bars[row, B_VOLUME] == 0:
        instruct_exit(t, rec, out, i, slot, hour, PHASE_OPEN, hour)
        if row < 0:
            write_off(t, inst, acc, p, rec, out, i, slot, hour)
        return
    opening = bars[row, B_OPEN]
    first = fine_start[row]
    if fine_start[row + 1] > first:
        if fine[first, F_VOLUME] == 0:
            instruct_exit(t, rec, out, i, slot, hour, PHASE_OPEN, hour)
            return
        opening = fine[first, F_OPEN]
    at_open(t, inst, acc, p, rec, out, i, slot, hour, PHASE_OPEN, hour, opening)


def inside_hour(
    t: Row, inst: Row, acc: Row, bars: Ints, fine: Ints, fine_start: Row, p: Params, rec: Ints,
    out: Row, i: int, slot: int, hour: int,
) -> None:  # fmt: skip
    """What happens inside the hour: its range, or its finer bars in order (F6)."""
    row = t[T_BAR_ROW]
    if row < 0 or bars[row, B_VOLUME] == 0:
        return
    start = fine_start[row]
    end = fine_start[row + 1]
    if end == start:
        inside(
            t, inst, acc, p, rec, out, i, slot, hour, PHASE_INTRABAR, bars[row, B_HIGH],
            bars[row, B_LOW],
        )  # fmt: skip
        return
    for n in range(start, end):
        opened = fine[n, F_OPEN_TIME]
        if fine[n, F_VOLUME] == 0:
            instruct_exit(t, rec, out, i, slot, opened, PHASE_INTRABAR, opened)
            continue
        if n > start:
            at_open(
                t, inst, acc, p, rec, out, i, slot, opened, PHASE_INTRABAR, opened, fine[n, F_OPEN]
            )
        inside(
            t, inst, acc, p, rec, out, i, slot, opened, PHASE_INTRABAR, fine[n, F_HIGH],
            fine[n, F_LOW],
        )  # fmt: skip


def match(
    tokens: Ints, insts: Ints, acc: Row, bars: Ints, bar_start: Row, fine: Ints, fine_start: Row,
    p: Params, newest: Row, active: Row, busy: int, slot: int, rec: Ints, out: Row,
) -> None:  # fmt: skip
    """Step 2: every token's unmatched hours in time order, all opens before all ranges."""
    hour = slot
    for n in range(busy):
        t = tokens[active[n]]
        if (t[T_QTY] > 0 or t[T_REST] > 0) and t[T_CURSOR] < hour:
            hour = t[T_CURSOR]
    while hour < slot:
        for n in range(busy):
            i = active[n]
            begin_hour(
                tokens[i], insts[i], bars, newest[i], bar_start[i], bar_start[i + 1], hour,
                slot, p,
            )  # fmt: skip
            if tokens[i, T_MATCHING] == 1:
                open_hour(
                    tokens[i], insts[i], acc, bars, fine, fine_start, p, rec, out, i, slot, hour
                )
        for n in range(busy):
            i = active[n]
            t = tokens[i]
            if t[T_MATCHING] == 1:
                inside_hour(t, insts[i], acc, bars, fine, fine_start, p, rec, out, i, slot, hour)
        for n in range(busy):
            i = active[n]
            t = tokens[i]
            if t[T_MATCHING] == 1:
                end_of_hour(t, p, rec, out, i, slot, hour)
                t[T_MATCHING] = 0
                t[T_CURSOR] = hour + HOUR
                if t[T_QTY] == 0 and t[T_REST] == 0:
                    t[T_EXIT_REASON] = 0
        hour += HOUR


def decide_exit(t: Row, rec: Ints, out: Row, i: int, slot: int, asked: int, p: Params) -> None:
    """Step 5: a Bearish trend, the longest hold or the operator sends a market exit, once."""
    if asked & ASKED_WRITE_OFF != 0 and t[T_UNPRICED] != 0:
        t[T_UNPRICED] = slot + p.latency
    if (t[T_QTY] == 0 and t[T_REST] == 0) or t[T_EXIT_REASON] != 0:
        return
    reason = 0
    if trend_of(t) == -1:
        reason = SIGNAL_EXIT
    elif t[T_QTY] > 0 and slot - t[T_ENTRY_OPEN] >= p.max_hold:
        reason = TIME_STOP
    elif asked & ASKED_CLOSE != 0:
        reason = MANUAL
        t[T_CANDIDATE] = 0  # the operator wants out: an unfilled entry shall not order again
        t[T_CARRIED] = 0
    if reason == 0:
        return
    t[T_EXIT_REASON] = reason
    t[T_EXIT_SLOT] = slot
    t[T_EXIT_FROM] = slot + p.latency
    t[T_EXIT_ACTED] = 0
    row = emit(rec, out, ORDER, EXITING, slot, i, reason)
    place(rec, row, 0, 0, ACT_EXIT, slot)
    amounts(rec, row, t[T_QTY], 0, 0, 0, 0)
    rec[row, R_A] = t[T_EXIT_FROM]


def notice_input(
    tokens: Ints, count: int, cells: Ints, found: Ints, work: Ints, active: int, slot: int,
    rec: Ints, out: Row,
) -> None:  # fmt: skip
    """Step 1: flag what the slot's input itself says."""
    for n in range(count):
        row = emit(rec, out, NOTICE, INGEST, slot, found[n, 0], found[n, 1])
        rec[row, R_BAR] = found[n, 2]
    for n in range(active):
        if work[n, W_NEW] == 0:
            continue
        i = work[n, W_ACTIVE]
        if cells[i, C_OPERATOR] & ASKED_ACK != 0:
            tokens[i, T_JUMPED] = 0
        if cells[i, C_JUMP] == 1:
            if tokens[i, T_JUMPED] == 0:
                emit(rec, out, NOTICE, INGEST, slot, i, PRICE_JUMP)
            tokens[i, T_JUMPED] = 1
        late = cells[i, C_LATE]
        waiting = tokens[i, T_QTY] > 0 or tokens[i, T_REST] > 0
        if waiting and late > 0 and tokens[i, T_ORDER_FROM] <= late < tokens[i, T_CURSOR]:
            row = emit(rec, out, NOTICE, INGEST, slot, i, LATE_ROW)
            rec[row, R_BAR] = late


def step(
    slots: Row, newest: Row, cells: Ints, values: Floats, covariance: Floats, signals: Ints,
    sig_start: int, sig_end: int, look: Ints, look_start: int, look_end: int, insts: Ints,
    bars: Ints, bar_start: Row, fine: Ints, fine_start: Row, prices: Ints, strengths: Floats,
    gates: Ints, limits: Floats, ranks: Ints, weights: Row, p: Params, tokens: Ints, acc: Row,
    work: Ints, found: Ints, merged: Ints, merged_strengths: Ints, scores: Row, pool: Row,
    rec: Ints, marks: Ints, dec: Ints, decx: Floats, out: Row,
) -> None:  # fmt: skip
    """Move the account by one slot and append its records.

    `slots`, `newest`, `cells`, `values` are this slot's rows; `look` lists the tokens with changed
    metrics, a price jump, a late bar or an instruction; `work` to `pool` are scratch; `rec`,
    `marks`, `dec`, `decx` and the counters in `out` are the output buffers.
    """
    slot = slots[S_SLOT]
    odd = ingest(tokens, signals, sig_start, sig_end, p, found, work, out)
    join_woken(work, out)
    busy = list_active(look, look_start, look_end, work, out[OUT_BUSY])
    active = work[:, W_ACTIVE]
    notice_input(tokens, odd, cells, found, work, busy, slot, rec, out)
    match(
        tokens, insts, acc, bars, bar_start, fine, fine_start, p, newest, active, busy, slot, rec,
        out,
    )  # fmt: skip
    mark_equity(tokens, insts, acc, newest, bars, slots, p, active, busy, rec, marks, out)
    for n in range(busy):
        expire(tokens[active[n]], rec, dec, decx, out, active[n], slot, p)
    for n in range(busy):
        i = active[n]
        asked = cells[i, C_OPERATOR] if work[n, W_NEW] == 1 else 0
        decide_exit(tokens[i], rec, out, i, slot, asked, p)
    waiting = 0
    for n in range(busy):
        i = active[n]
        t = tokens[i]
        if work[n, W_NEW] == 1:
            update_membership(t, cells[i], values[i], gates, limits, p.domain_column)
        update_candidate(t, cells[i], rec, dec, decx, out, i, slot, p)
        waiting += 1 if t[T_CANDIDATE] != 0 else 0
    if waiting > 0:
        enter_slot(
            slots, newest, cells, values, covariance, insts, bars, prices, strengths, gates, limits,
            ranks, weights, p, tokens, acc, work, busy, merged, merged_strengths, scores, pool, rec,
            dec, decx, out,
        )  # fmt: skip
    keep_busy(tokens, p, work, busy, out)
    acc[A_SLOT] = slot


def keep_busy(tokens: Ints, p: Params, work: Ints, active: int, out: Row) -> None:
    """List the tokens that the next slot must see whatever is new."""
    out[OUT_BUSY] = 0
    for n in range(active):
        i = work[n, W_ACTIVE]
        t = tokens[i]
        held = t[T_QTY] > 0 or t[T_REST] > 0 or t[T_CANDIDATE] != 0
        t[T_BUSY] = 1 if held or (p.while_bullish == 1 and t[T_SYNTHETIC_DUE] == 1) else 0
        if t[T_BUSY] == 1:
            work[out[OUT_BUSY], W_BUSY] = i
            out[OUT_BUSY] = out[OUT_BUSY] + 1


def enter_slot(
    slots: Row, newest: Row, cells: Ints, values: Floats, covariance: Floats, insts: Ints,
    bars: Ints, prices: Ints, strengths: Floats, gates: Ints, limits: Floats, ranks: Ints,
    weights: Row, p: Params, tokens: Ints, acc: Row, work: Ints, busy: int, merged: Ints,
    merged_strengths: Ints, scores: Row, pool: Row, rec: Ints, dec: Ints, decx: Floats, out: Row,
) -> None:  # fmt: skip
    """Steps 7 to 9 for a slot with candidates."""
    active = work[:, W_ACTIVE]
    count = judge(
        tokens, insts, acc, slots, newest, cells, values, bars, gates, limits, ranks, weights,
        prices, strengths, p, active, busy, work, merged, merged_strengths, scores, pool, rec, dec,
        decx, out,
    )  # fmt: skip
    if count == 0:
        return
    slot = slots[S_SLOT]
    count = keep_top(tokens, values, p, count, work, scores, pool, slot, rec, dec, out)
    enter(
        tokens, insts, acc, slots, newest, values, bars, covariance, p, count, work, rec, dec, out
    )
