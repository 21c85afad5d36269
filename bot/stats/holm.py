"""Which of several tests count together: the chance of a single false one is bounded."""

from __future__ import annotations

from collections.abc import Sequence

from bot.stats.p_values import ascending

ALPHA = 0.05


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p by test (Holm 1979): max over j <= i of (m - j + 1) p_(j), at most 1.

    Where all tests with an adjusted p of at most alpha are called true, the chance that any of
    them is a false call is at most alpha, however the tests lean on each other.

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
    >>> [round(p, 6) for p in holm([0.01, 0.04, 0.03, 0.005])]
    [0.03, 0.06, 0.06, 0.02]
    """
    order = ascending(p_values)
    m = len(order)
    found = [1.0] * m
    most = 0.0
    for place, i in enumerate(order):
        most = min(1.0, max(most, (m - place) * p_values[i]))
        found[i] = most
    return found
