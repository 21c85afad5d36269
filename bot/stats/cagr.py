"""The constant growth a year that leads from the first equity to the last."""

from __future__ import annotations

import math

from bot.stats.samples import DAYS_PER_YEAR, Numbers
from bot.stats.total_return import total_return

MIN_DAYS = 90


def cagr(equity: Numbers, min_days: int = MIN_DAYS) -> float | None:
    """Compound annual growth rate: (end / start)^(365 / days) - 1.

    Parameters
    ----------
    equity : daily points, oldest first; days = points - 1.
    min_days : fewest days that are enough; a shorter stretch is told by its plain return.

    Returns
    -------
    A fraction a year of 365 days; -1 where all was lost. None for fewer than `min_days`, a
    missing point, a start not above 0, an end below 0, or a rate beyond what a float holds.

    Examples
    --------
    >>> round(cagr([100.0] * 182 + [110.0, 110.0]), 6)
    0.20937
    >>> cagr([100.0, 101.0]) is None
    True
    """
    days = len(equity) - 1
    gained = total_return(equity)
    if gained is None or days < min_days or gained < -1.0:
        return None
    return annual_growth(1.0 + gained, days)


def annual_growth(growth: float, days: int) -> float | None:
    """growth^(365 / days) - 1; None where a float does not hold it.

    Examples
    --------
    >>> round(annual_growth(1.1, 365), 6)
    0.1
    """
    try:
        rate = math.pow(growth, DAYS_PER_YEAR / days) - 1.0
    except OverflowError:
        return None
    return rate if math.isfinite(rate) else None
