"""Which numbers can be a price."""

from __future__ import annotations

from bot.market.kernels.arrays import Floats

# Between these the ratio and the product of two prices stay finite and above zero, so that no
# logarithm or quotient needs a test of its own. NaN and infinity lie outside.
LEAST = 1e-100
MOST = 1e100


def is_price(value: float) -> bool:
    """Whether a number is a price: finite and above zero, far from the ends of a float."""
    return LEAST <= value <= MOST


def all_prices(values: Floats) -> bool:
    """Whether every number of a row is a price; true for an empty row."""
    for i in range(len(values)):  # noqa: SIM110 - all() of a generator does not compile
        if not LEAST <= values[i] <= MOST:
            return False
    return True
