"""Which bar a slot knows: late, missing, corrected, repeated, impossible; missed slots."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import DataError
from bot.domain.instants import HOUR, MINUTE
from bot.domain.values import Record, Slot
from tests.support.records import (
    bar,
    bars,
    call,
    decisions,
    edge_record,
    fills,
    notices,
    quiet_record,
    reasons,
    run,
    vector_strategy,
    when,
)
from tests.support.replays import replay


def without_bar(record: Record, opened: str) -> Record:
    record.bars = [row for row in record.bars if row.open_time != when(opened)]
    return record


def booked(record: Record, extra: str = "") -> list[tuple[str, int, int]]:
    return [(row.reason, row.open_time, row.slot) for row in fills(run(record, extra))]


def test_a_late_bar_is_booked_at_its_own_price_by_the_first_slot_that_knows_it() -> None:
    record = without_bar(edge_record(), "14:00")
    record.bars.append(bar(when("14:00"), "100.2 100.5 99.8 100", seen=when("16:45")))
    found = run(record)
    assert [(row.open_time, row.slot, row.reference) for row in fills(found)] == [
        (when("14:00"), when("17:00"), "100.2")
    ]


@pytest.mark.parametrize(
    ("seen", "events"),
    [
        ("18:01", [("ENTRY", "14:00", "18:00")]),
        ("18:03", []),
    ],
)
def test_a_bar_that_is_absent_three_slots_long_is_a_hole_for_ever(
    seen: str, events: list[tuple[str, str, str]]
) -> None:
    record = without_bar(edge_record(), "14:00")
    record.bars.append(bar(when("14:00"), seen=when(seen)))
    expected = [(reason, when(opened), when(slot)) for reason, opened, slot in events]
    assert booked(record)[:1] == expected
    if not events:
        cancels = [row for slot in run(record).records for row in slot.events]
        assert [(row.reason, row.open_time, row.slot) for row in cancels] == [
            ("ENTRY_TTL", when("14:00"), when("18:00"))
        ]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [("16:45", []), ("18:01", []), ("19:30", [("20:00", "LATE_ROW", "15:00")])],
)
def test_a_bar_that_comes_after_its_hour_was_declared_a_hole_is_noticed_and_moves_nothing(
    seen: str, expected: list[tuple[str, str, str]]
) -> None:
    record = without_bar(edge_record(), "15:00")
    absent = booked(record)
    record.bars.append(bar(when("15:00"), "94 94 90 92", seen=when(seen)))
    found = run(record)
    assert notices(found) == [(when(slot), kind, when(at)) for slot, kind, at in expected]
    if expected:
        assert booked(record) == absent


def test_a_late_bar_of_a_token_that_nobody_holds_is_not_worth_a_notice() -> None:
    record = without_bar(quiet_record(), "05:00")
    record.bars.append(bar(when("05:00"), seen=when("10:30")))
    assert notices(run(record)) == []


def test_a_bar_beyond_all_ticks_counts_as_absent_and_stops_nothing() -> None:
    record = edge_record()
    record.bars = [
        replace(row, high=Decimal("1e12")) if row.open_time == when("15:00") else row
        for row in record.bars
    ]
    found = run(record)
    assert booked(record) == booked(without_bar(edge_record(), "15:00"))
    assert found.impossible == {1: 1}


def test_bars_behind_an_absent_one_wait_and_are_matched_in_the_slot_that_declares_the_hole() -> (
    None
):
    record = without_bar(edge_record(), "15:00")
    record.bars = [
        replace(row, low=row.low - 5) if row.open_time == when("16:00") else row
        for row in record.bars
    ]
    assert booked(record) == [
        ("ENTRY", when("14:00"), when("15:00")),
        ("STOP", when("16:00"), when("19:00")),
    ]


def test_a_bar_is_never_known_before_its_close() -> None:
    record = edge_record()
    record.bars = [replace(row, available_at=row.open_time + MINUTE) for row in record.bars]
    assert run(record).ledger_sha256 == run(edge_record()).ledger_sha256


def test_a_correction_counts_from_its_instant_and_past_decisions_stay() -> None:
    plain = run(edge_record())
    record = edge_record()
    record.bars.append(bar(when("12:00"), "100 101 99 100.7", seen=when("15:30")))
    found = run(record)
    assert reasons(found) == reasons(plain)
    assert fills(found) == fills(plain)
    early = edge_record()
    early.bars.append(bar(when("12:00"), "100 101 99 100.7", seen=when("13:01")))
    assert decisions(run(early))[0].details["close"] == "100.7"


def test_the_version_known_in_the_matching_slot_fills() -> None:
    record = edge_record()
    record.bars.append(bar(when("14:00"), "100.1 100.5 99.8 100", seen=when("15:01")))
    record.bars.append(bar(when("14:00"), "100.2 101 99.8 100", seen=when("15:03")))
    assert [row.reference for row in fills(run(record))] == ["100.1"]


def test_a_repeated_bar_changes_nothing() -> None:
    record = edge_record()
    record.bars += [replace(row, available_at=row.open_time + 5 * HOUR) for row in record.bars]
    assert run(record).ledger_sha256 == run(edge_record()).ledger_sha256


@pytest.mark.parametrize(
    "prices",
    ["100 99 98 99.5", "100 101 99.9 99.8", "100 101 99 101.5", "99 101 99.5 100", "0 1 0 1"],
)
def test_an_impossible_bar_is_absent_and_counted(prices: str) -> None:
    gone = run(without_bar(edge_record(), "14:00"))
    record = without_bar(edge_record(), "14:00")
    record.bars.append(bar(when("14:00"), prices))
    found = run(record)
    assert found.ledger_sha256 == gone.ledger_sha256
    assert found.impossible == {1: 1}
    assert found.bulk.summary()["bars_impossible"] == {"1": 1}


def test_a_flat_bar_is_possible() -> None:
    record = without_bar(edge_record(), "14:00")
    record.bars.append(bar(when("14:00"), "100 100 100 100"))
    assert run(record).impossible == {}
    assert booked(record)[0] == ("ENTRY", when("14:00"), when("15:00"))


def test_a_stale_bar_refuses_and_a_fresh_one_does_not() -> None:
    for last, reason in (("09:00", "BAR_STALE"), ("10:00", "ENTRY")):
        record = edge_record()
        record.bars = bars(when("09 00:00"), when(last))
        assert reasons(run(record, 'latency = "0s"'))[0] == (when("13:00"), reason)


def test_a_jump_by_ten_stops_entries_in_that_token() -> None:
    for factor, reason in (("1000 1005 998 1000", "PRICE_JUMP"), ("999 1005 998 999.99", None)):
        record = edge_record()
        record.bars = [
            bar(row.open_time, factor) if row.open_time >= when("10:00") else row
            for row in record.bars
        ]
        found = run(record)
        jumps = [row for row in notices(found) if row[1] == "PRICE_JUMP"]
        assert [row[0] for row in jumps] == ([when("11:00")] if reason else [])
        assert (reasons(found)[0][1] == "PRICE_JUMP") == bool(reason)


def test_a_held_token_without_bars_is_flagged_after_48_hours_and_stays() -> None:
    record = edge_record()
    record.bars = bars(when("09 00:00"), when("14:00"))
    found = run(record, last="13 00:00")
    assert [row for row in notices(found) if row[1] == "UNPRICED"] == [
        (when("12 16:00"), "UNPRICED", when("14:00"))
    ]
    last = found.records[-1].mark
    assert last.open_positions == 1
    assert last.value == fills(found)[0].quantity * 10_000 * 1000


def slots_file(record: Record, missed: tuple[str, ...] = (), **as_of: str) -> Record:
    """The record with its slots named, frozen 120 s after the hour unless told otherwise."""
    frozen = {when(f"{name[1:]}:00"): when(instant) for name, instant in as_of.items()}
    record.slots = [
        Slot(
            slot=slot, as_of=frozen.get(slot, slot + 2 * MINUTE),
            missed=slot in {when(text) for text in missed},
        )
        for slot in range(when("09 01:00"), when("10 23:00"), HOUR)
    ]  # fmt: skip
    return record


def test_a_missed_slot_opens_nothing_and_says_so() -> None:
    found = run(slots_file(edge_record(), ("13:00",)))
    assert reasons(found)[:2] == [
        (when("13:00"), "SLOT_MISSED"),
        (when("14:00"), "ENTRY"),
    ]
    assert [row.slot for row in found.records if row.missed] == [when("13:00")]
    assert found.bulk.summary()["missed"] == 1


def test_a_missed_slot_still_exits_fills_and_marks() -> None:
    record = edge_record()
    record.signals.append(call(when("13:00"), -1, when("15:00")))
    record = slots_file(record, ("15:00", "16:00", "17:00"))
    assert booked(record) == [
        ("ENTRY", when("14:00"), when("15:00")),
        ("SIGNAL_EXIT", when("16:00"), when("17:00")),
    ]


def test_the_slots_own_instants_say_what_was_known() -> None:
    seen = when("13:01:10")
    assert reasons(run(slots_file(edge_record(seen))))[0] == (when("13:00"), "ENTRY")
    frozen = slots_file(edge_record(seen), h13="13:00:40")
    assert reasons(run(frozen))[0] == (when("14:00"), "ENTRY")


def test_a_slot_frozen_long_after_its_hour_reads_no_bar_that_closed_later() -> None:
    record = slots_file(edge_record(), h13="14:01")
    assert decisions(run(record))[0].slot == when("13:00")
    assert booked(record)[0] == ("ENTRY", when("14:00"), when("15:00"))
    moved = slots_file(edge_record(), h13="14:01")
    moved.bars.append(bar(when("13:00"), "100 101 99 100.7", seen=when("14:00:30")))
    assert decisions(run(moved))[0].details["close"] == "100"


@pytest.mark.parametrize(
    "slots",
    [
        [("13:30", "13:40")],
        [("13:00", "12:59")],
        [("13:00", "13:02"), ("15:00", "15:02")],
        [("13:00", "13:02"), ("13:00", "13:02")],
        [("13:00", "14:10"), ("14:00", "14:02")],
    ],
)
def test_slots_that_cannot_have_been_are_refused(slots: list[tuple[str, str]]) -> None:
    record = quiet_record()
    record.slots = [Slot(slot=when(slot), as_of=when(as_of)) for slot, as_of in slots]
    with pytest.raises(DataError, match="slots: 2025-05-10T1"):
        run(record)


def test_a_record_without_hourly_bars_has_nothing_to_replay() -> None:
    with pytest.raises(DataError, match="no hourly bars"):
        replay(vector_strategy(), Record(bars=bars(when("12:00"), when("12:55"), span=5 * MINUTE)))
