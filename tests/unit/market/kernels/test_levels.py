"""Clusters of turning points: joining, strength, touches."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from bot.market.kernels.atr import atr
from bot.market.kernels.levels import build_book, pivot_tolerance, touch_weight
from bot.market.kernels.pivots import is_high_pivot, is_low_pivot

Pivot = tuple[float, float, int, float]  # price, tolerance, bar, age in days


@dataclass
class Cluster:
    price: float
    strength: float
    touches: int
    last_bar: int


def book(pivots: list[Pivot]) -> list[tuple[float, float, int, int]]:
    n = len(pivots)
    prices, strengths, touches, last_bars = [0.0] * n, [0.0] * n, [0] * n, [0] * n
    columns = [[p[i] for p in pivots] for i in range(4)]
    count = build_book(*columns, prices, strengths, touches, last_bars)
    return list(zip(prices, strengths, touches, last_bars, strict=True))[:count]


def plain_book(pivots: list[Pivot]) -> list[tuple[float, float, int, int]]:
    clusters: list[Cluster] = []
    for price, tolerance, bar, age in pivots:
        weight = 0.5 ** (age / 30)
        nearest = min(
            clusters,
            key=lambda c: (abs(math.log(c.price) - math.log(price)), c.price),
            default=None,
        )
        if nearest is None or abs(math.log(price / nearest.price)) > tolerance:
            clusters.append(Cluster(price, weight, 1, bar))
        elif bar - nearest.last_bar >= 6:
            total = nearest.strength + weight
            nearest.price = (nearest.price * nearest.strength + price * weight) / total
            nearest.strength, nearest.last_bar = total, bar
            nearest.touches += 1
    kept = sorted((c for c in clusters if c.strength >= 0.25), key=lambda c: c.price)
    return [(c.price, c.strength, c.touches, c.last_bar) for c in kept]


def assert_equal_books(pivots: list[Pivot]) -> None:
    found, expected = book(pivots), plain_book(pivots)
    assert [row[2:] for row in found] == [row[2:] for row in expected]
    assert [row[0] for row in found] == pytest.approx([row[0] for row in expected], rel=1e-9)
    assert [row[1] for row in found] == pytest.approx([row[1] for row in expected], rel=1e-9)


def test_pivots_within_the_tolerance_make_one_level_at_their_weighted_mean() -> None:
    found = book([(100.0, 0.01, 0, 30.0), (100.9, 0.01, 10, 0.0)])
    assert len(found) == 1
    price, strength, touches, last_bar = found[0]
    assert price == pytest.approx((100.0 * 0.5 + 100.9) / 1.5, rel=1e-9)
    assert strength == pytest.approx(1.5, rel=1e-9)
    assert (touches, last_bar) == (2, 10)


def test_pivots_apart_make_levels_in_order_of_price() -> None:
    found = book([(105.0, 0.01, 0, 0.0), (95.0, 0.01, 6, 0.0), (100.0, 0.01, 12, 0.0)])
    assert [row[0] for row in found] == [95.0, 100.0, 105.0]
    assert [row[3] for row in found] == [6, 12, 0]


def test_a_pivot_exactly_at_its_tolerance_joins() -> None:
    edge = math.log(101.0 / 100.0)
    assert len(book([(100.0, 0.01, 0, 0.0), (101.0, edge, 6, 0.0)])) == 1
    assert len(book([(100.0, 0.01, 0, 0.0), (101.0, edge * (1 - 1e-8), 6, 0.0)])) == 2


def test_the_tolerance_of_the_newer_pivot_counts() -> None:
    assert len(book([(100.0, 0.001, 0, 0.0), (101.0, 0.02, 6, 0.0)])) == 1
    assert len(book([(100.0, 0.02, 0, 0.0), (101.0, 0.001, 6, 0.0)])) == 2


def test_a_touch_fewer_than_six_bars_after_the_last_one_changes_nothing() -> None:
    first = (100.0, 0.01, 50, 0.0)
    assert book([first, (100.5, 0.01, 55, 0.0)]) == book([first])
    assert book([first, (100.5, 0.01, 56, 0.0)])[0][1:] == (2.0, 2, 56)


def test_touches_are_spaced_from_the_last_counted_one() -> None:
    pivots = [(100.0, 0.01, bar, 0.0) for bar in (0, 4, 8, 12, 13, 18)]
    assert book(pivots) == [(100.0, 3.0, 3, 18)]  # bars 0, 8 and 18


def test_levels_weaker_than_a_quarter_are_dropped() -> None:
    assert book([(100.0, 0.01, 0, 60.0)]) == [(100.0, 0.25, 1, 0)]
    assert book([(100.0, 0.01, 0, 60.001)]) == []
    assert len(book([(100.0, 0.01, 0, 90.0), (100.0, 0.01, 6, 90.0)])) == 1


def test_a_pivot_joins_the_nearer_of_two_levels() -> None:
    two = [(100.0, 0.001, 0, 0.0), (104.0, 0.001, 6, 0.0)]
    assert [row[2] for row in book([*two, (101.5, 0.05, 12, 0.0)])] == [2, 1]
    assert [row[2] for row in book([*two, (102.5, 0.05, 12, 0.0)])] == [1, 2]
    middle = math.sqrt(100.0 * 104.0)
    assert [row[2] for row in book([*two, (middle, 0.05, 12, 0.0)])] == [2, 1]


@pytest.mark.parametrize(
    "bad",
    [
        (math.nan, 0.01, 12, 0.0),
        (0.0, 0.01, 12, 0.0),
        (-5.0, 0.01, 12, 0.0),
        (math.inf, 0.01, 12, 0.0),
        (100.0, math.nan, 12, 0.0),
        (100.0, 0.01, 12, math.nan),
        (100.0, 0.01, 12, -1.0),
    ],
)
def test_an_unusable_pivot_is_left_out(bad: Pivot) -> None:
    good = [(100.0, 0.01, 0, 0.0), (110.0, 0.01, 6, 0.0)]
    assert book([*good, bad]) == book(good)
    assert book([bad]) == []


def test_no_pivots_make_an_empty_book() -> None:
    assert book([]) == []


def test_a_touch_too_old_to_weigh_anything_moves_nothing() -> None:
    assert book([(100.0, 0.01, 0, 1e6), (100.5, 0.01, 6, 1e6)]) == []


@pytest.mark.parametrize("short", range(7))
def test_rows_that_are_too_short_are_refused(short: int) -> None:
    rows: list[Any] = [[100.0, 120.0], [0.01, 0.01], [0, 6], [0.0, 0.0]]
    rows += [[0.0, 0.0], [0.0, 0.0], [0, 0], [0, 0]]
    assert build_book(*rows) == 2
    rows[short + 1] = rows[short + 1][:1]
    assert build_book(*rows) == -1


@pytest.mark.parametrize("seed", range(30))
def test_random_pivots_match_the_plain_definition(seed: int) -> None:
    rng = random.Random(seed)
    bar, pivots = 0, []
    for _ in range(rng.randrange(1, 120)):
        bar += rng.randrange(1, 12)
        price = 50.0 * math.exp(rng.gauss(0.0, 0.1))
        pivots.append((price, rng.uniform(0.002, 0.03), bar, (1500 - bar) / 24))
    assert_equal_books(pivots)


def test_the_unit_of_the_price_changes_only_the_prices() -> None:
    rng = random.Random(3)
    pivots = [
        (50.0 * math.exp(rng.gauss(0.0, 0.1)), 0.01, 7 * i, (700 - 7 * i) / 24) for i in range(100)
    ]
    base = book(pivots)
    scaled = book([(p * 1e-8, t, b, a) for p, t, b, a in pivots])
    assert [row[1:] for row in scaled] == [row[1:] for row in base]
    assert [row[0] * 1e8 for row in scaled] == pytest.approx([row[0] for row in base], rel=1e-9)


def test_building_later_scales_every_strength_alike() -> None:
    pivots = [(100.0 + i % 3, 0.01, 10 * i, (300 - 10 * i) / 24) for i in range(30)]
    now = book(pivots)
    later = book([(p, t, b, a + 15.0) for p, t, b, a in pivots])
    assert [row[0] for row in later] == pytest.approx([row[0] for row in now], rel=1e-9)
    decayed = [row[1] * touch_weight(15.0) for row in now]
    assert [row[1] for row in later] == pytest.approx(decayed, rel=1e-9)


def test_the_tolerance_grows_with_the_range_of_the_bars() -> None:
    assert pivot_tolerance(100.0, 0.5) == 0.01
    assert pivot_tolerance(100.0, 2.0) == 0.02
    assert pivot_tolerance(100.0, 2.0, 0.003, 0.5) == 0.01
    for price, average in ((0.0, 1.0), (-1.0, 1.0), (math.nan, 1.0), (100.0, math.nan)):
        assert math.isnan(pivot_tolerance(price, average))


def test_a_touch_weighs_half_after_thirty_days() -> None:
    assert [touch_weight(d) for d in (0.0, 30.0, 60.0)] == pytest.approx([1.0, 0.5, 0.25])


def test_real_pivots_match_the_plain_definition_as_lists_and_as_arrays(real: Any) -> None:
    k, hours = 24, 4320
    w = real.part(0, hours)
    pivots: list[Pivot] = []
    for i in range(k, hours - k):
        for is_pivot, row in ((is_high_pivot, w.highs), (is_low_pivot, w.lows)):
            if is_pivot(row, i, k):
                known = i + k + 1
                first = max(0, known - 720)
                average = atr(w.highs[first:known], w.lows[first:known], w.closes[first:known])
                tolerance = pivot_tolerance(row[i], average)
                pivots.append((row[i], tolerance, i, (hours - i) / 24))
    assert len(pivots) > 100
    assert_equal_books(pivots)
    n = len(pivots)
    out = [np.zeros(n), np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.int64)]
    columns = [np.array([p[i] for p in pivots]) for i in range(4)]
    columns[2] = columns[2].astype(np.int64)
    count = build_book(*columns, *out)
    assert list(zip(*(row[:count].tolist() for row in out), strict=True)) == book(pivots)
    assert sum(row[2] > 1 for row in book(pivots)) > 5
