"""How sure it is that a Sharpe ratio is above a benchmark."""

from __future__ import annotations

import math
from statistics import NormalDist


def probabilistic_sharpe(
    sharpe: float, n: int, skew: float, kurt: float, benchmark: float = 0.0
) -> float | None:
    """PSR = Phi((s - s*) sqrt(n - 1) / sqrt(1 - g3 s + (g4 - 1) / 4 s^2)) (Bailey 2012).

    The variance is taken at the estimate s with n - 1, as in the paper; `null_probabilistic_sharpe`
    takes it under the null, with n.

    Parameters
    ----------
    sharpe : ratio s of ONE interval (sd with ddof=1), not annualised.
    n : number of returns, at least 2.
    skew, kurt : population skewness g3 and kurtosis g4 (3 for a normal distribution) of them.
    benchmark : s*, of one interval too.

    Returns
    -------
    A probability in [0, 1]. None for fewer than two returns, a missing number, or moments that
    give no positive variance.

    Examples
    --------
    >>> round(probabilistic_sharpe(0.458, 24, -2.448, 10.164), 6)
    0.913361
    """
    return _probability(sharpe - benchmark, n - 1, sharpe_variance(sharpe, skew, kurt))


def null_probabilistic_sharpe(
    sharpe: float, n: int, skew: float, kurt: float, benchmark: float = 0.0
) -> float | None:
    """Phi((s - s*) sqrt(n) / sqrt(1 - g3 s* + (g4 - 1) / 4 s*^2)) (Lopez de Prado et al. 2025).

    Parameters, result and absence as in `probabilistic_sharpe`; against a benchmark of 0 neither
    skewness nor kurtosis matters.

    Examples
    --------
    >>> round(null_probabilistic_sharpe(0.036 / 0.079, 24, -2.448, 10.164), 6)
    0.987207
    """
    if n < 2:
        return None
    return _probability(sharpe - benchmark, n, sharpe_variance(benchmark, skew, kurt))


def sharpe_variance(sharpe: float, skew: float, kurt: float) -> float:
    """1 - g3 s + (g4 - 1) / 4 s^2: variance of an estimated ratio, times the number of returns.

    Examples
    --------
    >>> sharpe_variance(1.0, 0.0, 3.0)
    1.5
    """
    return 1.0 - skew * sharpe + (kurt - 1.0) / 4.0 * sharpe * sharpe


def _probability(distance: float, count: int, variance: float) -> float | None:
    z_known = math.isfinite(distance) and math.isfinite(variance)
    if not z_known or count < 1 or variance <= 0.0:
        return None
    return NormalDist().cdf(distance * math.sqrt(count / variance))
