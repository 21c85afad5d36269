"""The deepest fall inside a moving window."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.market.kernels.returns import max_drawdown
from bot.market.kernels.windows import join_drawdown, rolling_max_drawdown

prices = st.lists(st.floats(0.01, 1e6), min_size=1, max_size=60)
stretches = st.tuples(st.floats(50.0, 100.0), st.floats(1.0, 50.0), st.floats(0.0, 0.99))


def from_scratch(values: list[float], window: int) -> list[float]:
    out = []
    for i in range(len(values)):
        part = values[max(0, i - window + 1) : i + 1]
        falls = [1 - b / a for j, a in enumerate(part) for b in part[j:]]
        out.append(max(falls) if len(part) == window else math.nan)
    return out


def rolling(values: list[float], window: int) -> list[float]:
    out = [0.0] * len(values)
    rolling_max_drawdown(values, window, out)
    return out


def test_the_vector_of_the_join() -> None:
    joined = join_drawdown(100.0, 90.0, 0.10, 95.0, 80.0, 0.157895)
    assert joined == (100.0, 80.0, pytest.approx(0.20, rel=1e-12))


@given(stretches, stretches, stretches)
def test_the_join_does_not_depend_on_grouping(
    a: tuple[float, float, float], b: tuple[float, float, float], c: tuple[float, float, float]
) -> None:
    assert join_drawdown(*join_drawdown(*a, *b), *c) == join_drawdown(*a, *join_drawdown(*b, *c))


@given(prices, st.integers(1, 70))
def test_rolling_equals_recomputing_to_the_last_bit(values: list[float], window: int) -> None:
    assert repr(rolling(values, window)) == repr(from_scratch(values, window))


def test_real_windows_agree_with_the_metric(real: Any) -> None:
    daily = real.daily_closes()
    found = rolling(daily, 90)
    assert all(math.isnan(value) for value in found[:89])
    for i in range(89, len(daily)):
        expected = max_drawdown(daily[i - 89 : i + 1], 30)
        assert found[i] == pytest.approx(expected, rel=1e-9)
    out = np.zeros(len(daily))
    rolling_max_drawdown(np.array(daily), 90, out)
    assert repr(out.tolist()) == repr(found)


@pytest.mark.parametrize("bad", [math.nan, math.inf, 0.0, -1.0])
def test_a_bad_value_gives_nothing(bad: float) -> None:
    assert all(math.isnan(value) for value in rolling([3.0, 2.0, bad, 1.0], 2))


def test_windows_that_do_not_fit_give_nothing() -> None:
    assert all(math.isnan(value) for value in rolling([3.0, 2.0, 1.0], 4))
    assert all(math.isnan(value) for value in rolling([3.0, 2.0, 1.0], 0))
    assert rolling([], 3) == []


def test_a_short_output_is_filled_as_far_as_it_reaches() -> None:
    out = [9.0, 9.0]
    rolling_max_drawdown([4.0, 2.0, 1.0], 2, out)
    assert out[1] == 0.5
    assert math.isnan(out[0])
