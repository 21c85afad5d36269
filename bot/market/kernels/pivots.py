"""Turning points: bars that stand out from the k bars on either side."""

from __future__ import annotations

import math

from bot.market.kernels.arrays import Floats


def is_high_pivot(highs: Floats, i: int, k: int) -> bool:
    """Whether bar i tops the k bars before it and is not topped by the k bars after it.

    It can be known only when bar i + k has closed: nearer to the end of the row the answer is no.
    Of equal highs the first is the pivot.
    """
    if k < 1 or i < k or i + k >= len(highs) or not math.isfinite(highs[i]):
        return False
    for j in range(1, k + 1):  # noqa: SIM110 - all() of a generator does not compile
        if not (highs[i] > highs[i - j] and highs[i] >= highs[i + j]):
            return False
    return True


def is_low_pivot(lows: Floats, i: int, k: int) -> bool:
    """The mirror of `is_high_pivot`: below the k bars before, not above the k bars after."""
    if k < 1 or i < k or i + k >= len(lows) or not math.isfinite(lows[i]):
        return False
    for j in range(1, k + 1):  # noqa: SIM110 - all() of a generator does not compile
        if not (lows[i] < lows[i - j] and lows[i] <= lows[i + j]):
            return False
    return True
