"""Bars of one token as instants pass: order, versions, trimming."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random

from bot.domain.instants import HOUR, MINUTE
from bot.market.availability import Lags
from bot.market.bar_series import BarSeries, Prices
from bot.market.instruments import Instrument
from tests.support.records import bar, when

LAGS = Lags(bar=30_000, hourly=60_000, daily=0, label_is_close=False)
BEGIN = when("01 00:00")


def series(keep: int = 100, exact: int = 50, finer: str | None = None) -> BarSeries:
    return BarSeries(LAGS, keep=keep, exact=exact, finer_interval=finer)


def rising(hour: int, price: int | None = None) -> str:
    value = 100 + hour if price is None else price
    return f"{value} {value} {value} {value}"


def test_a_bar_is_known_its_lag_after_its_close() -> None:
    one = series()
    one.push(bar(BEGIN, rising(0)))
    close = BEGIN + HOUR
    assert one.advance(close, close + 29_999)[0] == []
    versions, changed = one.advance(close, close + 30_000)
    assert [row.open_time for row in versions] == [BEGIN]
    assert changed == 0


def test_a_bar_that_closes_after_the_slot_waits_for_its_own() -> None:
    one = series()
    for hour in (1, 0, 2):
        one.push(bar(BEGIN + hour * HOUR, rising(hour)))
    late = BEGIN + 9 * HOUR
    opened = [
        [(row.open_time - BEGIN) // HOUR for row in one.advance(BEGIN + n * HOUR, late)[0]]
        for n in (1, 2, 3, 4)
    ]
    assert opened == [[0], [1], [2], []]


def test_versions_that_wait_for_their_slot_keep_their_order() -> None:
    one = series()
    late = BEGIN + 9 * HOUR
    one.push(bar(BEGIN + 5 * HOUR, rising(5, 300), seen=late - 2))
    one.push(bar(BEGIN + 5 * HOUR, rising(5, 200), seen=late - 1))
    one.advance(BEGIN + 2 * HOUR, late)
    versions, _ = one.advance(BEGIN + 6 * HOUR, late)
    assert [row.bar.close for row in versions] == [300, 200]
    assert one.closes.tolist() == [200.0]


def test_the_first_close_is_that_of_the_earliest_bar_as_last_corrected() -> None:
    one = series()
    for hour, price, seen in ((3, 30, 10), (1, 20, 11), (1, 21, 12), (2, 40, 13)):
        one.push(bar(BEGIN + hour * HOUR, rising(hour, price), seen=BEGIN + seen * HOUR))
    found = []
    for hour in (10, 11, 12, 13):
        one.advance(BEGIN + hour * HOUR, BEGIN + hour * HOUR)
        found.append(one.first_close)
    assert found == [30, 20, 21, 21]
    assert one.first_open == BEGIN + HOUR


def test_what_is_known_does_not_depend_on_the_order_of_pushing() -> None:
    rows = [bar(BEGIN + hour * HOUR, rising(hour)) for hour in range(60)]
    rows += [
        bar(BEGIN + hour * HOUR, rising(hour, price), seen=BEGIN + 70 * HOUR)
        for hour in range(0, 60, 7)
        for price in (300, 200)
    ]
    found = []
    for seed in range(3):
        one = series()
        for row in Random(seed).sample(rows, len(rows)):
            one.push(row)
        one.advance(BEGIN + 60 * HOUR, BEGIN + 60 * HOUR + MINUTE)
        one.advance(BEGIN + 80 * HOUR, BEGIN + 80 * HOUR)
        found.append((one.times.tolist(), one.closes.tolist(), one.recent))
    assert found[0] == found[1] == found[2]
    assert found[0][1][:8] == [300.0, 101.0, 102.0, 103.0, 104.0, 105.0, 106.0, 300.0]


def test_the_first_row_that_changed_is_told_in_rows_since_the_first_bar_ever() -> None:
    one = series(keep=10, exact=5)
    for hour in range(1200):
        one.push(bar(BEGIN + hour * HOUR, rising(hour)))
    end = BEGIN + 1200 * HOUR
    one.advance(end, end)  # the last bar comes later by its lag
    assert one.dropped > 0
    assert one.dropped + len(one.times) == 1199
    one.push(bar(BEGIN + 1195 * HOUR, rising(7), seen=end + 1))
    assert one.advance(end, end + 1)[1] == 1195
    assert one.advance(end, end + 60_000)[1] == 1199


def test_trimming_keeps_at_least_what_was_asked_for() -> None:
    one = series(keep=700, exact=60)
    for hour in range(3000):
        one.push(bar(BEGIN + hour * HOUR, rising(hour)))
        now = BEGIN + hour * HOUR + 2 * HOUR
        one.advance(now, now)
        assert len(one.times) >= min(700, hour + 1)
        assert len(one.recent) >= min(60, hour + 1)
        assert one.recent[-1].open_time == one.times[-1]
    assert len(one.times) <= 1200
    assert one.first_open == BEGIN


def test_a_repeat_is_no_news_also_where_only_floats_are_left() -> None:
    one = series(keep=2000, exact=5)
    rows = [bar(BEGIN + hour * HOUR, rising(hour)) for hour in range(1200)]
    for row in rows:
        one.push(row)
    end = BEGIN + 1300 * HOUR
    one.advance(end, end)
    for row in rows:
        one.push(replace(row, available_at=end + 1))
    assert one.advance(end, end + 1) == ([], 1200)


def test_a_changed_volume_is_a_version_and_an_equal_number_is_not() -> None:
    one = series()
    one.push(bar(BEGIN, volume="10"))
    one.push(bar(BEGIN, "100.0 100.50 99.8 100", "10.0", seen=BEGIN + 2 * HOUR))
    one.push(bar(BEGIN, volume="11", seen=BEGIN + 3 * HOUR))
    told = [len(one.advance(BEGIN + n * HOUR, BEGIN + n * HOUR)[0]) for n in (2, 3, 4)]
    assert told == [1, 1, 0]


def five(part: int, prices: str = "100 100 100 100", seen: int | None = None):  # type: ignore[no-untyped-def]
    return bar(BEGIN + part * 5 * MINUTE, prices, interval="5m", seen=seen)


def test_finer_bars_cover_their_hour_or_do_not_count() -> None:
    one = series(finer="5m")
    one.push(bar(BEGIN))
    one.push(bar(BEGIN + HOUR))
    for part in range(23):
        one.push(five(part))
    end = BEGIN + 2 * HOUR
    versions, _ = one.advance(end, end + MINUTE)
    assert [len(row.finer) for row in versions] == [12, 0]
    assert [row.open_time for row in versions[0].finer] == [
        BEGIN + part * 5 * MINUTE for part in range(12)
    ]


def test_a_finer_bar_that_comes_late_makes_a_version_of_its_hour() -> None:
    one = series(finer="5m")
    one.push(bar(BEGIN))
    for part in range(12):
        one.push(five(part, seen=BEGIN + 3 * HOUR if part == 4 else None))
    first, _ = one.advance(BEGIN + 2 * HOUR, BEGIN + 2 * HOUR)
    second, changed = one.advance(BEGIN + 3 * HOUR, BEGIN + 3 * HOUR)
    assert [len(row.finer) for row in first] == [0]
    assert [(row.known, len(row.finer)) for row in second] == [(BEGIN + 3 * HOUR, 12)]
    assert changed == 1


def test_finer_bars_are_kept_for_as_long_as_their_hour_and_no_longer() -> None:
    one = series(keep=2000, exact=10, finer="5m")
    for hour in range(600):
        one.push(bar(BEGIN + hour * HOUR))
        for part in range(12):
            one.push(five(12 * hour + part))
    end = BEGIN + 601 * HOUR
    one.advance(end, end)
    assert one.finer_of(BEGIN) == ()
    assert len(one.finer_of(one.recent[0].open_time)) == 12
    assert len(one.finer_of(BEGIN + 599 * HOUR)) == 12


def test_points_hold_the_tick_and_all_decimals_that_fit() -> None:
    one = series()
    one.push(bar(BEGIN, "100.123456789 101 99 100"))
    one.advance(BEGIN + HOUR, BEGIN + 2 * HOUR)
    assert one.prices(Decimal("0.01")) == Prices(9)
    assert one.prices(Decimal("0.01")).points(Decimal("100.123456789")) == 100_123_456_789
    wide = series()
    wide.push(bar(BEGIN, "41.12345678901 42 40 41.5"))
    wide.advance(BEGIN + HOUR, BEGIN + 2 * HOUR)
    assert wide.prices(Decimal("0.01")).decimals == 10
    coarse = series()
    coarse.push(bar(BEGIN, "101 102 100 101"))
    coarse.advance(BEGIN + HOUR, BEGIN + 2 * HOUR)
    assert coarse.prices(Decimal("0.01")) == Prices(2)


def test_points_that_were_rounded_are_written_as_they_were_sent() -> None:
    points = Prices(3)
    assert points.text(points.points(Decimal("1.23456"))) == "1.23456"
    assert points.text(points.points(Decimal("1.23"))) == "1.23"


def test_bars_beyond_a_billion_ticks_leave_when_the_tick_is_known_and_none_comes_after() -> None:
    one = series()
    one.push(bar(BEGIN, "1 1 1 1"))
    one.push(bar(BEGIN + HOUR, "1 100001 1 1"))
    assert len(one.advance(BEGIN + 2 * HOUR, BEGIN + 3 * HOUR)[0]) == 2
    one.settle(
        Instrument(token_id=1, tick=Decimal("0.0001"), lot=Decimal("0.01"), min_notional=Decimal(5))
    )
    one.push(bar(BEGIN + 2 * HOUR, "1 1e20 1 1"))
    one.push(bar(BEGIN + 3 * HOUR, "1 100000 1 1"))
    one.advance(BEGIN + 4 * HOUR, BEGIN + 5 * HOUR)
    assert list(one.times) == [BEGIN, BEGIN + 3 * HOUR]
    assert [row.open_time for row in one.recent] == [BEGIN, BEGIN + 3 * HOUR]
    assert one.impossible == 2
