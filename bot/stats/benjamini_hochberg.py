"""Which of many tests still count once there were so many (false discovery rate)."""

from __future__ import annotations

from collections.abc import Sequence

from bot.stats.p_values import ascending

Q = 0.05


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted p by test (Benjamini and Hochberg 1995): min over j >= i of p_(j) m / j, at most 1.

    Of the tests with an adjusted p of at most q, a share of q is expected to be chance.

    Parameters
    ----------
    p_values : one for each test, in [0, 1].

    Returns
    -------
    In the order given.

    Raises
    ------
    ValueError : for a p outside [0, 1].

    Examples
    --------
    >>> [round(p, 6) for p in benjamini_hochberg([0.01, 0.04, 0.03, 0.5])]
    [0.04, 0.053333, 0.053333, 0.5]
    """
    order = ascending(p_values)
    m = len(order)
    found = [1.0] * m
    least = 1.0
    for place, i in reversed(list(enumerate(order, 1))):
        least = min(least, p_values[i] * m / place)
        found[i] = least
    return found
