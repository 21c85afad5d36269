"""The mean of the worst days."""

from __future__ import annotations

import numpy as np

from bot.stats.samples import Numbers, sample
from bot.stats.value_at_risk import TAIL


def expected_shortfall(returns: Numbers, tail: float = TAIL, min_obs: int = 1) -> float | None:
    """Historical expected shortfall: mean of the floor((n - 1) tail) + 1 lowest returns.

    These are the returns at or below the value at risk, where no two of them are equal; a long
    row of flat days at the value at risk does not dilute it.

    Parameters
    ----------
    returns : simple returns of even intervals.
    tail : share of the returns that counts as the worst, in (0, 1).
    min_obs : fewest returns that are enough; below 1 / tail it is the worst return.

    Returns
    -------
    A return of one interval, never above the value at risk; not annualised. None for fewer than
    `min_obs` returns or a missing one.

    Raises
    ------
    ValueError : when `tail` is not in (0, 1).

    Examples
    --------
    >>> r12 = [0.012, -0.008, 0.005, 0.021, -0.015, -0.007, 0.009, 0, 0.014, -0.022, 0.018, 0.006]
    >>> round(expected_shortfall(r12), 9)
    -0.022
    """
    if not 0.0 < tail < 1.0:
        raise ValueError(f"a tail of {tail} is not between 0 and 1")
    rows = sample(returns, max(min_obs, 1))
    if rows is None:
        return None
    worst = np.sort(rows)[: int((len(rows) - 1) * tail) + 1]
    return float(worst.mean())
