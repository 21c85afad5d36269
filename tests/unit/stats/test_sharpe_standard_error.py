"""The sampling error of a Sharpe ratio."""

from __future__ import annotations

import math
import random
import statistics

import pytest

from bot.stats.sharpe_standard_error import sharpe_standard_error


@pytest.mark.parametrize(("n", "error"), [(30, 3.490), (90, 2.015), (365, 1.001), (730, 0.708)])
def test_the_figures_of_g6(n: int, error: float) -> None:
    assert sharpe_standard_error(1.0, n) == pytest.approx(error, abs=5e-4)


@pytest.mark.parametrize("ratio", [-3.0, 0.0, 1.0, 8.0])
def test_it_is_the_formula_for_one_period_scaled_to_a_year(ratio: float) -> None:
    for periods in (365.0, 8760.0):
        s = ratio / math.sqrt(periods)
        expected = math.sqrt((1 + s * s / 2) / 77) * math.sqrt(periods)
        assert sharpe_standard_error(ratio, 77, periods) == pytest.approx(expected, rel=1e-12)


def test_it_is_the_spread_of_many_estimates() -> None:
    rng = random.Random(4)
    ratios = []
    for _ in range(2000):
        returns = [rng.gauss(0.05, 1.0) for _ in range(60)]
        ratios.append(statistics.fmean(returns) / statistics.stdev(returns) * math.sqrt(365))
    expected = sharpe_standard_error(0.05 * math.sqrt(365), 60)
    assert statistics.stdev(ratios) == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize(
    ("ratio", "n", "periods"), [(math.nan, 30, 365.0), (1.0, 0, 365.0), (1.0, 30, 0.0)]
)
def test_what_is_missing_has_no_error(ratio: float, n: int, periods: float) -> None:
    assert math.isnan(sharpe_standard_error(ratio, n, periods))
