"""P values of several tests, in the order in which adjustments for their number take them."""

from __future__ import annotations

from collections.abc import Sequence


def ascending(p_values: Sequence[float]) -> list[int]:
    """The places of the p values, least first; ValueError for a p outside [0, 1].

    >>> ascending([0.04, 0.01, 0.04])
    [1, 0, 2]
    """
    if any(not 0.0 <= p <= 1.0 for p in p_values):
        raise ValueError(f"p values outside [0, 1]: {list(p_values)}")
    return sorted(range(len(p_values)), key=lambda i: p_values[i])
