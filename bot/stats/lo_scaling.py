"""The factor that takes a Sharpe ratio to a longer interval when returns depend on each other."""

from __future__ import annotations

import math

import numpy as np

from bot.stats.samples import Numbers, sample


def lo_scaling(periods: int, autocorrelations: Numbers) -> float | None:
    """q / sqrt(q + 2 sum_(k<q) (q - k) rho_k) (Lo 2002); sqrt(q) where all rho are 0.

    Parameters
    ----------
    periods : q, number of short intervals in the long one, at least 1.
    autocorrelations : rho_1, rho_2, ... of the returns of the short interval, each in [-1, 1];
        lags that are not given count as 0, those from q on have no effect.

    Returns
    -------
    A factor for the ratio of the short interval. None for a missing number or where the
    correlations leave no variance.

    Raises
    ------
    ValueError : when q is below 1 or a correlation outside [-1, 1].

    Examples
    --------
    >>> round(lo_scaling(24, [0.2]), 6), round(lo_scaling(24, []), 6)
    (4.165261, 4.898979)
    """
    rhos = sample(autocorrelations, 0)
    if rhos is None:
        return None
    if periods < 1 or (np.abs(rhos) > 1.0).any():
        raise ValueError(f"{periods} periods and correlations of {rhos}")
    used = rhos[: periods - 1]
    shared = float((used * (periods - np.arange(1, len(used) + 1))).sum())
    variance = periods + 2.0 * shared
    return periods / math.sqrt(variance) if variance > 0.0 else None
