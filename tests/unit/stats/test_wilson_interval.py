"""Wilson's interval of a hit rate."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.stats.wilson_interval import wilson_interval


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (60, 100, 0.502003, 0.690599),
        (7, 10, 0.396778, 0.892208),
        (0, 5, 0.0, 0.434482),
        (5, 5, 0.565518, 1.0),
        (18, 24, 0.551006, 0.880006),
    ],
)
def test_vectors_q2(hits: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(hits, n) == pytest.approx((low, high), abs=1e-6)


@given(st.integers(1, 500), st.data())
def test_the_bounds_are_the_rates_that_lie_z_errors_from_what_was_seen(
    n: int, data: st.DataObject
) -> None:
    hits = data.draw(st.integers(0, n))
    z = 1.7
    low, high = wilson_interval(hits, n, z)
    assert 0.0 <= low <= hits / n <= high <= 1.0
    for bound in (low, high):
        error = z * math.sqrt(bound * (1 - bound) / n)
        assert abs(hits / n - bound) == pytest.approx(error, rel=1e-6, abs=1e-9)


def test_hits_and_misses_mirror_each_other() -> None:
    low, high = wilson_interval(18, 24)
    assert wilson_interval(6, 24) == pytest.approx((1 - high, 1 - low))


def test_no_trial_has_no_rate() -> None:
    assert all(math.isnan(bound) for bound in wilson_interval(0, 0))


@pytest.mark.parametrize(("hits", "n"), [(6, 5), (-1, 5), (0, -1)])
def test_impossible_counts_are_refused(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match="trials"):
        wilson_interval(hits, n)
