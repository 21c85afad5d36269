"""Returns of an account from its equity."""

from __future__ import annotations

from bot.stats.samples import Floats, Numbers, sample


def simple_returns(equity: Numbers) -> Floats | None:
    """e_t / e_(t-1) - 1, for every interval, flat ones included.

    Parameters
    ----------
    equity : points at even intervals (daily: 00:00 UTC), oldest first; the first is the starting
        cash. At least two.

    Returns
    -------
    One return fewer than points, as fractions of that interval, not annualised. None for fewer
    than two points, a missing one, one below 0, or 0 anywhere but at the end.

    Examples
    --------
    >>> returns = simple_returns([100.0, 110.0, 110.0, 99.0])
    >>> [round(float(r), 6) for r in returns]
    [0.1, 0.0, -0.1]
    """
    points = sample(equity, 2)
    if points is None or not (points[:-1] > 0.0).all() or points[-1] < 0.0:
        return None
    returns: Floats = points[1:] / points[:-1] - 1.0
    return returns
