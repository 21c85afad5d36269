"""Probability of backtest overfitting by symmetric cross-validation."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.stats.backtest_overfitting import Overfitting, backtest_overfitting
from bot.stats.samples import Floats
from bot.stats.sharpe_ratio import sharpe_ratio
from tests.unit.stats.vectors import trials


def test_pv8() -> None:
    eight, ten = (backtest_overfitting(trials(0.0002), blocks) for blocks in (8, 10))
    assert eight == Overfitting(splits=70, below_median=0, blocks=8)
    assert ten == Overfitting(splits=252, below_median=6, blocks=10)
    assert eight.probability == 0.0


def test_pv9() -> None:
    found = backtest_overfitting(trials(0.0), 8)
    assert found == Overfitting(splits=70, below_median=12, blocks=8)
    assert found.probability == pytest.approx(0.171429, abs=5.1e-7)


def test_short_samples_are_cut_into_eight_blocks_and_long_ones_into_sixteen() -> None:
    table = np.vstack([trials(0.0), trials(0.0002)])
    short, long = backtest_overfitting(table[:319]), backtest_overfitting(table[:320])
    assert short is not None
    assert long is not None
    assert (short.blocks, short.splits) == (8, 70)
    assert (long.blocks, long.splits) == (16, 12870)


def reference(table: Floats, blocks: int) -> int:
    """Splits below the median, from the days themselves."""
    pieces = np.split(table, blocks)
    below = 0
    for chosen in combinations(range(blocks), blocks // 2):
        inside = np.vstack([pieces[i] for i in chosen])
        outside = np.vstack([pieces[i] for i in range(blocks) if i not in chosen])
        ratios = [sharpe_ratio(column) or 0.0 for column in inside.T]
        judged = [sharpe_ratio(column) or 0.0 for column in outside.T]
        best = judged[ratios.index(max(ratios))]
        rank = sum(r < best for r in judged) + (sum(r == best for r in judged) + 1) / 2
        w = rank / (len(judged) + 1)
        below += math.log(w / (1.0 - w)) < 0.0
    return below


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 7), st.sampled_from([2, 4, 6]))
def test_it_is_what_the_days_themselves_give(seed: int, columns: int, blocks: int) -> None:
    table = np.random.default_rng(seed).normal(0.0, 0.01, (60, columns))
    found = backtest_overfitting(table, blocks)
    assert found is not None
    assert found.below_median == reference(table, blocks)


def test_days_that_do_not_fill_the_blocks_are_dropped_from_the_oldest() -> None:
    table = trials(0.0)
    longer = np.vstack([np.full((5, 8), 0.5), table])
    assert backtest_overfitting(longer, 8) == backtest_overfitting(table, 8)


def test_one_configuration_at_many_sizes_is_no_overfitting() -> None:
    column = trials(0.0)[:, :1]
    found = backtest_overfitting(column * np.array([0.7, 1.1, 1.3, 1.9, 2.3]), 8)
    assert found is not None
    # All five tie in every half, though their last bits differ: the best is at the median.
    assert found.below_median == 0


def test_configurations_that_tie_share_their_rank() -> None:
    rising = 0.01 + trials(0.0)[:120, :1] * 0.1
    early, late = np.vstack([rising, -rising]), np.vstack([-rising, rising])
    # Two that are best in one half and worst, at rank 1.5 of 3, in the other; and one reversed.
    found = backtest_overfitting(np.hstack([early, early, late]), 2)
    assert found == Overfitting(splits=2, below_median=2, blocks=2)


def test_a_configuration_that_does_nothing_ranks_like_cash() -> None:
    losing = -np.abs(trials(0.0)[:, :2]) - 0.001
    with_cash = np.column_stack([losing, np.zeros(240)])
    found = backtest_overfitting(with_cash, 8)
    assert found is not None
    # Cash is the best of the three in every half.
    assert found.below_median == 0


@pytest.mark.parametrize("usual", [0.001, 0.003, 0.01 / 3])
def test_rounding_in_a_half_that_does_not_vary_is_not_taken_for_risk(usual: float) -> None:
    steady = np.full((240, 1), usual)
    steady[200] = -0.02
    table = np.hstack([steady, trials(0.0)[:, :2] + 0.001])
    found = backtest_overfitting(table, 4)
    assert found is not None
    assert found.below_median == reference(table, 4)


@pytest.mark.parametrize(
    "table",
    [np.ones((240, 1)), np.ones((15, 3)), np.full((240, 3), np.nan), np.zeros((0, 3))],
    ids=["one column", "too short", "missing", "empty"],
)
def test_what_cannot_be_split_is_not_judged(table: Floats) -> None:
    assert backtest_overfitting(table, 8) is None


def test_impossible_orders_are_refused() -> None:
    for blocks in (0, 7):
        with pytest.raises(ValueError, match="halved"):
            backtest_overfitting(trials(0.0), blocks)
    with pytest.raises(ValueError, match="table"):
        backtest_overfitting(np.zeros(240), 8)
