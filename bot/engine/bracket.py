"""Stop and target from the levels around the price, and the net reward:risk of it (L2 to L6)."""

from __future__ import annotations

import math

from bot.engine.costs import buy_ticks, net_entry, net_stop, net_target, ratio_below
from bot.engine.layout import (
    D_CAP,
    D_CLOSE,
    D_ENTRY,
    D_FLAGS,
    D_K,
    D_RESISTANCE,
    D_STOP,
    D_STRENGTH,
    D_STRONG,
    D_SUPPORT,
    D_TARGET,
    D_TARGET_STRENGTH,
    DX_RR,
    FLAG_ATR_FALLBACK,
    FLAG_TARGET_FALLBACK,
)
from bot.engine.numbers import (
    PPM,
    rate_ceil,
    rate_floor,
    round10,
    ticks_down,
    whole_down,
    whole_up,
    wide_add,
    wide_div,
    wide_mul,
)
from bot.engine.params import Params
from bot.engine.reasons import (
    NEAR_STRONG_RESISTANCE,
    NO_RESISTANCE,
    NO_SUPPORT,
    OK,
    RR_BELOW_MIN,
    STOP_TOO_FAR,
    TARGET_NOT_PROFITABLE,
)
from bot.engine.types import Ints, Row

FAR = 4_000_000_000_000  # no distance in points is longer


def distance_up(multiple: float, atr: float) -> int:
    """A float distance as points, up: for buffers and minimum distances; 0 where it is off."""
    if multiple <= 0.0 or math.isnan(atr):
        return 0
    points = whole_up(multiple * atr)
    return points if points >= 0 else FAR


def distance_down(multiple: float, atr: float) -> int:
    """A float distance as points, down: for maximum distances; no limit where it is off."""
    if multiple <= 0.0 or math.isnan(atr):
        return FAR
    points = whole_down(multiple * atr)
    return points if points >= 0 else FAR


def strong_resistance(prices: Ints, strengths: Ints, count: int, close: int, p: Params) -> int:
    """The first strong level at or barely above the price, 0 for none (L3)."""
    for n in range(count):
        above = prices[n] - close
        if above >= 0 and strengths[n] >= p.strong and above * PPM <= p.veto * close:
            return prices[n]  # type: ignore[no-any-return]
    return 0


def find_stop(
    prices: Ints, strengths: Ints, count: int, atr: float, tick: int, p: Params, d: Row
) -> int:
    """L4: write the stop in ticks and its level; returns OK, NO_SUPPORT or STOP_TOO_FAR."""
    close = d[D_CLOSE]
    nearest = rate_ceil(close, p.stop_min_pct)
    by_atr = distance_up(p.stop_min_atr, atr)
    if by_atr > nearest:
        nearest = by_atr
    farthest = rate_floor(close, p.stop_max_pct)
    by_atr = distance_down(p.stop_max_atr, atr)
    if by_atr < farthest:
        farthest = by_atr
    reason = NO_SUPPORT
    for back in range(count):
        n = count - 1 - back
        if prices[n] >= close or strengths[n] < p.stop_min_strength:
            continue
        buffer = rate_ceil(prices[n], p.stop_buf)
        by_atr = distance_up(p.stop_buf_atr, atr)
        if by_atr > buffer:
            buffer = by_atr
        stop = (prices[n] - buffer) // tick
        if close - stop * tick < nearest:
            continue
        d[D_SUPPORT] = prices[n]
        d[D_STRENGTH] = strengths[n]
        d[D_STOP] = stop
        reason = OK
        if close - stop * tick > farthest or stop < 1:
            reason = STOP_TOO_FAR
        break
    if reason != OK and p.atr_fallback > 0.0 and not math.isnan(atr):
        reason = fallback_stop(close, atr, tick, nearest, farthest, p, d)
    return reason


def fallback_stop(
    close: int, atr: float, tick: int, nearest: int, farthest: int, p: Params, d: Row
) -> int:
    """A stop at a multiple of ATR below the price, within the same distance limits."""
    stop = (close - distance_up(p.atr_fallback, atr)) // tick
    d[D_STOP] = stop
    d[D_SUPPORT] = 0
    d[D_STRENGTH] = 0
    d[D_FLAGS] = d[D_FLAGS] | FLAG_ATR_FALLBACK
    if close - stop * tick < nearest:
        return NO_SUPPORT
    if close - stop * tick > farthest or stop < 1:
        return STOP_TOO_FAR
    return OK


def find_target(prices: Ints, strengths: Ints, count: int, tick: int, p: Params, d: Row) -> int:
    """L5: write the target in ticks and its level; returns OK or NO_RESISTANCE."""
    for n in range(count):
        if prices[n] >= d[D_CLOSE] and strengths[n] >= p.target_min_strength:
            d[D_RESISTANCE] = prices[n]
            d[D_TARGET_STRENGTH] = strengths[n]
            d[D_TARGET] = ticks_down(prices[n], PPM - p.target_buf, tick)
            return OK
    if p.target_fallback < 0 or d[D_STOP] < 1:
        return NO_RESISTANCE
    d[D_FLAGS] = d[D_FLAGS] | FLAG_TARGET_FALLBACK
    paid = net_entry(d[D_ENTRY], p)
    risk = paid - net_stop(d[D_STOP], d[D_K], p)
    # target (1 - maker) = e + R (e - s), solved for the target and rounded up to the tick
    divisor = PPM * (PPM - p.maker)
    high, low = wide_mul(paid, PPM)
    more_high, more_low = wide_mul(risk, p.target_fallback)
    high, low = wide_add(high, low, more_high, more_low)
    high, low = wide_add(high, low, 0, divisor - 1)
    d[D_TARGET] = wide_div(high, low, divisor)
    return OK


def reward_risk(p: Params, d: Row, x: Row) -> int:
    """L6: the net ratio for people, its verdict from whole numbers."""
    paid = net_entry(d[D_ENTRY], p)
    reward = net_target(d[D_TARGET], p) - paid
    risk = paid - net_stop(d[D_STOP], d[D_K], p)
    x[DX_RR] = round10(float(reward) / float(risk)) if risk > 0 else math.nan
    if reward <= 0 or risk <= 0:
        return TARGET_NOT_PROFITABLE
    if ratio_below(reward, risk, p.min_rr):
        return RR_BELOW_MIN
    return OK


def entry_prices(close: int, k: int, tick: int, p: Params, d: Row) -> None:
    """The estimated fill and the highest price that a fill may have."""
    d[D_CLOSE] = close
    d[D_K] = k
    d[D_ENTRY] = buy_ticks(close, k, tick)
    d[D_CAP] = ticks_down(close, PPM + p.max_drift, tick)


def find_bracket(
    prices: Ints, strengths: Ints, count: int, atr: float, tick: int, p: Params, d: Row, x: Row
) -> int:
    """All of L3 to L6 at D_CLOSE; every failing rule is a bit of the returned mask."""
    failed = 0
    d[D_STRONG] = strong_resistance(prices, strengths, count, d[D_CLOSE], p)
    if d[D_STRONG] > 0:
        failed = failed | (1 << NEAR_STRONG_RESISTANCE)
    stop = find_stop(prices, strengths, count, atr, tick, p, d)
    if stop != OK:
        failed = failed | (1 << stop)
    target = find_target(prices, strengths, count, tick, p, d)
    if target != OK:
        failed = failed | (1 << target)
    x[DX_RR] = math.nan
    if d[D_STOP] >= 1 and target == OK:
        ratio = reward_risk(p, d, x)
        if ratio != OK:
            failed = failed | (1 << ratio)
    return failed
