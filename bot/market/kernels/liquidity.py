"""Liquidity: what usually trades in a day."""

from __future__ import annotations

import math

from bot.engine.numbers import round10
from bot.market.kernels.arrays import Floats
from bot.market.kernels.medians import median

DAYS = 7


def median_volume(daily_volumes: Floats, days: int = DAYS) -> float:
    """Median of the last `days` daily volumes in the quote currency.

    NaN with fewer days, and where one of them is missing or negative.
    """
    n = len(daily_volumes)
    if days < 1 or n < days:
        return math.nan
    for i in range(n - days, n):
        if not math.isfinite(daily_volumes[i]) or daily_volumes[i] < 0.0:
            return math.nan
    return round10(median(daily_volumes, n - days, n))
