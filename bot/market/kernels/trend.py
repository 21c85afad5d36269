"""The local trend signal: two moving averages and a price channel that must agree."""

from __future__ import annotations

import math

from bot.engine.numbers import round10
from bot.market.kernels.arrays import Floats

FAST = 24
SLOW = 96
CHANNEL = 48
WARM_UP = 288
WINDOW = 384


def ema(values: Floats, span: int) -> float:
    """Exponential moving average at the window's last value, weight 2 / (span + 1).

    The mean of the window's first `span` values is the seed. NaN when the window is shorter, and
    NaN in gives NaN out.
    """
    n = len(values)
    if span < 1 or n < span:
        return math.nan
    seed = 0.0
    for i in range(span):
        seed += values[i]
    average = seed / float(span)
    weight = 2.0 / (float(span) + 1.0)
    for i in range(span, n):
        average += weight * (values[i] - average)
    return average


def donchian_mid(highs: Floats, lows: Floats, period: int) -> float:
    """Middle of the highest high and the lowest low of the `period` bars before the last one."""
    n = len(highs)
    if period < 1 or n < period + 1 or len(lows) != n:
        return math.nan
    first = n - 1 - period
    top = highs[first]
    bottom = lows[first]
    for i in range(first, n - 1):
        if not (math.isfinite(highs[i]) and math.isfinite(lows[i])):
            return math.nan
        top = max(top, highs[i])
        bottom = min(bottom, lows[i])
    return 0.5 * (top + bottom)


def trend(highs: Floats, lows: Floats, closes: Floats, warm_up: int = WARM_UP) -> int:
    """+1 when the fast average is above the slow one and the close above the channel's middle.

    -1 when both are reversed, 0 when they disagree, when any is missing and with fewer than
    `warm_up` bars. It holds nothing: who reads it keeps the last trend.
    """
    n = len(closes)
    if n < warm_up or n < 1:
        return 0
    mid = round10(donchian_mid(highs, lows, CHANNEL))
    fast = round10(ema(closes, FAST))
    slow = round10(ema(closes, SLOW))
    close = round10(closes[n - 1])
    if fast > slow and close > mid:
        return 1
    if fast < slow and close < mid:
        return -1
    return 0
