"""Volatility of a portfolio from weights, volatilities and correlations."""

from __future__ import annotations

import math
from collections.abc import Sequence


def portfolio_volatility(
    weights: Sequence[float],
    sigmas: Sequence[float],
    correlation: Sequence[Sequence[float]],
) -> float:
    """Square root of w' C w, with C_ij = rho_ij sigma_i sigma_j.

    Parameters
    ----------
    weights : shares of equity; they need not sum to 1, the rest is cash.
    sigmas : volatility of each, as fractions of the same interval.
    correlation : N x N, ones on the diagonal.

    Returns
    -------
    A fraction of the interval of `sigmas`. 0 without positions. NaN when a number is missing or
    the matrix gives a variance below zero (it is then no correlation matrix).

    Raises
    ------
    ValueError : when the sizes differ.

    Examples
    --------
    >>> rho = [[1.0, 0.6, 0.3], [0.6, 1.0, 0.5], [0.3, 0.5, 1.0]]
    >>> weights = [0.9 * w for w in (6 / 11, 3 / 11, 2 / 11)]
    >>> round(portfolio_volatility(weights, [0.4, 0.8, 1.2], rho), 6)
    0.472906
    """
    n = len(weights)
    if len(sigmas) != n or len(correlation) != n or any(len(row) != n for row in correlation):
        raise ValueError(f"{n} weights need {n} sigmas and a {n} x {n} correlation")
    variance = 0.0
    for i in range(n):
        for j in range(n):
            variance += weights[i] * sigmas[i] * correlation[i][j] * weights[j] * sigmas[j]
    if not math.isfinite(variance):
        return math.nan
    # A hedged book may come out a rounding error below zero.
    if variance < 0.0:
        return 0.0 if variance > -1e-15 else math.nan
    return math.sqrt(variance)
