"""Medians and the usual volume of a day."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.market.kernels.liquidity import median_volume
from bot.market.kernels.medians import median

values = st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=60)


@given(values)
def test_the_median_is_that_of_the_statistics_module(row: list[float]) -> None:
    before = list(row)
    assert median(row, 0, len(row)) == pytest.approx(statistics.median(row), abs=1e-3, rel=1e-12)
    assert row == before
    assert median(np.array(row), 0, len(row)) == median(row, 0, len(row))


def test_the_median_of_a_span_sees_nothing_outside_it() -> None:
    row = [99.0, 1.0, 5.0, 3.0, -99.0]
    assert median(row, 1, 4) == 3.0
    assert median(row, 1, 3) == 3.0
    assert median([2.0, math.nan, 4.0], 2, 3) == 4.0


@pytest.mark.parametrize(("first", "stop"), [(0, 0), (2, 1), (-1, 2), (0, 4)])
def test_a_span_outside_the_row_has_no_median(first: int, stop: int) -> None:
    assert math.isnan(median([1.0, 2.0, 3.0], first, stop))


def test_a_missing_value_makes_the_median_missing() -> None:
    assert math.isnan(median([1.0, math.nan, 3.0], 0, 3))


def test_the_usual_volume_is_the_median_of_the_last_seven_days() -> None:
    days = [9e9, 9e9, 5.0, 1.0, 7.0, 3.0, 1e12, 0.0, 4.0]
    assert median_volume(days) == 4.0
    assert median_volume(days, 2) == 2.0
    assert median_volume(days[:6]) != median_volume(days)
    assert math.isnan(median_volume(days[:6]))
    assert math.isnan(median_volume(days, 0))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.0])
def test_a_day_without_a_lawful_volume_makes_it_missing(bad: float) -> None:
    for place in range(7):
        days = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
        days[place] = bad
        assert math.isnan(median_volume(days))
    assert median_volume([bad, *([2.0] * 7)]) == 2.0
