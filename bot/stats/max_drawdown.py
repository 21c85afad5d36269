"""The deepest fall of an account from a peak."""

from __future__ import annotations

from bot.stats.drawdowns import drawdowns
from bot.stats.samples import Numbers


def max_drawdown(equity: Numbers) -> float | None:
    """max over t of 1 - e_t / max(e_0 .. e_t).

    Parameters
    ----------
    equity : points at even intervals, oldest first; at least two. Daily points miss what fell and
        came back within a day.

    Returns
    -------
    A positive fraction; 0 where equity never fell. Not annualised. None where `drawdowns` is.

    Examples
    --------
    >>> round(max_drawdown([100.0, 120.0, 90.0, 150.0, 140.0]), 6)
    0.25
    """
    falls = drawdowns(equity)
    return None if falls is None else float(falls.max())
