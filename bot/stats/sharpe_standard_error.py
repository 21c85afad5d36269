"""How far an estimated Sharpe ratio may be from the true one."""

from __future__ import annotations

import math


def sharpe_standard_error(sharpe: float, n: int, periods_per_year: float = 365.0) -> float:
    """Standard error of an annualised Sharpe ratio of independent returns (Lo 2002).

    sqrt((1 + s^2 / 2) / n) x sqrt(periods_per_year), with s = sharpe / sqrt(periods_per_year).

    Parameters
    ----------
    sharpe : annualised ratio.
    n : number of returns it was computed from, at least 1.
    periods_per_year : sampling interval; 365 for daily returns.

    Returns
    -------
    Same unit as `sharpe`. NaN when `sharpe` is missing or n < 1.

    Examples
    --------
    >>> [round(sharpe_standard_error(1.0, n), 3) for n in (30, 90, 365, 730)]
    [3.49, 2.015, 1.001, 0.708]
    """
    if not math.isfinite(sharpe) or n < 1 or periods_per_year <= 0.0:
        return math.nan
    # s^2 x periods_per_year is the annual ratio squared, so nothing is divided and scaled back.
    return math.sqrt((periods_per_year + 0.5 * (sharpe * sharpe)) / float(n))
