"""What counts as a sample: enough finite numbers, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Numbers: TypeAlias = Sequence[float] | Floats

DAYS_PER_YEAR = 365.0

# A simple return is known to about 2e-16: a smaller spread is rounding, not risk, and dividing by
# it would give a ratio near 1e14.
NO_SPREAD = 1e-14
# A sum of squared deviations that is found as the difference of two sums is known to about 1e-15
# of the larger one for each term.
SUMS_NO_SPREAD = 1e-12


def sample(values: Numbers, least: int) -> Floats | None:
    """The values as one row of float64, oldest first.

    Parameters
    ----------
    values : any numbers; one that is missing (NaN) or infinite makes the sample unusable.
    least : fewest values that are enough.

    Returns
    -------
    None where there are fewer than `least`, or one of them is no finite number.

    Raises
    ------
    ValueError : when the values are not one row.

    Examples
    --------
    >>> sample([0.01, -0.02], 2)
    array([ 0.01, -0.02])
    >>> sample([0.01, float("nan")], 2) is None
    True
    """
    row = np.asarray(values, dtype=np.float64)
    if row.ndim != 1:
        raise ValueError(f"one row of numbers is needed, not {row.ndim} dimensions")
    if len(row) < least or not np.isfinite(row).all():
        return None
    return row


def pair(first: Numbers, second: Numbers, least: int) -> tuple[Floats, Floats] | None:
    """Two samples of the same days; None where either is unusable.

    Raises
    ------
    ValueError : when they differ in length.

    Examples
    --------
    >>> pair([0.01], [0.02], 2) is None
    True
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} values are not of the same days")
    left, right = sample(first, least), sample(second, least)
    if left is None or right is None:
        return None
    return left, right


def standardised(values: Numbers, least: int) -> Floats | None:
    """(x - mean) / sd, with the population's sd (ddof=0); None where the values do not vary.

    Examples
    --------
    >>> standardised([1.0, 3.0], 2)
    array([-1.,  1.])
    """
    row = sample(values, max(least, 2))
    if row is None:
        return None
    deviation = float(row.std())
    if deviation <= NO_SPREAD:
        return None
    scaled: Floats = (row - row.mean()) / deviation
    return scaled
