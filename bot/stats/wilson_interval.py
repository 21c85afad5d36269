"""Interval of a hit rate that stays honest for few trials and for none or all hits."""

from __future__ import annotations

import math

Z95 = 1.959963984540054


def wilson_interval(hits: int, n: int, z: float = Z95) -> tuple[float, float]:
    """Wilson's score interval of a proportion (Wilson 1927).

    (p + z^2/2n -+ z sqrt(p (1 - p)/n + z^2/4n^2)) / (1 + z^2/n), with p = hits / n.

    Parameters
    ----------
    hits : number of successes, 0 to n.
    n : number of independent trials.
    z : half width in standard deviations; 1.96 gives 95 %.

    Returns
    -------
    Lower and upper bound in [0, 1]; (NaN, NaN) for n = 0: no trial, no rate.

    Raises
    ------
    ValueError : when hits lies outside 0 to n.

    Examples
    --------
    >>> [round(bound, 6) for bound in wilson_interval(60, 100)]
    [0.502003, 0.690599]
    """
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} hits in {n} trials")
    if n == 0:
        return math.nan, math.nan
    rate = hits / n
    square = z * z
    centre = rate + square / (2 * n)
    reach = z * math.sqrt(rate * (1.0 - rate) / n + square / (4.0 * n * n))
    scale = 1.0 + square / n
    # The exact bounds at no hit and at all hits, which the formula misses by a rounding error.
    low = 0.0 if hits == 0 else (centre - reach) / scale
    high = 1.0 if hits == n else (centre + reach) / scale
    return low, high
