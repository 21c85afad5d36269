"""The time vectors of the rules, from the rows of a record to fills and reasons (TV1 to TV6)."""

from __future__ import annotations

import pytest

from bot.domain.instants import HOUR, MINUTE
from bot.domain.values import Record
from tests.support.records import (
    bars,
    call,
    calls,
    decisions,
    edge_record,
    fills,
    levels,
    metrics,
    notices,
    quiet_record,
    reasons,
    run,
    when,
)


def entry_slots(record: Record, extra: str = "") -> list[int]:
    return [row.slot for row in decisions(run(record, extra)) if row.reason == "ENTRY"]


@pytest.mark.parametrize(
    ("bar_span", "opened", "booked"),
    [("1m", "13:02", "14:00"), ("5m", "13:05", "14:00"), ("1h", "14:00", "15:00")],
)
def test_tv1_a_call_seen_in_its_slot_fills_at_the_next_bar_after_the_latency(
    bar_span: str, opened: str, booked: str
) -> None:
    record = edge_record(when("13:01:10"))
    span = {"1m": MINUTE, "5m": 5 * MINUTE, "1h": HOUR}[bar_span]
    if bar_span != "1h":
        record.bars += bars(when("09 00:00"), when("10 23:59"), volume="10", span=span)
    found = run(record, f'bars = "{bar_span}"')
    entry = fills(found)[0]
    assert [row.slot for row in decisions(found)] == [when("13:00")]
    assert (entry.reason, entry.open_time, entry.slot) == ("ENTRY", when(opened), when(booked))


@pytest.mark.parametrize(
    ("seen", "slot"), [("13:02:00", "13:00"), ("13:02:00.001", "14:00"), ("13:02:01", "14:00")]
)
def test_tv2_a_call_counts_in_the_slot_that_is_frozen_at_or_after_it(seen: str, slot: str) -> None:
    assert entry_slots(edge_record(when(seen))) == [when(slot)]


def test_tv3_a_stale_bullish_call_moves_the_trend_and_opens_nothing() -> None:
    record = edge_record(when("15:30"))
    record.signals.append(call(when("16:00"), -1))
    found = run(record)
    assert reasons(found)[0] == (when("16:00"), "SIGNAL_STALE")
    # The trend had turned, so the Bearish call of 16:00 is what ends the candidate.
    assert reasons(found)[1:] == [(when("17:00"), "SIGNAL_REVERSED")]
    assert fills(found) == []


def test_tv3_a_stale_bearish_call_still_closes() -> None:
    record = edge_record()
    record.signals.append(call(when("13:00"), -1, when("16:30")))
    found = run(record)
    assert [(row.reason, row.open_time) for row in fills(found)] == [
        ("ENTRY", when("14:00")),
        ("SIGNAL_EXIT", when("18:00")),
    ]


def daily_metrics_record() -> Record:
    """The edge at 12:00 of the 10th, metrics dated the 9th without a seen time."""
    record = edge_record()
    record.metrics = [metrics(when("09 00:00"))]
    return record


def test_tv4_a_daily_row_is_known_six_hours_after_its_day() -> None:
    for hour, there in ((4, False), (5, True)):
        record = daily_metrics_record()
        record.signals = calls(when("09 00:00"), when(f"{hour - 1:02}:00"), -1)
        record.signals.append(call(when(f"{hour:02}:00"), 1))
        first = reasons(run(record))[0]
        assert first == (when(f"{hour + 1:02}:00"), "ENTRY" if there else "METRIC_MISSING")


@pytest.mark.parametrize(
    ("latency", "slot", "reason"),
    [
        ("0s", "12 00:00", "ENTRY"),
        ("1s", "12 00:00", "QUANT_STALE"),
        ("120s", "11 23:00", "ENTRY"),
        ("120s", "12 00:00", "QUANT_STALE"),
    ],
)
def test_tv4_a_daily_row_is_stale_48_hours_after_its_day_to_the_second(
    latency: str, slot: str, reason: str
) -> None:
    record = quiet_record()
    record.metrics = [metrics(when("09 00:00"))]
    record.levels.append(levels(when("11 05:40")))
    record.bars += bars(when("11 00:00"), when("12 03:00"))
    record.signals = calls(when("09 00:00"), when(slot) - 2 * HOUR, -1)
    record.signals.append(call(when(slot) - HOUR, 1))
    found = run(record, f'latency = "{latency}"', last="12 03:00")
    assert reasons(found)[0] == (when(slot), reason)


def test_tv5_a_label_at_the_close_is_used_in_the_slot_of_its_own_hour() -> None:
    record = quiet_record()
    record.signals = calls(when("09 01:00"), when("12:00"), -1)
    record.signals.append(call(when("13:00"), 1, when("13:01")))
    assert entry_slots(record, 'signal_label = "close"') == [when("13:00")]


def test_tv5_a_label_at_the_open_is_never_used_before_its_hour_has_ended() -> None:
    record = quiet_record()
    record.signals = calls(when("09 01:00"), when("12:00"), -1)
    record.signals.append(call(when("13:00"), 1, when("13:01")))
    assert entry_slots(record) == [when("14:00")]


def test_tv6_each_slot_reads_the_level_list_that_had_been_seen() -> None:
    record = quiet_record()
    record.levels = [
        levels(when("05:40")),
        levels(when("09:30"), [("96", 4.0), ("106", 5.0)]),
    ]
    found = {}
    for hour in range(4, 12):
        label = when(f"{hour - 1:02}:00")
        record.signals = [*calls(when("09 00:00"), label - HOUR, -1), call(label, 1)]
        first = decisions(run(record, "candidate_ttl = 1"))[0]
        found[hour] = (first.reason, first.details.get("stop"), first.details.get("target"))
    no_levels = ("NO_SUPPORT", None, None)
    first_list, second_list = ("ENTRY", "97.2", "103.89"), ("ENTRY", "95.7", "105.89")
    assert found == {4: no_levels, 5: no_levels} | dict.fromkeys((6, 7, 8, 9), first_list) | {
        10: second_list,
        11: second_list,
    }


def test_a_list_seen_empty_is_knowledge_and_ends_the_old_levels() -> None:
    record = edge_record()
    record.levels.append(levels(when("12:30"), []))
    assert reasons(run(record))[0] == (when("13:00"), "NO_SUPPORT")


def test_a_list_older_than_36_hours_is_refused_and_never_replaced() -> None:
    for seen, reason in (("09 01:02", "ENTRY"), ("09 01:01:59.999", "LEVELS_STALE")):
        record = edge_record()
        record.levels = [levels(when(seen))]
        assert reasons(run(record, "candidate_ttl = 1"))[0] == (when("13:00"), reason)


def test_seeing_the_same_list_again_makes_it_young() -> None:
    record = edge_record()
    record.levels = [levels(when("09 00:10")), levels(when("10 05:40"))]
    assert entry_slots(record) == [when("13:00")]


def test_seeing_the_same_metrics_again_makes_them_young() -> None:
    stale, again = edge_record(), edge_record()
    stale.metrics = [metrics(when("07 00:00"), when("08 12:00"))]
    again.metrics = [*stale.metrics, metrics(when("07 00:00"), when("10 00:20"))]
    assert reasons(run(stale))[0] == (when("13:00"), "QUANT_STALE")
    assert reasons(run(again))[0] == (when("13:00"), "ENTRY")


def test_a_blank_in_the_joined_row_is_missing_though_an_older_row_has_the_number() -> None:
    record = edge_record()
    record.metrics.append(metrics(when("09 00:00"), when("10 00:30"), sharpe=None))
    assert reasons(run(record))[0] == (when("13:00"), "METRIC_MISSING")


def test_the_greater_of_two_metric_rows_of_one_instant_is_joined_in_any_order() -> None:
    rows = [
        metrics(when("09 00:00"), when("10 00:30"), sharpe=1.5),
        metrics(when("09 00:00"), when("10 00:30"), sharpe=0.1),
    ]
    found = set()
    for order in (rows, rows[::-1]):
        record = edge_record()
        record.metrics += order
        found.add(reasons(run(record))[0])
    assert found == {(when("13:00"), "ENTRY")}


def test_a_provider_date_in_the_future_is_used_once_it_has_been_seen() -> None:
    record = edge_record()
    record.metrics.append(metrics(when("11 00:00"), when("10 12:59"), sharpe=0.1))
    assert reasons(run(record))[0] == (when("13:00"), "SHARPE_LOW")


def test_a_metric_out_of_its_domain_is_named() -> None:
    record = edge_record()
    record.metrics.append(metrics(when("09 00:00"), when("10 00:30"), max_drawdown=1.2))
    assert reasons(run(record))[0] == (when("13:00"), "METRIC_OUT_OF_DOMAIN")


def test_notices_are_silent_on_a_clean_record() -> None:
    assert notices(run(edge_record())) == []
