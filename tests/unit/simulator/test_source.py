from __future__ import annotations

from decimal import Decimal

import pytest

from bot.domain.errors import DataError
from bot.domain.instants import DAY, HOUR, MINUTE, SECOND, parse_instant
from bot.domain.values import Bar, Grade, Metrics, Record, Signal, Token
from bot.simulator.daily import cumulative_returns
from bot.simulator.source import PROVIDER_LAGS, Lags, MarketSource, Series, visible_from

START = parse_instant("2025-09-01")


def bar(hour: int, close: str = "1", interval: str = "1h") -> Bar:
    price = Decimal(close)
    return Bar(
        token_id=1, open_time=START + hour * HOUR, open=price, high=price, low=price, close=price,
        interval=interval,
    )  # fmt: skip


def test_rows_come_newest_first_within_a_half_open_span() -> None:
    series = Series([(30, 30, "c"), (10, 10, "a"), (20, 20, "b")])
    assert [series.rows[i] for _, i in series.newest_first(99, 10, 30)] == ["b", "a"]
    assert series.latest(99) == 2
    assert series.latest(9) is None


def test_a_late_row_hides_no_earlier_one() -> None:
    series = Series([(10, 10, "a"), (20, 90, "late"), (30, 30, "c")])
    assert [time for time, _ in series.newest_first(50, 0, 99)] == [30, 10]
    assert [time for time, _ in series.newest_first(90, 0, 99)] == [30, 20, 10]


def test_of_several_versions_the_newest_visible_one_counts() -> None:
    series = Series([(10, 40, "third"), (10, 20, "second"), (10, 10, "first")])
    shown = [series.rows[series.latest(now) or 0] for now in (10, 20, 39, 40)]
    assert shown == ["first", "second", "second", "third"]


def test_lags_start_at_the_end_of_the_period() -> None:
    lags = Lags(bar_ms=1, hourly_signal_ms=2, daily_ms=3)
    hourly = Signal(token_id=1, valid_time=START, signal="1")
    daily = Signal(token_id=1, valid_time=START + HOUR, signal="1", source="daily")
    assert visible_from(bar(0), lags) == START + HOUR + 1
    assert visible_from(bar(0, interval="5m"), lags) == START + 5 * MINUTE + 1
    assert visible_from(hourly, lags) == START + HOUR + 2
    assert visible_from(daily, lags) == START + DAY + 3
    assert visible_from(Grade(token_id=1, valid_time=START, tm_grade=1.0), lags) == START + DAY + 3


def test_a_metrics_row_may_be_seen_during_its_own_day() -> None:
    row = Metrics(token_id=1, valid_time=START, values=(), available_at=START + HOUR)
    assert visible_from(row, PROVIDER_LAGS) == START + HOUR
    source = MarketSource(Record(metrics=[row]))
    assert source.metrics[1].latest(START + HOUR) == 0


def test_a_bar_of_an_unknown_interval_is_refused() -> None:
    with pytest.raises(DataError, match="7m"):
        visible_from(bar(0, interval="7m"), PROVIDER_LAGS)


def test_given_daily_candles_are_used_instead_of_made_ones() -> None:
    given = bar(0, "7", "1d")
    source = MarketSource(Record(bars=[bar(0), bar(1), given]))
    assert source.daily_bars[1].rows == [given]


def test_a_made_daily_candle_uses_the_last_version_of_each_hour() -> None:
    wrong = Bar(
        token_id=1, open_time=START, open=Decimal(9), high=Decimal(9), low=Decimal(9),
        close=Decimal(9), available_at=START + HOUR,
    )  # fmt: skip
    right = bar(0, "2")
    source = MarketSource(Record(bars=[wrong, right, bar(1, "3")]))
    (day,) = source.daily_bars[1].rows
    assert (day.open, day.high, day.low, day.close) == (2, 3, 2, 3)
    assert source.daily_bars[1].latest(START + DAY + 20 * SECOND - 1) is None


def test_a_trend_is_the_last_signal_that_was_not_neutral() -> None:
    texts = ("0", "Bullish", "neutral", "huh", "-1", "0")
    signals = [
        Signal(token_id=1, valid_time=START + hour * HOUR, signal=text)
        for hour, text in enumerate(texts)
    ]
    assert MarketSource(Record(signals=signals)).hourly_trends[1] == [0, 1, 1, 1, -1, -1]


def test_following_earns_the_move_after_the_day_of_the_signal() -> None:
    bars = [bar(24 * day, close) for day, close in enumerate(("100", "110", "99", "0", "198"))]
    trends = {START: 1, START + DAY: -1}
    returns = list(cumulative_returns(bars, trends).values())
    assert returns == [(0.0, 0.0), (0.1, 0.1), (0.21, -0.01), (-1.0, 0.98)]


def test_tokens_are_listed_by_id() -> None:
    record = Record(tokens=[Token(token_id=2, symbol="B"), Token(token_id=1, symbol="A")])
    assert [token.token_id for token in MarketSource(record).tokens(START)] == [1, 2]
