"""How far a portfolio must be scaled down to meet its volatility target."""

from __future__ import annotations

import math


def volatility_target_scale(volatility: float, target: float) -> float:
    """Factor for every candidate: min(1, target / volatility); it never scales up.

    Parameters
    ----------
    volatility : expected volatility of the portfolio, a fraction.
    target : the most it should be, a fraction of the same interval, above 0.

    Returns
    -------
    A factor in (0, 1]; 1 for a portfolio without volatility. NaN when either is missing or
    negative, or the target is 0.

    Examples
    --------
    >>> round(volatility_target_scale(0.472906, 0.30), 6)
    0.634376
    >>> volatility_target_scale(0.2, 0.30)
    1.0
    """
    if not (math.isfinite(volatility) and math.isfinite(target)):
        return math.nan
    if volatility < 0.0 or target <= 0.0:
        return math.nan
    if volatility <= target:
        return 1.0
    return target / volatility
