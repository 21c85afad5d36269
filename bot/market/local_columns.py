"""Columns computed from local candles alone: each a kernel on exactly the last W bars known."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.instants import DAY, HOUR
from bot.domain.values import Bar
from bot.market.bar_series import BarSeries
from bot.market.column_names import Column
from bot.market.kernels import returns
from bot.market.kernels.atr import atr
from bot.market.kernels.liquidity import median_volume
from bot.market.kernels.trend import WINDOW as TREND_WINDOW
from bot.market.kernels.trend import trend
from bot.market.kernels.volatility import (
    HOURS_PER_YEAR,
    ewma_volatility,
    parkinson,
    rogers_satchell,
    yang_zhang,
)

HOURLY_WINDOW = 720
VOLUME_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioSettings:
    """What the windowed ratios need besides their closes; rates are a day's."""

    min_obs: int
    rf: float
    mar: float
    z: float  # standard errors below a Sharpe ratio, where its lower bound is asked for


class LocalColumns:
    """Columns of one token; each is computed once for every state of its window."""

    def __init__(self, series: BarSeries, settings: RatioSettings, volume_unit: str) -> None:
        self._series = series
        self._settings = settings
        self._volume_unit = volume_unit
        self._daily: tuple[int, dict[Column | None, float]] = (-1, {})
        self._closes: list[float] = []

    def forget(self) -> None:
        """The past changed: daily figures are computed again."""
        self._daily = (-1, {})

    def _window(self, length: int) -> slice | None:
        count = len(self._series.times)
        return slice(count - length, count) if count >= length else None

    def sigma(self, kind: str) -> float:
        """Annual volatility from the last 720 hours, before the floor."""
        window = self._window(HOURLY_WINDOW)
        if window is None:
            return math.nan
        series = self._series
        closes = series.closes[window].tolist()
        if kind == "ewma":
            return ewma_volatility(closes)
        highs, lows = series.highs[window].tolist(), series.lows[window].tolist()
        opens = series.opens[window].tolist()
        if kind == "parkinson":
            hourly = parkinson(highs, lows)
        elif kind == "rogers_satchell":
            hourly = rogers_satchell(opens, highs, lows, closes)
        else:
            hourly = yang_zhang(opens, highs, lows, closes)
        return hourly * math.sqrt(HOURS_PER_YEAR)

    def atr(self) -> float:
        """Average true range over the last 720 hours, in quote units."""
        window = self._window(HOURLY_WINDOW)
        if window is None:
            return math.nan
        series = self._series
        return atr(
            series.highs[window].tolist(),
            series.lows[window].tolist(),
            series.closes[window].tolist(),
        )

    def trend(self, back: int) -> int:
        """The trend of the bar `back` rows before the newest: 1, -1 or 0."""
        end = len(self._series.times) - back
        begin = end - TREND_WINDOW
        if begin < 0:
            return 0
        series = self._series
        return trend(
            series.highs[begin:end].tolist(),
            series.lows[begin:end].tolist(),
            series.closes[begin:end].tolist(),
        )

    def ratio(self, column: Column) -> float:
        """A windowed ratio such as sharpe_90d, from 00:00 UTC closes; new once a day."""
        if not self._series.times:
            return math.nan
        known = self._of_today()
        if column not in known:
            known[column] = self._ratio(column)
        return known[column]

    def daily_closes(self, count: int) -> list[float] | None:
        """The last 00:00 UTC closes, oldest first; None where fewer are known."""
        if not self._series.times:
            return None
        self._of_today()
        return self._closes[-count:] if len(self._closes) >= count else None

    def _of_today(self) -> dict[Column | None, float]:
        """Figures that move once a day (None: the daily volume), emptied as a day closes."""
        day = (self._series.times[-1] + HOUR) // DAY
        if self._daily[0] != day:
            self._daily = (day, {})
            self._closes = self._series.daily_closes.tolist()
        return self._daily[1]

    def _ratio(self, column: Column) -> float:
        days = column.window_days
        if len(self._closes) < days + 1:  # n daily returns need n + 1 daily closes
            return math.nan
        closes = self._closes[-days - 1 :]
        settings = self._settings
        least = settings.min_obs
        if column.lower_bound:
            return returns.sharpe_lower_bound(closes, settings.rf, settings.z, least)
        kernels: dict[str, Callable[[], float]] = {
            "sharpe": lambda: returns.sharpe(closes, settings.rf, least),
            "sortino": lambda: returns.sortino(closes, settings.mar, least),
            "volatility": lambda: returns.volatility(closes, least),
            "mdd": lambda: returns.max_drawdown(closes, least),
            "cagr": lambda: returns.cagr(closes, least),
        }
        return kernels[column.family]()

    def adv(self) -> float:
        """Median quote volume of the last 7 full UTC days; NaN where any hour has no volume."""
        series = self._series
        if self._volume_unit == "unknown" or not series.times:
            return math.nan
        known = self._of_today()
        if None not in known:
            end = (series.times[-1] + HOUR) // DAY * DAY
            known[None] = median_volume(self._daily_volumes(end))
        return known[None]

    def _daily_volumes(self, end: int) -> list[float]:
        begin = end - VOLUME_DAYS * DAY
        totals = [0.0] * VOLUME_DAYS
        counts = [0] * VOLUME_DAYS
        for bar in reversed(self._series.recent):
            if bar.open_time < begin:
                break
            if bar.open_time < end:
                day = (bar.open_time - begin) // DAY
                totals[day] += self._quote_volume(bar)
                counts[day] += 1
        return [total if count else math.nan for total, count in zip(totals, counts, strict=True)]

    def _quote_volume(self, bar: Bar) -> float:
        if bar.volume is None:
            return math.nan
        volume = float(bar.volume)
        return volume if self._volume_unit == "quote" else volume * float(bar.close)
