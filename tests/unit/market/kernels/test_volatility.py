"""EWMA volatility of hourly closes and the estimators from ranges."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.market.kernels import volatility as kernels

BAR_KERNELS = [kernels.garman_klass, kernels.rogers_satchell, kernels.yang_zhang]


def ohlc(bars: Any) -> tuple[list[float], list[float], list[float], list[float]]:
    return bars.opens, bars.highs, bars.lows, bars.closes


def test_vector_zv11(six_bars: Any) -> None:
    o, h, low, c = ohlc(six_bars)
    assert kernels.parkinson(h, low) == pytest.approx(0.0162561356, abs=5.1e-11)
    assert kernels.garman_klass(o, h, low, c) == pytest.approx(0.0171628841, abs=5.1e-11)
    assert kernels.rogers_satchell(o, h, low, c) == pytest.approx(0.0168454364, abs=5.1e-11)
    assert kernels.yang_zhang(o, h, low, c) == pytest.approx(0.0159330054, abs=5.1e-11)
    variance = kernels.ewma_variance(c, 0.94, 1)
    assert math.sqrt(variance) == pytest.approx(0.0146576218, abs=5.1e-11)


def plain_ewma(closes: list[float]) -> float:
    squares = [math.log(b / a) ** 2 for a, b in pairwise(closes)]
    decay = 0.5 ** (1 / 72)
    variance = math.fsum(squares[:24]) / 24
    for square in squares[24:]:
        variance = decay * variance + (1 - decay) * square
    return math.sqrt(variance) * math.sqrt(8760)


def plain_ranges(bars: Any) -> tuple[float, float, float, float]:
    o, h, low, c = (np.log(np.array(row)) for row in ohlc(bars))
    parkinson = np.sqrt(np.mean((h - low) ** 2) / (4 * np.log(2)))
    gk = np.sqrt(np.mean((h - low) ** 2 / 2 - (2 * np.log(2) - 1) * (c - o) ** 2))
    rs_terms = (h - o) * (h - c) + (low - o) * (low - c)
    n = len(o) - 1
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    gap = np.var(o[1:] - c[:-1], ddof=1)
    body = np.var((c - o)[1:], ddof=1)
    yz = np.sqrt(gap + k * body + (1 - k) * rs_terms[1:].mean())
    return float(parkinson), float(gk), float(np.sqrt(rs_terms.mean())), float(yz)


def check_against_plain(bars: Any) -> None:
    o, h, low, c = ohlc(bars)
    assert kernels.ewma_volatility(c) == pytest.approx(plain_ewma(c), rel=1e-9)
    found = (
        kernels.parkinson(h, low),
        kernels.garman_klass(o, h, low, c),
        kernels.rogers_satchell(o, h, low, c),
        kernels.yang_zhang(o, h, low, c),
    )
    assert found == pytest.approx(plain_ranges(bars), rel=1e-9)


def test_random_markets_match_the_plain_definitions(synthetic: Any) -> None:
    check_against_plain(synthetic.part(0, 720))


def test_real_windows_match_the_plain_definitions(real: Any) -> None:
    for first in range(0, len(real.closes) - 720, 1500):
        check_against_plain(real.part(first, first + 720))


def test_lists_and_arrays_give_the_same_bits(synthetic: Any) -> None:
    rows = ohlc(synthetic.part(100, 300))
    arrays = [np.array(row) for row in rows]
    for kernel in BAR_KERNELS:
        assert kernel(*arrays) == kernel(*rows)
    assert kernels.parkinson(arrays[1], arrays[2]) == kernels.parkinson(rows[1], rows[2])
    assert kernels.ewma_volatility(arrays[3]) == kernels.ewma_volatility(rows[3])


def test_the_seed_needs_24_returns() -> None:
    closes = [100.0 + i % 3 for i in range(25)]
    assert math.isnan(kernels.ewma_volatility(closes[:24]))
    squares = [math.log(b / a) ** 2 for a, b in pairwise(closes)]
    assert kernels.ewma_volatility(closes) == pytest.approx(
        math.sqrt(sum(squares) / 24 * 8760), rel=1e-9
    )


def test_a_shock_counts_half_as_much_after_one_half_life() -> None:
    quiet = [100.0] * 25
    shocked = [*quiet, 110.0]
    later = [*shocked, *[110.0] * 72]
    assert kernels.ewma_volatility(later) ** 2 == pytest.approx(
        kernels.ewma_volatility(shocked) ** 2 / 2, rel=1e-8
    )


def test_flat_prices_have_no_volatility() -> None:
    flat = [5.0] * 30
    assert kernels.ewma_volatility(flat) == 0.0
    assert kernels.parkinson(flat, flat) == 0.0
    for kernel in BAR_KERNELS:
        assert kernel(flat, flat, flat, flat) == 0.0


@pytest.mark.parametrize("bad", [math.nan, math.inf, 0.0, -3.0])
@pytest.mark.parametrize("column", range(4))
def test_an_impossible_price_makes_the_estimate_missing(
    six_bars: Any, bad: float, column: int
) -> None:
    rows = [list(row) for row in ohlc(six_bars)]
    rows[column][3] = bad
    for kernel in BAR_KERNELS:
        assert math.isnan(kernel(*rows))
    if column in (1, 2):
        assert math.isnan(kernels.parkinson(rows[1], rows[2]))
    if column == 3:
        assert math.isnan(kernels.ewma_volatility(rows[3], 72.0, 2))


def test_a_bar_whose_high_is_below_its_close_is_impossible(six_bars: Any) -> None:
    o, h, low, c = (list(row) for row in ohlc(six_bars))
    h[2] = c[2] - 0.1
    for kernel in BAR_KERNELS:
        assert math.isnan(kernel(o, h, low, c))
    assert math.isnan(kernels.parkinson(low, h))


def test_a_bar_whose_low_is_above_its_open_is_impossible(six_bars: Any) -> None:
    o, h, low, c = (list(row) for row in ohlc(six_bars))
    low[4] = o[4] + 0.1
    for kernel in BAR_KERNELS:
        assert math.isnan(kernel(o, h, low, c))


def test_short_and_uneven_windows_are_missing(six_bars: Any) -> None:
    o, h, low, c = ohlc(six_bars)
    assert math.isnan(kernels.parkinson([], []))
    assert math.isnan(kernels.parkinson(h, low[1:]))
    assert math.isnan(kernels.garman_klass([], [], [], []))
    assert math.isnan(kernels.rogers_satchell(o, h, low, c[1:]))
    assert math.isnan(kernels.yang_zhang(o[:2], h[:2], low[:2], c[:2]))
    assert not math.isnan(kernels.yang_zhang(o[:3], h[:3], low[:3], c[:3]))
    assert math.isnan(kernels.ewma_volatility(c, 0.0, 2))
    assert math.isnan(kernels.ewma_volatility(c, 72.0, 0))


@given(st.integers(-40, 40))
def test_the_unit_of_the_price_changes_nothing(power: int) -> None:
    o = [100.0, 101.0, 102.5, 102.0]
    h = [102.0, 103.0, 104.0, 102.8]
    low = [99.0, 100.0, 101.5, 100.2]
    c = [101.0, 102.5, 102.0, 100.8]
    scaled = [[v * 2.0**power for v in row] for row in (o, h, low, c)]
    for kernel in BAR_KERNELS:
        assert kernel(*scaled) == kernel(o, h, low, c)
    assert kernels.ewma_volatility(scaled[3], 72.0, 2) == kernels.ewma_volatility(c, 72.0, 2)
