"""How sure a Sharpe ratio is, after its length, its shape and the number of trials."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.stats.deflated_sharpe import deflated_sharpe
from bot.stats.expected_max_sharpe import expected_max_sharpe
from bot.stats.kurtosis import kurtosis
from bot.stats.lo_scaling import lo_scaling
from bot.stats.min_backtest_length import min_backtest_length
from bot.stats.min_track_record import min_track_record
from bot.stats.probabilistic_sharpe import (
    null_probabilistic_sharpe,
    probabilistic_sharpe,
    sharpe_variance,
)
from bot.stats.sharpe_ratio import sharpe_ratio
from bot.stats.skewness import skewness
from tests.unit.stats.vectors import R12, trials


def six(expected: float) -> object:
    return pytest.approx(expected, abs=5.1e-7)


def moments(returns: list[float]) -> tuple[float, float, float]:
    found = sharpe_ratio(returns, periods_per_year=1.0), skewness(returns), kurtosis(returns)
    assert None not in found
    return found  # type: ignore[return-value]


def test_pv1_probabilistic_ratio() -> None:
    ratio, skew, kurt = moments(R12)
    found = probabilistic_sharpe(ratio, 12, skew, kurt)
    assert found == pytest.approx(0.741760754, abs=5.1e-10)


def test_pv2() -> None:
    ratio, variance = 2.5 / math.sqrt(250), 0.5 / 250
    assert expected_max_sharpe(variance, 100) == six(0.113172)
    assert deflated_sharpe(ratio, 1250, -3.0, 10.0, variance, 100) == six(0.900397)
    assert deflated_sharpe(ratio, 1250, -3.0, 10.0, variance, 46) == six(0.950502)
    assert deflated_sharpe(ratio, 1250, 0.0, 3.0, variance, 88) == six(0.950491)


def test_pv3() -> None:
    assert probabilistic_sharpe(0.458, 24, 0.0, 3.0) == six(0.981675)
    assert probabilistic_sharpe(0.458, 24, -2.448, 10.164) == six(0.913361)
    assert null_probabilistic_sharpe(0.036 / 0.079, 24, -2.448, 10.164) == six(0.987207)


@pytest.mark.parametrize(
    ("periods", "skew", "kurt", "years"),
    [
        (250, 0.0, 3.0, 2.7312),
        (52, 0.0, 3.0, 2.8288),
        (12, 0.0, 3.0, 3.2398),
        (12, -0.72, 5.78, 4.9913),
    ],
)
def test_pv4(periods: int, skew: float, kurt: float, years: float) -> None:
    root = math.sqrt(periods)
    found = min_track_record(2.0 / root, skew, kurt, benchmark=1.0 / root, confidence=0.95)
    assert found is not None
    assert found / periods == pytest.approx(years, abs=5.1e-5)


def test_pv5() -> None:
    root = math.sqrt(365)
    assert min_track_record(2.0 / root, 0.0, 3.0) == pytest.approx(249.23, abs=5.1e-3)
    assert min_track_record(1.0 / root, -0.5, 8.0) == pytest.approx(1019.10, abs=5.1e-3)


@pytest.mark.parametrize(
    ("count", "years"), [(7, 1.9231), (10, 2.4794), (45, 4.9981), (100, 6.4040), (1000, 10.5958)]
)
def test_pv6(count: int, years: float) -> None:
    assert min_backtest_length(count, 1.0) == pytest.approx(years, abs=5.1e-5)


def test_pv8_deflated_ratio_of_the_best() -> None:
    table = trials(0.0002)
    columns = [moments(column.tolist()) for column in table.T]
    ratios = [ratio for ratio, _, _ in columns]
    assert ratios == pytest.approx(
        [0.0516993, 0.0079, -0.0177968, 0.0591852, 0.1517992, 0.3503833, 0.2487669, 0.2033642],
        abs=5.1e-8,
    )
    variance = float(np.var(ratios, ddof=1))
    assert expected_max_sharpe(variance, 8) == pytest.approx(0.188143036, abs=5.1e-10)
    ratio, skew, kurt = max(columns)
    found = deflated_sharpe(ratio, 240, skew, kurt, variance, 8)
    assert found == pytest.approx(0.992134802, abs=5.1e-10)


def test_pv11() -> None:
    assert lo_scaling(24, [0.2]) == six(4.165261)
    assert lo_scaling(24, []) == six(4.898979)
    assert lo_scaling(365, [0.1]) == six(17.444358)
    assert lo_scaling(365, [0.0]) == six(19.104973)


def test_lo_scaling_is_the_ratio_of_the_moments_of_sums() -> None:
    # Variance of a sum of three terms with unit variance: 3 + 2 (2 rho1 + rho2).
    assert lo_scaling(3, [0.3, -0.1, 0.9, 0.9]) == pytest.approx(3 / math.sqrt(3 + 2 * (0.6 - 0.1)))
    assert lo_scaling(1, [0.5]) == 1.0
    assert lo_scaling(2, [-1.0]) is None
    assert lo_scaling(2, [math.nan]) is None


@pytest.mark.parametrize(("periods", "rho"), [(0, 0.1), (24, 1.1), (24, -1.1)])
def test_impossible_scalings_are_refused(periods: int, rho: float) -> None:
    with pytest.raises(ValueError, match="periods"):
        lo_scaling(periods, [rho])


def test_the_expected_maximum_is_near_that_of_many_draws() -> None:
    rng = np.random.default_rng(2)
    drawn = float(rng.standard_normal((20000, 45)).max(axis=1).mean())
    assert expected_max_sharpe(1.0, 45) == pytest.approx(drawn, rel=0.02)


def test_a_single_trial_deflates_nothing() -> None:
    assert expected_max_sharpe(0.01, 1) == 0.0
    assert min_backtest_length(1) == 0.0
    plain = probabilistic_sharpe(0.1, 100, -0.5, 5.0)
    assert deflated_sharpe(0.1, 100, -0.5, 5.0, 0.01, 1) == plain


@given(st.integers(2, 10**6))
def test_more_trials_need_more_data_and_leave_less_confidence(count: int) -> None:
    fewer, more = min_backtest_length(count), min_backtest_length(count + count // 2)
    assert fewer is not None
    assert more is not None
    assert more > fewer
    sure = deflated_sharpe(0.1, 500, 0.0, 3.0, 1e-3, count)
    less = deflated_sharpe(0.1, 500, 0.0, 3.0, 1e-3, count + count // 2)
    assert sure is not None
    assert less is not None
    assert less < sure


@given(st.floats(0.02, 0.5), st.floats(-1.0, 1.0), st.floats(3.0, 12.0))
def test_the_least_track_record_is_just_long_enough(ratio: float, skew: float, kurt: float) -> None:
    length = min_track_record(ratio, skew, kurt)
    assert length is not None
    enough = probabilistic_sharpe(ratio, math.ceil(length), skew, kurt)
    assert enough is not None
    assert enough >= 0.95 - 1e-12
    if length > 2.0:
        short = probabilistic_sharpe(ratio, math.ceil(length) - 1, skew, kurt)
        assert short is None or short < 0.95 + 1e-12


def test_no_length_is_enough_for_a_ratio_that_is_not_above_the_benchmark() -> None:
    assert min_track_record(0.05, 0.0, 3.0, benchmark=0.05) is None
    assert min_track_record(-0.05, 0.0, 3.0) is None


def test_what_is_missing_or_impossible_is_not_judged() -> None:
    assert probabilistic_sharpe(0.1, 1, 0.0, 3.0) is None
    assert probabilistic_sharpe(math.nan, 50, 0.0, 3.0) is None
    assert probabilistic_sharpe(0.1, 50, math.nan, 3.0) is None
    # A skewness of 5 needs a kurtosis of 26 at least.
    assert sharpe_variance(1.0, 5.0, 3.0) < 0.0
    assert probabilistic_sharpe(1.0, 50, 5.0, 3.0) is None
    assert min_track_record(1.0, 5.0, 3.0) is None
    assert min_track_record(math.nan, 0.0, 3.0) is None
    assert null_probabilistic_sharpe(0.1, 1, 0.0, 3.0) is None
    assert null_probabilistic_sharpe(0.1, 50, 0.0, math.nan, benchmark=0.1) is None
    assert expected_max_sharpe(0.1, 0) is None
    assert expected_max_sharpe(-0.1, 5) is None
    assert expected_max_sharpe(math.nan, 5) is None
    assert deflated_sharpe(0.1, 50, 0.0, 3.0, math.nan, 5) is None
    assert min_backtest_length(0) is None
    assert min_backtest_length(5, 0.0) is None
    assert min_backtest_length(5, math.nan) is None


@pytest.mark.parametrize("confidence", [0.5, 1.0, math.nan])
def test_a_confidence_lies_between_a_coin_and_certainty(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        min_track_record(0.1, 0.0, 3.0, 0.0, confidence)
