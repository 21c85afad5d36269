"""The local columns of one token at every bar, each from the window that ends with that bar."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from bot.domain.bar_table import NONE, BarTable
from bot.domain.instants import DAY, HOUR
from bot.engine.types import FloatArray, IntArray
from bot.market.bar_series import LAST_HOUR
from bot.market.bulk import loops
from bot.market.bulk.known import Counts, Signs
from bot.market.column_names import Column
from bot.market.kernels.atr import PERIOD
from bot.market.kernels.liquidity import median_volume
from bot.market.kernels.trend import WINDOW as TREND_WINDOW
from bot.market.kernels.volatility import HALF_LIFE, HOURS_PER_YEAR, SEED_COUNT
from bot.market.local_columns import HOURLY_WINDOW, VOLUME_DAYS
from bot.market.local_levels import WINDOW as BOOK_WINDOW
from bot.market.needs import Needs
from bot.market.strategy import Strategy

_DECAY = math.exp(-math.log(2.0) / HALF_LIFE)
_RANGE_KINDS = {
    "parkinson": loops.PARKINSON,
    "rogers_satchell": loops.ROGERS_SATCHELL,
    "yang_zhang": loops.YANG_ZHANG,
}
_RATIO_KINDS = {
    "sharpe": loops.SHARPE,
    "sortino": loops.SORTINO,
    "volatility": loops.VOLATILITY,
    "mdd": loops.MAX_DRAWDOWN,
    "cagr": loops.CAGR,
}
_LEVELS_PER_BAR = 2  # a first guess at how much room a token's books take


class Loops(NamedTuple):
    """The loops of `loops.py`, as they are or compiled."""

    ewma_rows: Callable[..., int] = loops.ewma_rows
    range_rows: Callable[..., int] = loops.range_rows
    atr_rows: Callable[..., int] = loops.atr_rows
    trend_rows: Callable[..., int] = loops.trend_rows
    ratio_rows: Callable[..., int] = loops.ratio_rows
    floor_rows: Callable[..., int] = loops.floor_rows
    find_pivots: Callable[..., int] = loops.find_pivots
    book_rows: Callable[..., int] = loops.book_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The books of a token: which one holds at each bar, and their levels one after the other."""

    of_row: Counts  # number of the book, -1 for none
    bounds: IntArray  # (books, 3): first level, one behind the last, the instant it was built
    points: IntArray
    strengths: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatBars:
    """A token's bars as the kernels read them, in quote units."""

    times: IntArray
    opens: FloatArray
    highs: FloatArray
    lows: FloatArray
    closes: FloatArray
    volumes: FloatArray  # as sent, NaN where none was

    @classmethod
    def of(cls, table: BarTable) -> FloatBars:
        """Floats of exact prices: the nearest there are, since both parts are exact."""
        unit = 10.0**table.decimals
        opens, highs, lows, closes = (
            np.ascontiguousarray(table.prices[:, n] / unit) for n in range(4)
        )
        volumes = table.volume / 10.0**table.volume_decimals
        volumes[table.volume == NONE] = math.nan
        return cls(
            times=np.ascontiguousarray(table.open_time), opens=opens, highs=highs, lows=lows,
            closes=closes, volumes=volumes,
        )  # fmt: skip


def _scratch(bars: FloatBars) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    count = len(bars.times)
    return (
        np.zeros(count), np.zeros(loops.BLOCK), np.zeros(loops.BLOCK), np.full(count, math.nan)
    )  # fmt: skip


def sigma_rows(bars: FloatBars, kind: str, floor: float, use: Loops) -> FloatArray:
    """Annual volatility at every bar, floored; NaN before the window is full."""
    squares, seeds, block, out = _scratch(bars)
    first = HOURLY_WINDOW - 1
    if kind == "ewma":
        use.ewma_rows(
            bars.closes, HOURLY_WINDOW, _DECAY, SEED_COUNT, HOURS_PER_YEAR, first, squares, seeds,
            block, out,
        )  # fmt: skip
    else:
        use.range_rows(
            _RANGE_KINDS[kind], bars.opens, bars.highs, bars.lows, bars.closes, HOURLY_WINDOW,
            HOURS_PER_YEAR, first, out,
        )  # fmt: skip
    use.floor_rows(out, floor)
    return out


def atr_rows(bars: FloatBars, use: Loops) -> FloatArray:
    """Average true range at every bar, in quote units; NaN before the window is full."""
    ranges, seeds, block, out = _scratch(bars)
    use.atr_rows(
        bars.highs, bars.lows, bars.closes, HOURLY_WINDOW, PERIOD, HOURLY_WINDOW - 1, ranges,
        seeds, block, out,
    )  # fmt: skip
    return out


def trend_rows(bars: FloatBars, use: Loops) -> Signs:
    """The local trend at every bar: 1, -1 or 0."""
    out = np.zeros(len(bars.times), dtype=np.int64)
    seeds, fast, slow = (np.zeros(loops.BLOCK) for _ in range(3))
    use.trend_rows(
        bars.highs, bars.lows, bars.closes, TREND_WINDOW, TREND_WINDOW - 1, seeds, fast, slow, out
    )
    return out.astype(np.int8)


def daily_counts(bars: FloatBars) -> tuple[FloatArray, IntArray]:
    """The 00:00 UTC closes, and at every bar how many of them are known."""
    at_midnight = bars.times % DAY == LAST_HOUR
    return np.ascontiguousarray(bars.closes[at_midnight]), np.cumsum(at_midnight, dtype=np.int64)


def ratio_by_count(
    column: Column, closes: FloatArray, strategy: Strategy, use: Loops
) -> FloatArray:
    """A windowed ratio for every number of daily closes known."""
    out = np.full(len(closes) + 1, math.nan)
    kind = loops.SHARPE_LOWER_BOUND if column.lower_bound else _RATIO_KINDS[column.family]
    use.ratio_rows(
        kind, closes, column.window_days, float(strategy.rf), float(strategy.mar),
        float(strategy.z), strategy.min_obs, out,
    )  # fmt: skip
    return out


def volumes_by_day(bars: FloatBars, unit: str) -> FloatArray:
    """Median quote volume of the 7 full UTC days before each day, from the first bar's day on.

    Empty where there is no bar or the unit is unknown.
    """
    if unit == "unknown" or len(bars.times) == 0:
        return np.zeros(0)
    quote = bars.volumes if unit == "quote" else bars.volumes * bars.closes
    totals = _daily_totals(bars.times, quote, int(bars.times[0] // DAY))
    medians = np.full(len(totals) + 1, math.nan)
    for day in range(VOLUME_DAYS, len(totals) + 1):
        medians[day] = median_volume(totals[day - VOLUME_DAYS : day].tolist(), VOLUME_DAYS)
    return medians


def _daily_totals(times: IntArray, quote: FloatArray, first: int) -> FloatArray:
    """Sums by UTC day, newest hour first as the single slot adds them; NaN for an empty day."""
    days = times // DAY - first
    grid = np.zeros((int(days[-1]) + 1, 24))
    grid[days, times % DAY // HOUR] = quote
    totals = np.zeros(len(grid))
    for hour in range(23, -1, -1):
        totals += grid[:, hour]
    totals[np.bincount(days, minlength=len(grid)) == 0] = math.nan
    return totals


def book_rows(
    bars: FloatBars, atrs: FloatArray, strategy: Strategy, scale: tuple[float, int, float],
    use: Loops,
) -> Books:  # fmt: skip
    """The local level book at every bar.

    `scale` is the tick in quote units, the tick in points, and points to the quote unit.
    """
    count = len(bars.times)
    rows = np.zeros(2 * count + 2, dtype=np.int64)
    prices, tolerances = np.zeros(2 * count + 2), np.zeros(2 * count + 2)
    pivots = use.find_pivots(
        bars.highs, bars.lows, bars.closes, atrs, strategy.pivot_k, float(strategy.cluster_tol),
        float(strategy.cluster_atr), rows, prices, tolerances,
    )  # fmt: skip
    scratch: tuple[Any, ...] = (
        np.zeros(pivots + 1), np.zeros(pivots + 1), np.zeros(pivots + 1),
        np.zeros(pivots + 1, dtype=np.int64), np.zeros(pivots + 1, dtype=np.int64),
    )  # fmt: skip
    of_row = np.full(count, -1, dtype=np.int64)
    bounds = np.zeros((2 * pivots + 2, 3), dtype=np.int64)
    points = np.zeros(_LEVELS_PER_BAR * count + pivots + 1, dtype=np.int64)
    strengths = np.zeros(len(points))
    state = np.zeros(5, dtype=np.int64)
    while True:
        use.book_rows(
            int(state[0]), bars.times, rows, prices, tolerances, pivots, strategy.pivot_k,
            BOOK_WINDOW, *scale, int(state[1]), int(state[2]), *scratch, of_row, bounds,
            int(state[3]), points, strengths, int(state[4]), state,
        )  # fmt: skip
        if state[0] >= count:
            break
        points = np.concatenate([points, np.zeros(len(points), dtype=np.int64)])
        strengths = np.concatenate([strengths, np.zeros(len(strengths))])
        bounds = np.concatenate([bounds, np.zeros_like(bounds)])
    levels = int(state[4])
    return Books(
        of_row=of_row.astype(np.int32), bounds=bounds[: int(state[3])].copy(),
        points=points[:levels].copy(), strengths=strengths[:levels].copy(),
    )  # fmt: skip


def needs_atr(needs: Needs, strategy: Strategy) -> bool:
    """Whether any column or book reads the average true range."""
    return needs.local_atr or (needs.pivots and strategy.levels == "local")
