"""Return above the riskless rate for each unit of risk."""

from __future__ import annotations

import math

from bot.stats.samples import DAYS_PER_YEAR, NO_SPREAD, Numbers, sample


def sharpe_ratio(
    returns: Numbers, rf: float = 0.0, min_obs: int = 2, periods_per_year: float = DAYS_PER_YEAR
) -> float | None:
    """mean(r - rf) / sd(r - rf, ddof=1) x sqrt(periods_per_year) (Sharpe 1994).

    Parameters
    ----------
    returns : simple returns of even intervals.
    rf : riskless rate of one interval.
    min_obs : fewest returns that are enough; below two there is no spread to measure.
    periods_per_year : 365 for daily returns, 8760 for hourly; 1 gives the ratio of one interval.

    Returns
    -------
    The ratio a year, without unit. None for fewer than `min_obs` or two returns, a missing one,
    or returns that do not vary.

    Examples
    --------
    >>> r12 = [0.012, -0.008, 0.005, 0.021, -0.015, -0.007, 0.009, 0, 0.014, -0.022, 0.018, 0.006]
    >>> round(sharpe_ratio(r12), 9), round(sharpe_ratio(r12, periods_per_year=1), 9)
    (3.917733421, 0.205063539)
    """
    rows = sample(returns, max(min_obs, 2))
    if rows is None:
        return None
    deviation = float(rows.std(ddof=1))
    if deviation <= NO_SPREAD:
        return None
    return (float(rows.mean()) - rf) / deviation * math.sqrt(periods_per_year)
