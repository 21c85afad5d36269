"""The level book as the engine reads it: exact merging, half-up rounding, decay (L1)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.levels import STRENGTH, merge_book, whole_strength

DAY = 86_400_000


def merged(
    levels: list[tuple[int, float]], tick: int = 1, merge: int = 2500, built: int = 0, slot: int = 1
) -> list[tuple[int, float]]:
    count = len(levels)
    prices = np.array([price for price, _ in levels], np.int64)
    strengths = np.array([strength for _, strength in levels], np.float64)
    out, out_strengths = np.zeros(count, np.int64), np.zeros(count, np.int64)
    n = merge_book(prices, strengths, 0, count, built, slot, merge, tick, out, out_strengths)
    return [(int(out[i]), int(out_strengths[i]) / STRENGTH) for i in range(n)]


def expected(levels: list[tuple[int, float]], tick: int, merge: int) -> list[tuple[int, float]]:
    """L1 in fractions, written from its text."""
    clusters: list[list[tuple[int, Fraction]]] = []
    for price, strength in levels:
        own = Fraction(round(strength * STRENGTH), STRENGTH)
        if clusters:
            mean = mean_of(clusters[-1])
            if (price - mean) / mean < Fraction(merge, 10**6):
                clusters[-1].append((price, own))
                continue
        clusters.append([(price, own)])
    found = []
    for cluster in clusters:
        price = Fraction(cluster[0][0])
        if len(cluster) > 1:
            price = ((mean_of(cluster) / tick) + Fraction(1, 2)).__floor__() * Fraction(tick)
        found.append((int(price), float(sum(own for _, own in cluster))))
    return found


def mean_of(cluster: list[tuple[int, Fraction]]) -> Fraction:
    weight = sum(own for _, own in cluster)
    if weight == 0:
        return Fraction(sum(price for price, _ in cluster), len(cluster))
    return sum((price * own for price, own in cluster), Fraction(0)) / weight


def test_a_level_exactly_at_the_tolerance_does_not_join() -> None:
    assert merged([(400_000, 1.0), (401_000, 1.0)]) == [(400_000, 1.0), (401_000, 1.0)]
    assert merged([(400_000, 1.0), (400_999, 1.0)]) == [(400_500, 2.0)]


def test_the_running_mean_is_not_rounded_between_members() -> None:
    # The mean of the first two is 400000.5; its reach ends at 401000.50125, so 401000 joins and
    # would not join a mean cut to 400000.
    assert merged([(400_000, 1.0), (400_001, 1.0), (401_000, 1.0)]) == [(400_334, 3.0)]


def test_a_mean_is_rounded_half_up_to_the_tick_and_a_lone_level_keeps_its_price() -> None:
    assert merged([(100_000, 1.0), (100_010, 1.0)], tick=10) == [(100_010, 2.0)]
    assert merged([(100_000, 3.0), (100_010, 1.0)], tick=10) == [(100_000, 4.0)]
    assert merged([(100_003, 1.0)], tick=10) == [(100_003, 1.0)]


def test_the_mean_is_weighted_by_count_only_where_no_member_has_strength() -> None:
    assert merged([(100_000, 0.0), (100_020, 0.0)]) == [(100_010, 0.0)]
    assert merged([(100_000, 0.0), (100_020, 2.0)]) == [(100_020, 2.0)]


PRICES = st.integers(9_000_000, 9_200_000)


@given(
    st.lists(st.tuples(PRICES, st.sampled_from([0.0, 0.5, 1.0, 2.75, 9.0])), max_size=20),
    st.sampled_from([1, 5, 100]),
)
def test_merging_follows_the_text_in_exact_fractions(
    levels: list[tuple[int, float]], tick: int
) -> None:
    levels = sorted(levels, key=lambda level: level[0])
    assert merged(levels, tick) == expected(levels, tick, 2500)


def test_strength_decays_by_half_in_thirty_days_only_where_the_book_was_built() -> None:
    assert whole_strength(4.0, DAY, 31 * DAY) == 2 * STRENGTH
    assert whole_strength(4.0, 0, 31 * DAY) == 4 * STRENGTH
    assert whole_strength(4.0, 31 * DAY, DAY) == 4 * STRENGTH


@pytest.mark.parametrize("strength", [0.0, -1.0, float("nan"), float("inf")])
def test_no_strength_is_none(strength: float) -> None:
    assert whole_strength(strength, 0, 1) == 0
