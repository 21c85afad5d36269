"""Daily candles and the daily signal's returns, made from what a record holds."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby, pairwise

from bot.domain.instants import floor_day
from bot.domain.values import Bar


def daily_candles(bars: list[Bar]) -> list[Bar]:
    """One bar a UTC day from hourly bars in time order; each seen when its last part was."""
    return [
        _joined(day, list(parts)) for day, parts in groupby(bars, lambda b: floor_day(b.open_time))
    ]


def _joined(day: int, parts: list[Bar]) -> Bar:
    volumes = [bar.volume for bar in parts if bar.volume is not None]
    seen = [bar.available_at for bar in parts if bar.available_at is not None]
    return Bar(
        token_id=parts[0].token_id,
        open_time=day,
        open=parts[0].open,
        high=max(bar.high for bar in parts),
        low=min(bar.low for bar in parts),
        close=parts[-1].close,
        volume=sum(volumes, Decimal(0)) if volumes else None,
        interval="1d",
        available_at=max(seen) if seen else None,
    )


def cumulative_returns(bars: list[Bar], trends: dict[int, int]) -> dict[int, tuple[float, float]]:
    """Per day: what following the trend and what holding has earned since the first day.

    Fractions with 4 decimals. A day's trend earns the next day's move; a day without one keeps
    the trend before it. Bars without a price above zero are passed over.
    """
    priced = [bar for bar in bars if bar.close > 0]
    following, trend = 1.0, 0
    returns: dict[int, tuple[float, float]] = {}
    for before, bar in pairwise(priced[:1] + priced):
        following *= 1 + trend * (float(bar.close / before.close) - 1)
        holding = float(bar.close / priced[0].close) - 1
        returns[bar.open_time] = (round(following - 1, 4), round(holding, 4))
        trend = trends.get(bar.open_time, trend)
    return returns
