"""Where the volume of a window changed hands: bins of log price and the peaks among them."""

from __future__ import annotations

import math

from bot.engine.numbers import round10
from bot.market.kernels.arrays import FloatBuffer, Floats
from bot.market.kernels.medians import median
from bot.market.kernels.prices import is_price

BIN_WIDTH = 0.0025
NODE_FACTOR = 2.0

# Prices more than e^50 apart are a fault of the data, not a market.
_BINS_MAX = 20_000


def _bin_of(price: float, base: float, width: float) -> int:
    return math.floor(round10(math.log(price / base) / width))


def profile(highs: Floats, lows: Floats, volumes: Floats, width: float, bins: FloatBuffer) -> int:
    """Spread each bar's volume evenly over the bins from its low to its high; bins used.

    Bins are `width` wide in log price and start at the window's lowest low, so the profile does
    not depend on the unit of the price. 0 where the window is empty or impossible, -1 where `bins`
    is too short.
    """
    n = len(highs)
    if n == 0 or len(lows) != n or len(volumes) != n or not width > 0.0:
        return 0
    base = lows[0]
    top = highs[0]
    for i in range(n):
        if not (is_price(lows[i]) and is_price(highs[i]) and lows[i] <= highs[i]):
            return 0
        if not math.isfinite(volumes[i]) or volumes[i] < 0.0:
            return 0
        base = min(base, lows[i])
        top = max(top, highs[i])
    used = _bin_of(top, base, width) + 1
    if used > len(bins) or used > _BINS_MAX:
        return -1
    for b in range(used):
        bins[b] = 0.0
    for i in range(n):
        first = _bin_of(lows[i], base, width)
        last = _bin_of(highs[i], base, width)
        share = volumes[i] / float(last - first + 1)
        for b in range(first, last + 1):
            bins[b] += share
    return used


def high_volume_nodes(
    bins: Floats,
    used: int,
    lowest: float,
    width: float,
    factor: float,
    prices: FloatBuffer,
    volumes: FloatBuffer,
) -> int:
    """Peaks of a profile that hold at least `factor` times the median bin; returns how many.

    A run of equal bins is a peak when both its neighbours hold less (beyond the profile is
    nothing); its price is the centre of the run, its volume that of one bin. Ascending by price.
    `lowest` is the window's lowest low. -1 where `prices` or `volumes` is too short.
    """
    if used < 1 or used > len(bins) or not is_price(lowest):
        return 0
    threshold = round10(factor * median(bins, 0, used))
    count = 0
    before = -1.0
    first = 0
    while first < used:
        height = round10(bins[first])
        stop = first + 1
        while stop < used and round10(bins[stop]) == height:
            stop += 1
        after = -1.0
        if stop < used:
            after = round10(bins[stop])
        if height > before and height > after and height > 0.0 and height >= threshold:
            if count >= len(prices) or count >= len(volumes):
                return -1
            prices[count] = round10(lowest * math.exp(0.5 * float(first + stop) * width))
            volumes[count] = height
            count += 1
        before = height
        first = stop
    return count
