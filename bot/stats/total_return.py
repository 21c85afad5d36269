"""What an account earned from its first point to its last."""

from __future__ import annotations

from bot.stats.samples import Numbers, sample


def total_return(equity: Numbers) -> float | None:
    """end / start - 1.

    Parameters
    ----------
    equity : points at even intervals, oldest first; at least two, the first above 0.

    Returns
    -------
    A fraction of the start over the whole stretch, not annualised. None for fewer than two
    points, a missing one, or a start that is not above 0.

    Examples
    --------
    >>> round(total_return([100.0, 80.0, 125.0]), 6)
    0.25
    """
    points = sample(equity, 2)
    if points is None or points[0] <= 0.0:
        return None
    return float(points[-1] / points[0]) - 1.0
