"""Portfolios without decisions: what they pay, when they buy, and what they may not know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.app.benchmark_portfolios import PricedTokens, benchmarks
from bot.app.performance import performance
from bot.app.performance_equity import Equity
from bot.domain.bar_table import BarTable
from bot.domain.instants import DAY, HOUR
from tests.unit.app.runs import (
    CASH,
    COSTS,
    DAY_0,
    FREE,
    UNIT,
    flat,
    hourly,
    of_returns,
    table,
    zigzag,
)

IDLE = hourly([CASH] * 48)  # slots of DAY_0 01:00 to DAY_0 + 2 days


def market(*tables: BarTable, symbols: dict[int, str] | None = None) -> PricedTokens:
    return PricedTokens(
        bars={one.token_id: one for one in tables},
        symbols={one.token_id: f"T{one.token_id}" for one in tables} | (symbols or {}),
        universe=[one.token_id for one in tables],
    )


def test_buying_once_pays_spread_and_fee_at_the_open_of_the_first_slots_bar() -> None:
    bars = [(5_000,) * 4, (10_000, 11_000, 9_000, 10_500), *[(11_000,) * 4] * 46]
    made, missing = benchmarks(IDLE, market(table(1, bars), symbols={1: "BTC"}), COSTS)
    assert not missing
    btc = made[0]
    assert (btc.kind, btc.bought) == ("btc", DAY_0 + HOUR)
    # 100 x 1.0005 x 1.001 = 100.15005 is paid for what is worth 110 at the end.
    assert btc.final == pytest.approx(10_000 * 110 / 100.15005, rel=1e-12)
    assert btc.daily.equity.tolist() == [10_000.0, btc.final, btc.final]


def test_the_mark_is_the_newest_close_that_a_slot_knows() -> None:
    rising = flat(1, [10_000 + 10 * hour for hour in range(60)])
    made, _ = benchmarks(hourly([CASH] * 23), market(rising), FREE)
    # The last slot, 23:00, knows the bar of 22:00: 102.20, bought at 100.10.
    assert made[0].final == pytest.approx(10_000 * 102.20 / 100.10, rel=1e-12)


def test_a_portfolio_that_could_buy_nothing_is_missing() -> None:
    made, missing = benchmarks(hourly([CASH]), market(flat(1, [100, 50])), COSTS)
    assert [one.kind for one in made] == ["cash"]
    assert missing == {
        "btc": "no token of the data is called BTC",
        "equal_weight": "equal weight of 1 has no bar that closed in the run",
        "first_token": "T1 has no bar that closed in the run",
    }


def test_equal_weight_takes_only_what_was_on_the_market_at_the_start() -> None:
    old = flat(1, [10_000] * 30 + [20_000] * 20)
    late = flat(2, [10_000] * 20 + [90_000] * 20, first=DAY_0 + 5 * HOUR)
    gone = flat(3, [10_000] * 10, first=DAY_0 - 5 * DAY)
    made, _ = benchmarks(IDLE, market(old, late, gone), FREE)
    assert made[0].token_ids == (1,)
    assert made[0].final == pytest.approx(20_000.0)


def test_a_token_that_stops_trading_at_the_start_keeps_its_share_in_cash() -> None:
    """To leave it out, one would have to know at the start that it would stop."""
    made, _ = benchmarks(IDLE, market(flat(1, [100, 100, *[200] * 47]), flat(2, [100])), FREE)
    assert made[0].token_ids == (1, 2)
    assert made[0].final == pytest.approx(15_000.0)


def test_a_token_that_is_delisted_keeps_its_last_close() -> None:
    made, _ = benchmarks(IDLE, market(flat(1, [100, 100, 80])), FREE)
    assert made[0].final == pytest.approx(8_000.0)


def test_the_first_token_waits_in_cash_for_its_first_bar() -> None:
    late = flat(7, [100] * 10 + [150] * 40, first=DAY_0 + DAY)
    made, missing = benchmarks(IDLE, market(late), FREE)
    assert (made[0].kind, made[0].bought) == ("first_token", DAY_0 + DAY)
    assert made[0].daily.equity.tolist() == pytest.approx([10_000.0, 10_000.0, 15_000.0])
    assert missing["equal_weight"] == "no token of the universe had a bar at the start"


def test_later_bars_change_no_earlier_value() -> None:
    prices = [10_000 + 37 * (hour % 11) for hour in range(200)]
    short, long = flat(1, prices[:49]), flat(1, prices)
    one, _ = benchmarks(IDLE, market(short), COSTS)
    other, _ = benchmarks(IDLE, market(long), COSTS)
    assert one[0].daily.equity.tolist() == other[0].daily.equity.tolist()
    assert one[0].final == other[0].final


def test_bitcoin_counts_although_the_strategy_does_not_trade_it() -> None:
    tokens = replace(market(flat(1, [100] * 49), flat(9, [100] * 49), symbols={9: "btc"}),
                     universe=[1])  # fmt: skip
    made, _ = benchmarks(IDLE, tokens, COSTS)
    assert {one.kind: one.token_ids for one in made} == {
        "btc": (9,), "equal_weight": (1,), "first_token": (1,), "cash": (),
    }  # fmt: skip


def test_without_any_token_only_cash_is_left() -> None:
    made, missing = benchmarks(IDLE, PricedTokens(bars={}, symbols={}, universe=()), COSTS)
    assert [one.kind for one in made] == ["cash"]
    assert (made[0].bought, made[0].final) == (None, 10_000.0)
    assert missing == {
        "btc": "no token of the data is called BTC",
        "equal_weight": "no token of the universe had a bar at the start",
        "first_token": "the first token of the universe has no bar",
    }


def test_an_account_that_does_what_its_benchmark_does_has_beta_one_and_no_excess() -> None:
    equity = of_returns(zigzag(40))
    # A token that moves as the account did, seen from the bar that both begin with.
    closes = [CASH // 10**4, *(equity.equity // 10**4).tolist()]
    bars = [(close,) * 4 for close in closes[1:]]
    token = replace(table(1, bars), open_time=equity.slot - HOUR)
    held = performance(equity, (), (), market(token), FREE).benchmarks[0].figures
    assert held["beta"].value == pytest.approx(1.0, abs=1e-6)
    assert held["excess_return"].value == pytest.approx(0.0, abs=1e-6)
    assert held["sharpe"].n == held["beta"].n == 40


def test_thirty_days_are_needed_to_compare_and_cash_never_varies() -> None:
    tokens = market(flat(1, [100 + hour % 7 for hour in range(60 * 24)]))
    short = performance(of_returns(zigzag(29)), (), (), tokens, COSTS).benchmarks[0].figures
    assert short["beta"].why == short["information_ratio"].why == "fewer than 30 daily returns"
    made = performance(of_returns(zigzag(30)), (), (), tokens, COSTS)
    assert made.benchmarks[0].figures["beta"].value is not None
    cash = made.benchmarks[-1].figures
    assert cash["beta"].why == "the benchmark does not vary"
    assert cash["sharpe"].why == "the daily returns do not vary"
    assert cash["information_ratio"].value == made.returns["sharpe"].value


def test_the_last_hours_after_midnight_are_in_the_total_return_of_both() -> None:
    equity: Equity = hourly([CASH] * 30 + [CASH + 100 * UNIT])
    tokens = market(flat(1, [10_000] * 30 + [12_000] * 10))
    found = performance(equity, (), (), tokens, FREE)
    own = found.returns["total_return"].value
    held = found.benchmarks[0].figures
    assert own == pytest.approx(0.01)
    assert held["total_return"].value == pytest.approx(0.2)
    assert held["excess_return"].value == pytest.approx(-0.19)
    assert found.daily.equity.tolist() == [10_000.0, 10_000.0]
