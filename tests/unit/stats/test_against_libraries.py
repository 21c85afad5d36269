"""The same figures from libraries of the field, where their conventions are ours."""

from __future__ import annotations

import warnings
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from bot.stats.annual_volatility import annual_volatility
from bot.stats.beta import beta
from bot.stats.block_length import block_length
from bot.stats.bootstrap_intervals import bootstrap_intervals
from bot.stats.cagr import cagr
from bot.stats.calmar_ratio import calmar_ratio
from bot.stats.expectancy import expectancy
from bot.stats.expected_shortfall import expected_shortfall
from bot.stats.incomplete_beta import incomplete_beta
from bot.stats.information_ratio import information_ratio
from bot.stats.kurtosis import kurtosis
from bot.stats.max_drawdown import max_drawdown
from bot.stats.profit_factor import profit_factor
from bot.stats.samples import Floats
from bot.stats.sharpe_ratio import sharpe_ratio
from bot.stats.skewness import skewness
from bot.stats.sortino_ratio import sortino_ratio
from bot.stats.student_t import two_sided_p
from bot.stats.total_return import total_return
from bot.stats.ulcer_index import ulcer_index
from bot.stats.value_at_risk import value_at_risk
from tests.unit.stats.vectors import R12, R_MULTIPLES, autoregressive, equity_of, lcg

# What the libraries warn of is theirs; the project's own code runs elsewhere without this.
pytestmark = pytest.mark.filterwarnings("ignore")

RUNS = [lcg(seed, 400) * 0.06 + 0.001 for seed in (1, 2, 3)]


def library(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module: ModuleType = pytest.importorskip(
            name, reason=f"{name} is not installed: the development extra has it"
        )
    return module


def same(expected: float) -> object:
    return pytest.approx(float(expected), rel=1e-9)


@pytest.mark.parametrize("returns", RUNS)
def test_empyrical_agrees(returns: Floats) -> None:
    empyrical = library("empyrical")
    equity, market = equity_of(returns), RUNS[0] * 0.5 + RUNS[1] * 0.5
    year = {"annualization": 365}
    assert sharpe_ratio(returns) == same(empyrical.sharpe_ratio(returns, **year))
    assert sortino_ratio(returns) == same(empyrical.sortino_ratio(returns, **year))
    assert annual_volatility(returns) == same(empyrical.annual_volatility(returns, **year))
    assert max_drawdown(equity) == same(-empyrical.max_drawdown(returns))
    assert total_return(equity) == same(empyrical.cum_returns_final(returns))
    assert cagr(equity) == same(empyrical.cagr(returns, **year))
    assert calmar_ratio(equity) == same(empyrical.calmar_ratio(returns, **year))
    assert value_at_risk(returns) == same(empyrical.value_at_risk(returns))
    assert expected_shortfall(returns) == same(empyrical.conditional_value_at_risk(returns))
    assert beta(returns, market) == same(empyrical.beta(returns, market))


@pytest.mark.parametrize("returns", RUNS)
def test_quantstats_agrees(returns: Floats) -> None:
    quantstats, pandas = library("quantstats.stats"), library("pandas")
    days = pandas.date_range("2020-01-01", periods=len(returns), freq="D")
    series, equity = pandas.Series(returns, days), equity_of(returns)
    assert sharpe_ratio(returns) == same(quantstats.sharpe(series, periods=365))
    assert sortino_ratio(returns) == same(quantstats.sortino(series, periods=365))
    assert annual_volatility(returns) == same(quantstats.volatility(series, periods=365))
    assert max_drawdown(equity) == same(-quantstats.max_drawdown(series))
    assert total_return(equity) == same(quantstats.comp(series))
    assert profit_factor(returns) == same(quantstats.profit_factor(series))
    market = pandas.Series(RUNS[0] * 0.5 + RUNS[1] * 0.5, days)
    ratio = quantstats.information_ratio(series, market)
    assert information_ratio(returns, market.to_numpy(), periods_per_year=1.0) == same(ratio)
    # Its index divides by n - 1 and is of closes that begin after the first return.
    ulcer = quantstats.ulcer_index(pandas.concat([pandas.Series([0.0], days[:1]), series]))
    assert ulcer_index(equity) == same(ulcer)


@pytest.mark.parametrize("series", [autoregressive(), *RUNS, RUNS[0].cumsum()])
def test_arch_finds_the_same_block(series: Floats) -> None:
    found = block_length(series)
    expected = library("arch.bootstrap").optimal_block_length(series)
    assert found is not None
    assert found.stationary == same(expected["stationary"].iloc[0])
    assert found.circular == same(expected["circular"].iloc[0])


def test_arch_draws_the_same_intervals() -> None:
    bootstrap = library("arch.bootstrap").StationaryBootstrap
    returns = autoregressive()[:200] * 0.03 + 0.002

    def figures(history: Floats) -> Floats:
        equity = equity_of(history)
        return np.array([sharpe_ratio(history), cagr(equity), max_drawdown(equity)])

    drawn = bootstrap(8, returns, seed=np.random.default_rng(1)).apply(figures, 3000)
    found = bootstrap_intervals(returns, 2, draws=20000, block=8.0)
    assert found is not None
    for column, interval in enumerate((found.sharpe, found.cagr, found.max_drawdown)):
        assert interval is not None
        low, high = np.quantile(drawn[:, column], [0.025, 0.975])
        assert interval.low == pytest.approx(low, abs=0.06 * (high - low))
        assert interval.high == pytest.approx(high, abs=0.06 * (high - low))


@pytest.mark.parametrize("returns", [R12, *RUNS])
def test_scipy_finds_the_same_moments(returns: list[float] | Floats) -> None:
    scipy = library("scipy.stats")
    assert skewness(returns) == same(scipy.skew(returns))
    assert kurtosis(returns) == same(scipy.kurtosis(returns, fisher=False))


def test_scipy_finds_the_same_tails() -> None:
    special, scipy = library("scipy.special"), library("scipy.stats")
    tested = scipy.ttest_1samp(R_MULTIPLES, 0.0)
    found = expectancy(R_MULTIPLES)
    assert found is not None
    assert (found.t, found.p) == (same(tested.statistic), same(tested.pvalue))
    for degrees in (1, 2, 5, 30, 400, 20000):
        for t in (0.001, 0.5, 2.0, 6.0, 30.0):
            expected = 2.0 * scipy.t.sf(t, degrees)
            assert two_sided_p(t, degrees) == pytest.approx(expected, rel=1e-9, abs=1e-300)
    for a in (0.2, 0.5, 1.0, 7.0, 300.0):
        for b in (0.3, 0.5, 4.0, 900.0):
            for x in (1e-6, 0.05, 0.5, 0.77, 0.999):
                expected = special.betainc(a, b, x)
                assert incomplete_beta(a, b, x) == pytest.approx(expected, rel=1e-9, abs=1e-13)
