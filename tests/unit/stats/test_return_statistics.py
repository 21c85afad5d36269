"""Figures of an account's equity and daily returns."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.stats.annual_volatility import annual_volatility
from bot.stats.cagr import cagr
from bot.stats.calmar_ratio import calmar_ratio
from bot.stats.drawdown_spells import drawdown_spells
from bot.stats.drawdowns import drawdowns
from bot.stats.expected_shortfall import expected_shortfall
from bot.stats.exposure import mean_exposure
from bot.stats.kurtosis import kurtosis
from bot.stats.max_drawdown import max_drawdown
from bot.stats.samples import sample
from bot.stats.sharpe_ratio import sharpe_ratio
from bot.stats.simple_returns import simple_returns
from bot.stats.skewness import skewness
from bot.stats.sortino_ratio import sortino_ratio
from bot.stats.total_return import total_return
from bot.stats.turnover import annual_turnover
from bot.stats.ulcer_index import ulcer_index
from bot.stats.value_at_risk import value_at_risk
from tests.unit.stats.vectors import R12, equity_of

E12 = equity_of(R12)
returns_lists = st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=60)
of_returns: list[Callable[[list[float]], float | None]] = [
    sharpe_ratio, sortino_ratio, annual_volatility, value_at_risk, expected_shortfall, skewness,
    kurtosis,
]  # fmt: skip
of_equity: list[Callable[[list[float]], object]] = [
    total_return, cagr, max_drawdown, drawdown_spells, ulcer_index, drawdowns, simple_returns,
    calmar_ratio,
]  # fmt: skip


def digits(expected: float) -> object:
    """PV1 shows nine decimals."""
    return pytest.approx(expected, abs=5.1e-10)


def test_pv1() -> None:
    assert E12[-1] == pytest.approx(1.0324836956, abs=5.1e-11)
    spells = drawdown_spells(E12)
    assert spells is not None
    assert (spells.under_water, spells.n, spells.longest) == (8, 12, 4)
    assert spells.share == pytest.approx(8 / 12)
    assert skewness(R12) == digits(-0.425716110)
    assert kurtosis(R12) == digits(2.106458300)
    assert sharpe_ratio(R12, periods_per_year=1.0) == digits(0.205063539)
    assert value_at_risk(R12) == pytest.approx(-0.01815, rel=1e-9)
    assert expected_shortfall(R12) == pytest.approx(-0.022, rel=1e-9)
    assert ulcer_index(E12) == digits(0.011632430)


def test_the_ratios_of_the_same_days_as_the_gates_read_them_gv2() -> None:
    assert sharpe_ratio(R12) == digits(3.917733421)
    assert sortino_ratio(R12) == digits(6.347955013)
    assert max_drawdown(E12) == pytest.approx(0.022, rel=1e-9)
    assert annual_volatility(R12) == digits(0.256206815)
    assert cagr(E12, min_days=12) == digits(1.644117404)
    assert calmar_ratio(E12, min_days=12) == pytest.approx(74.732609, abs=5.1e-7)


def test_a_growth_rate_needs_ninety_days() -> None:
    assert cagr([1.0] * 90 + [1.1]) == pytest.approx(1.1 ** (365 / 90) - 1, rel=1e-12)
    assert cagr([1.0] * 89 + [1.1]) is None
    assert calmar_ratio([1.0] * 50 + [0.9] * 39 + [1.1]) is None
    assert total_return([1.0] * 89 + [1.1]) == pytest.approx(0.1)


def test_a_total_loss_has_a_growth_and_one_beyond_a_float_has_none() -> None:
    assert cagr([100.0] * 90 + [0.0]) == -1.0
    assert cagr([1e-150] * 90 + [1e150]) is None
    assert cagr([100.0] * 90 + [-1.0]) is None


def test_a_ratio_without_a_divisor_is_absent() -> None:
    flat, rising = [0.001] * 40, [0.001, 0.002] * 20
    assert sharpe_ratio(flat) is None
    assert sortino_ratio(rising) is None
    assert skewness(flat) is None
    assert kurtosis(flat) is None
    assert calmar_ratio(equity_of(rising * 3)) is None
    assert annual_volatility(flat) == 0.0
    assert max_drawdown(equity_of(rising)) == 0.0


def test_rounding_is_not_taken_for_risk() -> None:
    equity = [100.0 * 1.001**day for day in range(200)]
    returns = simple_returns(equity)
    assert returns is not None
    assert returns.std() > 0.0
    assert sharpe_ratio(returns) is None
    assert annual_volatility(returns) == 0.0


@pytest.mark.parametrize("statistic", of_returns)
def test_returns_that_are_missing_or_too_few_have_no_figure(
    statistic: Callable[..., float | None],
) -> None:
    assert statistic(R12, min_obs=12) is not None
    assert statistic(R12, min_obs=13) is None
    assert statistic([]) is None
    assert statistic([*R12, math.nan]) is None
    assert statistic([*R12, math.inf]) is None


@pytest.mark.parametrize("statistic", of_equity)
def test_equity_that_is_missing_too_short_or_starts_at_nothing_has_no_figure(
    statistic: Callable[[list[float]], object],
) -> None:
    long = [100.0, 90.0, *([110.0] * 100)]
    assert statistic(long) is not None
    assert statistic([100.0]) is None
    assert statistic([*long, math.nan]) is None
    assert statistic([0.0, *long]) is None


def test_an_account_below_nothing_has_no_drawdown_and_one_at_nothing_the_deepest() -> None:
    assert max_drawdown([100.0, -1.0]) is None
    assert simple_returns([100.0, -1.0]) is None
    assert simple_returns([100.0, 0.0, 5.0]) is None
    assert max_drawdown([100.0, 0.0]) == 1.0


def test_a_spell_that_has_not_ended_counts() -> None:
    spells = drawdown_spells([100.0, 99.0, 100.0, 99.0, 98.0, 99.5])
    assert spells is not None
    assert (spells.under_water, spells.longest) == (4, 3)
    never = drawdown_spells([100.0, 100.0, 101.0])
    assert never is not None
    assert (never.under_water, never.longest, never.share) == (0, 0, 0.0)


def test_the_riskless_rate_and_the_floor_are_taken_off_each_return() -> None:
    shifted = [r - 0.001 for r in R12]
    assert sharpe_ratio(R12, rf=0.001) == pytest.approx(sharpe_ratio(shifted), rel=1e-12)
    assert sortino_ratio(R12, mar=0.001) == pytest.approx(sortino_ratio(shifted), rel=1e-12)


def test_flat_days_at_the_value_at_risk_do_not_dilute_the_shortfall() -> None:
    returns = [-0.10, *([0.0] * 39)]
    assert value_at_risk(returns) == 0.0
    assert expected_shortfall(returns) == pytest.approx(-0.05)


@pytest.mark.parametrize("tail", [0.0, 1.0, -0.1, math.nan])
def test_a_tail_lies_between_none_and_all(tail: float) -> None:
    with pytest.raises(ValueError, match="tail"):
        value_at_risk(R12, tail)
    with pytest.raises(ValueError, match="tail"):
        expected_shortfall(R12, tail)


def test_exposure_is_the_mean_of_the_daily_shares() -> None:
    assert mean_exposure([0.0, 50.0], [100.0, 200.0]) == 0.125
    assert mean_exposure([], []) is None
    assert mean_exposure([1.0], [0.0]) is None
    assert mean_exposure([math.nan], [1.0]) is None
    with pytest.raises(ValueError, match="same days"):
        mean_exposure([1.0], [1.0, 2.0])


def test_turnover_counts_a_round_trip_of_the_whole_account_once() -> None:
    assert annual_turnover(100.0, 100.0, [100.0, 100.0], 365.0) == 1.0
    assert annual_turnover(100.0, 100.0, [100.0], 36.5) == pytest.approx(10.0)
    assert annual_turnover(0.0, 0.0, [100.0], 10.0) == 0.0


@pytest.mark.parametrize(
    ("bought", "sold", "equity", "days"),
    [
        (1.0, 1.0, [], 1.0),
        (1.0, 1.0, [0.0], 1.0),
        (1.0, 1.0, [1.0], 0.0),
        (1.0, 1.0, [1.0], math.nan),
        (-1.0, 1.0, [1.0], 1.0),
        (1.0, -1.0, [1.0], 1.0),
        (math.nan, 1.0, [1.0], 1.0),
        (1.0, math.inf, [1.0], 1.0),
    ],
)
def test_what_is_missing_has_no_turnover(
    bought: float, sold: float, equity: list[float], days: float
) -> None:
    assert annual_turnover(bought, sold, equity, days) is None


def test_a_table_is_not_taken_for_a_row() -> None:
    with pytest.raises(ValueError, match="one row"):
        sample(np.zeros((2, 2)), 1)


@given(returns_lists)
def test_drawdowns_lie_between_none_and_all(returns: list[float]) -> None:
    equity = equity_of(returns)
    falls, deepest, ulcer = drawdowns(equity), max_drawdown(equity), ulcer_index(equity)
    spells = drawdown_spells(equity)
    assert falls is not None and deepest is not None and ulcer is not None  # noqa: PT018
    assert spells is not None
    assert 0.0 <= falls.min() <= deepest <= 1.0
    assert 0.0 <= ulcer <= deepest
    assert 0 <= spells.longest <= spells.under_water <= spells.n == len(returns)
    assert (spells.longest > 0) == (deepest > 0.0)


@given(returns_lists)
def test_equity_and_returns_tell_the_same(returns: list[float]) -> None:
    assert simple_returns(equity_of(returns)) == pytest.approx(returns, abs=1e-12)


@given(returns_lists, st.floats(0.1, 10.0))
def test_the_unit_of_the_returns_changes_no_ratio(returns: list[float], scale: float) -> None:
    if np.std(returns) < 1e-6:
        returns = [*returns, 0.1, -0.1]
    scaled = [scale * r for r in returns]
    for statistic in (sharpe_ratio, skewness, kurtosis):
        assert statistic(scaled) == pytest.approx(statistic(returns), rel=1e-6, abs=1e-6)
    assert annual_volatility(scaled) == pytest.approx(
        scale * (annual_volatility(returns) or 0.0), rel=1e-9
    )


@given(returns_lists)
def test_the_shortfall_is_never_better_than_the_value_at_risk(returns: list[float]) -> None:
    limit, shortfall = value_at_risk(returns), expected_shortfall(returns)
    assert limit is not None
    assert shortfall is not None
    assert min(returns) - 1e-12 <= shortfall <= limit + 1e-12


@given(returns_lists)
def test_kurtosis_is_never_below_one_plus_skewness_squared(returns: list[float]) -> None:
    skew, kurt = skewness(returns), kurtosis(returns)
    if skew is None or kurt is None:
        assert skew is None
        assert kurt is None
    else:
        assert kurt >= 1.0 + skew * skew - 1e-6 * kurt
