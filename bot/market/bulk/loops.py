"""A kernel's window moved over all rows of a token; compiled for years, plain Python otherwise.

Recursions over a window of 720 rows are taken for a block of neighbouring windows at once: every
window sees the operations of its kernel in the kernel's order, so its result is the kernel's to
the bit, and the processor works on several windows at a time. A row of such a block is read as a
slice, since an index that may be negative keeps the compiler from doing so. `out` arrays stay NaN
(or 0) where the window is not full. Arrays are C-contiguous float64 and int64.
"""

from __future__ import annotations

import math

from bot.engine.numbers import round10
from bot.engine.types import Floats, Ints, Row
from bot.market.kernels.atr import true_range
from bot.market.kernels.levels import build_book, pivot_tolerance
from bot.market.kernels.pivots import is_high_pivot, is_low_pivot
from bot.market.kernels.returns import (
    cagr,
    max_drawdown,
    sharpe,
    sharpe_lower_bound,
    sortino,
    volatility,
)
from bot.market.kernels.trend import CHANNEL, FAST, SLOW, donchian_mid
from bot.market.kernels.volatility import parkinson, rogers_satchell, yang_zhang

BLOCK = 256
HOUR = 3_600_000
DAY = 86_400_000

SHARPE = 0
SHARPE_LOWER_BOUND = 1
SORTINO = 2
VOLATILITY = 3
MAX_DRAWDOWN = 4
CAGR = 5

PARKINSON = 1
ROGERS_SATCHELL = 2
YANG_ZHANG = 3


def mean_block(values: Floats, low: int, length: int, count: int, sums: Row, block: Row) -> None:
    """Means of `length` values for `count` neighbouring windows: what every recursion starts from.

    The first window begins at row `low`; each sums its values oldest first, as the kernels do.
    """
    for b in range(count):
        sums[b] = 0.0
    for i in range(length):
        part = values[low + i : low + i + count]
        for b in range(count):
            sums[b] += part[b]
    for b in range(count):
        block[b] = sums[b] / float(length)


def ewma_rows(
    closes: Floats, window: int, decay: float, seed_count: int, per_year: float, first: int,
    squares: Row, seeds: Row, block: Row, out: Row,
) -> int:  # fmt: skip
    """`ewma_volatility` of the last `window` closes, from row `first` on; annual."""
    n = len(closes)
    for i in range(1, n):
        move = math.log(closes[i] / closes[i - 1])
        squares[i] = move * move
    for start in range(first, n, BLOCK):
        count = min(BLOCK, n - start)
        low = start - window + 2  # the first return of the first window of the block
        mean_block(squares, low, seed_count, count, seeds, block)
        for i in range(seed_count, window - 1):
            part = squares[low + i : low + i + count]
            for b in range(count):
                block[b] = decay * block[b] + (1.0 - decay) * part[b]
        for b in range(count):
            out[start + b] = round10(math.sqrt(block[b] * per_year))
    return n


def range_rows(
    kind: int, opens: Floats, highs: Floats, lows: Floats, closes: Floats, window: int,
    per_year: float, first: int, out: Row,
) -> int:  # fmt: skip
    """A range estimator of the last `window` bars, annual, from row `first` on."""
    root = math.sqrt(per_year)
    for n in range(first, len(closes)):
        a = n + 1 - window
        b = n + 1
        if kind == PARKINSON:
            out[n] = parkinson(highs[a:b], lows[a:b]) * root
        elif kind == ROGERS_SATCHELL:
            out[n] = rogers_satchell(opens[a:b], highs[a:b], lows[a:b], closes[a:b]) * root
        elif kind == YANG_ZHANG:
            out[n] = yang_zhang(opens[a:b], highs[a:b], lows[a:b], closes[a:b]) * root
    return len(closes)


def atr_rows(
    highs: Floats, lows: Floats, closes: Floats, window: int, period: int, first: int,
    ranges: Row, seeds: Row, block: Row, out: Row,
) -> int:  # fmt: skip
    """`atr` of the last `window` bars, from row `first` on; in the unit of the prices."""
    n = len(closes)
    for i in range(1, n):
        ranges[i] = true_range(highs[i], lows[i], closes[i - 1])
    for start in range(first, n, BLOCK):
        count = min(BLOCK, n - start)
        low = start - window + 1  # the first row of the first window; its own range is dropped
        mean_block(ranges, low + 1, period, count, seeds, block)
        for i in range(period + 1, window):
            part = ranges[low + i : low + i + count]
            for b in range(count):
                block[b] = (block[b] * (float(period) - 1.0) + part[b]) / float(period)
        for b in range(count):
            out[start + b] = round10(block[b])
    return n


def ema_block(
    values: Floats, low: int, window: int, span: int, count: int, seeds: Row, block: Row
) -> None:
    """`ema` over `count` neighbouring windows, the first of which begins at row `low`."""
    mean_block(values, low, span, count, seeds, block)
    weight = 2.0 / (float(span) + 1.0)
    for i in range(span, window):
        part = values[low + i : low + i + count]
        for b in range(count):
            block[b] += weight * (part[b] - block[b])


def trend_rows(
    highs: Floats, lows: Floats, closes: Floats, window: int, first: int,
    seeds: Row, fast: Row, slow: Row, out: Row,
) -> int:  # fmt: skip
    """`trend` of the last `window` bars, from row `first` on."""
    n = len(closes)
    for start in range(first, n, BLOCK):
        count = min(BLOCK, n - start)
        low = start - window + 1
        ema_block(closes, low, window, FAST, count, seeds, fast)
        ema_block(closes, low, window, SLOW, count, seeds, slow)
        for b in range(count):
            a = low + b
            mid = round10(donchian_mid(highs[a : a + window], lows[a : a + window], CHANNEL))
            quick = round10(fast[b])
            lazy = round10(slow[b])
            close = round10(closes[start + b])
            if quick > lazy and close > mid:
                out[start + b] = 1
            elif quick < lazy and close < mid:
                out[start + b] = -1
    return n


def ratio_rows(
    kind: int, closes: Floats, days: int, rf: float, mar: float, z: float, least: int, out: Row
) -> int:
    """A windowed ratio for every number of daily closes: out[c] reads the last days + 1 of c."""
    for c in range(days + 1, len(closes) + 1):
        window = closes[c - days - 1 : c]
        if kind == SHARPE:
            out[c] = sharpe(window, rf, least)
        elif kind == SHARPE_LOWER_BOUND:
            out[c] = sharpe_lower_bound(window, rf, z, least)
        elif kind == SORTINO:
            out[c] = sortino(window, mar, least)
        elif kind == VOLATILITY:
            out[c] = volatility(window, least)
        elif kind == MAX_DRAWDOWN:
            out[c] = max_drawdown(window, least)
        elif kind == CAGR:
            out[c] = cagr(window, least)
    return len(closes)


def floor_rows(values: Row, floor: float) -> int:
    """Volatilities as sizes read them, in place: not below the floor, 10 digits, NaN for none."""
    for i in range(len(values)):
        if values[i] > 0.0:
            values[i] = round10(max(values[i], floor))
        else:
            values[i] = math.nan
    return len(values)


def find_pivots(
    highs: Floats, lows: Floats, closes: Floats, atrs: Floats, k: int, least: float,
    per_atr: float, rows: Row, prices: Row, tolerances: Row,
) -> int:  # fmt: skip
    """All pivots, oldest first, each with the tolerance of its confirmation; returns how many."""
    count = 0
    n = len(highs)
    for i in range(k, n - k):
        for side in range(2):
            price = highs[i]
            if side == 1:
                price = lows[i]
            if side == 0 and not is_high_pivot(highs, i, k):
                continue
            if side == 1 and not is_low_pivot(lows, i, k):
                continue
            tolerance = least
            if math.isfinite(atrs[i + k]):
                tolerance = pivot_tolerance(closes[i + k], atrs[i + k], least, per_atr)
            rows[count] = i
            prices[count] = price
            tolerances[count] = tolerance
            count += 1
    return count


def level_points(price: float, touches: int, tick: float, tick_points: int, per_unit: float) -> int:
    """A level in points: of several touches on the nearest tick, half up; of one as it stands."""
    if touches > 1:
        steps = math.floor(round10(price / tick) + 0.5)
        return max(1, steps) * tick_points
    return math.floor(price * per_unit + 0.5)


def book_rows(
    start: int, times: Ints, pivot_rows: Row, pivot_prices: Row, pivot_tolerances: Row,
    pivots: int, k: int, window: int, tick: float, tick_points: int, per_unit: float, low: int,
    high: int, ages: Row, prices: Row, strengths: Row, touches: Row, last_bars: Row, of_row: Row,
    bounds: Ints, books: int, points: Row, weights: Row, levels: int, state: Row,
) -> int:  # fmt: skip
    """The book of every row from `start` on; of_row[r] is its number, -1 where there is none.

    Book b is points[bounds[b, 0]:bounds[b, 1]], built at bounds[b, 2]. `state` returns the next
    row, the pivots [low, high) of the last book, and how many books and levels there are: the loop
    stops early where the buffers might be too short, and goes on when called again with longer
    ones.
    """
    n = len(times)
    row = start
    while row < n:
        begin = row + 1 - window
        if begin < 0:
            of_row[row] = -1
            row += 1
            continue
        new_low = low
        new_high = high
        while new_high < pivots and pivot_rows[new_high] <= row - k:
            new_high += 1
        while new_low < new_high and pivot_rows[new_low] < begin + k:
            new_low += 1
        if new_low == new_high:
            of_row[row] = -1
            low = new_low
            high = new_high
            row += 1
            continue
        if new_low != low or new_high != high or books == 0:
            size = new_high - new_low
            if books >= bounds.shape[0] or levels + size > len(points):
                break
            built = times[pivot_rows[new_high - 1] + k] + HOUR
            for p in range(size):
                age = built - times[pivot_rows[new_low + p]] - HOUR
                ages[p] = float(age) / float(DAY)
            found = build_book(
                pivot_prices[new_low:new_high], pivot_tolerances[new_low:new_high],
                pivot_rows[new_low:new_high], ages, prices, strengths, touches, last_bars,
            )  # fmt: skip
            bounds[books, 0] = levels
            for j in range(found):
                points[levels] = level_points(prices[j], touches[j], tick, tick_points, per_unit)
                weights[levels] = strengths[j]
                levels += 1
            bounds[books, 1] = levels
            bounds[books, 2] = built
            books += 1
            low = new_low
            high = new_high
        of_row[row] = books - 1
        row += 1
    state[0] = row
    state[1] = low
    state[2] = high
    state[3] = books
    state[4] = levels
    return row
