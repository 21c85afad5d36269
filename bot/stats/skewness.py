"""On which side of the mean the long tail of returns lies."""

from __future__ import annotations

from bot.stats.samples import Numbers, standardised


def skewness(values: Numbers, min_obs: int = 2) -> float | None:
    """Population skewness: m3 / m2^(3/2), with m_k the mean of (x - mean)^k.

    Parameters
    ----------
    values : simple returns of even intervals.
    min_obs : fewest values that are enough.

    Returns
    -------
    Without unit, of one interval; below 0 where the long tail is on the side of losses. None for
    fewer than `min_obs` or two values, a missing one, or values that do not vary.

    Examples
    --------
    >>> r12 = [0.012, -0.008, 0.005, 0.021, -0.015, -0.007, 0.009, 0, 0.014, -0.022, 0.018, 0.006]
    >>> round(skewness(r12), 9)
    -0.42571611
    """
    scaled = standardised(values, min_obs)
    return None if scaled is None else float((scaled**3).mean())
