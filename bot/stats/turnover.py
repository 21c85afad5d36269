"""How often an account is traded over in a year."""

from __future__ import annotations

import math

from bot.stats.samples import DAYS_PER_YEAR, Numbers, sample


def annual_turnover(bought: float, sold: float, equity: Numbers, days: float) -> float | None:
    """(bought + sold) / (2 x mean equity) x 365 / days.

    Parameters
    ----------
    bought, sold : sums of the notionals of all fills of each side, at least 0.
    equity : points at even intervals, in the same currency.
    days : length of the stretch, above 0.

    Returns
    -------
    Times a year of 365 days; 0 where nothing was traded. None without a point or with a missing
    number, for a mean equity or a stretch not above 0, or a negative notional.

    Examples
    --------
    >>> round(annual_turnover(500.0, 300.0, [100.0, 120.0, 110.0], 73.0), 6)
    18.181818
    """
    points = sample(equity, 1)
    if points is None or not (math.isfinite(bought) and math.isfinite(sold)):
        return None
    mean = float(points.mean())
    if mean <= 0.0 or not days > 0.0 or bought < 0.0 or sold < 0.0:
        return None
    return (bought + sold) / (2.0 * mean) * (DAYS_PER_YEAR / days)
