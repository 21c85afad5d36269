"""Average true range after Wilder, seeded as TA-Lib does."""

from __future__ import annotations

import math

from bot.engine.numbers import round10
from bot.market.kernels.arrays import Floats

PERIOD = 14


def true_range(high: float, low: float, previous_close: float) -> float:
    """The widest of: the bar's range, and its high and low against the close before."""
    return max(high, previous_close) - min(low, previous_close)


def atr(highs: Floats, lows: Floats, closes: Floats, period: int = PERIOD) -> float:
    """Wilder's average true range at the last bar of the window, in the unit of the prices.

    The first bar has no close before it, so its range is dropped; the mean of the next `period`
    ranges is the seed. NaN with fewer than `period` + 1 bars or a price that is not finite.
    """
    n = len(closes)
    if period < 1 or n < period + 1 or len(highs) != n or len(lows) != n:
        return math.nan
    seed = 0.0
    average = 0.0
    for i in range(1, n):
        reach = true_range(highs[i], lows[i], closes[i - 1])
        if not math.isfinite(reach) or not math.isfinite(closes[i]):
            return math.nan
        if i <= period:
            seed += reach
            average = seed / float(period)
        else:
            average = (average * (float(period) - 1.0) + reach) / float(period)
    return round10(average)
