"""Steps 6 to 9 of a slot: edges, candidates, ranks, sizes, entry orders."""

from __future__ import annotations

import math

from bot.engine.candidates import evaluate, first_reason, trend_of
from bot.engine.costs import buy_ticks, reserve_of
from bot.engine.layout import (
    A_EQUITY,
    ACT_ENTRY,
    B_CLOSE,
    C_UNIVERSE,
    D_BOUND,
    D_CAP,
    D_ENTRY,
    D_EQUITY,
    D_FAILED,
    D_K,
    D_QTY,
    D_RANK,
    D_RISK_CASH,
    D_STOP,
    D_TARGET,
    DECISION,
    DX_SCORE,
    EDGE,
    HOUR,
    I_SECTOR,
    I_TICK,
    I_UNIT,
    ORDER,
    OUT_DECISIONS,
    Q_COLD,
    Q_EDGE,
    Q_UNDATED,
    R_A,
    R_B,
    R_C,
    R_D,
    R_E,
    R_F,
    R_G,
    R_H,
    S_SLOT,
    SYNTHETIC,
    T_BARS_TRIED,
    T_BORN,
    T_CANDIDATE,
    T_CAP,
    T_CARRIED,
    T_CLOSED_SLOT,
    T_COOL_UNTIL,
    T_CURSOR,
    T_EDGE_TIME,
    T_EDGE_USED,
    T_EXIT_ACTED,
    T_EXIT_REASON,
    T_K,
    T_ORDER_FROM,
    T_ORDER_PRICE,
    T_ORDER_SLOT,
    T_ORDERED,
    T_QTY,
    T_RESIDUAL,
    T_REST,
    T_RISK_CASH,
    T_RISK_USED,
    T_RISK_USED_PPM,
    T_SERIES,
    T_STOP,
    T_SYNTHETIC_DUE,
    T_TARGET,
    W_DECISION,
    W_PICKED,
    W_TARGET,
    X_ADV,
    X_SIGMA,
)
from bot.engine.numbers import rate_floor
from bot.engine.params import Params
from bot.engine.ranking import build_pool, place_in_pool, sort_picked
from bot.engine.reasons import (
    CANDIDATE_EXPIRED,
    COLD_START,
    EDGE_UNDATED,
    ENTRY,
    HALT_MAX_OPEN,
    METRIC_MISSING,
    NOT_IN_TOP_N,
    OK,
    SIGNAL_REVERSED,
)
from bot.engine.records import amounts, emit, place
from bot.engine.signals import edge_waits
from bot.engine.sizing import (
    choose_quantity,
    free_cash,
    impact_rate,
    inverse_vol_targets,
    open_count,
    scale_to_portfolio_vol,
    sector_exposure,
    set_bounds,
    total_exposure,
)
from bot.engine.types import Floats, Ints, Row

EXPIRING = 4
CANDIDATES = 6
REFUSING = 7
SIZING = 9


def new_decision(dec: Ints, decx: Floats, out: Row) -> int:
    """The row of a fresh decision, cleared; bounds and numbers that nobody sets read as absent."""
    row = out[OUT_DECISIONS]
    out[OUT_DECISIONS] = row + 1
    for j in range(dec.shape[1]):
        dec[row, j] = 0
    for j in range(8):
        dec[row, D_BOUND + j] = -1
    for j in range(decx.shape[1]):
        decx[row, j] = math.nan
    return row  # type: ignore[no-any-return]


def write_decision(
    t: Row, rec: Ints, dec: Ints, out: Row, i: int, slot: int, step: int, reason: int, row: int
) -> None:
    """The record that points at a decision's details."""
    at = emit(rec, out, DECISION, step, slot, i, reason)
    rec[at, R_A] = row
    rec[at, R_B] = t[T_EDGE_TIME]
    rec[at, R_C] = t[T_CANDIDATE]
    rec[at, R_D] = dec[row, D_FAILED]


def end_candidate(
    t: Row, rec: Ints, dec: Ints, decx: Floats, out: Row, i: int, slot: int, step: int, reason: int
) -> None:
    """Write a candidate's last word and forget it."""
    row = new_decision(dec, decx, out)
    dec[row, D_FAILED] = 1 << reason
    write_decision(t, rec, dec, out, i, slot, step, reason, row)
    t[T_CANDIDATE] = 0
    t[T_CARRIED] = 0


def expire(
    t: Row, rec: Ints, dec: Ints, decx: Floats, out: Row, i: int, slot: int, p: Params
) -> None:
    """Step 4: a candidate that has lived its slots ends, unless its order still works."""
    if t[T_CANDIDATE] == 0 or t[T_CARRIED] == 1:
        return
    if slot - t[T_BORN] >= p.candidate_ttl:
        end_candidate(t, rec, dec, decx, out, i, slot, EXPIRING, CANDIDATE_EXPIRED)


def update_candidate(
    t: Row, cells: Row, rec: Ints, dec: Ints, decx: Floats, out: Row, i: int, slot: int, p: Params
) -> None:
    """Step 6: kill what has reversed, then look for an edge not yet consumed."""
    edge = t[T_SERIES + Q_EDGE]
    if t[T_CANDIDATE] != 0:
        moved = t[T_CANDIDATE] == EDGE and edge != t[T_EDGE_TIME]
        if trend_of(t) != 1 or moved:
            end_candidate(t, rec, dec, decx, out, i, slot, CANDIDATES, SIGNAL_REVERSED)
    if edge_waits(t):
        t[T_EDGE_USED] = edge
        if cells[C_UNIVERSE] == 1:
            consume_edge(t, rec, dec, decx, out, i, slot, p)
    if t[T_SYNTHETIC_DUE] == 1 and p.while_bullish == 1:
        arise(t, slot, cells[C_UNIVERSE])


def arise(t: Row, slot: int, universe: int) -> None:
    """S4: once per exit, in the first slot after the cooldown that is Bullish and free.

    A real edge replaces it: where one is already a candidate there, nothing else arises.
    """
    free = t[T_QTY] == 0 and t[T_REST] == 0
    if slot < t[T_COOL_UNTIL] or trend_of(t) != 1 or not free:
        return
    t[T_SYNTHETIC_DUE] = 0
    if t[T_CANDIDATE] == 0 and universe == 1:
        t[T_CANDIDATE] = SYNTHETIC
        t[T_EDGE_TIME] = t[T_CLOSED_SLOT]
        t[T_BORN] = slot


def consume_edge(
    t: Row, rec: Ints, dec: Ints, decx: Floats, out: Row, i: int, slot: int, p: Params
) -> None:
    """A new edge becomes the token's candidate, or is refused for good."""
    cold = t[T_SERIES + Q_COLD] == 1
    t[T_EDGE_TIME] = t[T_SERIES + Q_EDGE]
    t[T_CANDIDATE] = EDGE
    t[T_CARRIED] = 0
    t[T_BORN] = slot
    if cold and p.enter_on_first_seen == 0:
        end_candidate(t, rec, dec, decx, out, i, slot, CANDIDATES, COLD_START)
    elif not cold and t[T_SERIES + Q_UNDATED] == 1:
        end_candidate(t, rec, dec, decx, out, i, slot, CANDIDATES, EDGE_UNDATED)


def judge(
    tokens: Ints, insts: Ints, acc: Row, slots: Row, newest: Row, cells: Ints, values: Floats,
    bars: Ints, gates: Ints, limits: Floats, ranks: Ints, weights: Row, prices: Ints,
    strengths: Floats, p: Params, active: Row, busy: int, work: Ints, merged: Ints,
    merged_strengths: Ints, scores: Row, pool: Row, rec: Ints, dec: Ints, decx: Floats, out: Row,
) -> int:  # fmt: skip
    """Steps 7 and 8: refuse in token order; what passes is listed in `work`, sorted by rank."""
    count = 0
    pooled = False
    slot = slots[S_SLOT]
    for n in range(busy):
        i = active[n]
        t = tokens[i]
        if t[T_CANDIDATE] == 0 or t[T_CARRIED] == 1:
            continue
        row = new_decision(dec, decx, out)
        failed = evaluate(
            t, insts[i], acc, slots, newest[i], cells[i], values[i], bars, gates, limits, ranks,
            prices, strengths, p, merged, merged_strengths, dec[row], decx[row],
        )  # fmt: skip
        if not pooled:
            pooled = True
            build_pool(newest, cells, values, bars, ranks, weights, slot, p, pool, scores)
        if failed == 0 and pool[i] == 0:
            failed = 1 << METRIC_MISSING
        decx[row, DX_SCORE] = scores[i]
        dec[row, D_FAILED] = failed
        if failed == 0:
            work[count, W_PICKED] = i
            work[i, W_DECISION] = row
            count += 1
        else:
            reason = first_reason(failed)
            write_decision(t, rec, dec, out, i, slot, REFUSING, reason, row)
    sort_picked(work, count, scores, values, p)
    return count


def keep_top(
    tokens: Ints, values: Floats, p: Params, count: int, work: Ints, scores: Row, pool: Row,
    slot: int, rec: Ints, dec: Ints, out: Row,
) -> int:  # fmt: skip
    """Top-N over the whole pool; the rest of the list keeps its order."""
    kept = 0
    for n in range(count):
        i = work[n, W_PICKED]
        row = work[i, W_DECISION]
        rank = place_in_pool(pool, scores, values, p, i)
        dec[row, D_RANK] = rank + 1
        if 0 <= p.top_n <= rank:
            dec[row, D_FAILED] = 1 << NOT_IN_TOP_N
            write_decision(tokens[i], rec, dec, out, i, slot, SIZING, NOT_IN_TOP_N, row)
        else:
            work[kept, W_PICKED] = i
            kept += 1
    return kept


def size_one(
    tokens: Ints, insts: Ints, acc: Row, newest: Row, values: Floats, bars: Ints, p: Params,
    i: int, target: int, d: Row,
) -> int:  # fmt: skip
    """Bounds and quantity of one candidate after what the earlier ones took."""
    inst = insts[i]
    equity = acc[A_EQUITY]
    d[D_EQUITY] = equity
    sector_room = rate_floor(equity, p.sector_cap) - sector_exposure(
        tokens, insts, newest, bars, inst[I_SECTOR]
    )
    gross_room = rate_floor(equity, p.gross) - total_exposure(tokens, insts, newest, bars)
    cash_room = free_cash(tokens, insts, acc, p)
    sigma = values[i, X_SIGMA]
    adv = values[i, X_ADV]
    set_bounds(target, sector_room, gross_room, cash_room, sigma, adv, inst, p, d)
    reason = choose_quantity(cash_room, inst, p, d)
    close = bars[newest[i], B_CLOSE]
    impact = impact_rate(sigma, adv, close // inst[I_TICK] * d[D_QTY] * inst[I_UNIT], p)
    if impact > 0:
        d[D_K] = p.k + impact
        d[D_ENTRY] = buy_ticks(close, d[D_K], inst[I_TICK])
        set_bounds(target, sector_room, gross_room, cash_room, sigma, adv, inst, p, d)
        reason = choose_quantity(cash_room, inst, p, d)
    return reason


def enter(
    tokens: Ints, insts: Ints, acc: Row, slots: Row, newest: Row, values: Floats, bars: Ints,
    covariance: Floats, p: Params, count: int, work: Ints, rec: Ints, dec: Ints, out: Row,
) -> None:  # fmt: skip
    """Step 9: sizes in rank order, each seeing what the earlier ones left."""
    slot = slots[S_SLOT]
    equity = acc[A_EQUITY]
    open_value = total_exposure(tokens, insts, newest, bars)
    picked = work[:, W_PICKED]
    targets = work[:, W_TARGET]
    inverse_vol_targets(tokens, values, picked, count, equity, open_value, p, targets)
    scale_to_portfolio_vol(values, covariance, picked, count, equity, p, targets)
    for n in range(count):
        i = picked[n]
        t = tokens[i]
        row = work[i, W_DECISION]
        d = dec[row]
        reason = HALT_MAX_OPEN
        if open_count(tokens) < p.max_open:
            reason = size_one(tokens, insts, acc, newest, values, bars, p, i, targets[n], d)
        if reason != OK:
            d[D_FAILED] = 1 << reason
            write_decision(t, rec, dec, out, i, slot, SIZING, reason, row)
            continue
        write_decision(t, rec, dec, out, i, slot, SIZING, ENTRY, row)
        place_entry(t, insts[i], p, i, slot, d, row, rec, out)


def place_entry(
    t: Row, inst: Row, p: Params, i: int, slot: int, d: Row, row: int, rec: Ints, out: Row
) -> None:
    """Put the bracket to work: entry, stop and target are frozen here (L7)."""
    t[T_STOP] = d[D_STOP]
    t[T_TARGET] = d[D_TARGET]
    t[T_K] = d[D_K]
    t[T_REST] = d[D_QTY]
    t[T_ORDERED] = d[D_QTY]
    t[T_ORDER_SLOT] = slot
    t[T_ORDER_FROM] = slot + p.latency
    t[T_CAP] = d[D_CAP]
    t[T_ORDER_PRICE] = d[D_ENTRY]
    t[T_BARS_TRIED] = 0
    t[T_RISK_CASH] = d[D_RISK_CASH]
    t[T_RISK_USED] = 0
    t[T_RISK_USED_PPM] = 0
    t[T_RESIDUAL] = 0
    t[T_EXIT_REASON] = 0
    t[T_EXIT_ACTED] = 0
    t[T_CARRIED] = 1
    t[T_SYNTHETIC_DUE] = 0
    t[T_CURSOR] = t[T_ORDER_FROM] - t[T_ORDER_FROM] % HOUR
    at = emit(rec, out, ORDER, SIZING, slot, i, ENTRY)
    place(rec, at, 0, 0, ACT_ENTRY, slot)
    amounts(rec, at, d[D_QTY], d[D_ENTRY], 0, 0, d[D_QTY] * d[D_ENTRY] * inst[I_UNIT])
    rec[at, R_A] = t[T_ORDER_FROM]
    rec[at, R_B] = d[D_STOP]
    rec[at, R_C] = d[D_TARGET]
    rec[at, R_D] = d[D_CAP]
    rec[at, R_E] = d[D_K]
    rec[at, R_F] = d[D_RISK_CASH]
    rec[at, R_G] = reserve_of(d[D_QTY], d[D_CAP], inst[I_UNIT], p)
    rec[at, R_H] = row
