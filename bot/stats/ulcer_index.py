"""Depth and length of an account's falls in one number."""

from __future__ import annotations

import math

import numpy as np

from bot.stats.drawdowns import drawdowns
from bot.stats.samples import Numbers


def ulcer_index(equity: Numbers) -> float | None:
    """sqrt(mean(d_t^2)), with d_t the drawdown at each point after the start (Martin 1989).

    Parameters
    ----------
    equity : points at even intervals, oldest first; the first is the starting cash, at least two.

    Returns
    -------
    A fraction, not percent; 0 where equity never fell. Not annualised. None where `drawdowns` is.

    Examples
    --------
    >>> round(ulcer_index([100.0, 90.0, 100.0, 80.0, 110.0]), 6)
    0.111803
    """
    falls = drawdowns(equity)
    return None if falls is None else math.sqrt(float(np.square(falls[1:]).mean()))
