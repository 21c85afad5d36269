"""The Sharpe ratio that the luckiest of many worthless configurations is expected to show."""

from __future__ import annotations

import math
from statistics import NormalDist

EULER_GAMMA = 0.5772156649015329


def expected_max_sharpe(trial_variance: float, trials: int) -> float | None:
    """s0 = sqrt(V) ((1 - g) Zinv(1 - 1/N) + g Zinv(1 - 1/(N e))) (Bailey and Lopez de Prado 2014).

    Parameters
    ----------
    trial_variance : V, sample variance (ddof=1) of the ratios of all trials, of one interval.
    trials : N, the number of configurations EVER tried, at least 1; where trials resemble each
        other it is too high, and s0 with it.

    Returns
    -------
    A ratio of the interval of V; 0 for one trial, where nothing was chosen. None for no trial or a
    missing or negative V.

    Examples
    --------
    >>> round(expected_max_sharpe(0.5 / 250, 100), 6)
    0.113172
    """
    if trials < 1 or not math.isfinite(trial_variance) or trial_variance < 0.0:
        return None
    if trials == 1:
        return 0.0
    quantile = NormalDist().inv_cdf
    ordinary = (1.0 - EULER_GAMMA) * quantile(1.0 - 1.0 / trials)
    extreme = EULER_GAMMA * quantile(1.0 - 1.0 / (trials * math.e))
    return math.sqrt(trial_variance) * (ordinary + extreme)
