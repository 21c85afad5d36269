"""Volume by price and the peaks of it."""

from __future__ import annotations

import math
import statistics
from itertools import accumulate, groupby
from typing import Any

import numpy as np
import pytest

from bot.market.kernels.volume_profile import (
    BIN_WIDTH,
    NODE_FACTOR,
    high_volume_nodes,
    profile,
)


def bins_of(highs: Any, lows: Any, volumes: Any, width: float = BIN_WIDTH) -> list[float]:
    bins = [-1.0] * 5000
    used = profile(highs, lows, volumes, width, bins)
    return bins[: max(used, 0)]


def nodes_of(bins: list[float], lowest: float, width: float) -> list[tuple[float, float]]:
    prices, volumes = [0.0] * 100, [0.0] * 100
    count = high_volume_nodes(bins, len(bins), lowest, width, NODE_FACTOR, prices, volumes)
    return list(zip(prices, volumes, strict=True))[:count]


def test_a_bar_spreads_its_volume_evenly_over_its_range() -> None:
    low = 100.0
    high = low * math.exp(0.35)
    assert bins_of([high, low * math.exp(0.15)], [low, low * math.exp(0.15)], [8.0, 5.0], 0.1) == [
        2.0,
        7.0,
        2.0,
        2.0,
    ]


def test_a_price_on_the_edge_of_a_bin_belongs_to_the_upper_one() -> None:
    for i in range(1, 60):
        assert len(bins_of([100.0 * math.exp(0.1 * i)], [100.0], [1.0], 0.1)) == i + 1


def test_all_volume_is_kept(synthetic: Any) -> None:
    w = synthetic.part(0, 720)
    bins = bins_of(w.highs, w.lows, w.volumes)
    assert math.fsum(bins) == pytest.approx(math.fsum(w.volumes), rel=1e-12)
    span = math.log(max(w.highs) / min(w.lows))
    assert len(bins) == math.floor(span / BIN_WIDTH) + 1


def test_real_profiles_match_a_plain_one(real: Any) -> None:
    for first in range(0, len(real.closes) - 720, 4000):
        w = real.part(first, first + 720)
        base = min(w.lows)
        plain = [0.0] * 5000
        for high, low, volume in zip(w.highs, w.lows, w.volumes, strict=True):
            a = math.floor(round(math.log(low / base) / BIN_WIDTH, 6))
            b = math.floor(round(math.log(high / base) / BIN_WIDTH, 6))
            for i in range(a, b + 1):
                plain[i] += volume / (b - a + 1)
        found = bins_of(w.highs, w.lows, w.volumes)
        assert found == pytest.approx(plain[: len(found)], rel=1e-9)
        rows = [np.array(w.highs), np.array(w.lows), np.array(w.volumes)]
        assert bins_of(*rows) == found
        check_nodes(found, base)


def check_nodes(bins: list[float], base: float) -> None:
    limit = NODE_FACTOR * statistics.median(bins)
    runs = [(v, len(list(run))) for v, run in groupby(float(f"{v:.9e}") for v in bins)]
    heights = [-1.0, *(v for v, _ in runs), -1.0]
    starts = [0, *accumulate(size for _, size in runs)]
    expected = [
        base * math.exp((starts[i] + size / 2) * BIN_WIDTH)
        for i, (v, size) in enumerate(runs)
        if v > heights[i] and v > heights[i + 2] and v >= limit
    ]
    found = nodes_of(bins, base, BIN_WIDTH)
    assert [price for price, _ in found] == pytest.approx(expected, rel=1e-9)
    assert found == sorted(found)


def test_a_peak_needs_twice_the_median() -> None:
    bins = [1.0, 1.9, 1.0, 2.0, 1.0, 1.0, 5.0]
    found = nodes_of(bins, 100.0, 0.1)
    assert [volume for _, volume in found] == [2.0, 5.0]
    assert [price for price, _ in found] == pytest.approx(
        [100.0 * math.exp(0.35), 100.0 * math.exp(0.65)], rel=1e-9
    )


def test_a_plateau_is_one_peak_at_its_centre_and_a_step_is_none() -> None:
    plateau = nodes_of([1.0, 4.0, 4.0, 1.0, 1.0], 100.0, 0.1)
    assert plateau == [(pytest.approx(100.0 * math.exp(0.2), rel=1e-9), 4.0)]
    assert [volume for _, volume in nodes_of([1.0, 4.0, 4.0, 6.0, 1.0, 1.0, 1.0], 1.0, 0.1)] == [
        6.0
    ]


def test_an_even_profile_has_no_peak_and_an_empty_one_neither() -> None:
    assert nodes_of([3.0] * 9, 100.0, 0.1) == []
    assert nodes_of([0.0] * 9, 100.0, 0.1) == []
    assert nodes_of([], 100.0, 0.1) == []
    assert nodes_of([1.0, 9.0, 1.0], 0.0, 0.1) == []


def test_outputs_that_are_too_short_are_refused() -> None:
    bins = [1.0, 9.0, 1.0, 9.0, 1.0, 1.0]
    assert high_volume_nodes(bins, 6, 100.0, 0.1, 2.0, [0.0] * 2, [0.0] * 2) == 2
    assert high_volume_nodes(bins, 6, 100.0, 0.1, 2.0, [0.0], [0.0] * 2) == -1
    assert high_volume_nodes(bins, 6, 100.0, 0.1, 2.0, [0.0] * 2, [0.0]) == -1
    assert high_volume_nodes(bins, 7, 100.0, 0.1, 2.0, [0.0] * 2, [0.0] * 2) == 0
    assert profile([110.0], [100.0], [1.0], 0.01, [0.0] * 10) == 10
    assert profile([110.0], [100.0], [1.0], 0.01, [0.0] * 9) == -1


def test_a_senseless_range_of_prices_is_refused() -> None:
    assert profile([1e90], [1e-90], [1.0], 0.0025, [0.0] * 600_000) == -1


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.0])
@pytest.mark.parametrize("row", range(3))
def test_impossible_bars_give_no_profile(bad: float, row: int) -> None:
    rows = [[11.0, 12.0], [10.0, 11.0], [1.0, 1.0]]
    assert profile(rows[0], rows[1], rows[2], 0.01, [0.0] * 50) > 0
    rows[row][1] = bad
    assert profile(rows[0], rows[1], rows[2], 0.01, [0.0] * 50) == 0


def test_empty_uneven_and_senseless_windows_give_no_profile() -> None:
    assert profile([], [], [], 0.01, [0.0]) == 0
    assert profile([2.0], [1.0], [], 0.01, [0.0]) == 0
    assert profile([2.0], [1.0], [1.0], 0.0, [0.0]) == 0
    assert profile([1.0], [2.0], [1.0], 0.01, [0.0]) == 0


def test_the_unit_of_the_price_changes_no_bin(synthetic: Any) -> None:
    w = synthetic.part(0, 720)
    scaled = bins_of([h * 1024.0 for h in w.highs], [v * 1024.0 for v in w.lows], w.volumes)
    assert scaled == bins_of(w.highs, w.lows, w.volumes)
