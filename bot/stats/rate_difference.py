"""Whether a rate differs from a known one by more than chance."""

from __future__ import annotations

import math


def rate_difference_p(rate: float, base: float, n: float) -> float | None:
    """Two-sided p of the score test z = (rate - base) / sqrt(base (1 - base) / n).

    Parameters
    ----------
    rate, base : the rate that was seen and the one expected, in [0, 1].
    n : independent trials behind the rate; the effective number where they overlap.

    Returns
    -------
    None without a trial, or where the base rate is 0 or 1 and leaves no room for chance.

    Examples
    --------
    >>> round(rate_difference_p(0.6, 0.5, 100), 6)
    0.0455
    """
    if n <= 0.0 or not 0.0 < base < 1.0 or math.isnan(rate):
        return None
    z = (rate - base) / math.sqrt(base * (1.0 - base) / n)
    return math.erfc(abs(z) / math.sqrt(2.0))
