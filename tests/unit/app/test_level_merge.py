"""Books merged in whole numbers that may grow: what the engine's split products give (L1)."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.app.level_merge import merged_book, whole_strengths
from bot.engine.levels import merge_book

DAY = 86_400_000
STRENGTHS = st.sampled_from([0.0, 0.5, 1.0, 2.75, 9.0, -1.0, float("nan"), float("inf")])


@st.composite
def books(draw: st.DrawFn) -> list[tuple[int, float]]:
    """Ascending levels, most of them near the one below, at prices small and of 4e12 points."""
    price = draw(st.sampled_from([1, 1_000, 9_000_000, 3_900_000_000_000]))
    found = []
    for share, strength in draw(st.lists(st.tuples(st.integers(0, 6_000), STRENGTHS))):
        price = min(price + price * share // 10**6, 4 * 10**12)
        found.append((price, strength))
    return found


@given(
    books(),
    st.sampled_from([0, 2_500, 20_000]),
    st.sampled_from([1, 5, 100]),
    st.sampled_from([0, DAY]),
)
def test_a_merged_book_is_that_of_the_engine(
    levels: list[tuple[int, float]], merge: int, tick: int, built: int
) -> None:
    count, slot = len(levels), 11 * DAY
    prices = np.array([price for price, _ in levels], np.int64)
    strengths = np.array([strength for _, strength in levels], np.float64)
    out, weights = np.zeros(count, np.int64), np.zeros(count, np.int64)
    kept = merge_book(prices, strengths, 0, count, built, slot, merge, tick, out, weights)
    whole = zip(prices.tolist(), whole_strengths(strengths, built, slot), strict=True)
    assert merged_book(whole, merge, tick) == (out[:kept].tolist(), weights[:kept].tolist())
