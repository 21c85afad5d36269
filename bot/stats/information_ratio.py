"""Return beyond a benchmark for each unit of deviation from it."""

from __future__ import annotations

from bot.stats.samples import DAYS_PER_YEAR, Numbers, pair
from bot.stats.sharpe_ratio import sharpe_ratio


def information_ratio(
    returns: Numbers,
    benchmark: Numbers,
    min_obs: int = 2,
    periods_per_year: float = DAYS_PER_YEAR,
) -> float | None:
    """mean(r - b) / sd(r - b, ddof=1) x sqrt(periods_per_year).

    Parameters
    ----------
    returns, benchmark : simple returns of the same even intervals.
    min_obs : fewest returns that are enough; below two there is no spread to measure.
    periods_per_year : 365 for daily returns.

    Returns
    -------
    The ratio a year, without unit. None for fewer than `min_obs` or two returns, a missing one, or
    an account that keeps a constant distance from its benchmark.

    Raises
    ------
    ValueError : when the two differ in length.

    Examples
    --------
    >>> round(information_ratio([0.01, -0.02, 0.015, 0.0], [0.02, -0.03, 0.02, -0.01]), 6)
    2.316818
    """
    both = pair(returns, benchmark, max(min_obs, 2))
    if both is None:
        return None
    return sharpe_ratio(both[0] - both[1], 0.0, min_obs, periods_per_year)
