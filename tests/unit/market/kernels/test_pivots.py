"""Turning points of highs and lows."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest

from bot.market.kernels.pivots import is_high_pivot, is_low_pivot

HIGHS = [10.0, 11.0, 12.0, 12.0, 11.0, 10.0, 13.0, 12.0, 11.0]


def high_pivots(highs: Any, k: int) -> list[int]:
    return [i for i in range(len(highs)) if is_high_pivot(highs, i, k)]


def low_pivots(lows: Any, k: int) -> list[int]:
    return [i for i in range(len(lows)) if is_low_pivot(lows, i, k)]


def plain_pivots(highs: list[float], k: int) -> list[int]:
    return [
        i
        for i in range(k, len(highs) - k)
        if highs[i] > max(highs[i - k : i]) and highs[i] >= max(highs[i + 1 : i + k + 1])
    ]


def test_the_vector_with_k_2() -> None:
    assert high_pivots(HIGHS, 2) == [2, 6]


def test_a_pivot_is_known_only_when_k_more_bars_have_closed() -> None:
    assert high_pivots(HIGHS[:4], 2) == []
    assert high_pivots(HIGHS[:5], 2) == [2]
    assert high_pivots(HIGHS[:8], 2) == [2]
    assert high_pivots(HIGHS[:9], 2) == [2, 6]


def test_low_pivots_mirror_high_pivots(synthetic: Any) -> None:
    assert low_pivots([-h for h in HIGHS], 2) == [2, 6]
    for k in (1, 5, 24):
        assert low_pivots(synthetic.lows, k) == high_pivots([-v for v in synthetic.lows], k)


def test_random_rows_with_many_ties_match_the_plain_definition() -> None:
    rng = random.Random(7)
    for _ in range(200):
        highs = [float(rng.randrange(6)) for _ in range(40)]
        for k in (1, 2, 5):
            assert high_pivots(highs, k) == plain_pivots(highs, k)


@pytest.mark.parametrize("k", [5, 24])
def test_real_highs_match_the_plain_definition(real: Any, k: int) -> None:
    highs = real.highs[:4000]
    found = high_pivots(highs, k)
    assert found == plain_pivots(highs, k)
    assert len(found) > 20
    assert high_pivots(np.array(highs), k) == found


def test_outside_the_row_nothing_is_a_pivot() -> None:
    for i in (-3, -1, 0, 1, 7, 8, 9, 100):
        assert not is_high_pivot(HIGHS, i, 2)
        assert not is_low_pivot(HIGHS, i, 2)
    assert not is_high_pivot(HIGHS, 2, 0)
    assert not is_low_pivot(HIGHS, 5, 0)


def test_a_missing_bar_hides_the_pivots_around_it() -> None:
    for gap in range(4, 9):
        highs = list(HIGHS)
        highs[gap] = math.nan
        assert 6 not in high_pivots(highs, 2)
    lows = [-h for h in HIGHS]
    lows[6] = math.nan
    assert low_pivots(lows, 2) == [2]


def test_flat_rows_have_no_pivot() -> None:
    assert high_pivots([4.0] * 20, 2) == []
    assert low_pivots([4.0] * 20, 2) == []
