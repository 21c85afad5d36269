"""How much returns vary, scaled to a year."""

from __future__ import annotations

import math

from bot.stats.samples import DAYS_PER_YEAR, NO_SPREAD, Numbers, sample


def annual_volatility(
    returns: Numbers, min_obs: int = 2, periods_per_year: float = DAYS_PER_YEAR
) -> float | None:
    """sd(r, ddof=1) x sqrt(periods_per_year).

    Parameters
    ----------
    returns : simple returns of even intervals.
    min_obs : fewest returns that are enough; below two there is no spread to measure.
    periods_per_year : 365 for daily returns.

    Returns
    -------
    A fraction a year; 0 where nothing moved, which is a measured volatility and not a missing
    one. None for fewer than `min_obs` or two returns, or a missing one.

    Examples
    --------
    >>> r12 = [0.012, -0.008, 0.005, 0.021, -0.015, -0.007, 0.009, 0, 0.014, -0.022, 0.018, 0.006]
    >>> round(annual_volatility(r12), 9)
    0.256206815
    """
    rows = sample(returns, max(min_obs, 2))
    if rows is None:
        return None
    deviation = float(rows.std(ddof=1))
    return 0.0 if deviation <= NO_SPREAD else deviation * math.sqrt(periods_per_year)
