"""Portfolio volatility, its target, inverse-volatility weights and risk shares."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from bot.stats.inverse_volatility import inverse_volatility_weights
from bot.stats.portfolio_volatility import portfolio_volatility
from bot.stats.risk_shares import risk_shares
from bot.stats.volatility_target import volatility_target_scale

SIGMAS = [0.4, 0.8, 1.2]
RHO = [[1.0, 0.6, 0.3], [0.6, 1.0, 0.5], [0.3, 0.5, 1.0]]


def test_vector_zv8_volatility_and_scaled_targets() -> None:
    weights = [0.9 * w for w in inverse_volatility_weights(SIGMAS)]
    volatility = portfolio_volatility(weights, SIGMAS, RHO)
    assert volatility == pytest.approx(0.472906, abs=5e-7)
    scale = volatility_target_scale(volatility, 0.30)
    assert scale == pytest.approx(0.634375, abs=5e-7)
    targets = [100_000 * w * scale for w in weights]
    assert targets == pytest.approx([31_142.05, 15_571.03, 10_380.68], abs=0.005)


def test_vector_zv9_risk_shares() -> None:
    weights = inverse_volatility_weights(SIGMAS)
    shares = risk_shares(weights, SIGMAS, RHO)
    assert shares == pytest.approx([0.327586, 0.362069, 0.310345], abs=5e-7)
    equal = [0.554646, 0.253691, 0.191663]
    assert risk_shares(equal, SIGMAS, RHO) == pytest.approx([1 / 3] * 3, abs=2e-6)


def test_vector_zv1_weights() -> None:
    found = inverse_volatility_weights(SIGMAS)
    assert found == pytest.approx([6 / 11, 3 / 11, 2 / 11], rel=1e-12)


def test_a_missing_sigma_is_left_out_of_the_weights() -> None:
    found = inverse_volatility_weights([0.4, math.nan, 0.0, 0.4])
    assert found[0] == found[3] == 0.5
    assert math.isnan(found[1])
    assert math.isnan(found[2])
    assert inverse_volatility_weights([]) == []


def test_inverse_volatility_gives_equal_shares_when_correlations_are_equal() -> None:
    rho = [[1.0 if i == j else 0.4 for j in range(3)] for i in range(3)]
    shares = risk_shares(inverse_volatility_weights(SIGMAS), SIGMAS, rho)
    assert shares == pytest.approx([1 / 3] * 3, rel=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_random_portfolios_match_matrix_algebra(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 12))
    rho = np.atleast_2d(np.corrcoef(rng.normal(size=(n, n + 5))))
    sigmas, weights = rng.uniform(0.1, 2.0, n), rng.uniform(0.0, 1.0, n)
    c = rho * np.outer(sigmas, sigmas)
    args = (weights.tolist(), sigmas.tolist(), rho.tolist())
    variance = float(weights @ c @ weights)
    assert portfolio_volatility(*args) == pytest.approx(math.sqrt(variance), rel=1e-9)
    expected = weights * (c @ weights) / variance
    assert risk_shares(*args) == pytest.approx(expected.tolist(), rel=1e-9)
    assert math.fsum(risk_shares(*args)) == pytest.approx(1.0)


def test_nothing_held_has_no_risk_and_no_shares() -> None:
    assert portfolio_volatility([], [], []) == 0.0
    assert portfolio_volatility([0.0, 0.0, 0.0], SIGMAS, RHO) == 0.0
    assert risk_shares([], [], []) == []
    assert all(math.isnan(s) for s in risk_shares([0.0, 0.0, 0.0], SIGMAS, RHO))


def test_a_missing_number_makes_the_risk_missing() -> None:
    bad = [0.4, math.nan, 1.2]
    assert math.isnan(portfolio_volatility([0.3] * 3, bad, RHO))
    assert all(math.isnan(s) for s in risk_shares([0.3] * 3, bad, RHO))


def test_a_perfect_hedge_has_no_volatility_and_an_impossible_matrix_gives_none() -> None:
    rng = random.Random(1)
    for _ in range(50):
        a, sigma, w = rng.random() + 0.1, rng.random() + 0.1, rng.random() + 0.1
        sigmas, weights = [sigma, sigma * a], [w, w / a]
        hedge = portfolio_volatility(weights, sigmas, [[1.0, -1.0], [-1.0, 1.0]])
        assert hedge == pytest.approx(0.0, abs=1e-7)
    assert math.isnan(portfolio_volatility([1.0, 1.0], [1.0, 1.0], [[1.0, -2.0], [-2.0, 1.0]]))


def test_sizes_that_differ_are_refused() -> None:
    for statistic in (portfolio_volatility, risk_shares):
        with pytest.raises(ValueError, match="3 weights"):
            statistic([0.3] * 3, [0.4, 0.8], RHO)
        with pytest.raises(ValueError, match="3 weights"):
            statistic([0.3] * 3, SIGMAS, [RHO[0], RHO[1], [1.0]])


def test_the_target_never_scales_up() -> None:
    assert volatility_target_scale(0.1, 0.3) == 1.0
    assert volatility_target_scale(0.3, 0.3) == 1.0
    assert volatility_target_scale(0.0, 0.3) == 1.0
    assert volatility_target_scale(0.6, 0.3) == 0.5


@pytest.mark.parametrize(
    ("volatility", "target"), [(math.nan, 0.3), (0.3, math.nan), (-0.1, 0.3), (0.3, 0.0)]
)
def test_a_senseless_target_gives_no_scale(volatility: float, target: float) -> None:
    assert math.isnan(volatility_target_scale(volatility, target))
