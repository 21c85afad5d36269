"""Covariance of few returns of many tokens, drawn towards something that can be inverted."""

from __future__ import annotations

import math
from collections.abc import Sequence

Matrix = list[list[float]]


def ledoit_wolf(returns: Sequence[Sequence[float]]) -> tuple[Matrix, float]:
    """Shrinkage covariance towards m I (Ledoit and Wolf 2004): (1 - d) S + d m I.

    With S the covariance over T (not T - 1) and m its mean variance, the intensity is d =
    min(b, g) / g, where g = |S - m I|^2 and b = sum_t |x_t x_t' - S|^2 / T^2, both squared
    Frobenius norms.

    Parameters
    ----------
    returns : T rows of N returns of one interval, oldest first; T >= 2, N >= 1, all finite.

    Returns
    -------
    The N x N covariance in units of the returns squared, and the intensity d in [0, 1]. d is 0
    where S is already a multiple of I.

    Raises
    ------
    ValueError : for fewer than two rows, no column, rows of unequal length, or a missing number.

    Notes
    -----
    Plain loops in a fixed order: a matrix library's order of addition depends on the machine.

    Examples
    --------
    >>> covariance, intensity = ledoit_wolf([[0.01, 0.02], [-0.02, 0.01], [0.03, -0.01]])
    >>> round(intensity, 6), round(covariance[0][1] * 1e6, 6)
    (0.719915, -40.456751)
    """
    centred = _centred(returns)
    sample = _covariance(centred)
    n = len(sample)
    mean_variance = sum(sample[i][i] for i in range(n)) / n
    distance = 0.0
    for i in range(n):
        for j in range(n):
            off = sample[i][j] - (mean_variance if i == j else 0.0)
            distance += off * off
    intensity = 0.0
    # Below one part in 1e24 of the variance squared is rounding: nothing is left to shrink.
    if distance > 1e-24 * mean_variance * mean_variance * n:
        intensity = min(_sampling_error(centred, sample), distance) / distance
    return _mixed(sample, mean_variance, intensity), intensity


def _centred(returns: Sequence[Sequence[float]]) -> Matrix:
    rows = len(returns)
    if rows < 2 or len(returns[0]) < 1:
        raise ValueError(f"{rows} rows of returns: at least two with a column each are needed")
    columns = len(returns[0])
    if any(len(row) != columns for row in returns):
        raise ValueError("the rows of returns differ in length")
    if not all(math.isfinite(value) for row in returns for value in row):
        raise ValueError("a return is missing or infinite")
    means = [sum(row[i] for row in returns) / rows for i in range(columns)]
    return [[row[i] - means[i] for i in range(columns)] for row in returns]


def _covariance(centred: Matrix) -> Matrix:
    rows = len(centred)
    n = len(centred[0])
    sample = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(i, n):
            product = 0.0
            for row in centred:
                product += row[i] * row[j]
            sample[i][j] = sample[j][i] = product / rows
    return sample


def _sampling_error(centred: Matrix, sample: Matrix) -> float:
    """sum_t |x_t x_t' - S|^2 / T^2; the sum is sum_t |x_t|^4 - T |S|^2."""
    rows = len(centred)
    fourth = 0.0
    for row in centred:
        length = sum(value * value for value in row)
        fourth += length * length
    norm = sum(value * value for row in sample for value in row)
    return max(fourth / rows - norm, 0.0) / rows


def _mixed(sample: Matrix, mean_variance: float, intensity: float) -> Matrix:
    n = len(sample)
    mixed = [[(1.0 - intensity) * sample[i][j] for j in range(n)] for i in range(n)]
    for i in range(n):
        mixed[i][i] += intensity * mean_variance
    return mixed
