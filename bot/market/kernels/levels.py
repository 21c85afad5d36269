"""Price levels: turning points gathered into clusters, each with a strength that decays."""

from __future__ import annotations

import math

from bot.engine.numbers import round10
from bot.market.kernels.arrays import FloatBuffer, Floats, IntBuffer, Ints
from bot.market.kernels.prices import is_price

HALF_LIFE_DAYS = 30.0
TOUCH_GAP_BARS = 6
STRENGTH_MIN = 0.25
TOLERANCE_MIN = 0.01
TOLERANCE_ATR = 1.0

_LN2 = math.log(2.0)


def pivot_tolerance(
    price: float,
    atr: float,
    least: float = TOLERANCE_MIN,
    per_atr: float = TOLERANCE_ATR,
) -> float:
    """How far, in log price, a pivot may lie from the level it joins: max(least, per_atr ATR/P).

    NaN where price or ATR is missing: such a pivot joins nothing.
    """
    if not (is_price(price) and math.isfinite(atr)):
        return math.nan
    return round10(max(least, per_atr * atr / price))


def touch_weight(age_days: float) -> float:
    """What a touch still counts after some days: one half every 30 days."""
    return math.exp(-_LN2 / HALF_LIFE_DAYS * age_days)


def _usable(price: float, tolerance: float, age_days: float) -> bool:
    return (
        is_price(price) and math.isfinite(tolerance) and math.isfinite(age_days) and age_days >= 0.0
    )


def _nearest(prices: Floats, count: int, price: float) -> int:
    """Index of the level nearest to the price in log distance, the lower of two equally near.

    Prices are ascending; `count` is at least 1.
    """
    low = 0
    high = count
    while low < high:
        middle = (low + high) // 2
        if prices[middle] < price:
            low = middle + 1
        else:
            high = middle
    if low == 0:
        return 0
    if low == count:
        return count - 1
    # Nearer in log price to the lower one: below the geometric mean of both.
    if round10(price * price) <= round10(prices[low - 1] * prices[low]):
        return low - 1
    return low


def _insert_float(row: FloatBuffer, count: int, at: int, value: float) -> None:
    for i in range(count, at, -1):
        row[i] = row[i - 1]
    row[at] = value


def _insert_int(row: IntBuffer, count: int, at: int, value: int) -> None:
    for i in range(count, at, -1):
        row[i] = row[i - 1]
    row[at] = value


def _drop_weak(
    prices: FloatBuffer,
    strengths: FloatBuffer,
    touches: IntBuffer,
    last_bars: IntBuffer,
    count: int,
) -> int:
    kept = 0
    for i in range(count):
        strength = round10(strengths[i])
        if strength < STRENGTH_MIN:
            continue
        prices[kept] = round10(prices[i])
        strengths[kept] = strength
        touches[kept] = touches[i]
        last_bars[kept] = last_bars[i]
        kept += 1
    return kept


def build_book(
    pivot_prices: Floats,
    pivot_tolerances: Floats,
    pivot_bars: Ints,
    pivot_ages_days: Floats,
    prices: FloatBuffer,
    strengths: FloatBuffer,
    touches: IntBuffer,
    last_bars: IntBuffer,
) -> int:
    """Levels of a window of pivots given oldest first; returns how many, ascending by price.

    A pivot within its tolerance of the nearest level joins it, else it starts one. The level's
    price is the mean of its touches weighted by `touch_weight`; its strength is the sum of those
    weights, as of the instant at which the ages are measured. A pivot fewer than six bars after
    the last counted touch of its level is part of that touch: it changes neither price, count nor
    strength, and starts no level. Levels weaker than .25 are dropped at the end. A pivot whose
    price is not positive, or whose tolerance or age is missing, is left out.

    Fills prices, strengths, touches (their number) and last_bars (bar of the last touch). Each must
    hold as many values as there are pivots; -1 is returned when one is too short.
    """
    n = len(pivot_prices)
    if len(pivot_tolerances) < n or len(pivot_bars) < n or len(pivot_ages_days) < n:
        return -1
    if len(prices) < n or len(strengths) < n or len(touches) < n or len(last_bars) < n:
        return -1
    count = 0
    for p in range(n):
        price = pivot_prices[p]
        if not _usable(price, pivot_tolerances[p], pivot_ages_days[p]):
            continue
        weight = touch_weight(pivot_ages_days[p])
        at = 0
        if count > 0:
            at = _nearest(prices, count, price)
            if round10(math.fabs(math.log(price / prices[at]))) <= round10(pivot_tolerances[p]):
                if pivot_bars[p] - last_bars[at] >= TOUCH_GAP_BARS:
                    # The mean stays between its level and the pivot, so the order stays too.
                    total = strengths[at] + weight
                    if total > 0.0:
                        prices[at] += (price - prices[at]) * (weight / total)
                    strengths[at] = total
                    touches[at] += 1
                    last_bars[at] = pivot_bars[p]
                continue
            if prices[at] < price:
                at += 1
        _insert_float(prices, count, at, price)
        _insert_float(strengths, count, at, weight)
        _insert_int(touches, count, at, 1)
        _insert_int(last_bars, count, at, pivot_bars[p])
        count += 1
    return _drop_weak(prices, strengths, touches, last_bars, count)
