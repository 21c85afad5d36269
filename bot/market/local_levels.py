"""Level books from local candles: pivots, clusters, and touches near the provider's levels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from bot.domain.instants import DAY, HOUR
from bot.engine.numbers import round10
from bot.market.bar_series import BarSeries
from bot.market.kernels.atr import atr
from bot.market.kernels.levels import TOUCH_GAP_BARS, build_book, pivot_tolerance, touch_weight
from bot.market.kernels.pivots import is_high_pivot, is_low_pivot

WINDOW = 180 * 24  # bars that a book looks at
ATR_WINDOW = 720


@dataclass(frozen=True, slots=True)
class Pivot:
    """A turning point, by absolute row; `confirmed` is the close of the bar that confirmed it."""

    row: int
    open_time: int
    confirmed: int
    price: float
    tolerance: float


@dataclass(frozen=True, slots=True)
class Book:
    """Levels ascending by price with strengths as of `built`; 0 means used as given."""

    prices: tuple[Decimal, ...] = ()
    strengths: tuple[float, ...] = ()
    built: int = 0


EMPTY = Book()


class LocalLevels:
    """Pivots of one token, found once each, and the book that they make in the last 180 days.

    The book is a function of the last 4,320 bars known: before there are so many it is empty.
    """

    def __init__(self, series: BarSeries, k: int, least: float, per_atr: float) -> None:
        self._series = series
        self._k = k
        self._least = least
        self._per_atr = per_atr
        self._pivots: list[Pivot] = []
        self._next = 0  # absolute row of the next possible pivot
        self._window_key: tuple[int, int] | None = None

    def forget_from(self, row: int) -> None:
        """Bars changed from this absolute row on: pivots that saw them are found again."""
        self._next = min(self._next, max(0, row - self._k))
        self._pivots = [pivot for pivot in self._pivots if pivot.row < self._next]
        self._window_key = None

    def pivots(self) -> tuple[list[Pivot], bool]:
        """Pivots inside the window, oldest first, and whether they differ from last time."""
        series = self._series
        end = series.dropped + len(series.times)
        start = end - WINDOW
        if start < 0:
            return [], False
        self._find(max(start, series.dropped))
        first = start + self._k
        while self._pivots and self._pivots[0].row < first:
            self._pivots.pop(0)
        key = (self._pivots[0].row, self._pivots[-1].row) if self._pivots else (-1, -1)
        moved = key != self._window_key
        self._window_key = key
        return self._pivots, moved

    @property
    def built(self) -> int:
        """The instant of the book: the confirmation of its newest pivot, so that a restart, which
        does not know when an old pivot left, gives the same book."""
        return self._pivots[-1].confirmed if self._pivots else 0

    def _find(self, start: int) -> None:
        series, k = self._series, self._k
        low = max(self._next, start + k)
        end = series.dropped + len(series.times) - k
        for row in range(low, end):
            at = row - series.dropped
            high = series.highs[at - k : at + k + 1]
            deep = series.lows[at - k : at + k + 1]
            if is_high_pivot(high, k, k):
                self._add(row, at, series.highs[at])
            if is_low_pivot(deep, k, k):
                self._add(row, at, series.lows[at])
        self._next = max(self._next, end)

    def _add(self, row: int, at: int, price: float) -> None:
        end = at + self._k + 1
        begin = max(0, end - ATR_WINDOW)
        series = self._series
        reach = math.nan
        if end - begin == ATR_WINDOW:
            reach = atr(
                series.highs[begin:end].tolist(),
                series.lows[begin:end].tolist(),
                series.closes[begin:end].tolist(),
            )
        tolerance = self._least
        if math.isfinite(reach):
            tolerance = pivot_tolerance(series.closes[end - 1], reach, self._least, self._per_atr)
        confirmed = series.times[end - 1] + HOUR
        self._pivots.append(Pivot(row, series.times[at], confirmed, price, tolerance))


def make_book(pivots: list[Pivot], built: int, tick: Decimal) -> Book:
    """Cluster pivots into levels; a level of several touches lies on the nearest tick, half up."""
    count = len(pivots)
    prices, strengths = [0.0] * count, [0.0] * count
    touches, last_rows = [0] * count, [0] * count
    found = build_book(
        [pivot.price for pivot in pivots],
        [pivot.tolerance for pivot in pivots],
        [pivot.row for pivot in pivots],
        [age_days(pivot, built) for pivot in pivots],
        prices,
        strengths,
        touches,
        last_rows,
    )
    exact = [
        on_tick(prices[n], tick) if touches[n] > 1 else Decimal(repr(prices[n]))
        for n in range(found)
    ]
    return Book(tuple(exact), tuple(strengths[:found]), built)


def age_days(pivot: Pivot, built: int) -> float:
    """Days from the pivot bar's close to the instant a book was built."""
    return (built - pivot.open_time - HOUR) / DAY


def on_tick(price: float, tick: Decimal) -> Decimal:
    """The nearest whole tick, half up."""
    steps = math.floor(round10(price / float(tick)) + 0.5)
    return tick * max(1, steps)


def strength_near(price: float, pivots: list[Pivot], built: int) -> float:
    """Decayed touches of local pivots within their tolerance of a level; 0 without any."""
    total = 0.0
    last = -TOUCH_GAP_BARS
    for pivot in pivots:
        near = round10(math.fabs(math.log(pivot.price / price))) <= pivot.tolerance
        if near and pivot.row - last >= TOUCH_GAP_BARS:
            total += touch_weight(age_days(pivot, built))
            last = pivot.row
    return round10(total)
