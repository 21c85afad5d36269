"""One token as a strategy sees it at an instant: bars, signals, snapshots and local columns."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from bot.domain.decimals import plain
from bot.domain.values import Bar, Grade, Level, LevelList, Metrics, Signal
from bot.engine.layout import FRESH, STALE, UNKNOWN
from bot.engine.numbers import round10
from bot.market.availability import Lags, snapshot_confirmed, snapshot_visible
from bot.market.bar_series import BarSeries, Version
from bot.market.column_names import Column
from bot.market.instruments import Instrument
from bot.market.local_columns import LocalColumns, RatioSettings
from bot.market.local_levels import EMPTY, Book, LocalLevels, make_book, strength_near
from bot.market.needs import Needs
from bot.market.signal_rows import SignalRow, SignalSeries
from bot.market.snapshots import Seen, SnapshotSeries
from bot.market.strategy import Strategy

_Daily = TypeVar("_Daily", Metrics, Grade)
_MISSING = (math.nan, math.nan, math.nan)


@dataclass(slots=True)
class News:
    """What one slot brought to one token."""

    versions: list[Version] = field(default_factory=list)
    signals: list[SignalRow] = field(default_factory=list)
    jumped: bool = False


class TokenView:
    """Everything known of one token, moved forwards slot by slot."""

    def __init__(self, token_id: int, strategy: Strategy, needs: Needs, lags: Lags) -> None:
        self.token_id = token_id
        self.instrument: Instrument | None = None
        self.volume_unit = strategy.volume_unit
        self._strategy = strategy
        self._needs = needs
        finer = None if strategy.bars == "1h" else strategy.bars
        self.series = BarSeries(
            lags, keep=needs.bars, exact=400 + strategy.bar_wait, finer_interval=finer
        )
        self._lags = lags
        self._signals = SignalSeries(lags)
        self._metrics: SnapshotSeries[Metrics] = SnapshotSeries()
        self._grades: SnapshotSeries[Grade] = SnapshotSeries()
        self._lists: SnapshotSeries[LevelList] = SnapshotSeries()
        self._columns = LocalColumns(self.series, ratio_settings(strategy), strategy.volume_unit)
        self._local = LocalLevels(
            self.series,
            strategy.pivot_k,
            float(strategy.cluster_tol),
            float(strategy.cluster_atr),
        )
        self._book_list: Seen[LevelList] | None = None  # the list that the book was made of
        self._book = EMPTY
        self._revision = 0  # counts changes of the bars
        self._stepped = False
        self._hourly: tuple[int, float, float] = (-1, math.nan, math.nan)

    def settle(self, instrument: Instrument) -> None:
        """Fix the token's tick and lot; bars that they cannot hold leave."""
        self.instrument = instrument
        self.series.settle(instrument)

    def use_volume_unit(self, unit: str) -> None:
        """Read volumes in this unit: the token's own, where the record names one."""
        if unit == self.volume_unit:
            return
        self.volume_unit = unit
        self._columns = LocalColumns(self.series, ratio_settings(self._strategy), unit)

    def push_signal(self, signal: Signal) -> None:
        """Add a signal of the source that the strategy reads; others are not its business."""
        if signal.source == self._strategy.signals:
            self._signals.push(signal)

    def push_metrics(self, row: Metrics) -> None:
        """Add a day's metrics."""
        self._metrics.push(self._seen(row, _metrics_text))

    def push_grade(self, row: Grade) -> None:
        """Add a day's grade."""
        self._grades.push(self._seen(row, _grade_text))

    def push_levels(self, row: LevelList) -> None:
        """Add a level list as it was seen."""
        self._lists.push(
            Seen(
                visible=row.seen_at, valid_time=row.seen_at, text=_levels_text,
                confirmed=row.seen_at, row=row,
            )
        )  # fmt: skip

    def _seen(self, row: _Daily, text: Callable[[_Daily], str]) -> Seen[_Daily]:
        return Seen(
            visible=snapshot_visible(row, self._lags),
            valid_time=row.valid_time,
            text=text,
            confirmed=snapshot_confirmed(row),
            row=row,
        )

    def absorb(self, slot: int, as_of: int) -> None:
        """Take in bars that a slot will know anyway, so that history need not wait in memory."""
        self.series.advance(slot, as_of)
        self._revision += 1

    def advance(self, slot: int, as_of: int) -> News:
        """See what slot `slot` is the first to know."""
        first = not self._stepped
        self._stepped = True
        before = self.series.times[-1] if self.series.times and not first else None
        count = self.series.dropped + len(self.series.times)
        versions, changed = self.series.advance(slot, as_of)
        if versions:
            self._revision += 1
        if changed < count:
            self._columns.forget()
            self._local.forget_from(changed)
        self._metrics.advance(as_of)
        self._grades.advance(as_of)
        self._lists.advance(as_of)
        signals = self._signals.advance(as_of)
        if self._strategy.signals == "local" and (versions or first) and self.series.times:
            # First sight of a token is no edge: its trend begins with the newest bar known then.
            added = self.series.dropped + len(self.series.times) - count if before else 1
            signals = self._local_signals(before, added, as_of)
        return News(versions, signals, bool(versions or first) and self._jumped(before))

    def _local_signals(self, before: int | None, rows: int, as_of: int) -> list[SignalRow]:
        times = self.series.times
        return [
            SignalRow(times[-1 - back], as_of, str(self._columns.trend(back)))
            for back in range(rows - 1, -1, -1)
            if before is None or times[-1 - back] > before
        ]

    def _jumped(self, before: int | None) -> bool:
        """Whether a bar newer than the newest before moved by the jump factor or more."""
        closes = self.series.recent
        first = len(closes) - 1
        while first > 0 and before is not None and closes[first - 1].open_time > before:
            first -= 1
        factor = self._strategy.jump
        return any(
            is_jump(closes[n - 1].close, closes[n].close, factor)
            for n in range(max(1, first), len(closes))
            if before is None or closes[n].open_time > before
        )

    def newest(self) -> Bar | None:
        """The newest known bar."""
        return self.series.recent[-1] if self.series.recent else None

    def history(self, slot: int) -> int:
        """Milliseconds since the first known bar opened, -1 for none."""
        first = self.series.first_open
        return slot - first if first is not None else -1

    def sizes(self, status: int) -> tuple[float, float, float]:
        """Sigma (annual, floored), ATR (quote units) and daily volume as the strategy names them.

        What the provider's metrics say is missing where their `status` is STALE (T6), for open
        positions too.
        """
        if self._hourly[0] != self._revision:
            sigma = self._columns.sigma(self._strategy.sigma) if self._needs.local_sigma else 0.0
            reach = self._columns.atr() if self._needs.local_atr else math.nan
            self._hourly = (self._revision, sigma, reach)
        recorded = _MISSING if status == STALE else self.recorded_sizes()
        return (
            self._sigma(self._hourly[1]) if self._needs.local_sigma else recorded[0],
            self._hourly[2] if self._strategy.atr == "local" else recorded[1],
            self._columns.adv() if self._strategy.adv == "local" else recorded[2],
        )

    def _sigma(self, local: float) -> float:
        kind = self._strategy.sigma
        sigma = local
        if kind == "quantmetrics":
            sigma = self.metric("volatility")
        elif kind.startswith("column:"):
            sigma = self.metric(kind.removeprefix("column:"))
        if not sigma > 0.0:
            return math.nan
        return round10(max(sigma, float(self._strategy.sigma_floor)))

    def _atr(self, local: float) -> float:
        kind = self._strategy.atr
        return self.metric(kind.removeprefix("column:")) if kind != "local" else local

    def recorded_sizes(self) -> tuple[float, float, float]:
        """Sigma, ATR and daily volume where the strategy takes them from recorded columns."""
        strategy = self._strategy
        adv = math.nan
        if strategy.adv != "local":
            adv = self.metric(strategy.adv.removeprefix("column:"))
        return self._sigma(math.nan), self._atr(math.nan), adv

    def confirmations(self) -> tuple[int, ...]:
        """When metrics, grade and levels were last confirmed; -1 for what was never seen."""
        series = (self._metrics.current, self._grades.current, self._lists.current)
        return tuple(-1 if seen is None else seen.confirmed for seen in series)

    def recorded_book(self) -> Book:
        """The provider's levels, where the strategy reads them and the tick is known."""
        if self._strategy.levels == "local" or self.instrument is None:
            return EMPTY
        return self._provider_book(self.instrument)

    def metric(self, name: str) -> float:
        """A recorded metric of the joined row, cut to 10 digits; NaN where it is missing."""
        seen = self._metrics.current
        if seen is None:
            return math.nan
        return round10(dict(seen.row.values).get(name, math.nan))

    def grade(self) -> float:
        """The grade of the joined row."""
        seen = self._grades.current
        if seen is None or seen.row.tm_grade is None:
            return math.nan
        return round10(seen.row.tm_grade)

    def local(self, column: Column) -> float:
        """A windowed ratio from local candles."""
        return self._columns.ratio(column)

    def daily_closes(self, count: int) -> list[float] | None:
        """The last 00:00 UTC closes, oldest first; None where fewer are known."""
        return self._columns.daily_closes(count)

    def statuses(self, decision_time: int) -> tuple[int, int, int]:
        """UNKNOWN, FRESH or STALE for metrics, grades and levels."""
        strategy = self._strategy
        return (
            _status(self._metrics, decision_time, strategy.quant_stale),
            _status(self._grades, decision_time, strategy.grade_stale),
            _status(self._lists, decision_time, strategy.levels_stale),
        )

    def book(self) -> Book:
        """The level book as the strategy reads it, strengths as of its `built`."""
        unit = self.instrument
        if unit is None or self._strategy.levels != "local":
            return self.recorded_book()
        pivots, moved = self._local.pivots()
        if moved:
            self._book = make_book(pivots, self._local.built, unit.tick)
        return self._book if pivots else EMPTY

    def _provider_book(self, unit: Instrument) -> Book:
        seen = self._lists.current
        if seen is None:
            return EMPTY
        given = any(level.strength is not None for level in seen.row.levels)
        use_local = self._needs.strengths and not given
        pivots, moved = self._local.pivots() if use_local else ([], False)
        if moved or seen is not self._book_list:
            self._book_list = seen
            levels = sorted(
                (level for level in seen.row.levels if unit.is_in_reach(level.price)),
                key=lambda level: (level.price, level.strength or 0.0),
            )
            for level in levels:
                self.series.note_price(level.price)
            built = self._local.built if pivots else 0
            strengths = tuple(
                strength_near(float(level.price), pivots, built)
                if pivots
                else round10(level.strength or 0.0)
                for level in levels
            )
            self._book = Book(tuple(level.price for level in levels), strengths, built)
        return self._book


def _status(series: SnapshotSeries, decision_time: int, limit: int) -> int:  # type: ignore[type-arg]
    seen = series.current
    if seen is None:
        return UNKNOWN
    return FRESH if decision_time - seen.confirmed <= limit else STALE


def _metrics_text(row: Metrics) -> str:
    return ",".join(f"{name}={value!r}" for name, value in row.values)


def _grade_text(row: Grade) -> str:
    return repr(row.tm_grade)


def _levels_text(row: LevelList) -> str:
    return ",".join(sorted(map(_level_text, row.levels)))


def _level_text(level: Level) -> str:
    return f"{plain(level.price)}:{level.strength!r}:{level.level_date!r}"


def is_jump(before: Decimal, after: Decimal, factor: Decimal | int | float) -> bool:
    """Whether two closes differ by the factor or more, up or down."""
    times = Decimal(str(factor))
    return after >= before * times or before >= after * times


def ratio_settings(strategy: Strategy) -> RatioSettings:
    """What the windowed ratios of a strategy need."""
    return RatioSettings(
        min_obs=strategy.min_obs,
        rf=float(strategy.rf),
        mar=float(strategy.mar),
        z=float(strategy.z),
    )
