"""Halts, holes in the input and the operator's pause: what stops entries, and never exits (G10)."""

from __future__ import annotations

import math

import pytest

from bot.engine import layout as at
from bot.engine import reasons
from bot.engine.account import set_halts
from tests.support.engine_market import (
    CALM,
    DAY_HOURS,
    HOUR,
    VECTOR_PARAMS,
    Market,
    bullish_from,
    calm_coin,
    decisions_of,
    hold,
    points,
    story,
)


def halts(account: object, equity: str, **params: int) -> tuple[int, int]:
    acc = account  # one row of the account, moved in place
    set_halts(acc, points(equity, 8), VECTOR_PARAMS._replace(**params))
    return int(acc[at.A_HALT_DAILY]), int(acc[at.A_HALT_DRAWDOWN])  # type: ignore[index]


def test_a_daily_loss_of_exactly_the_limit_is_no_halt() -> None:
    account = Market([]).account("1000").account
    account[at.A_DAY_BASE] = points("1000", 8)
    assert halts(account, "970", daily_loss_limit=30_000) == (0, 0)
    assert halts(account, "969.99999999", daily_loss_limit=30_000) == (1, 0)
    assert halts(account, "970", daily_loss_limit=30_000) == (0, 0)


def test_a_drawdown_halt_begins_beyond_its_limit_and_ends_at_half_of_it() -> None:
    account = Market([]).account("1000").account
    assert halts(account, "800", dd_halt=200_000) == (0, 0)
    assert halts(account, "799.99999999", dd_halt=200_000) == (0, 1)
    assert halts(account, "899.99999999", dd_halt=200_000) == (0, 1)
    assert halts(account, "900", dd_halt=200_000) == (0, 0)


def test_the_peak_includes_the_starting_cash() -> None:
    coin = bullish_from(calm_coin(), 2, 9)
    market = Market([coin], VECTOR_PARAMS._replace(dd_halt=50_000))
    state = market.account("1000")
    state.account[at.A_CASH] = points("940", 8)
    assert story(market.run(1, 2, state)) == ["2 HALT_DRAWDOWN"]


def test_the_day_base_is_the_equity_after_the_mark_of_midnight() -> None:
    # T0 is noon, so slot 12 is 00:00: the position marks at 90 there, and at 88 from slot 13 on.
    coin = calm_coin(10)
    coin.flat(10, 12, "90 90.5 89.5 90").flat(12, 20, "88 88.5 87.5 88")
    market = Market([coin], VECTOR_PARAMS._replace(daily_loss_limit=0))
    state = market.account("10000")
    hold(state, 0, 50_000, 10_000, 1000, 0)
    output = market.run(1, 14, state)
    marks = output.marks
    base = {(row[at.M_SLOT] - marks[0, at.M_SLOT]) // HOUR + 1: row[at.M_DAY_BASE] for row in marks}
    assert base[DAY_HOURS - 13] == points("10000", 8)
    assert base[12] == base[14] == points("9500", 8)
    assert marks[:, at.M_HALT_DAILY].tolist() == [0] * 10 + [1, 0, 1, 1]


def test_a_daily_loss_halt_refuses_entries_and_lets_exits_go_on() -> None:
    falling = bullish_from(calm_coin(), 2, 5)
    falling.signals.append((6, 5, -1))
    falling.flat(3, 9, "98 98.5 97.5 98")
    waiting = bullish_from(calm_coin(), 5, 9)
    params = VECTOR_PARAMS._replace(daily_loss_limit=0)
    output = Market([falling, waiting], params).run(1, 7)
    assert story(output, 0)[-2:] == ["6 EXIT ORDER SIGNAL_EXIT", "7 SELL SIGNAL_EXIT"]
    assert story(output, 1) == [f"{slot} HALT_DAILY_LOSS" for slot in (5, 6, 7)]


def test_max_open_is_applied_in_rank_order_after_the_shares() -> None:
    coins = [bullish_from(calm_coin(), 2, 3) for _ in range(3)]
    for coin, sigma in zip(coins, (0.4, 0.8, 1.2), strict=True):
        coin.values = [sigma, 120.0, math.nan]
    output = Market(coins, VECTOR_PARAMS._replace(max_open=1)).run(1, 2)
    # Ranked by volatility here: the third comes first and the others are refused.
    assert [story(output, i) for i in range(3)] == [
        ["2 HALT_MAX_OPEN"], ["2 HALT_MAX_OPEN"], ["2 ENTRY"],
    ]  # fmt: skip
    # The refused have taken their shares: 1/1.2 of 4.58 is left for the third.
    target = decisions_of(output, 2)[0][2][at.D_BOUND]
    assert round(int(target) / 1e8, 2) == 16363.64


def test_a_working_entry_counts_as_open_and_its_value_is_taken() -> None:
    first = bullish_from(calm_coin(), 2, 9)
    del first.bars[2]
    second = bullish_from(calm_coin(), 3, 9)
    output = Market([first, second], VECTOR_PARAMS._replace(max_open=1)).run(1, 3)
    assert story(output, 1) == ["3 HALT_MAX_OPEN"]
    params = VECTOR_PARAMS._replace(risk=10**6, pos_vol=-1, position_cap=500_000)
    output = Market([first, second], params).run(1, 3)
    order = decisions_of(output, 0)[0][2]
    later = decisions_of(output, 1)[0][2]
    worth = int(order[at.D_QTY]) * int(order[at.D_ENTRY]) * 1000
    assert int(later[at.D_BOUND + 5]) == points("90000", 8) - worth
    # Both volatilities are equal, so the working entry halves the share.
    assert int(later[at.D_BOUND]) == min(points("45000", 8), points("90000", 8) - worth)


def test_a_missed_slot_runs_exits_and_opens_nothing() -> None:
    held = bullish_from(calm_coin(), 2, 4)
    held.signals.append((4, 3, -1))
    new = bullish_from(calm_coin(), 4, 9)
    output = Market([held, new], missed=frozenset({4})).run(1, 5)
    assert story(output, 0)[-1] == "5 SELL SIGNAL_EXIT"
    assert story(output, 1) == ["4 SLOT_MISSED", "5 ENTRY"]


def test_a_paused_strategy_opens_nothing() -> None:
    coin = bullish_from(calm_coin(), 2, 9)
    assert story(Market([coin], paused=frozenset({2})).run(1, 3)) == ["2 PAUSED", "3 ENTRY"]


def test_a_price_jump_stops_entries_until_it_is_acknowledged() -> None:
    coin = bullish_from(calm_coin(), 2, 9)
    coin.cells_at = {2: {at.C_JUMP: 1}, 3: {at.C_JUMP: 0}}
    market = Market([coin])
    state = market.account()
    assert story(market.run(1, 3, state)) == ["2 ! PRICE_JUMP", "2 PRICE_JUMP", "3 PRICE_JUMP"]
    state.tokens[0, at.T_JUMPED] = 0
    assert story(market.run(4, 4, state)) == ["4 ENTRY"]


@pytest.mark.parametrize(
    ("cell", "state", "reason", "params"),
    [
        (at.C_LEVELS, at.STALE, "LEVELS_STALE", {"use_levels_age": 1}),
        (at.C_QUANT, at.STALE, "QUANT_STALE", {"use_quant": 1}),
        (at.C_GRADE, at.STALE, "GRADE_STALE", {"use_grade": 1}),
        (at.C_HISTORY, 29 * 24 * HOUR, "HISTORY_SHORT", {"min_history": 30 * 24 * HOUR}),
    ],
)
def test_each_stale_or_short_input_has_its_own_reason(
    cell: int, state: int, reason: str, params: dict[str, int]
) -> None:
    coin = bullish_from(calm_coin(), 2, 9)
    coin.cells_at = {0: {cell: state}}
    assert story(Market([coin], VECTOR_PARAMS._replace(**params)).run(1, 2)) == [f"2 {reason}"]


@pytest.mark.parametrize("sigma", [math.nan, math.inf, 0.0, -0.1])
def test_no_usable_volatility_is_no_size(sigma: float) -> None:
    coin = bullish_from(calm_coin(), 2, 9)
    coin.values = [sigma, 120.0, math.nan, 1.0]
    output = Market([coin], ranks=[(3, 0, at.FROM_LOCAL)]).run(1, 2)
    assert story(output) == ["2 VOL_MISSING"]


def test_a_missing_atr_refuses_only_where_it_is_used() -> None:
    coin = bullish_from(calm_coin(), 2, 9)
    coin.values = [0.5, math.nan, math.nan]
    assert story(Market([coin]).run(1, 2)) == ["2 METRIC_MISSING"]
    params = VECTOR_PARAMS._replace(use_atr=0)
    assert story(Market([coin], params).run(1, 2)) == ["2 ENTRY"]


def test_a_bar_older_than_two_hours_refuses() -> None:
    coin = bullish_from(calm_coin(2), 5, 9)
    assert story(Market([coin]).run(1, 5)) == ["5 BAR_STALE"]
    coin = bullish_from(calm_coin(3), 5, 9)
    assert story(Market([coin]).run(1, 5)) == ["5 ENTRY"]


def test_a_liquidity_gate_is_off_where_the_volume_unit_is_unknown() -> None:
    gate = ([3, at.FROM_VOLUME, reasons.LIQUIDITY_LOW, 0], [1e6, math.nan, 1e6, math.nan])
    coin = bullish_from(calm_coin(), 2, 9)
    coin.values = [0.5, 120.0, math.nan, 5e5]
    assert story(Market([coin], gates=[gate]).run(1, 2)) == ["2 LIQUIDITY_LOW"]
    coin.lot_volume = 0
    assert story(Market([coin], gates=[gate]).run(1, 2)) == ["2 ENTRY"]


def test_a_held_token_without_a_bar_for_two_days_is_flagged_once_and_marked_at_its_last() -> None:
    coin = calm_coin(2)
    market = Market([coin])
    state = market.account("10000")
    hold(state, 0, 50_000, 10_000, 1000, 0)
    output = market.run(1, 60, state)
    assert story(output) == ["51 ! UNPRICED"]
    assert set(output.marks[:, at.M_EQUITY].tolist()) == {points("10000", 8)}


def test_it_is_flagged_again_after_a_bar_between() -> None:
    coin = calm_coin(2).flat(60, 61, CALM)
    market = Market([coin])
    state = market.account("10000")
    hold(state, 0, 50_000, 10_000, 1000, 0)
    assert story(market.run(1, 120, state)) == ["51 ! UNPRICED", "110 ! UNPRICED"]


def test_the_first_failing_rule_gives_the_reason_and_all_are_kept() -> None:
    coin = bullish_from(calm_coin(), 2, 9)
    coin.levels = []
    coin.cells_at = {2: {at.C_LEVELS: at.STALE}}
    output = Market([coin], VECTOR_PARAMS._replace(use_levels_age=1)).run(1, 2)
    ((_, reason, details, _),) = decisions_of(output)
    assert reason == "LEVELS_STALE"
    failed = {reasons.NAMES[n] for n in range(1, 62) if int(details[at.D_FAILED]) >> n & 1}
    assert failed == {"LEVELS_STALE", "NO_SUPPORT", "NO_RESISTANCE"}
