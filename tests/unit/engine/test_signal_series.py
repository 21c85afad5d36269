"""Late rows, revisions, gaps and confirmation in a token's signal series (6a: T6, T7, S1, S2)."""

from __future__ import annotations

import pytest

from bot.engine import layout as at
from bot.engine.tables import new_buffers, run_slots
from tests.support.engine_market import VECTOR_PARAMS, Market, calm_coin, story


def told(signals: list[tuple[int, int, int]], last: int, **params: int) -> list[str]:
    coin = calm_coin()
    coin.signals = signals
    return story(Market([coin], VECTOR_PARAMS._replace(**params)).run(1, last))


def trend_after(signals: list[tuple[int, int, int]], last: int) -> int:
    coin = calm_coin()
    coin.signals = signals
    market = Market([coin])
    state = market.account()
    market.run(1, last, state)
    return int(state.tokens[0, at.T_SERIES + at.Q_TREND])


def test_a_row_older_than_an_earlier_sets_newest_is_late_and_counts_for_nothing() -> None:
    signals = [(1, 0, -1), (3, 2, -1), (4, 1, 1)]
    assert told(signals, 6) == ["4 ! LATE_ROW"]
    assert trend_after(signals, 6) == -1


def test_a_late_row_refreshes_nothing() -> None:
    # The edge's row is of hour 1; the late row of hour 0 must not make it younger or older.
    signals = [(1, 0, -1), (2, 1, 1), (4, 0, 1)]
    assert told(signals, 4, max_open=0) == [
        "2 HALT_MAX_OPEN", "3 HALT_MAX_OPEN", "4 ! LATE_ROW", "4 HALT_MAX_OPEN",
    ]  # fmt: skip


def test_rows_of_one_set_are_never_late_for_each_other() -> None:
    assert told([(3, 0, -1), (3, 1, 1)], 4) == ["3 ENTRY", "4 BUY"]


def test_a_revised_newest_row_replaces_itself() -> None:
    # +1 revised to 0: the trend before it, -1, is back, and a later +1 is a new edge.
    signals = [(1, 0, -1), (2, 1, 1), (3, 1, 0)]
    assert trend_after(signals, 3) == -1
    assert told([*signals, (5, 4, 1)], 5, max_signal_gap=4 * 3_600_000, max_open=0) == [
        "2 HALT_MAX_OPEN", "3 SIGNAL_REVERSED", "5 HALT_MAX_OPEN",
    ]  # fmt: skip


def test_an_edge_that_comes_back_at_its_old_time_is_not_new() -> None:
    signals = [(1, 0, -1), (2, 1, 1), (3, 1, -1), (4, 1, 1)]
    assert told(signals, 6, max_open=0) == ["2 HALT_MAX_OPEN", "3 SIGNAL_REVERSED"]


def test_the_last_version_within_one_set_counts() -> None:
    assert trend_after([(1, 0, 1), (1, 0, -1)], 1) == -1


def test_unknown_text_moves_nothing_and_refreshes_nothing() -> None:
    signals = [(1, 0, -1), (2, 1, at.UNREADABLE), (3, 2, at.UNREADABLE), (5, 4, 1)]
    assert told(signals, 5) == ["2 ! SIGNAL_UNKNOWN", "3 ! SIGNAL_UNKNOWN", "5 EDGE_UNDATED"]


@pytest.mark.parametrize(
    ("rows", "last"),
    [
        ([(0, -1), (3, 0), (6, 1)], "7 ENTRY"),  # a 0 counts as a neighbour
        ([(0, -1), (4, 0), (5, 1)], "6 EDGE_UNDATED"),  # the gap may lie before it
        ([(0, -1), (1, 0), (5, 1)], "6 EDGE_UNDATED"),  # or behind it
    ],
)
def test_neighbouring_rows_from_the_last_bearish_to_the_edge_date_it(
    rows: list[tuple[int, int]], last: str
) -> None:
    signals = [(valid + 1, valid, value) for valid, value in rows]
    assert told(signals, rows[-1][0] + 1) == [last]


def test_a_gap_before_the_last_bearish_row_does_not_matter() -> None:
    assert told([(1, 0, -1), (9, 8, -1), (10, 9, 1)], 10) == ["10 ENTRY"]


def test_a_gap_between_confirming_rows_leaves_the_edge_undated() -> None:
    assert told([(1, 0, -1), (2, 1, 1), (6, 5, 1)], 6, confirm_bars=2) == ["6 EDGE_UNDATED"]


def test_confirmation_counts_bullish_rows_and_zeros_neither_count_nor_break() -> None:
    signals = [(1, 0, -1), (2, 1, 1), (3, 2, 0), (4, 3, 1)]
    assert told(signals, 4, confirm_bars=2) == ["4 ENTRY"]
    assert told(signals, 9, confirm_bars=3) == []
    assert told([*signals[:3], (4, 3, -1), (5, 4, 1)], 9, confirm_bars=2) == []


def test_an_ambiguous_row_is_reported_and_used() -> None:
    coin = calm_coin()
    coin.signals = [(1, 0, -1), (2, 1, 1)]
    market = Market([coin])
    inputs, rules = market.inputs(1, 2), market.rules()
    inputs.signals[1, at.G_AMBIGUOUS] = 1
    buffers = new_buffers(inputs, rules, 100)
    _, output = run_slots(inputs, rules, market.account(), buffers, 0, 2)
    assert story(output) == ["2 ! SIGNAL_AMBIGUOUS", "2 ENTRY"]


def test_a_zero_refreshes_the_age_of_the_series() -> None:
    rows = [(1, 0, -1), (2, 1, 1)]
    wait = {"max_open": 0, "candidate_ttl": 6 * 3_600_000}
    assert told(rows, 5, **wait) == [
        "2 HALT_MAX_OPEN", "3 HALT_MAX_OPEN", "4 HALT_MAX_OPEN", "5 SIGNAL_STALE",
    ]  # fmt: skip
    assert told([*rows, (5, 4, 0)], 5, **wait)[-1] == "5 HALT_MAX_OPEN"


def test_a_stale_bearish_row_still_closes() -> None:
    assert told([(1, 0, -1), (2, 1, 1), (9, 2, -1)], 10) == [
        "2 ENTRY", "3 BUY", "9 EXIT ORDER SIGNAL_EXIT", "10 SELL SIGNAL_EXIT",
    ]  # fmt: skip


def test_a_gap_behind_the_row_that_fired_the_edge_does_not_matter() -> None:
    assert told([(8, 0, -1), (8, 1, 1), (8, 7, 0)], 8) == ["8 ENTRY"]
