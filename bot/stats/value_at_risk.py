"""The loss that was exceeded on only a few days."""

from __future__ import annotations

from bot.stats.linear_quantile import linear_quantile
from bot.stats.samples import Numbers, sample

TAIL = 0.05


def value_at_risk(returns: Numbers, tail: float = TAIL, min_obs: int = 1) -> float | None:
    """Historical value at risk: the `tail` quantile of the returns, linear between two of them.

    Parameters
    ----------
    returns : simple returns of even intervals.
    tail : share of the returns below the figure, in (0, 1).
    min_obs : fewest returns that are enough; below 1 / tail the figure rests on the worst one.

    Returns
    -------
    A return of one interval, negative for a loss; not annualised. None for fewer than `min_obs`
    returns or a missing one.

    Raises
    ------
    ValueError : when `tail` is not in (0, 1).

    Examples
    --------
    >>> r12 = [0.012, -0.008, 0.005, 0.021, -0.015, -0.007, 0.009, 0, 0.014, -0.022, 0.018, 0.006]
    >>> round(value_at_risk(r12), 9)
    -0.01815
    """
    if not 0.0 < tail < 1.0:
        raise ValueError(f"a tail of {tail} is not between 0 and 1")
    rows = sample(returns, max(min_obs, 1))
    return None if rows is None else linear_quantile(rows, tail)
