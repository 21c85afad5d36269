"""The mean of a series whose values overlap in time, and its t."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bot.stats.samples import NO_SPREAD, Numbers, sample


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesMean:
    """Mean and sd (ddof=1) of n values; t of a mean of zero, None where there is none."""

    n: int
    mean: float
    sd: float | None
    t: float | None


def newey_west(values: Numbers, lag: int) -> SeriesMean | None:
    """t = mean / sqrt(S / n), S = g0 + 2 sum_k (1 - k/(lag + 1)) g_k (Newey and West 1987).

    g_k are the autocovariances over n, k from 1 to `lag`.

    Parameters
    ----------
    values : of even intervals, oldest first.
    lag : how far values overlap: the horizon of a forward return, in intervals; 0 for none.

    Returns
    -------
    None without a value or with a missing one. sd is None for one value, t also where the values
    do not vary or S is not positive.

    Raises
    ------
    ValueError : for a lag below 0.

    Examples
    --------
    >>> found = newey_west([1.0, 2.0, 3.0, 4.0], lag=1)
    >>> round(found.mean, 6), round(found.sd, 6), round(found.t, 6)
    (2.5, 1.290994, 4.0)
    """
    if lag < 0:
        raise ValueError(f"a lag of {lag}")
    rows = sample(values, 1)
    if rows is None:
        return None
    n, mean = len(rows), float(rows.mean())
    if n < 2:
        return SeriesMean(n=n, mean=mean, sd=None, t=None)
    sd = float(rows.std(ddof=1))
    centred = rows - mean
    total = float(centred @ centred) / n
    if total <= NO_SPREAD:
        return SeriesMean(n=n, mean=mean, sd=sd, t=None)
    for k in range(1, min(lag, n - 1) + 1):
        total += 2.0 * (1.0 - k / (lag + 1)) * float(centred[k:] @ centred[: n - k]) / n
    t = mean / math.sqrt(total / n) if total > 0.0 else None
    return SeriesMean(n=n, mean=mean, sd=sd, t=t)
