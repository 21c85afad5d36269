"""How far below its running peak an account stands at every point."""

from __future__ import annotations

import numpy as np

from bot.stats.samples import Floats, Numbers, sample


def drawdowns(equity: Numbers) -> Floats | None:
    """1 - e_t / max(e_0 .. e_t).

    Parameters
    ----------
    equity : points at even intervals, oldest first; the first, the starting cash, is the first
        peak. At least two.

    Returns
    -------
    As many fractions in [0, 1] as points, the first of them 0. None for fewer than two points, a
    missing or negative one, or a start that is not above 0.

    Examples
    --------
    >>> [round(float(d), 6) for d in drawdowns([100.0, 120.0, 90.0, 150.0])]
    [0.0, 0.0, 0.25, 0.0]
    """
    points = sample(equity, 2)
    if points is None or points[0] <= 0.0 or (points < 0.0).any():
        return None
    falls: Floats = 1.0 - points / np.maximum.accumulate(points)
    return falls
