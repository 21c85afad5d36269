"""One score out of several percentile ranks."""

from __future__ import annotations

import math

from bot.stats.percentile_rank import Values


def composite_score(ranks: Values, weights: Values, signs: Values) -> float:
    """Weighted mean of ranks, sum w p / sum w, each turned round where lower is better.

    Parameters
    ----------
    ranks : percentile ranks in [0, 1], one per metric.
    weights : one per metric, none negative.
    signs : above 0 where higher is better; else the metric counts with 1 - rank.

    Returns
    -------
    A score in [0, 1]. NaN when any rank is missing, or no weight is above 0.

    Examples
    --------
    >>> round(composite_score([1.0, 2 / 3, 2 / 3], [1.0, 1.0, 1.0], [1.0, 1.0, -1.0]), 6)
    0.666667
    """
    total = 0.0
    weight = 0.0
    for i in range(len(ranks)):
        if math.isnan(ranks[i]) or weights[i] < 0.0:
            return math.nan
        rank = ranks[i]
        if signs[i] <= 0.0:
            rank = 1.0 - rank
        total += weights[i] * rank
        weight += weights[i]
    if weight <= 0.0:
        return math.nan
    return total / weight
