"""The median of a row, without a library sort: that one compiles slowly."""

from __future__ import annotations

import math

from bot.market.kernels.arrays import Floats


def median(values: Floats, first: int, stop: int) -> float:
    """Median of values[first:stop], the mean of the middle two of an even number.

    NaN where the span is empty, reaches outside the row or holds a NaN.
    """
    n = stop - first
    if n < 1 or first < 0 or stop > len(values):
        return math.nan
    ordered = [0.0] * n
    for i in range(n):
        if math.isnan(values[first + i]):
            return math.nan
        ordered[i] = values[first + i]
    gap = n // 2
    while gap > 0:
        for i in range(gap, n):
            moved = ordered[i]
            j = i
            while j >= gap and ordered[j - gap] > moved:
                ordered[j] = ordered[j - gap]
                j -= gap
            ordered[j] = moved
        gap //= 2
    middle = n // 2
    if n % 2 == 1:
        return ordered[middle]
    return 0.5 * (ordered[middle - 1] + ordered[middle])
