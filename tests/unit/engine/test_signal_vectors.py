"""The signal vectors SV1 to SV11 and the time vectors that the engine decides, through the step."""

from __future__ import annotations

import pytest

from bot.engine import layout as at
from bot.engine import reasons
from bot.engine.tables import Output
from tests.support.engine_market import (
    HOUR,
    OFF,
    T0,
    VECTOR_PARAMS,
    Coin,
    Market,
    bullish_from,
    calm_coin,
    fills_of,
    story,
)


def run_values(*values: int, **params: int) -> list[str]:
    """One signal a slot from slot 1 on, the market calm around 100."""
    coin = calm_coin()
    coin.signals = [(n + 1, n, value) for n, value in enumerate(values)]
    return story(Market([coin], VECTOR_PARAMS._replace(**params)).run(1, len(values) + 4))


def edges(output: Output) -> set[int]:
    rows = output.records
    return {int(row[at.R_B] - T0) // HOUR for row in rows if row[at.R_KIND] == at.DECISION}


def test_sv1_a_bullish_call_after_a_bearish_one_is_an_edge() -> None:
    assert run_values(-1, 1) == ["2 ENTRY", "3 BUY"]


def test_sv2_a_token_first_seen_bullish_starts_cold() -> None:
    assert run_values(1, 1, 1) == ["1 COLD_START"]


def test_sv2_may_enter_on_first_sight_when_told_to() -> None:
    assert run_values(1, enter_on_first_seen=1) == ["1 ENTRY", "2 BUY"]


@pytest.mark.parametrize(
    ("values", "edge"),
    [
        pytest.param((-1, 1, 1), 1, id="SV3"),
        pytest.param((-1, 1, 0, 1), 1, id="SV4"),
        pytest.param((-1, 0, 1), 2, id="SV5"),
    ],
)
def test_a_run_of_bullish_calls_is_one_edge(values: tuple[int, ...], edge: int) -> None:
    coin = calm_coin()
    coin.levels = []  # nothing can be bought, so every later edge would show as a candidate
    coin.signals = [(n + 1, n, value) for n, value in enumerate(values)]
    output = Market([coin]).run(1, 9)
    assert edges(output) == {edge}
    assert story(output) == [
        *(f"{edge + 1 + n} NO_SUPPORT" for n in range(3)),
        f"{edge + 4} CANDIDATE_EXPIRED",
    ]


@pytest.mark.parametrize(
    ("hours", "first"),
    [(2, "ENTRY"), (3, "ENTRY"), (4, "EDGE_UNDATED"), (5, "EDGE_UNDATED")],
)
def test_sv6_a_gap_of_more_than_three_hours_leaves_the_edge_undated(hours: int, first: str) -> None:
    coin = calm_coin()
    coin.signals = [(1, 0, -1), (hours + 1, hours, 1)]
    assert story(Market([coin]).run(1, hours + 1)) == [f"{hours + 1} {first}"]


def test_sv7_a_revision_to_bearish_closes_when_it_is_seen_and_the_entry_stays() -> None:
    coin = calm_coin()
    coin.signals = [(1, 0, -1), (2, 1, 1), (4, 1, -1)]
    assert story(Market([coin]).run(1, 6)) == [
        "2 ENTRY", "3 BUY", "4 EXIT ORDER SIGNAL_EXIT", "5 SELL SIGNAL_EXIT",
    ]  # fmt: skip


def stopped_at_20() -> Coin:
    coin = bullish_from(calm_coin(), 18, 40)
    coin.bars[19] = ("100 100.5 97 100", "1000")
    return coin


def test_sv8_after_a_stop_only_a_new_edge_enters() -> None:
    assert story(Market([stopped_at_20()]).run(17, 35)) == ["18 ENTRY", "19 BUY", "20 SELL STOP"]


def test_sv8_while_bullish_reenters_six_slots_after_a_stop() -> None:
    params = VECTOR_PARAMS._replace(while_bullish=1)
    assert story(Market([stopped_at_20()], params).run(17, 30)) == [
        "18 ENTRY", "19 BUY", "20 SELL STOP", "26 ENTRY", "27 BUY",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("passes", "expected"),
    [
        (15, ["13 GRADE_LOW", "14 GRADE_LOW", "15 ENTRY", "16 BUY"]),
        (16, ["13 GRADE_LOW", "14 GRADE_LOW", "15 GRADE_LOW", "16 CANDIDATE_EXPIRED"]),
    ],
)
def test_sv9_a_refused_edge_is_tried_for_three_slots(passes: int, expected: list[str]) -> None:
    coin = bullish_from(calm_coin(), 13, 30)
    coin.values = [0.5, 120.0, OFF, 50.0]
    coin.values_at = {passes: [0.5, 120.0, OFF, 60.0]}
    grade = ([3, at.FROM_GRADE, reasons.GRADE_LOW, 0], [60.0, OFF, 60.0, OFF])
    assert story(Market([coin], gates=[grade]).run(12, 18)) == expected


def test_sv10_a_row_delivered_twice_adds_no_record() -> None:
    once, twice = calm_coin(), calm_coin()
    once.signals = [(1, 0, -1), (2, 1, 1)]
    twice.signals = [(1, 0, -1), (2, 1, 1), (2, 1, 1), (3, 1, 1)]
    assert story(Market([twice]).run(1, 8)) == story(Market([once]).run(1, 8))


def test_sv11_the_second_edge_waits_for_the_cooldown_of_the_first_exit() -> None:
    assert run_values(-1, 1, -1, 1) == [
        "2 ENTRY", "3 BUY", "3 EXIT ORDER SIGNAL_EXIT", "4 SELL SIGNAL_EXIT",
        "4 COOLDOWN", "5 COOLDOWN", "6 ENTRY", "7 BUY",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("parts", "minute"), [(60, 62), (12, 65), (0, 120)], ids=["1m", "5m", "1h"]
)
def test_tv1_an_order_decided_at_one_fills_in_the_next_bar_after_the_latency(
    parts: int, minute: int
) -> None:
    coin = calm_coin(6)
    coin.fine = {hour: [(CALM_PART, "10")] * parts for hour in range(6)}
    coin.signals = [(0, -1, -1), (1, 0, 1)]
    span = HOUR // parts if parts else HOUR
    params = VECTOR_PARAMS._replace(latency=120_000, bar_span=span, entry_ttl=1)
    assert [fill[:2] for fill in fills_of(Market([coin], params).run(0, 4))] == [("ENTRY", minute)]


CALM_PART = "100 100.5 99.5 100"


def test_tv3_a_bullish_row_seen_three_hours_late_moves_the_trend_and_opens_nothing() -> None:
    coin = calm_coin()
    coin.signals = [(0, -1, -1), (4, 0, 1)]
    market = Market([coin], VECTOR_PARAMS._replace(latency=120_000))
    state = market.account()
    assert story(market.run(0, 6, state)) == [
        "4 SIGNAL_STALE", "5 SIGNAL_STALE", "6 SIGNAL_STALE",
    ]  # fmt: skip
    assert state.tokens[0, at.T_SERIES + at.Q_TREND] == 1
