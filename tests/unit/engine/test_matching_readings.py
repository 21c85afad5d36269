"""Holes, residuals, finer bars, volume: what the settled readings say of matching (6a)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from bot.engine import layout as at
from bot.engine.costs import net_entry, net_stop
from bot.engine.tables import State
from tests.support.engine_market import (
    HOUR,
    T0,
    VECTOR_PARAMS,
    Coin,
    Market,
    bullish_from,
    calm_coin,
    decisions_of,
    fills_of,
    hold,
    points,
    story,
)

QUIET = "100 101 99 100.5"


def coin_of(*bars: tuple[str, str] | None) -> Coin:
    """A quiet hour 0, then these bars; None for an absent one."""
    coin = Coin().flat(0, 1, QUIET)
    coin.bars.update({1 + n: bar for n, bar in enumerate(bars) if bar is not None})
    return coin


def ten_held(market: Market, stop: str = "95", target: str = "110") -> State:
    """Ten units bought at 100 in hour 0, with a stop and a target."""
    state = market.account("10000")
    hold(state, 0, 10_000, 10_000, 1000, 0)
    state.tokens[0, at.T_STOP], state.tokens[0, at.T_TARGET] = points(stop, 2), points(target, 2)
    return state


def ten_ordered(market: Market, risk_cash: str = "100000") -> State:
    """Ten units to buy from hour 1 on, stop 95, target 110, cap 101."""
    state = market.account("10000")
    token = state.tokens[0]
    token[at.T_REST] = token[at.T_ORDERED] = 10_000
    token[at.T_STOP], token[at.T_TARGET], token[at.T_CAP] = 9500, 11_000, 10_100
    token[at.T_K], token[at.T_BUSY] = 500, 1
    token[at.T_ORDER_SLOT] = token[at.T_ORDER_FROM] = token[at.T_CURSOR] = T0 + HOUR
    token[at.T_RISK_CASH] = points(risk_cash, 8)
    return state


def test_an_absent_bar_is_waited_for_and_bars_behind_it_are_not_matched() -> None:
    market = Market([coin_of(None, ("99 99.5 94 96", "1000"))])
    output = market.run(2, 4, ten_held(market))
    assert story(output) == []


def test_a_hole_is_declared_after_bar_wait_and_the_bars_behind_it_follow_in_that_slot() -> None:
    market = Market([coin_of(None, (QUIET, "1000"), ("99 99.5 94 96", "1000"))])
    output = market.run(2, 6, ten_held(market))
    assert story(output) == ["5 SELL STOP"]
    assert fills_of(output)[0][1] == 3 * 60


def test_a_late_bar_is_booked_at_its_own_time_by_the_slot_that_knows_it() -> None:
    coin = coin_of(("99 99.5 94 96", "1000"), ("90 90 90 90", "1000"))
    coin.known = {1: 4}
    market = Market([coin])
    output = market.run(2, 6, ten_held(market))
    assert story(output) == ["4 SELL STOP"]
    assert fills_of(output) == [("STOP", 60, 10_000, 9495)]


def test_a_bar_that_comes_after_its_hole_is_never_matched() -> None:
    coin = coin_of(("99 99.5 94 96", "1000"), (QUIET, "1000"))
    coin.known = {1: 6}
    market = Market([coin])
    assert story(market.run(2, 8, ten_held(market))) == []


def test_marks_use_the_newest_known_bar_matched_or_not() -> None:
    coin = coin_of(None, ("105 105 105 105", "1000"))
    market = Market([coin])
    output = market.run(2, 3, ten_held(market))
    assert output.marks[:, at.M_EQUITY].tolist() == [points("10005", 8), points("10050", 8)]


def test_a_hole_counts_towards_an_entrys_time_to_live() -> None:
    market = Market([coin_of(None, (QUIET, "1000"))])
    assert story(market.run(2, 5, ten_ordered(market))) == ["5 CANCEL ENTRY_TTL"]


def test_market_exits_leave_their_rest_to_the_next_opens_under_their_own_reason() -> None:
    coin = coin_of(
        ("100 101 99 100", "60"), ("94 120 93 94", "20"), ("93 94 92 93", "1000"),
    )  # fmt: skip
    coin.signals = [(1, 0, -1)]
    market = Market([coin], VECTOR_PARAMS._replace(part=100_000))
    output = market.run(1, 4, ten_held(market))
    # Once it has acted the stop at 95 and the target at 110 are gone.
    assert fills_of(output) == [
        ("SIGNAL_EXIT", 60, 6000, 9995),
        ("SIGNAL_EXIT", 120, 2000, 9395),
        ("SIGNAL_EXIT", 180, 2000, 9295),
    ]


def test_until_a_market_exit_is_eligible_stop_and_target_stay_live() -> None:
    coin = coin_of(("100 101 94 95", "1000"), (QUIET, "1000"))
    coin.signals = [(1, 0, -1)]
    market = Market([coin], VECTOR_PARAMS._replace(latency=120_000))
    assert fills_of(market.run(1, 3, ten_held(market))) == [("STOP", 60, 10_000, 9495)]


def test_after_a_partial_target_the_stop_triggers_in_the_same_bar_without_volume() -> None:
    coin = coin_of(("111 112 94 95", "40"), ("93 94 92 93", "1000"))
    market = Market([coin], VECTOR_PARAMS._replace(part=100_000))
    output = market.run(2, 3, ten_held(market))
    assert story(output) == ["2 SELL TARGET", "2 TRIGGER STOP", "3 SELL STOP_RESIDUAL"]
    assert fills_of(output) == [("TARGET", 60, 4000, 11_000), ("STOP_RESIDUAL", 120, 6000, 9295)]


def test_a_gapped_limit_may_pay_the_open_rounded_down_to_the_tick() -> None:
    coin = coin_of(("111.07 112 110 111", "1000"))
    coin.tick, coin.unit = 10, 10_000
    market = Market([coin], VECTOR_PARAMS._replace(limit_gap_open=1))
    state = ten_held(market)
    state.tokens[0, at.T_STOP], state.tokens[0, at.T_TARGET] = 950, 1100
    assert fills_of(market.run(2, 2, state)) == [("TARGET", 60, 10_000, 1110)]


def test_a_bar_without_a_volume_fills_and_one_of_volume_zero_does_not() -> None:
    for volume, expected in (("unknown", ["2 BUY"]), ("0", ["2 CANCEL ENTRY_TTL"])):
        coin = coin_of((QUIET, volume))
        coin.lot_volume = 0
        market = Market([coin], VECTOR_PARAMS._replace(part=1))
        assert story(market.run(2, 2, ten_ordered(market))) == expected


def test_where_the_volume_unit_is_unknown_participation_is_off() -> None:
    coin = coin_of((QUIET, "1"))
    coin.lot_volume = 0
    market = Market([coin], VECTOR_PARAMS._replace(part=100_000))
    assert fills_of(market.run(2, 2, ten_ordered(market))) == [("ENTRY", 60, 10_000, 10_005)]


def test_volume_is_shared_by_the_orders_of_a_token() -> None:
    # The entry takes what the hour allows, so the stop triggers without volume.
    coin = coin_of(("100 101 94 96", "50"), (QUIET, "1000"))
    market = Market([coin], VECTOR_PARAMS._replace(part=100_000))
    assert story(market.run(2, 2, ten_ordered(market))) == [
        "2 BUY", "2 TRIGGER STOP", "2 CANCEL PARENT_CLOSED",
    ]  # fmt: skip


def test_risk_used_by_earlier_fills_is_counted_exactly_at_later_ones() -> None:
    coin = coin_of(("100 101 99 100", "33.33"), ("100.5 101 100 100.6", "1000"))
    params = VECTOR_PARAMS._replace(part=100_000, entry_ttl=3)
    market = Market([coin], params)
    output = market.run(2, 3, ten_ordered(market, "40"))
    first = Fraction(net_entry(10_005, params) - net_stop(9500, 500, params), 10**8)
    second = Fraction(net_entry(10_056, params) - net_stop(9500, 500, params), 10**8)
    room = int((Fraction(40) - Fraction(3333, 1000) * first) / second * 1000)
    assert fills_of(output) == [("ENTRY", 60, 3333, 10_005), ("ENTRY", 120, room, 10_056)]
    # At the first fill the whole order is cut to the risk cash as well.
    assert story(output) == ["2 RESIZE RISK_CAP_AT_FILL", "2 BUY", "3 RESIZE RISK_CAP_AT_FILL",
                             "3 BUY"]  # fmt: skip


def test_no_risk_left_cancels_what_is_left() -> None:
    coin = coin_of(("100 101 99 100", "50"), ("100 101 99 100.6", "1000"))
    params = VECTOR_PARAMS._replace(part=100_000, entry_ttl=3)
    market = Market([coin], params)
    state = ten_ordered(market)
    per_lot = (net_entry(10_005, params) - net_stop(9500, 500, params)) * 1000
    state.tokens[0, at.T_RISK_CASH] = 10_000 * per_lot // 10**6
    market.run(2, 2, state)
    assert state.tokens[0, at.T_QTY] == 5000
    state.tokens[0, at.T_RISK_CASH] = state.tokens[0, at.T_RISK_USED]
    assert story(market.run(3, 3, state)) == ["3 CANCEL QTY_ZERO"]


def test_a_minimum_ratio_of_zero_still_refuses_a_negative_one_at_the_fill() -> None:
    coin = coin_of(("100.9 100.9 100 100", "1000"))
    market = Market([coin])
    state = ten_ordered(market)
    # 100.96 bought with 0.1 % fee costs 101.06; a target of 100.95 cannot pay that.
    state.tokens[0, at.T_TARGET] = 10_095
    assert story(market.run(2, 2, state)) == ["2 CANCEL RR_BELOW_MIN_AT_FILL"]


def test_the_checks_apply_at_every_bar_that_could_fill_a_rest() -> None:
    coin = coin_of((QUIET, "50"), ("101.5 102 101 101", "1000"))
    market = Market([coin], VECTOR_PARAMS._replace(part=100_000, entry_ttl=3))
    assert story(market.run(2, 3, ten_ordered(market))) == ["2 BUY", "3 CANCEL ENTRY_DRIFT"]


def test_a_close_voids_a_working_exit_without_a_record() -> None:
    coin = coin_of(("100 101 94 95", "1000"), (QUIET, "1000"), (QUIET, "1000"))
    coin.signals = [(1, 0, -1)]
    market = Market([coin], VECTOR_PARAMS._replace(latency=120_000))
    state = ten_held(market)
    output = market.run(1, 4, state)
    assert story(output) == ["1 EXIT ORDER SIGNAL_EXIT", "2 SELL STOP"]
    assert state.tokens[0, at.T_EXIT_REASON] == 0


def test_impact_is_computed_once_from_the_quantity_before_it_and_frozen() -> None:
    coin = bullish_from(calm_coin(), 2, 9)
    # 50 000 of 20 M a day at a daily volatility of .04: .04 x sqrt(.0025) = .002
    coin.values = [0.04 * 365**0.5, 120.0, 20_000_000.0]
    params = VECTOR_PARAMS._replace(
        impact=1.0, risk=10**6, pos_vol=-1, position_cap=500_250, sector_cap=10**6
    )
    market = Market([coin], params)
    output = market.run(1, 3)
    ((_, _, details, _),) = decisions_of(output)
    # Before impact 50 025 buy 500 units at 100.05, at the close that is 50 000.
    assert details[at.D_K] == 500 + 2000
    assert details[at.D_ENTRY] == 10_025
    assert details[at.D_QTY] == points("50025", 8) // (10_025 * 1000)
    assert fills_of(output) == [("ENTRY", 120, int(details[at.D_QTY]), 10_025)]


def test_in_one_bar_all_opens_come_before_all_ranges() -> None:
    stopped = Coin().flat(1, 2, "100 100.5 94 96")
    bought = Coin().flat(1, 2, QUIET)
    market = Market([stopped, bought])
    state = market.account("1500")
    hold(state, 0, 10_000, 10_000, 1000, 0)
    state.tokens[0, at.T_STOP], state.tokens[0, at.T_TARGET] = 9500, 11_000
    state.tokens[1] = ten_ordered(Market([bought])).tokens[0]
    state.account[at.A_CASH] = points("500", 8)
    output = market.run(2, 2, state)
    fills = [row for row in output.records if row[at.R_KIND] == at.FILL]
    # The second token's open comes first, so the proceeds of the first's stop do not pay it.
    assert [int(row[at.R_TOKEN]) for row in fills] == [1, 0]
    assert fills[0][at.R_QTY] == points("500", 8) * 10**6 // (10_005 * 1000 * 1_001_000)


@pytest.mark.parametrize(("first", "minute"), [("20", 60), ("0", 80)])
def test_an_empty_first_finer_bar_leaves_the_entry_to_the_next_one(first: str, minute: int) -> None:
    coin = coin_of((QUIET, "60"))
    coin.fine = {1: [(QUIET, first), (QUIET, "20"), (QUIET, "20")]}
    market = Market([coin], VECTOR_PARAMS._replace(bar_span=HOUR // 3))
    assert fills_of(market.run(2, 2, ten_ordered(market)))[0][:2] == ("ENTRY", minute)
