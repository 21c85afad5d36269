"""What the winning trades earned for each unit that the losing ones lost."""

from __future__ import annotations

from bot.stats.samples import Numbers, sample


def profit_factor(results: Numbers) -> float | None:
    """sum(wins) / sum(losses), the losses as positive numbers.

    Parameters
    ----------
    results : net result of every closed trade, in money or in R (the two give different figures
        where trades risk different sums). Trades that broke even count on neither side.

    Returns
    -------
    Without unit, at least 0; 0 without a win. None without a loss (it is not infinite), without a
    trade, or with a missing number.

    Examples
    --------
    >>> round(profit_factor([1.8, -1, -1.1, 0.9, 2.4, -1]), 6)
    1.645161
    """
    rows = sample(results, 1)
    if rows is None:
        return None
    lost = -float(rows[rows < 0.0].sum())
    return float(rows[rows > 0.0].sum()) / lost if lost > 0.0 else None
