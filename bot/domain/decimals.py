"""Exact decimals at the edges: text in, canonical text out, integers in between."""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_EVEN, Context, Decimal

from bot.domain.errors import DataError

MONEY_DECIMALS = 8
PRICE_DECIMALS_MAX = 12
# 12 significant digits always fit the engine's bound of 4e12 points.
PRICE_DIGITS_MAX = 12
# Beyond it no number of decimals fits: such a number is no price of anything.
PRICE_MAX = Decimal(4 * 10**12)

# Digits of other scripts are no digits here, although Python would read them.
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
# The longest that a float64 takes when it is written out in full, and a little more.
NUMBER_CHARS_MAX = 1_100
_WIDE = Context(prec=60)
_PRICE = Context(prec=PRICE_DIGITS_MAX, rounding=ROUND_HALF_EVEN)


def parse_decimal(text: str) -> Decimal:
    """An exact decimal from plain or exponent text; no separators, no NaN, no infinity.

    >>> parse_decimal("1e-8")
    Decimal('1E-8')
    """
    stripped = text.strip()
    if len(stripped) > NUMBER_CHARS_MAX:
        raise DataError(f"{stripped[:40]!r}... of {len(stripped)} characters is too long a number")
    if _NUMBER.fullmatch(stripped) is None:
        raise DataError(f"{text!r} is not a decimal number")
    return Decimal(stripped)


def plain(value: Decimal) -> str:
    """Canonical text: no exponent, no trailing zeros, no minus zero.

    >>> plain(Decimal("1.500")), plain(Decimal("1E+3")), plain(Decimal("-0.0"))
    ('1.5', '1000', '0')
    """
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def scaled(value: int, decimals: int) -> str:
    """Canonical text of an integer of 10^-decimals units.

    >>> scaled(899849950000, 8)
    '8998.4995'
    >>> scaled(-52, 1)
    '-5.2'
    """
    if decimals <= 0:
        return str(value * 10**-decimals)
    if value < 0:
        return "-" + scaled(-value, decimals)
    whole, part = divmod(value, 10**decimals)
    return f"{whole}.{part:0{decimals}d}".rstrip("0") if part else str(whole)


def money_text(money: int) -> str:
    """Canonical text of money in 1e-8 units."""
    return scaled(money, MONEY_DECIMALS)


def price_of_points(points: int, near: str) -> str:
    """A price in points as text: read with the decimals that bring it to a price near it.

    >>> price_of_points(123456, "12.35")
    '12.3456'
    """
    decimals = round(math.log10(points) - math.log10(float(near)))
    return plain(Decimal(points).scaleb(-min(max(decimals, 0), PRICE_DECIMALS_MAX)))


def canonical_price(value: Decimal) -> Decimal:
    """A price as the record keeps it: at most 12 decimals and 12 significant digits, half even.

    Sources send binary floats with noise in the last places; what is kept is what every later
    step can hold exactly.
    """
    short = _PRICE.plus(value)
    exponent = short.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -PRICE_DECIMALS_MAX:
        short = short.quantize(Decimal(1).scaleb(-PRICE_DECIMALS_MAX), context=_WIDE)
    return short


def is_cut(value: Decimal) -> bool:
    """Whether `canonical_price` takes more from a price than a binary float's noise.

    >>> is_cut(Decimal("0.30000000000000004")), is_cut(Decimal("1.2345E-9"))
    (False, True)
    """
    return canonical_price(value) != _PRICE.plus(value)


def decimals_of(value: Decimal) -> int:
    """How many decimals a value needs; 0 for whole numbers.

    >>> decimals_of(Decimal("1.50")), decimals_of(Decimal("1E+3"))
    (1, 0)
    """
    exponent = value.normalize(_WIDE).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
