"""Weights that give every position the same risk if all correlations are equal."""

from __future__ import annotations

import math
from collections.abc import Sequence


def inverse_volatility_weights(sigmas: Sequence[float]) -> list[float]:
    """w_i = (1 / sigma_i) / sum_j (1 / sigma_j).

    Parameters
    ----------
    sigmas : volatility of each, any common interval.

    Returns
    -------
    Shares that sum to 1. A sigma that is missing or not above 0 gets NaN and is left out of the
    sum; an empty sequence gives an empty list.

    Examples
    --------
    >>> [round(w, 6) for w in inverse_volatility_weights([0.4, 0.8, 1.2])]
    [0.545455, 0.272727, 0.181818]
    """
    inverse = [1.0 / s if math.isfinite(s) and s > 0.0 else math.nan for s in sigmas]
    total = math.fsum(v for v in inverse if not math.isnan(v))
    return [v / total for v in inverse]
