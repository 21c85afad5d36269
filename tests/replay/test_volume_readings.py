"""Volumes in units of the token, of the quote currency, unknown or absent; finer bars (F6, F8)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.bar_table import history_of
from bot.domain.instants import HOUR, MINUTE
from bot.domain.values import Bar, Record
from bot.engine import layout as at
from bot.market.bulk.market import BulkMarket
from bot.market.bulk.row_columns import Loops
from bot.market.inputs import Market, slots_between
from bot.market.rules import build_rules
from tests.support.records import (
    bar,
    bars,
    decisions,
    edge_record,
    fills,
    reasons,
    run,
    token,
    vector_strategy,
    when,
)
from tests.support.replays import lines_slot_by_slot, replay

ORDERED = "16.143"  # what the plain record orders: risk 50 over 3.0972 a token


def with_volume(volume: str | None, unit: str = "base", prices: str = "100 101 99 100") -> Record:
    """The edge record with another bar at 14:00, the one that the entry meets."""
    record = edge_record()
    record.tokens = [token(volume_unit=unit)]
    record.bars = [
        bar(row.open_time, prices, volume) if row.open_time == when("14:00") else row
        for row in record.bars
    ]
    return record


def bought(record: Record, extra: str = "") -> list[str]:
    return [
        row.scale.quantity(row.quantity) for row in fills(run(record, extra)) if row.side == "BUY"
    ]


def test_without_a_bound_the_whole_order_fills() -> None:
    assert bought(edge_record()) == [ORDERED]


@pytest.mark.parametrize(
    ("volume", "quantity"),
    [("50", "5"), ("50.019", "5.001"), ("50.0099", "5"), ("0.01", "0.001"), ("161.43", ORDERED)],
)
def test_a_volume_in_tokens_gives_a_tenth_cut_to_the_lot(volume: str, quantity: str) -> None:
    assert bought(with_volume(volume)) == [quantity]


@pytest.mark.parametrize("volume", ["0.0099", "0"])
def test_a_volume_of_less_than_ten_lots_fills_nothing(volume: str) -> None:
    assert bought(with_volume(volume)) == []


@pytest.mark.parametrize(
    ("volume", "prices", "quantity"),
    [
        ("5000", "100 101 99 100", "5"),
        ("5005", "100.1 101 99 99.5", "5"),
        ("5004.999", "100.1 101 99 99.5", "4.999"),
    ],
)
def test_a_volume_in_quote_units_is_divided_by_the_open(
    volume: str, prices: str, quantity: str
) -> None:
    assert bought(with_volume(volume, "quote", prices)) == [quantity]


def test_with_an_unknown_unit_participation_is_off_but_an_empty_bar_fills_nothing() -> None:
    assert bought(with_volume("0.001", "unknown")) == [ORDERED]
    assert bought(with_volume("0", "unknown")) == []


@pytest.mark.parametrize("unit", ["base", "quote", "unknown"])
def test_a_bar_without_a_volume_fills(unit: str) -> None:
    assert bought(with_volume(None, unit)) == [ORDERED]


def test_the_liquidity_gate_is_off_where_the_unit_is_unknown() -> None:
    record = edge_record()
    record.tokens = [token(volume_unit="unknown")]
    assert reasons(run(record, 'min_adv = 1e10\nadv = "local"'))[0] == (when("13:00"), "ENTRY")
    known = edge_record()
    assert reasons(run(known, "min_adv = 1e10"))[0] == (when("13:00"), "LIQUIDITY_LOW")


def test_the_strategy_says_the_unit_where_the_token_does_not() -> None:
    record = with_volume("5000", "")
    assert bought(record, 'volume_unit = "quote"') == ["5"]
    assert bought(with_volume("5000", "quote"), 'volume_unit = "base"') == ["5"]


def test_a_unit_that_is_learnt_later_changes_no_earlier_fill() -> None:
    record = with_volume("50")
    record.tokens.append(token(volume_unit="quote", available_at=when("15:30")))
    assert bought(record) == ["5"]
    record.tokens.append(token(volume_unit="quote", available_at=when("14:30")))
    assert bought(record) == ["0.05"]


def finer_record(parts: list[str], volume: str = "10") -> Record:
    """The entry at 14:00, then an hour that hits stop and target, with finer bars in it."""
    record = edge_record()
    finer = [
        bar(row.open_time + n * 5 * MINUTE, "100 100 100 100", volume, interval="5m")
        for row in record.bars
        for n in range(12)
        if row.open_time != when("15:00")
    ]
    record.bars = [
        bar(row.open_time, "100 104 97 98") if row.open_time == when("15:00") else row
        for row in record.bars
    ] + finer
    record.bars += [
        bar(when("15:00") + n * 5 * MINUTE, prices, volume, interval="5m")
        for n, prices in enumerate(parts)
    ]
    return record


FLAT = ["100 100 100 100"]
UP = ["100 104 100 103"]
DOWN = ["103 103 97 98"]


def exits(record: Record, latency: str = "120s") -> list[tuple[str, int]]:
    found = fills(run(record, f'bars = "5m"\nlatency = "{latency}"'))
    return [(row.reason, row.open_time) for row in found[1:]]


def test_finer_bars_are_walked_in_their_order() -> None:
    at = when("15:00")
    record = finer_record(FLAT * 3 + UP + DOWN + ["98 98 98 98"] * 7)
    assert exits(record) == [("TARGET", at + 15 * MINUTE)]
    record = finer_record(["100 100 97 98"] + ["98 104 98 98"] * 11)
    assert exits(record) == [("STOP", at)]


def test_finer_bars_with_a_hole_do_not_count_and_the_stop_comes_first() -> None:
    record = finer_record(FLAT * 3 + UP + DOWN + ["98 98 98 98"] * 6)
    assert exits(record) == [("STOP", when("15:00"))]


def test_an_impossible_finer_bar_is_a_hole() -> None:
    record = finer_record(FLAT * 3 + UP + DOWN + ["98 98 98 98"] * 6 + ["98 97 99 98"])
    assert exits(record) == [("STOP", when("15:00"))]


def test_finer_bars_of_the_next_hour_that_are_had_before_the_freeze_are_not_lost() -> None:
    """With settle = 10 minutes the first finer bar of an hour is had in the slot before it."""
    record = finer_record(FLAT * 3 + UP + DOWN + ["98 98 98 98"] * 7)
    found = fills(run(record, 'bars = "5m"\nsettle = "600s"'))
    assert [(row.reason, row.open_time) for row in found] == [
        ("ENTRY", when("13:05")),
        ("TARGET", when("15:15")),
    ]


def test_a_finer_bar_in_which_nothing_traded_fills_nothing() -> None:
    record = finer_record(FLAT * 3 + UP + DOWN + ["98 98 98 98"] * 7)
    record.bars = [
        replace(row, volume=Decimal(0))
        if row.open_time == when("15:15") and row.interval == "5m"
        else row
        for row in record.bars
    ]
    assert exits(record) == [("STOP", when("15:20"))]


def waiting_record(finer_seen: str | None, hour_seen: str = "17:40") -> Record:
    """The hour of 15:00 waits for that of 14:00, which comes late; it hits both."""
    record = finer_record(FLAT * 3 + UP + DOWN + ["98 98 98 98"] * 7)
    seen = when(finer_seen) if finer_seen else None
    record.bars = [
        replace(row, available_at=seen) if is_finer_of(row, "15:00") else row
        for row in record.bars
        if not (row.open_time == when("14:00") and row.interval == "1h")
    ]
    record.bars.append(bar(when("14:00"), seen=when(hour_seen)))
    return record


@pytest.mark.parametrize(
    ("seen", "reason"), [(None, "TARGET"), ("17:30", "TARGET"), ("18:02:01", "STOP")]
)
def test_finer_bars_that_are_there_when_their_hour_is_matched_are_walked(
    seen: str | None, reason: str
) -> None:
    record = waiting_record(seen)
    found = [row[0] for row in exits(record)]
    assert found == [reason]


@pytest.mark.parametrize(
    ("seen", "hour_seen"), [(None, "17:40"), ("17:30", "17:40"), (None, "21:30")]
)
def test_an_hour_that_waits_keeps_its_bars_from_slot_to_slot(
    seen: str | None, hour_seen: str
) -> None:
    record = waiting_record(seen, hour_seen)
    loaded = vector_strategy('bars = "5m"\nbar_wait = 8')
    slots = slots_between(when("12:00"), when("23:00"), loaded.strategy.settle)
    whole = replay(loaded, record, slots)
    assert "TARGET" in [row.reason for row in fills(whole)]
    assert lines_slot_by_slot(loaded, record, slots) == [row.lines for row in whole.records]


def is_finer_of(row: Bar, hour: str) -> bool:
    return row.interval == "5m" and when(hour) <= row.open_time < when(hour) + HOUR


def test_finer_bars_of_another_strategy_are_not_read() -> None:
    record = finer_record(FLAT * 3 + UP + DOWN + ["98 98 98 98"] * 7)
    record.bars += bars(when("15:00"), when("15:59"), "90 91 89 90", span=MINUTE)
    assert exits(record) == [("TARGET", when("15:15"))]
    hourly = fills(run(record))
    assert [row.reason for row in hourly] == ["ENTRY", "STOP"]


def test_participation_uses_the_volume_of_the_hour() -> None:
    record = finer_record(FLAT * 12, volume="0.001")
    found = run(record, 'bars = "5m"')
    assert [row.quantity for row in fills(found)][:1] == [16_143]
    assert decisions(found)[0].reason == "ENTRY"


@pytest.mark.parametrize("volume", ["0", "1.123", "9000000000000000"])
def test_volumes_are_the_same_units_in_bulk_where_a_lot_is_finer_than_64_bits(volume: str) -> None:
    """At prices of 1e12 a lot is so small that any volume is more of them than counts."""
    dear = "1000000000000 1010000000000 990000000000 1000000000000"
    record = Record(
        tokens=[token(tick=None, lot=None, min_notional=None)],
        bars=bars(when("00:00"), when("11:00"), dear, volume),
    )
    strategy = vector_strategy().strategy
    plan = build_rules(strategy)[1]
    slots = slots_between(when("01:00"), when("12:00"), strategy.settle)
    single = Market(strategy, plan)
    single.push(record)
    bulk = BulkMarket(strategy, plan, history_of(record), slots, Loops())
    assert bulk.slot_by_slot == []
    one, other = (market.build(slots, 12 * HOUR).inputs.bars for market in (single, bulk))
    assert one.tolist() == other.tolist()
    assert set(one[:, at.B_VOLUME].tolist()) == {0 if volume == "0" else 1 << 61}
