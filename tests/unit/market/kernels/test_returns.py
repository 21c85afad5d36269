"""Sharpe, Sortino, volatility, drawdown, CAGR and Calmar of a window of daily closes."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.market.kernels import returns as kernels

R12 = [0.012, -0.008, 0.005, 0.021, -0.015, -0.007, 0.009, 0.0, 0.014, -0.022, 0.018, 0.006]


def closes_of(returns: list[float], start: float = 100.0) -> list[float]:
    closes = [start]
    for r in returns:
        closes.append(closes[-1] * (1.0 + r))
    return closes


ALL: dict[str, Callable[[list[float], int], float]] = {
    "sharpe": lambda c, m: kernels.sharpe(c, 0.0, m),
    "sharpe_lower_bound": lambda c, m: kernels.sharpe_lower_bound(c, 0.0, 1.0, m),
    "sortino": lambda c, m: kernels.sortino(c, 0.0, m),
    "volatility": kernels.volatility,
    "max_drawdown": kernels.max_drawdown,
    "cagr": kernels.cagr,
    "calmar": kernels.calmar,
}
every = pytest.mark.parametrize("kernel", ALL.values(), ids=ALL.keys())
daily_returns = st.lists(st.floats(-0.5, 0.5), min_size=30, max_size=120)


@pytest.mark.parametrize(
    ("name", "expected", "half_digit"),
    [
        ("sharpe", 3.917733421, 5e-10),
        ("sortino", 6.347955013, 5e-10),
        ("volatility", 0.256206815, 5e-10),
        ("max_drawdown", 0.022, 1e-12),
        ("cagr", 1.644117404, 5e-10),
        ("calmar", 74.732609, 5e-7),
    ],
)
def test_vector_gv2(name: str, expected: float, half_digit: float) -> None:
    # R12 starts at a value of 1, and all printed digits hold.
    assert ALL[name](closes_of(R12, 1.0), 1) == pytest.approx(expected, abs=half_digit)


def test_gv2_agrees_with_the_statistics_module() -> None:
    mean = statistics.fmean(R12)
    downside = math.sqrt(math.fsum(min(r, 0.0) ** 2 for r in R12) / 12)
    closes = closes_of(R12)
    assert kernels.sharpe(closes, 0.0, 1) == pytest.approx(
        mean / statistics.stdev(R12) * math.sqrt(365), rel=1e-9
    )
    assert kernels.sortino(closes, 0.0, 1) == pytest.approx(
        mean / downside * math.sqrt(365), rel=1e-9
    )
    assert kernels.cagr(closes, 1) == pytest.approx(math.prod(1 + r for r in R12) ** (365 / 12) - 1)


@every
def test_twelve_days_do_not_pass_the_default_least_number(
    kernel: Callable[[list[float], int], float],
) -> None:
    assert math.isnan(kernel(closes_of(R12), kernels.MIN_OBS))
    assert not math.isnan(kernel(closes_of(R12), len(R12)))
    assert math.isnan(kernel(closes_of(R12), len(R12) + 1))


@every
@pytest.mark.parametrize("bad", [math.nan, math.inf, 0.0, -1.0])
def test_one_bad_close_makes_every_metric_missing(
    kernel: Callable[[list[float], int], float], bad: float
) -> None:
    for place in (0, 5, 12):
        closes = closes_of(R12)
        closes[place] = bad
        assert math.isnan(kernel(closes, 1))


@every
@pytest.mark.parametrize("closes", [[], [100.0]])
def test_a_window_without_a_return_gives_nothing(
    kernel: Callable[[list[float], int], float], closes: list[float]
) -> None:
    assert math.isnan(kernel(closes, 0))


def test_one_return_has_no_deviation() -> None:
    assert math.isnan(kernels.sharpe([100.0, 101.0], 0.0, 1))
    assert math.isnan(kernels.volatility([100.0, 101.0], 1))


def test_a_flat_window_has_no_ratio_but_a_volatility_and_a_drawdown_of_zero() -> None:
    flat = [7.3] * 40
    assert math.isnan(kernels.sharpe(flat, 0.0, 30))
    assert math.isnan(kernels.sharpe(flat, 0.001, 30))
    assert math.isnan(kernels.sharpe_lower_bound(flat, 0.0, 1.0, 30))
    assert math.isnan(kernels.sortino(flat, 0.0, 30))
    assert math.isnan(kernels.calmar(flat, 30))
    assert kernels.volatility(flat, 30) == 0.0
    assert kernels.max_drawdown(flat, 30) == 0.0
    assert kernels.cagr(flat, 30) == 0.0


def test_steady_growth_has_no_sharpe_although_its_returns_differ_in_the_last_bit() -> None:
    steady = [3.7 * 1.01**i for i in range(60)]
    assert len({b / a for a, b in pairwise(steady)}) > 1
    assert math.isnan(kernels.sharpe(steady, 0.0, 30))
    assert kernels.volatility(steady, 30) == 0.0


def test_a_window_that_only_rises_has_no_sortino_and_no_calmar() -> None:
    rising = closes_of([0.01, 0.02, 0.015] * 12)
    assert math.isnan(kernels.sortino(rising, 0.0, 30))
    assert math.isnan(kernels.calmar(rising, 30))
    assert kernels.sharpe(rising, 0.0, 30) > 0.0


def test_the_drawdown_counts_from_the_first_close() -> None:
    assert kernels.max_drawdown([100.0, 80.0, 90.0, 72.0, 120.0, 100.0], 1) == 0.28


def test_the_lower_bound_is_z_standard_errors_below() -> None:
    closes = closes_of(R12)
    ratio = kernels.sharpe(closes, 0.0, 1)
    per_day = ratio / math.sqrt(365)
    error = math.sqrt((1 + per_day**2 / 2) / 12) * math.sqrt(365)
    assert kernels.sharpe_lower_bound(closes, 0.0, 1.0, 1) == pytest.approx(ratio - error, rel=1e-9)
    assert kernels.sharpe_lower_bound(closes, 0.0, 2.0, 1) == pytest.approx(
        ratio - 2 * error, rel=1e-9
    )


def test_growth_beyond_a_float_is_missing() -> None:
    assert math.isnan(kernels.cagr([1e-90, 1e90], 1))


@given(daily_returns, st.floats(-0.002, 0.002))
def test_ratios_match_their_plain_definitions(returns: list[float], rate: float) -> None:
    closes = closes_of(returns)
    actual = np.diff(closes) / np.array(closes[:-1])
    excess = actual - rate
    assume(actual.std() > 1e-6)
    downside = float(np.sqrt(np.mean(np.minimum(excess, 0.0) ** 2)))
    assume(downside > 1e-6)
    year = math.sqrt(365.0)
    assert kernels.sharpe(closes, rate, 30) == pytest.approx(
        float(excess.mean() / excess.std(ddof=1)) * year, rel=1e-9, abs=1e-9
    )
    assert kernels.sortino(closes, rate, 30) == pytest.approx(
        float(excess.mean()) / downside * year, rel=1e-9, abs=1e-9
    )
    assert kernels.volatility(closes, 30) == pytest.approx(float(actual.std(ddof=1)) * year)


@given(daily_returns)
def test_drawdown_and_growth_match_their_plain_definitions(returns: list[float]) -> None:
    closes = closes_of(returns)
    falls = [1 - b / a for i, a in enumerate(closes) for b in closes[i:]]
    assert kernels.max_drawdown(closes, 30) == pytest.approx(max(falls), rel=1e-9)
    assert 0.0 <= kernels.max_drawdown(closes, 30) <= 1.0
    growth = (closes[-1] / closes[0]) ** (365 / len(returns)) - 1
    assert kernels.cagr(closes, 30) == pytest.approx(growth, rel=1e-9, abs=1e-9)


@every
@given(returns=daily_returns, factor=st.sampled_from([2.0**-40, 0.5, 1024.0, 2.0**30]))
def test_the_unit_of_the_price_changes_nothing(
    kernel: Callable[[list[float], int], float], returns: list[float], factor: float
) -> None:
    closes = closes_of(returns)
    scaled = [c * factor for c in closes]
    assert repr(kernel(scaled, 30)) == repr(kernel(closes, 30))


@every
def test_real_windows_agree_as_list_and_as_array_and_with_numpy(
    kernel: Callable[[Any, int], float], real: Any
) -> None:
    daily = real.daily_closes()
    for first in range(0, len(daily) - 91, 40):
        window = daily[first : first + 91]
        assert repr(float(kernel(np.array(window), 30))) == repr(kernel(window, 30))
        moves = np.diff(window) / np.array(window[:-1])
        assert kernels.sharpe(window, 0.0, 30) == pytest.approx(
            float(moves.mean() / moves.std(ddof=1)) * math.sqrt(365), rel=1e-9
        )
