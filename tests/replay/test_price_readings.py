"""Ticks, lots and decimals: given, derived, coarsened; nothing decided depends on decimals."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import DataError
from bot.domain.values import Record
from bot.market.inputs import slots_between
from tests.support.records import (
    BASE_LEVELS,
    bar,
    decisions,
    edge_record,
    fills,
    levels,
    reasons,
    run,
    token,
    vector_strategy,
    when,
)
from tests.support.replays import lines_slot_by_slot, replay


def priced(factor: str, **unit: object) -> Record:
    """The edge record with every price times a factor and this unit instead of its own."""
    times = Decimal(factor)
    record = edge_record()
    record.tokens = [token(**unit)]
    record.bars = [
        replace(
            row, open=row.open * times, high=row.high * times, low=row.low * times,
            close=row.close * times, volume=Decimal(10**12),
        )
        for row in record.bars
    ]  # fmt: skip
    record.levels = [
        levels(when("09 05:40"), [(str(Decimal(price) * times), s) for price, s in BASE_LEVELS])
    ]
    record.metrics = [
        replace(row, values=tuple(
            (name, value * float(times) if name == "myatr" else value) for name, value in row.values
        ))
        for row in record.metrics
    ]  # fmt: skip
    return record


def derived(record: Record) -> tuple[str, str]:
    scale = fills(run(record))[0].scale
    return (scale.price(1), scale.quantity(1))


@pytest.mark.parametrize(
    ("factor", "tick", "lot"),
    [
        ("671.2345", "1", "0.00000001"),
        ("1", "0.01", "0.000001"),
        ("0.0001234567", "0.000001", "0.01"),
        ("0.00000012", "0.000000001", "10"),
    ],
)
def test_an_absent_tick_and_lot_are_derived_from_the_first_close(
    factor: str, tick: str, lot: str
) -> None:
    assert derived(priced(factor, tick=None, lot=None)) == (tick, lot)


@pytest.mark.parametrize(
    ("factor", "tick", "lot", "whole_lot"),
    [
        ("671.2345", "0.01", "0.00001", "0.00001"),
        ("0.0000001", "0.00000001", "1", "1"),
        ("0.00000011", "0.0000000001", "1", "100"),
    ],
)
def test_a_given_lot_is_coarsened_only_where_money_would_not_be_whole(
    factor: str, tick: str, lot: str, whole_lot: str
) -> None:
    record = priced(factor, tick=Decimal(tick), lot=Decimal(lot), min_notional=None)
    assert derived(record) == (tick, whole_lot)


def test_the_unit_is_derived_from_the_earliest_bar_known_in_the_first_slot() -> None:
    record = priced("1", tick=None, lot=None)
    record.bars.append(bar(when("08 23:00"), "99 99 99 99", seen=when("09 00:30")))
    record.bars.append(bar(when("08 22:00"), "50 50 50 50", seen=when("09 01:30")))
    record.bars.append(bar(when("08 23:00"), "500 500 500 500", seen=when("10 13:00")))
    assert derived(record) == ("0.001", "0.00001")


def test_a_far_level_with_nine_decimals_changes_no_decision() -> None:
    plain = edge_record()
    far = edge_record()
    far.levels = [levels(when("09 05:40"), [*BASE_LEVELS, ("13.123456789", 1.0)])]
    assert run(far).ledger_sha256 == run(plain).ledger_sha256


@pytest.mark.parametrize("opened", ["09 01:00", "10 21:00"])
def test_a_bar_with_more_decimals_than_those_before_it_changes_no_other_decision(
    opened: str,
) -> None:
    plain, exact = edge_record(), edge_record()
    for record, prices in ((plain, "100 100.2 99.9 100"), (exact, "100 100.2 99.9 100.0000001")):
        record.bars.append(bar(when(opened), prices, seen=when(opened) + 4_000_000))
    one, two = run(plain), run(exact)
    assert decisions(one) == decisions(two)
    assert fills(one) == [
        replace(row, reference_points=row.reference_points // 10**5) for row in fills(two)
    ]
    assert one.ledger_sha256 == two.ledger_sha256


def test_prices_of_twelve_digits_are_kept_as_they_were_sent() -> None:
    record = edge_record()
    record.tokens = [token(tick=None, lot=None)]
    record.bars = [
        bar(row.open_time, "100.123456789 100.5 99.8 100.000000001") for row in record.bars
    ]
    found = run(record)
    assert decisions(found)[0].details["close"] == "100.000000001"
    assert fills(found)[0].reference == "100.123456789"


def growing_record() -> Record:
    """A price of twelve decimals that multiplies by thirty behind its first trades."""
    record = edge_record()
    record.tokens = [token(tick=None, lot=None)]
    record.bars = [
        bar(row.open_time, "100.123456789012 100.5 99.8 100.000000000001")
        if row.open_time < when("17:00")
        else bar(row.open_time, "3000.123456789012 3000.5 2999.8 3000.000000000001")
        for row in record.bars
    ]
    return record


def test_what_a_line_says_of_a_price_does_not_hang_on_prices_still_to_come() -> None:
    record = growing_record()
    loaded = vector_strategy()
    slots = slots_between(when("09 01:00"), when("11 00:00"), loaded.strategy.settle)
    whole = replay(loaded, record, slots)
    assert [row.reference for row in fills(whole)] == ["100.123456789012", "3000.123456789012"]
    assert lines_slot_by_slot(loaded, record, slots) == [row.lines for row in whole.records]


def test_a_level_beyond_all_prices_stops_nothing() -> None:
    record = edge_record()
    record.levels = [levels(when("09 05:40"), [*BASE_LEVELS, ("10000000000", 1.0)])]
    assert run(record).ledger_sha256 == run(edge_record()).ledger_sha256


def test_a_price_that_whole_numbers_cannot_hold_is_refused_with_its_reason() -> None:
    record = edge_record()
    record.tokens = [token(tick=Decimal("1e-8"), lot=Decimal(1))]
    with pytest.raises(DataError, match=r"price 100 is more than 1e9"):
        run(record)
    record.tokens = [token(lot=Decimal(1000))]
    with pytest.raises(DataError, match=r"one lot of 1000 at 100 is worth 90000 or more"):
        run(record)


def test_levels_that_are_no_prices_are_dropped() -> None:
    record = edge_record()
    record.levels = [levels(when("09 05:40"), [*BASE_LEVELS, ("0", 9.0), ("-5", 9.0)])]
    assert run(record).ledger_sha256 == run(edge_record()).ledger_sha256


def test_the_order_of_levels_in_a_list_does_not_matter() -> None:
    record = edge_record()
    record.levels = [levels(when("09 05:40"), BASE_LEVELS[::-1])]
    assert run(record).ledger_sha256 == run(edge_record()).ledger_sha256
    assert reasons(run(record))[0][1] == "ENTRY"
