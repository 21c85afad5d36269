"""Volatility of a window of bars: the EWMA of hourly closes, and four estimators from ranges.

The range estimators give the standard deviation per bar; annualise by sqrt(bars a year). All give
NaN where the window is too short or holds an impossible price.
"""

from __future__ import annotations

import math

from bot.engine.numbers import round10
from bot.market.kernels.arrays import Floats
from bot.market.kernels.prices import all_prices

HALF_LIFE = 72.0
SEED_COUNT = 24
HOURS_PER_YEAR = 8760.0

_LN2 = math.log(2.0)


def _usable(opens: Floats, highs: Floats, lows: Floats, closes: Floats) -> bool:
    n = len(opens)
    if n == 0 or len(highs) != n or len(lows) != n or len(closes) != n:
        return False
    if not (all_prices(opens) and all_prices(highs) and all_prices(lows) and all_prices(closes)):
        return False
    for i in range(n):
        if lows[i] > min(opens[i], closes[i]) or highs[i] < max(opens[i], closes[i]):
            return False
    return True


def ewma_variance(closes: Floats, decay: float, seed_count: int) -> float:
    """Variance per bar of log returns: v = decay v + (1 - decay) r^2.

    It starts as the mean of the first `seed_count` squared returns of the window.
    """
    n = len(closes) - 1
    if seed_count < 1 or n < seed_count or not all_prices(closes):
        return math.nan
    seed = 0.0
    variance = 0.0
    for i in range(n):
        move = math.log(closes[i + 1] / closes[i])
        if i < seed_count:
            seed += move * move
            variance = seed / float(seed_count)
        else:
            variance = decay * variance + (1.0 - decay) * (move * move)
    return variance


def ewma_volatility(
    closes: Floats, half_life: float = HALF_LIFE, seed_count: int = SEED_COUNT
) -> float:
    """Annual volatility as a fraction from hourly closes; `half_life` in bars."""
    if half_life <= 0.0:
        return math.nan
    # exp instead of a power of one half, which the compiler turns into another function.
    variance = ewma_variance(closes, math.exp(-_LN2 / half_life), seed_count)
    if math.isnan(variance):
        return math.nan
    return round10(math.sqrt(variance * HOURS_PER_YEAR))


def parkinson(highs: Floats, lows: Floats) -> float:
    """Parkinson's estimator per bar: sqrt(mean(ln(high / low)^2) / (4 ln 2))."""
    n = len(highs)
    if n == 0 or len(lows) != n or not (all_prices(highs) and all_prices(lows)):
        return math.nan
    total = 0.0
    for i in range(n):
        if lows[i] > highs[i]:
            return math.nan
        width = math.log(highs[i] / lows[i])
        total += width * width
    return round10(math.sqrt(total / float(n) / (4.0 * _LN2)))


def garman_klass(opens: Floats, highs: Floats, lows: Floats, closes: Floats) -> float:
    """Garman and Klass per bar: sqrt(mean(ln(h / l)^2 / 2 - (2 ln 2 - 1) ln(c / o)^2))."""
    if not _usable(opens, highs, lows, closes):
        return math.nan
    total = 0.0
    for i in range(len(opens)):
        width = math.log(highs[i] / lows[i])
        body = math.log(closes[i] / opens[i])
        total += 0.5 * (width * width) - (2.0 * _LN2 - 1.0) * (body * body)
    return round10(math.sqrt(max(total, 0.0) / float(len(opens))))


def _rogers_satchell_sum(
    opens: Floats, highs: Floats, lows: Floats, closes: Floats, first: int
) -> float:
    total = 0.0
    for i in range(first, len(opens)):
        upper = math.log(highs[i] / opens[i]) * math.log(highs[i] / closes[i])
        lower = math.log(lows[i] / opens[i]) * math.log(lows[i] / closes[i])
        total += upper + lower
    return max(total, 0.0)


def rogers_satchell(opens: Floats, highs: Floats, lows: Floats, closes: Floats) -> float:
    """Rogers and Satchell per bar: sqrt(mean(ln(h/o) ln(h/c) + ln(l/o) ln(l/c)))."""
    if not _usable(opens, highs, lows, closes):
        return math.nan
    total = _rogers_satchell_sum(opens, highs, lows, closes, 0)
    return round10(math.sqrt(total / float(len(opens))))


def yang_zhang(opens: Floats, highs: Floats, lows: Floats, closes: Floats) -> float:
    """Yang and Zhang per bar over all bars but the first, which gives the close before them.

    Variance of the gaps ln(o / previous c) + k variance of the bodies ln(c / o) + (1 - k) Rogers
    and Satchell, k = .34 / (1.34 + (n + 1) / (n - 1)). Needs three bars.
    """
    n = len(opens) - 1
    if n < 2 or not _usable(opens, highs, lows, closes):
        return math.nan
    count = float(n)
    gaps = 0.0
    bodies = 0.0
    for i in range(1, n + 1):
        gaps += math.log(opens[i] / closes[i - 1])
        bodies += math.log(closes[i] / opens[i])
    gap_mean = gaps / count
    body_mean = bodies / count
    gap_squares = 0.0
    body_squares = 0.0
    for i in range(1, n + 1):
        gap = math.log(opens[i] / closes[i - 1]) - gap_mean
        body = math.log(closes[i] / opens[i]) - body_mean
        gap_squares += gap * gap
        body_squares += body * body
    k = 0.34 / (1.34 + (count + 1.0) / (count - 1.0))
    drift_free = _rogers_satchell_sum(opens, highs, lows, closes, 1) / count
    variance = (gap_squares + k * body_squares) / (count - 1.0) + (1.0 - k) * drift_free
    return round10(math.sqrt(variance))
