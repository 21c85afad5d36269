"""A level book as the engine reads it: decayed strengths, merged neighbours (L1)."""

from __future__ import annotations

import math

from bot.engine.numbers import (
    PPM,
    round10,
    wide_add,
    wide_div,
    wide_less,
    wide_mul,
    wide_scale,
)
from bot.engine.types import Floats, Ints

STRENGTH = 1_000_000_000  # integer strength of 1.0
MOST = 1_000_000.0  # a larger strength says no more, and would leave the exact integers
# exp, not a power of one half, which compilers turn into another function.
DECAY = -math.log(2.0) / (30.0 * 86_400_000.0)  # per millisecond


def whole_strength(strength: float, built: int, slot: int) -> int:
    """A strength in 1e-9, decayed since the book was built; 0 for none."""
    if math.isnan(strength) or strength <= 0.0:
        return 0
    if built > 0 and slot > built:
        strength = strength * math.exp(DECAY * float(slot - built))
    cut = round10(strength)
    if math.isnan(cut):
        return 0
    return math.floor((cut if cut < MOST else MOST) * STRENGTH + 0.5)


def joins(level: int, sum_high: int, sum_low: int, weight: int, merge: int) -> bool:
    """Whether (level - mean) / mean < merge, exactly, for mean = sum / weight."""
    high, low = wide_mul(weight, level)
    high, low = wide_scale(high, low, PPM)
    limit_high, limit_low = wide_scale(sum_high, sum_low, PPM + merge)
    return wide_less(high, low, limit_high, limit_low)


def mean_on_tick(sum_high: int, sum_low: int, weight: int, tick: int) -> int:
    """The mean sum / weight at the nearest tick, half up, in points."""
    high, low = wide_scale(sum_high, sum_low, 2)
    return (wide_div(high, low, weight) + tick) // (2 * tick) * tick


def merge_book(
    prices: Ints, strengths: Floats, start: int, end: int, built: int, slot: int, merge: int,
    tick: int, out_prices: Ints, out_strengths: Ints,
) -> int:  # fmt: skip
    """Merge the ascending levels [start, end) and return how many clusters were written.

    The mean is weighted by strength, by count where all members have none; it is kept exact while
    the cluster grows and rounded once. A level that nothing joined keeps its price.
    """
    count = 0
    members = 0
    strength = 0
    by_count_high, by_count_low = 0, 0
    by_strength_high, by_strength_low = 0, 0
    for n in range(start, end + 1):
        level = 0
        own = 0
        if n < end:
            level = prices[n]
            own = whole_strength(strengths[n], built, slot)
            near = False
            if members > 0 and strength > 0:
                near = joins(level, by_strength_high, by_strength_low, strength, merge)
            elif members > 0:
                near = joins(level, by_count_high, by_count_low, members, merge)
        else:
            near = False
        if members > 0 and not near:
            out_strengths[count] = strength
            if members > 1 and strength > 0:
                out_prices[count] = mean_on_tick(by_strength_high, by_strength_low, strength, tick)
            elif members > 1:
                out_prices[count] = mean_on_tick(by_count_high, by_count_low, members, tick)
            else:
                out_prices[count] = by_count_low
            count += 1
            members = 0
            strength = 0
            by_count_high, by_count_low = 0, 0
            by_strength_high, by_strength_low = 0, 0
        members += 1
        strength += own
        by_count_high, by_count_low = wide_add(by_count_high, by_count_low, 0, level)
        add_high, add_low = wide_mul(own, level)
        by_strength_high, by_strength_low = wide_add(
            by_strength_high, by_strength_low, add_high, add_low
        )
    return count
