"""Block length and intervals of the stationary bootstrap."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.stats.block_length import block_length
from bot.stats.bootstrap_intervals import Interval, bootstrap_intervals
from bot.stats.cagr import cagr
from bot.stats.max_drawdown import max_drawdown
from bot.stats.samples import Floats
from bot.stats.sharpe_ratio import sharpe_ratio
from tests.unit.stats.vectors import autoregressive, equity_of, lcg


def daily(n: int, drift: float = 0.002) -> Floats:
    series: Floats = lcg(99, n) * 0.05 + drift
    return series


def test_pv7() -> None:
    series = autoregressive()
    assert lcg(12345, 1)[0] == pytest.approx(-0.479597314, abs=5.1e-10)
    assert series.mean() == pytest.approx(0.014764693, abs=5.1e-10)
    # Of the pairs of neighbours, each side with its own mean.
    rho = float(np.corrcoef(series[1:], series[:-1])[0, 1])
    assert rho == pytest.approx(0.390742939, abs=5.1e-10)
    found = block_length(series)
    assert found is not None
    assert found.stationary == pytest.approx(8.704131, abs=5.1e-7)
    assert found.circular == pytest.approx(9.963742, abs=5.1e-7)


def test_the_longer_the_memory_the_longer_the_block() -> None:
    draws = lcg(5, 300)
    lengths = []
    for memory in (0.0, 0.3, 0.6, 0.9):
        series = [0.0]
        for u in draws:
            series.append(memory * series[-1] + float(u))
        found = block_length(series[1:])
        assert found is not None
        lengths.append(found.stationary)
    assert lengths == sorted(lengths)


@pytest.mark.parametrize(("n", "longest"), [(70, 24), (100, 30), (101, 31)])
def test_a_block_is_at_most_a_third_of_the_sample_or_three_roots_of_it(
    n: int, longest: int
) -> None:
    alternating = [0.01 * ((7 * day) % 13 - 6) + 0.02 * (day % 2) for day in range(n)]
    found = block_length(alternating)
    assert found is not None
    assert (found.stationary, found.circular) == (longest, longest)


@pytest.mark.parametrize("values", [[0.1] * 50, [0.1, -0.1] * 9, [0.1, -0.1] * 20 + [math.nan]])
def test_what_is_flat_short_or_missing_has_no_block(values: list[float]) -> None:
    assert block_length(values) is None


@given(st.floats(0.01, 100.0), st.floats(-1.0, 1.0))
def test_scale_and_offset_change_no_block(scale: float, offset: float) -> None:
    series = autoregressive()[:120]
    found, moved = block_length(series), block_length(series * scale + offset)
    assert found is not None
    assert moved is not None
    assert moved.stationary == pytest.approx(found.stationary, rel=1e-6)


def test_the_same_seed_draws_the_same_and_another_seed_nearly_the_same() -> None:
    returns = daily(200)
    first, again = bootstrap_intervals(returns, 7), bootstrap_intervals(returns, 7)
    other = bootstrap_intervals(returns, 8)
    assert first is not None
    assert first == again
    assert other is not None
    assert first.sharpe is not None
    assert other.sharpe is not None
    assert first.sharpe != other.sharpe
    assert first.sharpe.low == pytest.approx(other.sharpe.low, abs=0.25)
    assert (first.n, first.seed, first.draws, first.level) == (200, 7, 5000, 0.95)


def reference(returns: Floats, block: float, draws: int) -> list[tuple[float, float, float]]:
    """The bootstrap as one would write it on paper, one history after another."""
    rng = np.random.default_rng(1)
    n = len(returns)
    found = []
    for _ in range(draws):
        days: list[int] = []
        while len(days) < n:
            start, length = int(rng.integers(n)), int(rng.geometric(1.0 / block))
            days += [(start + k) % n for k in range(length)]
        history = returns[days[:n]]
        equity = equity_of(history)
        figures = (sharpe_ratio(history), cagr(equity), max_drawdown(equity))
        assert None not in figures
        found.append(figures)
    return found  # type: ignore[return-value]


def test_the_bounds_are_those_of_histories_written_out_one_by_one() -> None:
    returns = autoregressive()[:150] * 0.05
    found = bootstrap_intervals(returns, 3, draws=20000, block=6.0)
    assert found is not None
    assert found.block == 6.0
    slow = np.array(reference(returns, 6.0, 4000))
    for column, interval in enumerate((found.sharpe, found.cagr, found.max_drawdown)):
        assert interval is not None
        low, high = np.quantile(slow[:, column], [0.025, 0.975])
        assert interval.low == pytest.approx(low, abs=0.06 * (high - low))
        assert interval.high == pytest.approx(high, abs=0.06 * (high - low))


def test_the_block_is_the_automatic_one_and_at_least_a_day() -> None:
    dependent = bootstrap_intervals(autoregressive() * 0.05, 1, draws=50)
    assert dependent is not None
    assert dependent.block == pytest.approx(8.704131, abs=1e-6)
    alternating = bootstrap_intervals(daily(400), 1, draws=50)
    assert alternating is not None
    assert alternating.block >= 1.0


def test_a_wider_level_holds_the_narrower_one() -> None:
    wide = bootstrap_intervals(daily(120), 1, draws=500, level=0.99)
    narrow = bootstrap_intervals(daily(120), 1, draws=500, level=0.5)
    assert wide is not None
    assert narrow is not None
    for name in ("sharpe", "cagr", "max_drawdown"):
        outer, inner = getattr(wide, name), getattr(narrow, name)
        assert isinstance(outer, Interval)
        assert outer.low < inner.low < inner.high < outer.high


def test_fewer_than_sixty_days_have_no_interval() -> None:
    assert bootstrap_intervals(daily(59), 1) is None
    found = bootstrap_intervals(daily(60), 1, draws=100)
    assert found is not None
    assert found.sharpe is not None


def test_fewer_than_ninety_days_have_no_interval_of_growth() -> None:
    short, long = (bootstrap_intervals(daily(n), 1, draws=100) for n in (89, 90))
    assert short is not None
    assert long is not None
    assert short.cagr is None
    assert short.max_drawdown is not None
    assert long.cagr is not None


@pytest.mark.parametrize("usual", [0.0, 0.001, 0.0013, -0.0007, 0.003, 0.01 / 3])
def test_a_series_that_is_often_flat_when_drawn_has_no_interval_of_its_ratio(
    usual: float,
) -> None:
    returns = np.full(100, usual)
    returns[50] = 0.02
    found = bootstrap_intervals(returns, 1, draws=500, block=30.0)
    assert found is not None
    assert found.sharpe is None
    assert found.cagr is not None


@pytest.mark.parametrize(
    "returns", [[0.0] * 100, [0.01, math.nan] * 50, [0.01, -1.5] * 50], ids=["flat", "nan", "debt"]
)
def test_what_cannot_be_drawn_has_no_interval(returns: list[float]) -> None:
    assert bootstrap_intervals(returns, 1) is None


def test_a_total_loss_is_drawn_as_one() -> None:
    returns = daily(100).tolist()
    returns[10] = -1.0
    found = bootstrap_intervals(returns, 1, draws=500)
    assert found is not None
    assert found.max_drawdown is not None
    assert found.cagr is not None
    assert found.max_drawdown.high == 1.0
    assert found.cagr.low == -1.0


def test_a_history_that_only_falls_falls_from_its_start() -> None:
    found = bootstrap_intervals([-0.001, -0.002, -0.004] * 40, 1, draws=300)
    assert found is not None
    assert found.max_drawdown is not None
    assert found.cagr is not None
    deepest = 1.0 - (1.0 + found.cagr.low) ** (120 / 365)
    assert found.max_drawdown.high == pytest.approx(deepest, rel=1e-3)


@pytest.mark.parametrize(
    ("draws", "level", "block"),
    [(0, 0.95, None), (10, 0.0, None), (10, 1.0, None), (10, 0.95, 0.5), (10, 0.95, math.nan)],
)
def test_impossible_orders_are_refused(draws: int, level: float, block: float | None) -> None:
    with pytest.raises(ValueError, match="draws"):
        bootstrap_intervals(daily(100), 1, draws, level, block)


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.floats(1.0, 40.0))
def test_bounds_are_ordered_and_drawdowns_are_fractions(seed: int, block: float) -> None:
    found = bootstrap_intervals(daily(100), seed, draws=60, block=block)
    assert found is not None
    assert found.max_drawdown is not None
    assert 0.0 <= found.max_drawdown.low <= found.max_drawdown.high <= 1.0
    assert found.cagr is not None
    assert -1.0 <= found.cagr.low <= found.cagr.high
