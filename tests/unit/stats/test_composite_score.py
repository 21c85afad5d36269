"""Percentile ranks and the score made of them."""

from __future__ import annotations

import math
import random

import pytest

from bot.stats.composite_score import composite_score
from bot.stats.percentile_rank import percentile_rank

NAN = math.nan


def test_vector_gv1() -> None:
    columns = [[0.8, 0.3, 0.5, 0.1], [1.2, 1.5, 0.9, 0.2], [0.6, 0.3, 0.5, 0.8]]
    scores = [
        composite_score([percentile_rank(c, i) for c in columns], [1.0] * 3, [1.0, 1.0, -1.0])
        for i in range(4)
    ]
    assert scores == pytest.approx([2 / 3, 7 / 9, 5 / 9, 0.0], rel=1e-9)


def test_ties_share_the_average_rank() -> None:
    values = [3.0, 1.0, 3.0, 3.0, 7.0]
    ranks = [percentile_rank(values, i) for i in range(5)]
    assert ranks == [0.5, 0.0, 0.5, 0.5, 1.0]
    assert percentile_rank([4.0, 4.0], 1) == 0.5


def test_one_token_stands_in_the_middle() -> None:
    assert percentile_rank([3.0], 0) == 0.5
    assert percentile_rank([NAN, 3.0], 1) == 0.5


def test_a_missing_value_has_no_rank_and_is_not_in_the_pool() -> None:
    values = [1.0, NAN, 2.0, 3.0]
    assert math.isnan(percentile_rank(values, 1))
    assert [percentile_rank(values, i) for i in (0, 2, 3)] == [0.0, 0.5, 1.0]


@pytest.mark.parametrize("seed", range(20))
def test_ranks_are_averages_of_sorted_places(seed: int) -> None:
    rng = random.Random(seed)
    values = [float(rng.randrange(8)) for _ in range(rng.randrange(2, 30))]
    ordered = sorted(values)
    for i, value in enumerate(values):
        places = [place for place, other in enumerate(ordered, 1) if other == value]
        expected = (sum(places) / len(places) - 1) / (len(values) - 1)
        assert percentile_rank(values, i) == pytest.approx(expected, abs=1e-12)
        turned = percentile_rank([-v for v in values], i)
        assert turned == pytest.approx(1.0 - percentile_rank(values, i), abs=1e-12)


def test_weights_count_in_proportion() -> None:
    assert composite_score([1.0, 0.0], [3.0, 1.0], [1.0, 1.0]) == 0.75
    assert composite_score([1.0, 0.0], [6.0, 2.0], [1.0, 1.0]) == 0.75
    assert composite_score([1.0, 0.0], [3.0, 1.0], [-1.0, -1.0]) == 0.25


def test_a_token_that_misses_any_rank_has_no_score() -> None:
    assert math.isnan(composite_score([1.0, NAN], [1.0, 1.0], [1.0, 1.0]))
    assert math.isnan(composite_score([1.0, NAN], [1.0, 0.0], [1.0, 1.0]))


def test_senseless_weights_give_no_score() -> None:
    assert math.isnan(composite_score([1.0, 0.5], [0.0, 0.0], [1.0, 1.0]))
    assert math.isnan(composite_score([1.0, 0.5], [2.0, -1.0], [1.0, 1.0]))
    assert math.isnan(composite_score([], [], []))
