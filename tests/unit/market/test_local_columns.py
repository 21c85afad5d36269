"""Windows of local columns where bars are missing: rows are counted, never hours."""

from __future__ import annotations

import math
from decimal import Decimal

from bot.domain.instants import DAY, HOUR, parse_instant
from bot.domain.values import Bar
from bot.market.availability import Lags
from bot.market.bar_series import BarSeries
from bot.market.column_names import named_column
from bot.market.kernels import returns
from bot.market.local_columns import LocalColumns, RatioSettings
from bot.market.needs import DAILY_ROWS

BEGIN = parse_instant("2023-01-01T00:00:00Z")
LAGS = Lags(bar=0, hourly=60_000, daily=0, label_is_close=False)
SETTINGS = RatioSettings(min_obs=30, rf=0.0, mar=0.0, z=1.0)
SHARPE = named_column("sharpe_1y")


def price(hour: int) -> Decimal:
    return Decimal(100 + (hour * 7919) % 37)


def flat(hour: int) -> Bar:
    close = price(hour)
    return Bar(
        token_id=1, open_time=BEGIN + hour * HOUR, open=close, high=close, low=close, close=close,
        volume=Decimal(hour % 5 + 1),
    )  # fmt: skip


def columns(series: BarSeries, unit: str = "base") -> LocalColumns:
    return LocalColumns(series, SETTINGS, unit)


def test_a_year_is_365_daily_returns_also_where_days_have_no_close() -> None:
    """The last close of every 20th day is missing; how long the history is changes nothing."""
    hours = [hour for hour in range(440 * 24) if hour % 480 != 479]
    closes = [float(price(hour)) for hour in hours if hour % 24 == 23]
    series = BarSeries(LAGS, keep=DAILY_ROWS["1y"], exact=403)
    local = columns(series)
    for hour in hours:
        series.push(flat(hour))
        if hour % 24 == 23:
            now = BEGIN + (hour + 1) * HOUR
            series.advance(now, now)
            known = [c for c, h in zip(closes, daily(hours), strict=True) if h <= hour]
            value = local.ratio(SHARPE)
            if len(known) < 366:
                assert math.isnan(value)
            else:
                assert value == returns.sharpe(known[-366:], 0.0, 30)


def daily(hours: list[int]) -> list[int]:
    return [hour for hour in hours if hour % 24 == 23]


def test_a_corrected_daily_close_is_used_from_then_on() -> None:
    series = BarSeries(LAGS, keep=1000, exact=403)
    for hour in range(40 * 24):
        series.push(flat(hour))
    end = BEGIN + 40 * DAY
    series.advance(end, end)
    local = columns(series)
    column = named_column("sharpe_30d")
    before = local.ratio(column)
    other = Bar(
        token_id=1, open_time=end - HOUR, open=Decimal(90), high=Decimal(90), low=Decimal(90),
        close=Decimal(90), available_at=end + 1,
    )  # fmt: skip
    series.push(other)
    series.advance(end, end + 1)
    local.forget()
    closes = [float(price(hour)) for hour in range(23, 40 * 24, 24)][-31:]
    assert before == returns.sharpe(closes, 0.0, 30)
    assert local.ratio(column) == returns.sharpe([*closes[:-1], 90.0], 0.0, 30)


def test_the_daily_volume_is_that_of_the_last_seven_whole_days() -> None:
    series = BarSeries(LAGS, keep=1000, exact=403)
    for hour in range(9 * 24 + 5):
        series.push(flat(hour))
    now = BEGIN + 9 * DAY + 5 * HOUR
    series.advance(now, now)
    quote = [
        sum((hour % 5 + 1) * float(price(hour)) for hour in range(day * 24, day * 24 + 24))
        for day in range(2, 9)
    ]
    base = [sum(hour % 5 + 1 for hour in range(day * 24, day * 24 + 24)) for day in range(2, 9)]
    assert columns(series).adv() == sorted(quote)[3]
    assert columns(series, "quote").adv() == sorted(base)[3]
    assert math.isnan(columns(series, "unknown").adv())


def test_a_day_without_a_bar_or_without_a_volume_leaves_the_daily_volume_missing() -> None:
    for gone in (range(5 * 24, 6 * 24), range(0)):
        series = BarSeries(LAGS, keep=1000, exact=403)
        for hour in range(9 * 24):
            if hour not in gone:
                series.push(flat(hour))
        if not gone:
            silent = flat(100)
            series.push(
                Bar(
                    token_id=1, open_time=silent.open_time, open=silent.open, high=silent.high,
                    low=silent.low, close=silent.close, available_at=BEGIN + 9 * DAY,
                )
            )  # fmt: skip
        series.advance(BEGIN + 9 * DAY, BEGIN + 9 * DAY)
        assert math.isnan(columns(series).adv())
