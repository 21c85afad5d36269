"""How long a track record must be before its Sharpe ratio is above a benchmark for sure enough."""

from __future__ import annotations

import math
from statistics import NormalDist

from bot.stats.probabilistic_sharpe import sharpe_variance

CONFIDENCE = 0.95


def min_track_record(
    sharpe: float,
    skew: float,
    kurt: float,
    benchmark: float = 0.0,
    confidence: float = CONFIDENCE,
) -> float | None:
    """MinTRL = 1 + (1 - g3 s + (g4 - 1) / 4 s^2) (z / (s - s*))^2 (Bailey 2012).

    Parameters
    ----------
    sharpe : ratio s of ONE interval, not annualised.
    skew, kurt : population skewness and kurtosis (3 for a normal distribution) of the returns.
    benchmark : s*, of one interval too.
    confidence : probability to reach, in (0.5, 1); z is its normal quantile.

    Returns
    -------
    Number of intervals (days, for daily returns). None where s is not above s*: no length is then
    enough; and for a missing number or moments that give no positive variance.

    Raises
    ------
    ValueError : when `confidence` is not in (0.5, 1).

    Examples
    --------
    >>> round(min_track_record(2 / 365**0.5, 0.0, 3.0), 2)
    249.23
    """
    if not 0.5 < confidence < 1.0:
        raise ValueError(f"a confidence of {confidence} is not between 0.5 and 1")
    distance, variance = sharpe - benchmark, sharpe_variance(sharpe, skew, kurt)
    if not (math.isfinite(distance) and math.isfinite(variance)):
        return None
    if distance <= 0.0 or variance <= 0.0:
        return None
    z = NormalDist().inv_cdf(confidence)
    return 1.0 + variance * (z / distance) ** 2
