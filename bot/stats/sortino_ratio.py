"""Return above a floor for each unit of risk below that floor."""

from __future__ import annotations

import math

import numpy as np

from bot.stats.samples import DAYS_PER_YEAR, NO_SPREAD, Numbers, sample


def sortino_ratio(
    returns: Numbers, mar: float = 0.0, min_obs: int = 2, periods_per_year: float = DAYS_PER_YEAR
) -> float | None:
    """mean(r - mar) / sqrt(mean(min(r - mar, 0)^2)) x sqrt(periods_per_year) (Sortino 1994).

    The downside is averaged over all n returns, not over those below the floor.

    Parameters
    ----------
    returns : simple returns of even intervals.
    mar : least acceptable return of one interval.
    min_obs : fewest returns that are enough.
    periods_per_year : 365 for daily returns.

    Returns
    -------
    The ratio a year, without unit. None for fewer than `min_obs` or two returns, a missing one,
    or none below `mar`.

    Examples
    --------
    >>> r12 = [0.012, -0.008, 0.005, 0.021, -0.015, -0.007, 0.009, 0, 0.014, -0.022, 0.018, 0.006]
    >>> round(sortino_ratio(r12), 9)
    6.347955013
    """
    rows = sample(returns, max(min_obs, 2))
    if rows is None:
        return None
    excess = rows - mar
    downside = math.sqrt(float(np.square(np.minimum(excess, 0.0)).mean()))
    if downside <= NO_SPREAD:
        return None
    return float(excess.mean()) / downside * math.sqrt(periods_per_year)
