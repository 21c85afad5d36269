"""How heavy the tails of returns are."""

from __future__ import annotations

from bot.stats.samples import Numbers, standardised


def kurtosis(values: Numbers, min_obs: int = 2) -> float | None:
    """Population kurtosis, not the excess: m4 / m2^2, with m_k the mean of (x - mean)^k.

    Parameters
    ----------
    values : simple returns of even intervals.
    min_obs : fewest values that are enough.

    Returns
    -------
    Without unit, of one interval, at least 1; 3 for a normal distribution. None for fewer than
    `min_obs` or two values, a missing one, or values that do not vary.

    Examples
    --------
    >>> r12 = [0.012, -0.008, 0.005, 0.021, -0.015, -0.007, 0.009, 0, 0.014, -0.022, 0.018, 0.006]
    >>> round(kurtosis(r12), 9)
    2.1064583
    """
    scaled = standardised(values, min_obs)
    return None if scaled is None else float((scaled**4).mean())
