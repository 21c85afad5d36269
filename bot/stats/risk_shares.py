"""Which part of a portfolio's risk each position brings."""

from __future__ import annotations

import math
from collections.abc import Sequence


def risk_shares(
    weights: Sequence[float],
    sigmas: Sequence[float],
    correlation: Sequence[Sequence[float]],
) -> list[float]:
    """w_i (C w)_i / (w' C w), with C_ij = rho_ij sigma_i sigma_j.

    Parameters
    ----------
    weights : shares of equity.
    sigmas : volatility of each, as fractions of one interval.
    correlation : N x N, ones on the diagonal.

    Returns
    -------
    Shares that sum to 1; one is negative where a position lowers the risk of the rest. All NaN
    when the portfolio has no variance or a number is missing.

    Raises
    ------
    ValueError : when the sizes differ.

    Examples
    --------
    >>> rho = [[1.0, 0.6, 0.3], [0.6, 1.0, 0.5], [0.3, 0.5, 1.0]]
    >>> [round(share, 6) for share in risk_shares([6 / 11, 3 / 11, 2 / 11], [0.4, 0.8, 1.2], rho)]
    [0.327586, 0.362069, 0.310345]
    """
    n = len(weights)
    if len(sigmas) != n or len(correlation) != n or any(len(row) != n for row in correlation):
        raise ValueError(f"{n} weights need {n} sigmas and a {n} x {n} correlation")
    exposure = [weights[i] * sigmas[i] for i in range(n)]
    parts = []
    for i in range(n):
        pull = sum(correlation[i][j] * exposure[j] for j in range(n))
        parts.append(exposure[i] * pull)
    variance = sum(parts)
    if not math.isfinite(variance) or variance <= 0.0:
        return [math.nan] * n
    return [part / variance for part in parts]
