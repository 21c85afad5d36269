"""An account beside its benchmark."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.stats.beta import beta
from bot.stats.excess_return import excess_return
from bot.stats.information_ratio import information_ratio
from bot.stats.sharpe_ratio import sharpe_ratio
from tests.unit.stats.vectors import R12

MARKET = [0.02, -0.01, 0.0, 0.03, -0.02, -0.01, 0.01, 0.005, 0.01, -0.03, 0.02, 0.0]


@given(st.floats(-3.0, 3.0), st.floats(-0.01, 0.01))
def test_beta_is_the_slope_of_a_line(slope: float, offset: float) -> None:
    assert beta([slope * b + offset for b in MARKET], MARKET) == pytest.approx(slope, abs=1e-9)


def test_cash_as_benchmark_has_no_beta_and_leaves_the_sharpe_ratio() -> None:
    cash = [0.0] * len(R12)
    assert beta(R12, cash) is None
    assert information_ratio(R12, cash) == sharpe_ratio(R12)


def test_an_account_that_is_its_benchmark_has_no_information_ratio() -> None:
    assert information_ratio(MARKET, MARKET) is None
    assert beta(MARKET, MARKET) == pytest.approx(1.0, rel=1e-12)


def test_excess_is_the_difference_of_what_both_earned() -> None:
    assert excess_return([100.0, 90.0], [50.0, 40.0]) == pytest.approx(0.1)
    assert excess_return([100.0], [50.0]) is None
    assert excess_return([100.0, 90.0], [0.0, 40.0]) is None


def test_what_is_missing_or_too_short_is_not_compared() -> None:
    assert beta(R12, MARKET, min_obs=12) is not None
    assert beta(R12, MARKET, min_obs=13) is None
    assert information_ratio(R12, MARKET, min_obs=12) is not None
    assert information_ratio(R12, MARKET, min_obs=13) is None
    assert beta([0.1], [0.2]) is None
    assert beta([*R12, math.nan], [*MARKET, 0.0]) is None
    assert information_ratio([*R12, 0.0], [*MARKET, math.nan]) is None


def test_series_of_other_days_are_refused() -> None:
    for compare in (beta, information_ratio, excess_return):
        with pytest.raises(ValueError, match="same days"):
            compare(R12, MARKET[1:])
