"""Wilder's average true range."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from bot.market.kernels.atr import atr, true_range


def plain_atr(highs: list[float], lows: list[float], closes: list[float], period: int) -> float:
    ranges = [
        max(h - low, abs(h - before), abs(low - before))
        for h, low, before in zip(highs[1:], lows[1:], closes, strict=False)
    ]
    value = math.fsum(ranges[:period]) / period
    for reach in ranges[period:]:
        value = (value * (period - 1) + reach) / period
    return value


def test_vector_zv11(six_bars: Any) -> None:
    found = [atr(six_bars.highs[:n], six_bars.lows[:n], six_bars.closes[:n], 3) for n in range(7)]
    assert all(math.isnan(value) for value in found[:4])
    assert found[4:] == pytest.approx([2.7, 8 / 3, 2.7 + 1 / 90], rel=1e-9)


def test_the_true_range_reaches_over_a_gap() -> None:
    assert true_range(10.0, 9.0, 9.5) == 1.0
    assert true_range(10.0, 9.0, 7.0) == 3.0
    assert true_range(10.0, 9.0, 12.0) == 3.0


def test_random_markets_match_the_plain_definition(synthetic: Any) -> None:
    for first in (0, 280):
        w = synthetic.part(first, first + 720)
        expected = plain_atr(w.highs, w.lows, w.closes, 14)
        assert atr(w.highs, w.lows, w.closes) == pytest.approx(expected, rel=1e-9)


def test_real_windows_match_the_plain_definition_as_list_and_as_array(real: Any) -> None:
    for first in range(0, len(real.closes) - 720, 1500):
        w = real.part(first, first + 720)
        expected = plain_atr(w.highs, w.lows, w.closes, 14)
        found = atr(w.highs, w.lows, w.closes)
        assert found == pytest.approx(expected, rel=1e-9)
        assert atr(np.array(w.highs), np.array(w.lows), np.array(w.closes)) == found


def test_the_first_range_is_dropped(six_bars: Any) -> None:
    highs = [1000.0, *six_bars.highs[1:]]
    assert atr(highs, six_bars.lows, six_bars.closes, 3) == atr(
        six_bars.highs, six_bars.lows, six_bars.closes, 3
    )


def test_flat_prices_have_a_range_of_zero() -> None:
    assert atr([2.0] * 15, [2.0] * 15, [2.0] * 15) == 0.0


@pytest.mark.parametrize("row", range(3))
def test_a_missing_price_makes_it_missing(six_bars: Any, row: int) -> None:
    rows = [list(six_bars.highs), list(six_bars.lows), list(six_bars.closes)]
    rows[row][2] = math.nan
    assert math.isnan(atr(rows[0], rows[1], rows[2], 3))


def test_short_uneven_and_senseless_windows_are_missing(six_bars: Any) -> None:
    h, low, c = six_bars.highs, six_bars.lows, six_bars.closes
    assert math.isnan(atr(h, low, c, 14))
    assert math.isnan(atr(h, low, c, 0))
    assert math.isnan(atr(h[:5], low, c, 3))
    assert math.isnan(atr([], [], [], 3))


def test_it_scales_with_the_price(synthetic: Any) -> None:
    w = synthetic.part(0, 100)
    tenfold = [[v * 1024.0 for v in row] for row in (w.highs, w.lows, w.closes)]
    assert atr(*tenfold) == pytest.approx(1024.0 * atr(w.highs, w.lows, w.closes), rel=1e-9)
