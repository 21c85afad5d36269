"""Figures of closed trades and the money that fills cost, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.app.performance_trades import money_of, open_at_end, slippage, trade_figures
from bot.domain.instants import HOUR
from bot.domain.records import Scale
from tests.unit.app.runs import DAY_0, UNIT, fill, hourly, result, table, trade
from tests.unit.stats.vectors import R_MULTIPLES

# FV02 and FV05 of the semantics: 10 bought at 100.05, sold at the target 110 or at the stop 95.
BUY = fill("BUY", 10_000, 10_005, "100", open_time=DAY_0)
AT_TARGET = fill(
    "SELL", 10_000, 11_000, "110", open_time=DAY_0 + HOUR, reason="TARGET", fee=55_000_000
)
AT_STOP = fill("SELL", 10_000, 9_495, "95", open_time=DAY_0 + HOUR)
RISK = 5_295_000_000  # 10 x (100.15005 - 94.85505)
BARS = table(1, [(10_000, 10_100, 9_900, 10_050), (10_500, 11_500, 9_000, 10_900)])


def test_a_target_pays_fees_and_the_entrys_slippage_and_nothing_else() -> None:
    closed = trade(BUY, AT_TARGET, RISK)
    money = money_of(hourly([1_009_794_950_000]), [closed], [BUY, AT_TARGET])
    assert money.document() == {
        "start": "10000", "final": "10097.9495", "net": "97.9495", "fees": "1.5505",
        "slippage": "0.5", "gross": "100", "net_of_closed_trades": "97.9495",
        "net_of_open_positions": "0",
    }  # fmt: skip


def test_a_stop_pays_slippage_on_both_sides() -> None:
    money = money_of(hourly([994_705_000_000]), [trade(BUY, AT_STOP, RISK)], [BUY, AT_STOP])
    assert (money.net, money.fees, money.slippage) == (-5_295_000_000, 195_000_000, 100_000_000)
    assert money.gross == -50 * UNIT  # 10 x (95 - 100)


def test_a_target_that_the_market_opened_beyond_cost_no_slippage() -> None:
    assert slippage([replace(AT_TARGET, reference="111")]) == 0
    assert slippage([replace(AT_TARGET, reference="111", reason="SIGNAL_EXIT")]) == 10 * UNIT


def test_slippage_is_exact_far_beyond_a_floats_digits_and_rounded_up_once() -> None:
    one = replace(fill("BUY", 1, 10_001, "100.009999999999"), scale=Scale(
        tick=BUY.scale.tick, lot=BUY.scale.lot))  # fmt: skip
    assert slippage([one]) == 1  # 1e-15 of a quote unit
    assert slippage([one] * 3) == 1
    large = fill("BUY", 900_000_000_001, 10_005, "100.000000000001")
    # 900000000.001 x .049999999999 = 44999999.999149999999999
    assert slippage([large]) == 4_499_999_999_915_000


def test_money_of_open_positions_is_what_closed_trades_did_not_earn() -> None:
    money = money_of(hourly([1_000_000_000_000 + 7 * UNIT]), [result(5 * UNIT)], [])
    assert money.document()["net_of_open_positions"] == "2"


def test_excursions_use_the_bars_held_and_not_the_exit_bars_other_extreme() -> None:
    found = trade_figures([trade(BUY, AT_TARGET, RISK)], [BUY, AT_TARGET], {1: BARS})
    # Held: 99 to 101. The exit bar's 90 and 115 are left out, its price of 110 is not.
    assert found["mae_r"].value == pytest.approx((100.05 - 99) / 5.295)
    assert found["mfe_r"].value == pytest.approx((110 - 100.05) / 5.295)
    found = trade_figures([trade(BUY, AT_STOP, RISK)], [BUY, AT_STOP], {1: BARS})
    assert found["mae_r"].value == pytest.approx((100.05 - 94.95) / 5.295)
    assert found["mfe_r"].value == pytest.approx((101 - 100.05) / 5.295)


def test_a_trade_within_one_bar_has_its_own_two_prices_only() -> None:
    sale = replace(AT_STOP, open_time=DAY_0)
    found = trade_figures([trade(BUY, sale, RISK)], [BUY, sale], {1: BARS})
    assert found["mae_r"].value == pytest.approx(5.1 / 5.295)
    assert found["mfe_r"].value == 0.0
    assert found["median_hours"].value == 0.0


def test_two_sales_in_the_last_bar_count_with_both_prices() -> None:
    half = replace(AT_TARGET, quantity=5_000, notional=AT_TARGET.notional // 2)
    rest = replace(AT_STOP, quantity=5_000, notional=AT_STOP.notional // 2)
    both = replace(trade(BUY, rest, RISK), proceeds=half.notional + rest.notional)
    found = trade_figures([both], [BUY, half, rest], {1: BARS})
    assert found["mae_r"].value == pytest.approx((100.05 - 94.95) / 5.295)
    assert found["mfe_r"].value == pytest.approx((110 - 100.05) / 5.295)


def test_without_bars_there_is_no_excursion() -> None:
    found = trade_figures([trade(BUY, AT_STOP, RISK)], [BUY, AT_STOP], {})
    assert found["mae_r"].document() == {
        "value": None, "n": 0, "of": "trades", "why": "no bars of the traded tokens",
    }  # fmt: skip


def test_pv10_in_r() -> None:
    trades = [result(round(r * 50) * UNIT) for r in R_MULTIPLES]
    found = trade_figures(trades, [], {})
    mean = found["expectancy_r"]
    assert (mean.value, mean.n) == (pytest.approx(1 / 3), 6)
    assert mean.more == pytest.approx({"sd": 1.571835, "t": 0.519454, "p": 0.625612}, abs=5.1e-7)
    assert found["profit_factor"].value == pytest.approx(1.645161, abs=5.1e-7)
    won = found["win_rate"]
    assert (won.value, won.more["wins"], won.n) == (0.5, 3, 6)
    assert won.more["low"] == pytest.approx(0.1876, abs=1e-4)
    assert found["best_five_share"].value == pytest.approx((2.4 + 1.8 + 0.9 - 2.0) / 2.0)


def test_the_best_five_need_a_sixth_trade_and_a_profit() -> None:
    five = trade_figures([result(UNIT)] * 5, [], {})
    assert five["best_five_share"].why == "no more than 5 trades"
    six = trade_figures([result(-UNIT)] * 6, [], {})
    assert six["best_five_share"].why == "the trades together earned nothing"
    assert six["expectancy_r"].why == "all trades earned the same"
    assert six["profit_factor"].value == 0.0
    assert five["profit_factor"].why == "no trade lost"


def test_one_trade_has_a_mean_and_no_test_of_it() -> None:
    found = trade_figures([result(-25 * UNIT)], [], {})["expectancy_r"]
    assert found.document() == {
        "value": -0.5, "n": 1, "of": "trades", "sd": None, "t": None, "p": None,
        "why": "one trade has no spread",
    }  # fmt: skip


def test_no_trade_has_no_figure() -> None:
    found = trade_figures([], [], {})
    assert {(one.value, one.n, one.why) for one in found.values()} == {
        (None, 0, "no trade was closed")
    }


def test_a_token_with_unsold_lots_is_an_open_position() -> None:
    rest = replace(AT_STOP, quantity=4_000)
    assert open_at_end([BUY, rest]) == 1
    assert open_at_end([BUY, rest, replace(rest, quantity=6_000)]) == 0
    assert open_at_end([BUY, AT_STOP, replace(BUY, token_id=2)]) == 1
