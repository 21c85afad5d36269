"""The bars of one token as known at an instant: exact prices for matching, floats for kernels."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass, field
from decimal import Decimal

from bot.domain.decimals import PRICE_MAX, decimals_of, plain, scaled
from bot.domain.instants import DAY, HOUR
from bot.domain.values import Bar
from bot.market.availability import Lags, bar_visible, span_of
from bot.market.instruments import Instrument

POINTS_MAX = 4 * 10**12
PRICE_DECIMALS_MAX = 12
LAST_HOUR = 23 * HOUR


def is_impossible(bar: Bar) -> bool:
    """A bar that no market can have made; it counts as absent (BAR_IMPOSSIBLE)."""
    low, high = min(bar.open, bar.close), max(bar.open, bar.close)
    if bar.volume is not None and bar.volume < 0:
        return True
    return bar.low > low or bar.high < high or bar.low <= 0 or bar.high > PRICE_MAX


@dataclass(frozen=True, slots=True)
class Prices:
    """How a token's prices become whole points, and how points are written.

    What had to be rounded is remembered and written as it was sent: how many decimals fit hangs
    on the highest price known, and no record may tell how much history stood behind it.
    """

    decimals: int
    rounded: dict[int, Decimal] = field(default_factory=dict, compare=False)

    def points(self, price: Decimal) -> int:
        """A price in points; more decimals than fit are rounded half even."""
        exact = price.scaleb(self.decimals)
        whole = int(exact.to_integral_value())
        if whole != exact:
            self.rounded[whole] = price
        return whole

    def text(self, points: int) -> str:
        """Points as the price they stand for."""
        if points in self.rounded:
            return plain(self.rounded[points])
        return scaled(points, self.decimals)


def fitting(decimals: int, tick: Decimal, price_max: Decimal) -> Prices:
    """Points of `decimals` decimals, fewer where the highest price would pass 4e12 points."""
    least = decimals_of(tick)
    decimals = max(least, min(decimals, PRICE_DECIMALS_MAX))
    while decimals > least and price_max.scaleb(decimals) > POINTS_MAX:
        decimals -= 1
    return Prices(decimals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of an hourly bar as matching reads it, from the slot that knew it first."""

    open_time: int
    known: int
    bar: Bar
    finer: tuple[Bar, ...] = ()
    fresh: bool = True  # False where an earlier version was known before


class BarSeries:
    """Hourly bars in the order of their open time, growing as instants pass.

    Holds the newest `keep` bars as known, as floats for the kernels, and the newest `exact` of
    them as they were sent; older ones leave. Late and corrected bars are put in their place.
    """

    def __init__(
        self, lags: Lags, keep: int, exact: int, finer_interval: str | None = None
    ) -> None:
        self._lags = lags
        self._keep = keep
        self._exact = exact
        self._finer_interval = finer_interval
        self._waiting: list[tuple[int, int, Bar]] = []
        self._finer_waiting: list[tuple[int, int, Bar]] = []
        self._finer: dict[int, dict[int, Bar]] = {}
        self._sorted = True
        self.recent: list[Bar] = []  # the last rows of `times`
        self.times = array("q")
        self.opens, self.highs = array("d"), array("d")
        self.lows, self.closes = array("d"), array("d")
        # The 00:00 UTC closes, all of them: windows count days that have one, not hours.
        self.daily_times, self.daily_closes = array("q"), array("d")
        self.dropped = 0  # rows that have left at the front
        self.first_open: int | None = None
        self.first_close = Decimal(0)  # of the earliest bar ever known, also when it has left
        self.impossible = 0
        self.decimals = 0
        self.price_max = Decimal(0)
        self._instrument: Instrument | None = None

    def push(self, bar: Bar) -> bool:
        """Add a bar; False where it is impossible and so counts as absent."""
        if is_impossible(bar):
            self.impossible += 1
            return False
        entry = (-bar_visible(bar, self._lags), -bar.open_time, bar)
        if bar.interval == "1h":
            self._waiting.append(entry)
        elif bar.interval == self._finer_interval:
            self._finer_waiting.append(entry)
        self._sorted = False
        return True

    def note_price(self, price: Decimal) -> None:
        """Let a price have its say in how many decimals the token's points need."""
        exponent = price.as_tuple().exponent
        if isinstance(exponent, int) and -exponent > self.decimals:
            self.decimals = max(self.decimals, decimals_of(price))
        self.price_max = max(self.price_max, price)

    def prices(self, tick: Decimal) -> Prices:
        """Points that hold the tick and all that the source sent, as far as 4e12 allows."""
        return fitting(self.decimals, tick, self.price_max)

    def settle(self, instrument: Instrument) -> None:
        """From now on a bar beyond what the instrument can hold is impossible; none stays."""
        self._instrument = instrument
        if not self.highs or instrument.is_in_reach(_decimal(max(self.highs))):
            return
        columns = (self.times, self.opens, self.highs, self.lows, self.closes)
        for n in range(len(self.times) - 1, -1, -1):
            if instrument.is_in_reach(_decimal(self.highs[n])):
                continue
            self.impossible += 1
            self._forget_daily(self.times[n])
            for column in columns:
                del column[n]
        self.recent = [bar for bar in self.recent if instrument.is_in_reach(bar.high)]

    def _forget_daily(self, open_time: int) -> None:
        at = bisect_left(self.daily_times, open_time)
        if at < len(self.daily_times) and self.daily_times[at] == open_time:
            del self.daily_times[at], self.daily_closes[at]

    def _is_held(self, bar: Bar) -> bool:
        return self._instrument is None or self._instrument.is_in_reach(bar.high)

    def advance(self, slot: int, as_of: int) -> tuple[list[Version], int]:
        """Bars that slot `slot` is the first to know, and the first absolute row that changed.

        A bar is known when it has closed by the slot and could be had by `as_of`. Absolute rows
        count from the first bar ever known; where nothing changed it is the row to come.
        """
        self._sort()
        refined = self._advance_finer(as_of)
        new = []
        changed = len(self.times)
        later = []
        while self._waiting and -self._waiting[-1][0] <= as_of:
            entry = self._waiting.pop()
            bar = entry[2]
            if bar.open_time + HOUR > slot:
                later.append(entry)
                continue
            if not self._is_held(bar):
                self.impossible += 1
                continue
            at = bisect_left(self.times, bar.open_time)
            if self._repeats(bar, at):
                continue
            count = len(self.times)
            changed = min(changed, self._place(bar, at))
            refined.discard(bar.open_time)
            new.append(self._version(bar, slot, fresh=len(self.times) > count))
        self._waiting.extend(reversed(later))
        if refined:
            new.extend(
                self._version(bar, slot, fresh=False)
                for bar in self.recent
                if bar.open_time in refined
            )
        changed += self.dropped
        self._trim()
        return new, changed

    def _sort(self) -> None:
        if not self._sorted:
            _put_in_order(self._waiting)
            _put_in_order(self._finer_waiting)
            self._sorted = True

    def _advance_finer(self, as_of: int) -> set[int]:
        """Take in finer bars; the hours that have them now, whether their own bar is known or not.

        A finer bar may be had before its hour has closed; it waits here for the hour's own bar.
        """
        hours = set()
        while self._finer_waiting and -self._finer_waiting[-1][0] <= as_of:
            bar = self._finer_waiting.pop()[2]
            if not self._is_held(bar):
                continue
            self.note_price(bar.high)
            hour = bar.open_time - bar.open_time % HOUR
            self._finer.setdefault(hour, {})[bar.open_time] = bar
            hours.add(hour)
        return {hour for hour in hours if self.finer_of(hour)}

    def _version(self, bar: Bar, slot: int, *, fresh: bool) -> Version:
        finer = self.finer_of(bar.open_time)
        return Version(open_time=bar.open_time, known=slot, bar=bar, finer=finer, fresh=fresh)

    def finer_of(self, hour: int) -> tuple[Bar, ...]:
        """Finer bars that cover the hour without a hole, else none."""
        found = self._finer.get(hour)
        if not found or self._finer_interval is None:
            return ()
        span = span_of(self._finer_interval)
        wanted = range(hour, hour + HOUR, span)
        return tuple(found[at] for at in wanted) if all(at in found for at in wanted) else ()

    def _place(self, bar: Bar, at: int) -> int:
        for price in (bar.open, bar.high, bar.low, bar.close):
            self.note_price(price)
        if self.first_open is None or bar.open_time <= self.first_open:
            self.first_open, self.first_close = bar.open_time, bar.close
        self._place_daily(bar)
        row = (float(bar.open), float(bar.high), float(bar.low), float(bar.close))
        columns = (self.opens, self.highs, self.lows, self.closes)
        recent = at - (len(self.times) - len(self.recent))
        if at < len(self.times) and self.times[at] == bar.open_time:
            for column, value in zip(columns, row, strict=True):
                column[at] = value
            if recent >= 0:
                self.recent[recent] = bar
            return at
        self.times.insert(at, bar.open_time)
        for column, value in zip(columns, row, strict=True):
            column.insert(at, value)
        if recent >= 0:
            self.recent.insert(recent, bar)
        return at

    def _place_daily(self, bar: Bar) -> None:
        if bar.open_time % DAY != LAST_HOUR:
            return
        at = bisect_left(self.daily_times, bar.open_time)
        if at < len(self.daily_times) and self.daily_times[at] == bar.open_time:
            self.daily_closes[at] = float(bar.close)
            return
        self.daily_times.insert(at, bar.open_time)
        self.daily_closes.insert(at, float(bar.close))

    def _repeats(self, bar: Bar, at: int) -> bool:
        """Whether a bar says again what is known of its hour."""
        if at >= len(self.times) or self.times[at] != bar.open_time:
            return False
        recent = at - (len(self.times) - len(self.recent))
        if recent >= 0:
            return _same(self.recent[recent], bar)
        known = (self.opens[at], self.highs[at], self.lows[at], self.closes[at])
        return known == (float(bar.open), float(bar.high), float(bar.low), float(bar.close))

    def _trim(self) -> None:
        if len(self.recent) > self._exact + 500:
            del self.recent[: -self._exact]
            oldest = self.recent[0].open_time
            self._finer = {hour: rows for hour, rows in self._finer.items() if hour >= oldest}
        extra = len(self.times) - self._keep
        if extra < 500:
            return
        del self.times[:extra]
        for column in (self.opens, self.highs, self.lows, self.closes):
            del column[:extra]
        self.dropped += extra


def _decimal(price: float) -> Decimal:
    return Decimal(repr(price))


def _same(one: Bar, two: Bar) -> bool:
    """Whether a bar repeats another: same time, prices and volume."""
    return (one.open_time, one.open, one.high, one.low, one.close, one.volume) == (
        two.open_time, two.open, two.high, two.low, two.close, two.volume
    )  # fmt: skip


def _put_in_order(waiting: list[tuple[int, int, Bar]]) -> None:
    """Latest first, since bars are taken from the end; among equals the greater text comes last.

    Texts are made for equals only: they are rare, and making one costs more than all the rest.
    """
    waiting.sort(key=_instants)
    first = 0
    for n in range(1, len(waiting) + 1):
        if n < len(waiting) and waiting[n][:2] == waiting[first][:2]:
            continue
        if n - first > 1:
            waiting[first:n] = sorted(waiting[first:n], key=_text, reverse=True)
        first = n


def _instants(entry: tuple[int, int, Bar]) -> tuple[int, int]:
    return entry[:2]


def _text(entry: tuple[int, int, Bar]) -> str:
    bar = entry[2]
    volume = "" if bar.volume is None else plain(bar.volume)
    prices = (bar.open, bar.high, bar.low, bar.close)
    return ",".join([*(plain(price) for price in prices), volume])
