"""How rows of signals become a trend: texts, repeats, revisions, late and ambiguous rows."""

from __future__ import annotations

import pytest

from bot.domain.instants import HOUR
from bot.domain.values import Record, Signal
from tests.support.records import (
    call,
    calls,
    decisions,
    edge_record,
    fills,
    notices,
    quiet_record,
    reasons,
    run,
    when,
)


def with_signals(*rows: Signal) -> Record:
    record = quiet_record()
    record.signals += rows
    return record


@pytest.mark.parametrize("text", ["1", "Bullish", " LONG ", "bullish"])
def test_every_spelling_of_bullish_is_an_edge(text: str) -> None:
    assert reasons(run(with_signals(call(when("12:00"), text))))[0] == (when("13:00"), "ENTRY")


@pytest.mark.parametrize("text", ["0", "neutral", "No  Signal"])
def test_a_neutral_call_moves_nothing_and_says_nothing(text: str) -> None:
    found = run(with_signals(call(when("12:00"), text), call(when("13:00"), 1)))
    assert reasons(found)[0] == (when("14:00"), "ENTRY")
    assert notices(found) == []


def test_an_unreadable_text_moves_nothing_and_is_named() -> None:
    found = run(with_signals(call(when("12:00"), "to the moon"), call(when("13:00"), 1)))
    assert notices(found) == [(when("13:00"), "SIGNAL_UNKNOWN", when("12:00"))]
    assert reasons(found)[0] == (when("14:00"), "ENTRY")


def test_an_unreadable_text_does_not_refresh_the_age() -> None:
    record = with_signals(
        call(when("12:00"), 1, when("14:30")),
        call(when("13:00"), "?", when("14:30")),
        call(when("14:00"), "?", when("15:01")),
    )
    assert reasons(run(record))[0] == (when("15:00"), "SIGNAL_STALE")


def test_a_neutral_call_refreshes_the_age() -> None:
    record = with_signals(
        call(when("12:00"), 1, when("14:30")), call(when("13:00"), 0, when("14:30"))
    )
    assert reasons(run(record))[0] == (when("15:00"), "ENTRY")


def test_two_values_of_one_instant_are_ambiguous_and_the_greater_text_holds() -> None:
    seen = when("13:01:10")
    rows = [call(when("12:00"), "1", seen), call(when("12:00"), "-1", seen)]
    for order in (rows, rows[::-1]):
        found = run(with_signals(*order))
        assert notices(found) == [(when("13:00"), "SIGNAL_AMBIGUOUS", when("12:00"))]
        assert reasons(found)[0] == (when("13:00"), "ENTRY")


def test_two_values_of_one_instant_are_ambiguous_though_the_lesser_was_known() -> None:
    record = with_signals(
        call(when("11:00"), "-1", when("12:30")), call(when("11:00"), "1", when("12:30"))
    )
    assert notices(run(record)) == [(when("13:00"), "SIGNAL_AMBIGUOUS", when("11:00"))]


def test_two_spellings_of_one_value_are_not_ambiguous() -> None:
    seen = when("13:01:10")
    found = run(with_signals(call(when("12:00"), "1", seen), call(when("12:00"), "bullish", seen)))
    assert notices(found) == []
    assert reasons(found)[0] == (when("13:00"), "ENTRY")


def test_a_repeated_row_adds_no_record() -> None:
    once = edge_record(when("13:01:10"))
    again = edge_record(when("13:01:10"))
    again.signals += [call(when("12:00"), 1, when(f"{hour}:01:10")) for hour in range(13, 18)]
    again.signals += [call(when("09 03:00"), -1, when("15:00:30"))]
    assert run(again).ledger_sha256 == run(once).ledger_sha256


def test_a_row_older_than_an_earlier_slots_newest_is_late_and_counts_for_nothing() -> None:
    record = with_signals(call(when("12:00"), -1), call(when("11:00"), 1, when("13:30")))
    found = run(record)
    assert notices(found) == [(when("14:00"), "LATE_ROW", when("11:00"))]
    assert reasons(found) == []


def test_rows_of_one_slot_are_taken_in_the_order_of_what_they_describe() -> None:
    record = quiet_record()
    record.signals = calls(when("09 00:00"), when("09:00"), -1)
    for label, text in (("10:00", 0), ("11:00", 1), ("12:00", 0)):
        record.signals.insert(0, call(when(label), text, when("13:01")))
    found = run(record)
    assert decisions(found)[0].edge_time == when("11:00")
    assert notices(found) == []


def test_sv7_a_revision_of_the_newest_row_closes_and_the_entry_stays() -> None:
    record = with_signals(call(when("12:00"), 1), call(when("12:00"), -1, when("15:30")))
    found = run(record)
    assert [(row.reason, row.open_time) for row in fills(found)] == [
        ("ENTRY", when("14:00")),
        ("SIGNAL_EXIT", when("17:00")),
    ]
    assert reasons(found)[0] == (when("13:00"), "ENTRY")


def test_sv2_the_first_sight_of_a_token_is_no_edge() -> None:
    record = quiet_record()
    record.signals = calls(when("10:00"), when("14:00"), 1)
    assert reasons(run(record)) == [(when("11:00"), "COLD_START")]


@pytest.mark.parametrize(("hours", "reason"), [(3, "ENTRY"), (4, "EDGE_UNDATED")])
def test_sv6_a_gap_of_more_than_three_periods_leaves_the_edge_undated(
    hours: int, reason: str
) -> None:
    record = quiet_record()
    record.signals = calls(when("09 00:00"), when("08:00"), -1)
    record.signals.append(call(when("08:00") + hours * HOUR, 1))
    assert reasons(run(record))[0][1] == reason


def test_the_series_of_the_other_source_is_not_read() -> None:
    record = edge_record()
    record.signals.append(
        Signal(token_id=1, valid_time=when("09 00:00"), signal="-1", source="daily")
    )
    assert run(record).ledger_sha256 == run(edge_record()).ledger_sha256


def test_daily_signals_are_known_after_their_day_and_live_in_days() -> None:
    record = quiet_record()
    record.signals = [
        Signal(token_id=1, valid_time=when(f"{day:02} 00:00"), signal=text, source="daily")
        for day, text in ((6, "-1"), (8, "-1"), (9, "1"))
    ]
    found = run(record, 'signals = "daily"')
    assert reasons(found)[0] == (when("06:00"), "ENTRY")
