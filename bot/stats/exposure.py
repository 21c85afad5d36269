"""How much of an account was in the market."""

from __future__ import annotations

from bot.stats.samples import Numbers, pair


def mean_exposure(position_values: Numbers, equity: Numbers) -> float | None:
    """mean(position value / equity).

    Parameters
    ----------
    position_values : value of all positions at each point, at even intervals.
    equity : total equity at the same points, above 0.

    Returns
    -------
    A fraction, 0 for cash only; not annualised. None without a point, with a missing one, or where
    an equity is not above 0.

    Raises
    ------
    ValueError : when the two differ in length.

    Examples
    --------
    >>> round(mean_exposure([0.0, 50.0, 55.0], [100.0, 100.0, 110.0]), 6)
    0.333333
    """
    both = pair(position_values, equity, 1)
    if both is None or not (both[1] > 0.0).all():
        return None
    return float((both[0] / both[1]).mean())
