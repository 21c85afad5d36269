"""When a row could be known, to the millisecond (T2), and from when its age counts (T6)."""

from __future__ import annotations

from bot.domain.instants import DAY, HOUR, MINUTE
from bot.domain.values import Grade, Signal
from bot.market.availability import (
    Lags,
    bar_visible,
    signal_open,
    signal_visible,
    snapshot_confirmed,
    snapshot_visible,
    span_of,
)
from tests.support.records import bar, call, metrics, when

LAGS = Lags(bar=5_000, hourly=60_000, daily=6 * HOUR, label_is_close=False)
CLOSE_LABELS = Lags(bar=0, hourly=60_000, daily=6 * HOUR, label_is_close=True)


def test_a_bar_without_an_instant_is_known_its_lag_after_its_close() -> None:
    assert bar_visible(bar(when("12:00")), LAGS) == when("13:00:05")
    assert bar_visible(bar(when("12:00"), interval="5m"), LAGS) == when("12:05:05")


def test_a_given_instant_holds_but_never_before_the_close() -> None:
    assert bar_visible(bar(when("12:00"), seen=when("13:00:00.001")), LAGS) == when("13:00:00.001")
    assert bar_visible(bar(when("12:00"), seen=when("12:59")), LAGS) == when("13:00")


def test_an_hourly_signal_is_known_a_minute_after_the_hour_that_it_is_about() -> None:
    assert signal_visible(call(when("12:00"), 1), LAGS) == when("13:01")
    assert signal_visible(call(when("12:00"), 1, when("12:30")), LAGS) == when("13:00")
    assert signal_visible(call(when("12:00"), 1, when("15:30")), LAGS) == when("15:30")


def test_a_label_at_the_close_moves_the_hour_back() -> None:
    assert signal_open(call(when("13:00"), 1), CLOSE_LABELS) == when("12:00")
    assert signal_visible(call(when("13:00"), 1), CLOSE_LABELS) == when("13:01")
    assert signal_visible(call(when("13:00"), 1, when("12:59")), CLOSE_LABELS) == when("13:00")


def test_a_daily_signal_counts_by_its_day_whatever_its_time() -> None:
    for text in ("09 00:00", "09 17:45"):
        row = Signal(token_id=1, valid_time=when(text), signal="1", source="daily")
        assert signal_open(row, CLOSE_LABELS) == when("09 00:00")
        assert signal_visible(row, LAGS) == when("10 06:00")


def test_a_snapshot_without_an_instant_is_known_the_next_morning_and_ages_from_midnight() -> None:
    for text in ("09 00:00", "09 23:59"):
        for row in (
            metrics(when(text)),
            Grade(token_id=1, valid_time=when(text), tm_grade=50.0),
        ):
            assert snapshot_visible(row, LAGS) == when("10 06:00")
            assert snapshot_confirmed(row) == when("10 00:00")


def test_a_snapshot_that_was_seen_is_known_then_also_before_its_own_date() -> None:
    row = metrics(when("11 00:00"), when("10 08:15:00.003"))
    assert snapshot_visible(row, LAGS) == snapshot_confirmed(row) == when("10 08:15:00.003")


def test_intervals_are_spans() -> None:
    assert [span_of(text) for text in ("1m", "5m", "20m", "1h", "4h", "1d")] == [
        MINUTE, 5 * MINUTE, 20 * MINUTE, HOUR, 4 * HOUR, DAY
    ]  # fmt: skip
