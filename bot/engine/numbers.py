"""Exact integer arithmetic that stays inside int64, and the one way from floats to integers.

Everything here gives the same digits interpreted and compiled: no product leaves int64 without
being split into 62-bit halves first, no float is compared before it is cut to 10 digits.
"""

from __future__ import annotations

import math

PPM = 1_000_000
MONEY = 100_000_000  # money units in one quote unit
FLOAT_BOUND = 9_007_199_254_740_992.0  # 2^53
SMALL = 3_037_000_499  # the largest integer whose square fits in int64
_HALF = 31
_MASK31 = (1 << 31) - 1
_MASK62 = (1 << 62) - 1


def power_of_ten(exponent: int) -> float:
    """10^exponent for a whole exponent >= 0: products, since compilers rewrite pow(10, x)."""
    power = 1.0
    for _ in range(exponent):
        power *= 10.0
    return power


def round10(x: float) -> float:
    """A float cut to 10 significant digits; NaN and infinity become NaN, tiny numbers zero.

    >>> round10(0.25 * 1.2), round10(0.75 * 1.2)
    (0.3, 0.9)
    """
    if math.isnan(x) or math.isinf(x):
        return math.nan
    size = math.fabs(x)
    if size < 1e-200:
        return 0.0
    digits = 9 - math.floor(math.log10(size))
    if digits > 0:
        if digits > 290:
            return 0.0
        scale = power_of_ten(digits)
        cut = math.floor(size * scale + 0.5) / scale
    else:
        scale = power_of_ten(-digits)
        cut = math.floor(size / scale + 0.5) * scale
    return cut if x > 0.0 else -cut


def whole_up(x: float) -> int:
    """The smallest integer not below x, after the cut to 10 digits; -1 where x is no number.

    The caller tests for -1: it is never a lawful distance, rate or quantity.
    """
    cut = round10(x)
    if math.isnan(cut) or cut >= FLOAT_BOUND or cut < 0.0:
        return -1
    return math.ceil(cut)


def whole_down(x: float) -> int:
    """The largest integer not above x, after the cut to 10 digits; -1 where x is no number."""
    cut = round10(x)
    if math.isnan(cut) or cut >= FLOAT_BOUND or cut < 0.0:
        return -1
    return math.floor(cut)


def wide_mul(a: int, b: int) -> tuple[int, int]:
    """The product of a in [0, 2^62) and b in [0, 2^63) as (high, low) with 62 bits in low."""
    a1 = a >> _HALF
    a0 = a & _MASK31
    b1 = b >> _HALF
    b0 = b & _MASK31
    one = a0 * b1
    two = a1 * b0
    middle = (one & _MASK31) + (two & _MASK31)
    low = a0 * b0 + ((middle & _MASK31) << _HALF)
    high = a1 * b1 + (one >> _HALF) + (two >> _HALF) + (middle >> _HALF) + (low >> 62)
    return high, low & _MASK62


def wide_add(high: int, low: int, more_high: int, more_low: int) -> tuple[int, int]:
    """The sum of two wide numbers."""
    total = low + more_low
    return high + more_high + (total >> 62), total & _MASK62


def wide_scale(high: int, low: int, k: int) -> tuple[int, int]:
    """A wide number times k, for k below 2^31 and a result below 2^124."""
    part_high, part_low = wide_mul(low, k)
    return high * k + part_high, part_low


def wide_less(high: int, low: int, other_high: int, other_low: int) -> bool:
    """Whether the first wide number is smaller than the second."""
    return high < other_high or (high == other_high and low < other_low)


def wide_div(high: int, low: int, c: int) -> int:
    """floor((high * 2^62 + low) / c), for a quotient below 2^62 (so high < c)."""
    if high == 0:
        return low // c
    if c >> 62 != 0:
        return _divide_by_bits(high, low, c)
    # Two digits of 31 bits, each from one division and a correction of at most two (Knuth's
    # algorithm D), with the divisor moved up to 62 bits.
    shift = leading_zeros(c)
    divisor = c << shift
    rest = (high << shift) | (low >> (62 - shift))
    lower = (low & ((1 << (62 - shift)) - 1)) << shift
    first, rest = _divide_digit(rest, lower >> _HALF, divisor)
    second, rest = _divide_digit(rest, lower & _MASK31, divisor)
    return (first << _HALF) + second


def leading_zeros(c: int) -> int:
    """How many of the 62 bits above the highest of c are zero, for c in [1, 2^62)."""
    zeros = 0
    step = 32
    while step > 0:
        if c >> (62 - zeros - step) == 0:
            zeros += step
        step = step >> 1
    return zeros


def _divide_digit(rest: int, digit: int, divisor: int) -> tuple[int, int]:
    """The next digit of 31 bits and what is left, for rest < divisor of exactly 62 bits."""
    top = divisor >> _HALF
    bottom = divisor & _MASK31
    guess = rest // top
    left = rest - guess * top
    # No guess is too small, and none by more than two too large.
    while left <= _MASK31 and (guess > _MASK31 or guess * bottom > (left << _HALF) + digit):
        guess -= 1
        left += top
    return guess, (left << _HALF) + digit - guess * bottom


def _divide_by_bits(high: int, low: int, c: int) -> int:
    """`wide_div` for c up to 2^63 - 1, which leaves a digit no room."""
    rest = high
    quotient = 0
    for i in range(62):
        bit = (low >> (61 - i)) & 1
        quotient = quotient << 1
        # 2 * rest + bit >= c, written so that nothing leaves int64.
        if rest >= c - rest - bit:
            rest = rest - (c - rest - bit)
            quotient = quotient | 1
        else:
            rest = rest + rest + bit
    return quotient


def mul_div_floor(a: int, b: int, c: int) -> int:
    """floor(a * b / c) with a 124-bit intermediate, for a, b in [0, 2^62) and c > 0.

    A quotient of 2^62 and more becomes 2^62 - 1: above every amount there is, so a bound that is
    too far away to be written never binds.

    >>> mul_div_floor(10**17, 10**15, 10**16)
    10000000000000000
    """
    if a <= SMALL and b <= SMALL:
        return a * b // c
    high, low = wide_mul(a, b)
    if high >= c:
        return _MASK62
    return wide_div(high, low, c)


def rate_floor(amount: int, ppm: int) -> int:
    """floor(amount * ppm / 10^6) for amount >= 0 without leaving int64."""
    return amount // PPM * ppm + amount % PPM * ppm // PPM


def rate_ceil(amount: int, ppm: int) -> int:
    """ceil(amount * ppm / 10^6) for amount >= 0 without leaving int64."""
    return amount // PPM * ppm + (amount % PPM * ppm + PPM - 1) // PPM


def ticks_up(points: int, ppm: int, tick: int) -> int:
    """The price points * ppm / 10^6 in whole ticks, up; points up to 4e12, ppm up to 2 * 10^6."""
    return -((-points * ppm) // (PPM * tick))


def ticks_down(points: int, ppm: int, tick: int) -> int:
    """The price points * ppm / 10^6 in whole ticks, down; same bounds as ticks_up."""
    return points * ppm // (PPM * tick)
