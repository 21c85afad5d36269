"""What a provider would say about a made-up price path: signals, metrics, grades, levels."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from bot.domain.instants import DAY, HOUR, MINUTE, floor_day
from bot.domain.values import Grade, Level, LevelList, Metrics, Signal

_FAST_HOURS, _SLOW_HOURS = 10, 40
_NEUTRAL_BAND = 0.0015
_PIVOT_REACH = 12
_LEVEL_AGE_DAYS = 90
_LEVELS_MAX = 60
# When the day's level list is first seen.
_LEVELS_AT = 5 * HOUR + 40 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """Hourly prices of one token from `begin` on; `decimals` are those of its prices."""

    token_id: int
    begin: int
    decimals: int
    opens: np.ndarray
    highs: np.ndarray
    lows: np.ndarray
    closes: np.ndarray
    volumes: np.ndarray

    def price(self, value: float) -> Decimal:
        """A price as exact decimal."""
        return Decimal(f"{value:.{self.decimals}f}")


def _days(path: Path, first: int) -> range:
    """Day numbers from the one before the first served hour to the last whole one."""
    return range(first // 24 - 1, len(path.closes) // 24)


def _ema(values: np.ndarray, span: int) -> np.ndarray:
    weight = 2 / (span + 1)
    smooth = np.empty(len(values))
    last = values[0]
    for place, value in enumerate(values):
        last += weight * (value - last)
        smooth[place] = last
    return smooth


def _crossing(closes: np.ndarray, fast: int, slow: int) -> np.ndarray:
    """How far the fast average is above the slow one, as a fraction."""
    distance: np.ndarray = _ema(closes, fast) / _ema(closes, slow) - 1
    return distance


def hourly_signals(path: Path, first: int) -> list[Signal]:
    """One a served hour: the sign of the averages' distance, 0 where it is small."""
    distance = _crossing(path.closes, _FAST_HOURS, _SLOW_HOURS)
    return [
        Signal(
            token_id=path.token_id,
            valid_time=path.begin + hour * HOUR,
            signal=_sign_text(distance[hour]),
        )
        for hour in range(first, len(path.closes))
    ]


def _sign_text(distance: float) -> str:
    if abs(distance) < _NEUTRAL_BAND:
        return "0"
    return "1" if distance > 0 else "-1"


def daily_signals(path: Path, first: int) -> list[Signal]:
    """One a day: 1 or -1 on the day on which the daily trend turns, 0 on all others.

    The first one names the trend that it finds.
    """
    above = _crossing(path.closes[23::24], 5, 20) > 0
    signals: list[Signal] = []
    for day in _days(path, first):
        turned = not signals or above[day] != above[day - 1]
        text = ("1" if above[day] else "-1") if turned else "0"
        time = path.begin + day * DAY
        signals.append(Signal(token_id=path.token_id, valid_time=time, signal=text, source="daily"))
    return signals


def metrics(path: Path, first: int) -> list[Metrics]:
    """One row a day, over all daily closes since the path's beginning."""
    closes = path.closes[23::24]
    return [
        Metrics(
            token_id=path.token_id,
            valid_time=path.begin + day * DAY,
            values=_measured(closes[: day + 1]),
        )
        for day in _days(path, first)
    ]


def _measured(closes: np.ndarray) -> tuple[tuple[str, float], ...]:
    returns = closes[1:] / closes[:-1] - 1
    mean, deviation = returns.mean(), returns.std(ddof=1)
    downside = np.sqrt((np.minimum(returns, 0) ** 2).mean())
    drawdown = (1 - closes / np.maximum.accumulate(closes)).max()
    growth = closes[-1] / closes[0]
    values = {
        "all_time_return": growth - 1,
        "cagr": growth ** (365 / len(returns)) - 1,
        "daily_return_avg": mean,
        "daily_return_std": deviation,
        "daily_value_at_risk": np.quantile(returns, 0.05),
        "max_drawdown": drawdown,
        "sharpe": mean / deviation * np.sqrt(365),
        "sortino": mean / downside * np.sqrt(365),
        "volatility": deviation * np.sqrt(365),
    }
    return tuple((name, round(float(value), 4)) for name, value in values.items())


def grades(path: Path, first: int, rng: np.random.Generator) -> list[Grade]:
    """One a day: high after a good fortnight, with some noise."""
    closes = path.closes[23::24]
    rows = []
    for day in _days(path, first):
        fortnight = closes[day] / closes[max(0, day - 14)] - 1
        grade = 50 + 40 * np.tanh(3 * fortnight) + rng.normal(0, 4)
        rows.append(
            Grade(
                token_id=path.token_id,
                valid_time=path.begin + day * DAY,
                tm_grade=round(float(np.clip(grade, 0, 100)), 2),
            )
        )
    return rows


def level_lists(path: Path, first: int) -> list[LevelList]:
    """One list a day: the turning points that were known by then, oldest first."""
    pivots = _pivots(path)
    lists = []
    for day in range(first // 24, len(path.closes) // 24 + 1):
        hour = day * 24
        known = [
            level
            for known_from, level in pivots
            if hour - _LEVEL_AGE_DAYS * 24 <= known_from <= hour
        ]
        seen_at = path.begin + day * DAY + _LEVELS_AT
        lists.append(
            LevelList(token_id=path.token_id, seen_at=seen_at, levels=tuple(known[-_LEVELS_MAX:]))
        )
    return lists


def _pivots(path: Path) -> list[tuple[int, Level]]:
    """(hour from which it is known, level) of every high and low that stands out for half a day."""
    width = 2 * _PIVOT_REACH + 1
    tops = sliding_window_view(path.highs, width).max(axis=1)
    bottoms = sliding_window_view(path.lows, width).min(axis=1)
    pivots = []
    for start in range(len(tops)):
        hour = start + _PIVOT_REACH
        for price, extreme in ((path.highs[hour], tops[start]), (path.lows[hour], bottoms[start])):
            if price == extreme:
                date = floor_day(path.begin + hour * HOUR)
                level = Level(price=path.price(price), level_date=date)
                pivots.append((start + width, level))
    return pivots
