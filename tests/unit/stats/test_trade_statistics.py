"""Figures of closed trades."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.stats.best_trades_share import best_trades_share
from bot.stats.expectancy import expectancy
from bot.stats.profit_factor import profit_factor
from bot.stats.trade_excursion import Excursion, mean_excursion, trade_excursion
from bot.stats.wilson_interval import wilson_interval
from bot.stats.win_rate import win_rate
from tests.unit.stats.vectors import R_MULTIPLES

multiples = st.lists(st.floats(-3.0, 6.0).map(lambda r: round(r, 3)), min_size=1, max_size=50)


def test_pv10() -> None:
    found = expectancy(R_MULTIPLES)
    assert found is not None
    assert found.n == 6
    assert found.mean == pytest.approx(0.333333, abs=5.1e-7)
    assert found.sd == pytest.approx(1.571835, abs=5.1e-7)
    assert found.t == pytest.approx(0.519454, abs=5.1e-7)
    assert found.p == pytest.approx(0.625612, abs=5.1e-7)
    assert profit_factor(R_MULTIPLES) == pytest.approx(1.645161, abs=5.1e-7)


def test_one_trade_has_a_mean_and_nothing_that_needs_a_spread() -> None:
    found = expectancy([1.5])
    assert found is not None
    assert (found.n, found.mean, found.sd, found.t, found.p) == (1, 1.5, None, None, None)


def test_equal_trades_have_no_t() -> None:
    found = expectancy([-1.0, -1.0, -1.0])
    assert found is not None
    assert (found.mean, found.sd, found.t, found.p) == (-1.0, 0.0, None, None)


def test_no_trade_has_no_figure() -> None:
    for results in ([], [1.0, math.nan]):
        assert expectancy(results) is None
        assert profit_factor(results) is None
        assert win_rate(results) is None
        assert best_trades_share(results) is None
    assert mean_excursion([]) is None


def test_a_profit_factor_without_a_loss_is_absent_and_without_a_win_nothing() -> None:
    assert profit_factor([1.0, 2.0, 0.0]) is None
    assert profit_factor([-1.0, 0.0]) == 0.0


def test_a_trade_that_broke_even_is_no_win() -> None:
    found = win_rate([1.0, 0.0, -1.0, 2.0])
    assert found is not None
    assert (found.wins, found.n, found.rate) == (2, 4, 0.5)
    assert (found.low, found.high) == wilson_interval(2, 4)


def test_the_best_trades_share_what_all_trades_earned() -> None:
    assert best_trades_share([10.0, 20.0, 30.0, 40.0, 50.0, 60.0, -10.0]) == 1.0
    assert best_trades_share([1.0] * 100) == pytest.approx(0.05)
    assert best_trades_share([3.0, 1.0, 1.0], best=1) == pytest.approx(0.6)


def test_where_nothing_was_earned_or_all_trades_are_the_best_there_is_no_share() -> None:
    assert best_trades_share([1.0, 1.0, 1.0, 1.0, 1.0, -5.0]) is None
    assert best_trades_share([1.0] * 5) is None
    with pytest.raises(ValueError, match="at least one"):
        best_trades_share([1.0] * 5, best=0)


def test_an_excursion_reads_the_bars_held_and_the_prices_of_the_trade() -> None:
    held = trade_excursion(100.0, 92.0, 8.0, [98.0, 95.0], [103.0, 110.0])
    assert held == Excursion(mae=1.0, mfe=1.25)
    assert trade_excursion(100.0, 106.0, 4.0, [], []) == Excursion(mae=0.0, mfe=1.5)
    # In the market's integers the figures are the same.
    assert trade_excursion(10000, 9200, 800, [9800, 9500], [10300, 11000]) == held


def test_what_is_missing_has_no_excursion() -> None:
    assert trade_excursion(100.0, 90.0, 0.0, [], []) is None
    assert trade_excursion(100.0, 90.0, math.nan, [], []) is None
    assert trade_excursion(math.nan, 90.0, 5.0, [], []) is None
    assert trade_excursion(100.0, math.inf, 5.0, [], []) is None
    assert trade_excursion(100.0, 90.0, 5.0, [math.nan], [101.0]) is None
    assert trade_excursion(100.0, 90.0, 5.0, [99.0], [math.nan]) is None
    with pytest.raises(ValueError, match="same bars"):
        trade_excursion(100.0, 90.0, 5.0, [99.0], [])


def test_the_mean_excursion_is_over_trades() -> None:
    found = mean_excursion([Excursion(mae=0.2, mfe=1.0), Excursion(mae=0.4, mfe=2.0)])
    assert found is not None
    assert (found.n, found.mfe) == (2, 1.5)
    assert found.mae == pytest.approx(0.3)


@given(multiples, st.sampled_from([0.5, 2.0, 1024.0]))
def test_the_unit_of_the_results_changes_no_share(results: list[float], scale: float) -> None:
    scaled = [scale * r for r in results]
    assert profit_factor(scaled) == profit_factor(results)
    assert win_rate(scaled) == win_rate(results)
    assert best_trades_share(scaled) == best_trades_share(results)


@given(multiples)
def test_a_profit_factor_above_one_is_a_profit(results: list[float]) -> None:
    factor, found = profit_factor(results), expectancy(results)
    assert found is not None
    if factor is not None and abs(found.mean) > 1e-9:
        assert (factor > 1.0) == (found.mean > 0.0)


@given(multiples)
def test_mirrored_trades_have_the_same_p_and_the_opposite_t(results: list[float]) -> None:
    found, mirrored = expectancy(results), expectancy([-r for r in results])
    assert found is not None
    assert mirrored is not None
    assert found.p == mirrored.p
    assert (found.t is None) == (mirrored.t is None)
    if found.t is not None and mirrored.t is not None:
        assert found.t == -mirrored.t


@given(
    st.lists(st.tuples(st.floats(50.0, 150.0), st.floats(0.0, 20.0)), max_size=20),
    st.floats(50.0, 150.0),
    st.floats(50.0, 150.0),
)
def test_no_trade_ends_beyond_its_excursions(
    bars: list[tuple[float, float]], entry: float, exit_price: float
) -> None:
    lows, highs = [low for low, _ in bars], [low + span for low, span in bars]
    found = trade_excursion(entry, exit_price, 5.0, lows, highs)
    assert found is not None
    assert -found.mae <= (exit_price - entry) / 5.0 <= found.mfe
