"""Deepest fall inside a window that moves along a row, at constant cost per step."""

from __future__ import annotations

import math

from bot.market.kernels.arrays import FloatBuffer, Floats
from bot.market.kernels.prices import all_prices


def join_drawdown(
    top_a: float, bottom_a: float, fall_a: float, top_b: float, bottom_b: float, fall_b: float
) -> tuple[float, float, float]:
    """Highest, lowest and deepest fall of two neighbouring stretches, a before b.

    The fall of the whole is the deepest of both, or the one from a's top to b's bottom.
    """
    across = 0.0
    if top_a > 0.0:
        across = 1.0 - bottom_b / top_a
    return max(top_a, top_b), min(bottom_a, bottom_b), max(fall_a, fall_b, across)


def _fold_back(
    values: Floats, stop: int, tops: FloatBuffer, bottoms: FloatBuffer, falls: FloatBuffer
) -> None:
    """For each of the last len(tops) values before stop: the fold from it to stop."""
    size = len(tops)
    top, bottom, fall = values[stop - 1], values[stop - 1], 0.0
    for back in range(size):
        value = values[stop - 1 - back]
        top, bottom, fall = join_drawdown(value, value, 0.0, top, bottom, fall)
        tops[size - 1 - back] = top
        bottoms[size - 1 - back] = bottom
        falls[size - 1 - back] = fall


def rolling_max_drawdown(values: Floats, window: int, out: FloatBuffer) -> None:
    """Fill out[i] with the deepest fall (a positive fraction) in the last `window` values up to i.

    NaN before the first full window, and everywhere if a value is no price. `out`
    is as long as `values`; a shorter one is filled as far as it reaches. Equal to the bit to a
    computation from scratch, since highest, lowest and deepest do not depend on the grouping.
    """
    n = min(len(values), len(out))
    for i in range(n):
        out[i] = math.nan
    if window < 1 or n < window:
        return
    if not all_prices(values):
        return
    tops = [0.0] * window
    bottoms = [0.0] * window
    falls = [0.0] * window
    # Each full window is the tail of one block of `window` values and the head of the next.
    for stop in range(window, n + 1, window):
        _fold_back(values, stop, tops, bottoms, falls)
        out[stop - 1] = falls[0]
        top, bottom, fall = 0.0, math.inf, 0.0
        for i in range(stop, min(stop + window - 1, n)):
            top, bottom, fall = join_drawdown(top, bottom, fall, values[i], values[i], 0.0)
            tail = i - stop + 1
            _, _, out[i] = join_drawdown(tops[tail], bottoms[tail], falls[tail], top, bottom, fall)
