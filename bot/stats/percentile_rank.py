"""Where a value stands among others, from 0 for the lowest to 1 for the highest."""

from __future__ import annotations

import math
from typing import Protocol


class Values(Protocol):
    """A row of floats to read: a list or an array."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> float: ...


def percentile_rank(values: Values, index: int) -> float:
    """(average rank - 1) / (n - 1) of values[index] among all values; equal ones share a rank.

    Parameters
    ----------
    values : the pool; NaN entries are not part of it. Round to 10 digits before, so that equal
        means equal on every machine.
    index : which of them.

    Returns
    -------
    A number in [0, 1]; 0.5 for a pool of one. NaN when values[index] is NaN. The rank with the
    order reversed is 1 less this one.

    Examples
    --------
    >>> [round(percentile_rank([1.2, 1.5, 0.9, 0.2], i), 6) for i in range(4)]
    [0.666667, 1.0, 0.333333, 0.0]
    >>> percentile_rank([2.0, 2.0, 5.0], 0)
    0.25
    """
    value = values[index]
    if math.isnan(value):
        return math.nan
    n = 0
    below = 0
    equal = 0
    for i in range(len(values)):
        if math.isnan(values[i]):
            continue
        n += 1
        if values[i] < value:
            below += 1
        elif values[i] == value:
            equal += 1
    if n == 1:
        return 0.5
    return (float(below) + 0.5 * float(equal - 1)) / float(n - 1)
