"""Growth a year for each unit of the deepest fall."""

from __future__ import annotations

from bot.stats.cagr import MIN_DAYS, cagr
from bot.stats.max_drawdown import max_drawdown
from bot.stats.samples import Numbers


def calmar_ratio(equity: Numbers, min_days: int = MIN_DAYS) -> float | None:
    """CAGR / MDD, both over the whole run (not the usual last 36 months).

    Parameters
    ----------
    equity : daily points, oldest first.
    min_days : fewest days that are enough for a growth rate.

    Returns
    -------
    The ratio a year of 365 days, without unit. None where either is missing or nothing fell.

    Examples
    --------
    >>> equity = [100.0] * 100 + [80.0] + [120.0] * 265
    >>> round(calmar_ratio(equity), 6)
    1.0
    """
    growth, fall = cagr(equity, min_days), max_drawdown(equity)
    if growth is None or fall is None or fall <= 0.0:
        return None
    return growth / fall
