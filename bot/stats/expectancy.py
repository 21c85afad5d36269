"""What a trade earned on average, and whether that can be told from nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bot.stats.samples import NO_SPREAD, Numbers, sample
from bot.stats.student_t import two_sided_p


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectancy:
    """Mean of n trades in R, its spread, and the test of a mean of zero."""

    n: int
    mean: float
    sd: float | None
    t: float | None
    p: float | None


def expectancy(r_multiples: Numbers) -> Expectancy | None:
    """Mean R, sd (ddof=1), t = mean / (sd / sqrt(n)) and its two-sided p by Student's t.

    Trades that overlap in time are not independent; t is then too large.

    Parameters
    ----------
    r_multiples : net pnl over initial risk of every closed trade.

    Returns
    -------
    R and its spread, not annualised. sd, t and p are None for one trade, t and p also where all
    trades earned the same. None altogether without a trade or with a missing number.

    Examples
    --------
    >>> found = expectancy([1.8, -1, -1.1, 0.9, 2.4, -1])
    >>> round(found.mean, 6), round(found.sd, 6), round(found.t, 6), round(found.p, 6)
    (0.333333, 1.571835, 0.519454, 0.625612)
    """
    rows = sample(r_multiples, 1)
    if rows is None:
        return None
    n, mean = len(rows), float(rows.mean())
    if n < 2:
        return Expectancy(n=n, mean=mean, sd=None, t=None, p=None)
    sd = float(rows.std(ddof=1))
    if sd <= NO_SPREAD:
        return Expectancy(n=n, mean=mean, sd=0.0, t=None, p=None)
    t = mean / (sd / math.sqrt(n))
    return Expectancy(n=n, mean=mean, sd=sd, t=t, p=two_sided_p(t, n - 1))
