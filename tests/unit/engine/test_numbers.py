"""The engine's integer arithmetic against Python's own whole numbers."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Context, Decimal

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.engine.numbers import (
    PPM,
    mul_div_floor,
    rate_ceil,
    rate_floor,
    round10,
    ticks_down,
    ticks_up,
    whole_down,
    whole_up,
    wide_add,
    wide_div,
    wide_less,
    wide_mul,
    wide_scale,
)

INT64 = (1 << 63) - 1
LARGE = st.integers(0, (1 << 62) - 1)
MONEY = st.integers(0, 10**17)
WIDE = st.integers(0, (1 << 123) - 1)


def split(value: int) -> tuple[int, int]:
    return value >> 62, value & ((1 << 62) - 1)


@given(LARGE, LARGE, st.integers(1, INT64))
def test_mul_div_floor_is_exact_and_never_wraps(a: int, b: int, c: int) -> None:
    exact = a * b // c
    if exact < 1 << 62:
        assert mul_div_floor(a, b, c) == exact
    else:
        assert (1 << 62) - 1 <= mul_div_floor(a, b, c) <= min(exact, INT64)


@given(st.integers(10**10, 10**17), MONEY, st.integers(1, 10**17))
def test_mul_div_floor_is_exact_for_money(a: int, b: int, c: int) -> None:
    assert mul_div_floor(a, b, c) == min(a * b // c, (1 << 62) - 1)


@given(LARGE, st.integers(0, INT64))
def test_wide_mul_is_the_product(a: int, b: int) -> None:
    high, low = wide_mul(a, b)
    assert (high << 62) + low == a * b
    assert high <= INT64


@given(WIDE, WIDE)
def test_wide_numbers_add_and_compare(a: int, b: int) -> None:
    high, low = wide_add(*split(a), *split(b))
    assert (high << 62) + low == a + b
    assert wide_less(*split(a), *split(b)) == (a < b)


@given(st.integers(0, (1 << 93) - 1), st.integers(0, (1 << 31) - 1))
def test_wide_scale_is_the_product(a: int, k: int) -> None:
    high, low = wide_scale(*split(a), k)
    assert (high << 62) + low == a * k


def of_every_length(bits: int) -> st.SearchStrategy[int]:
    """Numbers of 1 to so many bits, many of them next to a power of two."""
    near = st.integers(-3, 3)
    powers = st.builds(lambda bit, off: max(1, (1 << bit) + off), st.integers(0, bits), near)
    return (powers | st.integers(1, (1 << bits) - 1)).filter(lambda n: n < 1 << bits)


# Both digits of this quotient are guessed two too large at first.
@example(4430893531706513657, 2305843010926189146, 1532139372461068228)
@example((1 << 62) - 1, (1 << 63) - 1, (1 << 63) - 2)
@given(of_every_length(62), of_every_length(63), st.integers(-1, INT64))
def test_wide_div_is_the_floor(quotient: int, c: int, rest: int) -> None:
    rest %= c
    with np.errstate(all="raise"):
        high, low = map(np.int64, split(quotient * c + rest))
        assert wide_div(high, low, np.int64(c)) == quotient


@given(MONEY, st.integers(0, 4 * PPM))
def test_rates_of_money_are_exact_floor_and_ceiling(amount: int, ppm: int) -> None:
    assert rate_floor(amount, ppm) == amount * ppm // PPM
    assert rate_ceil(amount, ppm) == -(-amount * ppm // PPM)


@given(st.integers(0, 4 * 10**12), st.integers(0, 2 * PPM), st.integers(1, 10**6))
def test_ticks_are_the_nearest_whole_ones_on_their_side(points: int, ppm: int, tick: int) -> None:
    assert ticks_down(points, ppm, tick) == points * ppm // (PPM * tick)
    assert ticks_up(points, ppm, tick) == -(-points * ppm // (PPM * tick))


@given(st.floats(1e-150, 1e15))
def test_round10_keeps_ten_digits(x: float) -> None:
    expected = Context(prec=10, rounding=ROUND_HALF_UP).create_decimal(Decimal(x))
    # A half in the eleventh digit may fall either way by the product's own rounding.
    assert round10(x) == pytest.approx(float(expected), rel=1.01e-10)
    assert round10(-x) == -round10(x)
    assert round10(round10(x)) == round10(x)


@given(st.floats(0.0, 9e15))
def test_whole_numbers_bracket_the_ten_digits(x: float) -> None:
    cut = round10(x)
    assert whole_down(x) == math.floor(cut)
    assert whole_up(x) == math.ceil(cut)


@pytest.mark.parametrize("x", [math.nan, math.inf, -math.inf, -1.0, 2.0**53])
def test_what_is_no_bounded_number_becomes_no_integer(x: float) -> None:
    assert whole_up(x) == -1
    assert whole_down(x) == -1
