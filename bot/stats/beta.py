"""How much of a benchmark's moves an account shares."""

from __future__ import annotations

from bot.stats.samples import NO_SPREAD, Numbers, pair


def beta(returns: Numbers, benchmark: Numbers, min_obs: int = 2) -> float | None:
    """cov(r, b) / var(b).

    Parameters
    ----------
    returns, benchmark : simple returns of the same even intervals.
    min_obs : fewest returns that are enough; below two there is no spread to measure.

    Returns
    -------
    Without unit, not annualised; 1 moves with the benchmark. None for fewer than `min_obs` or two
    returns, a missing one, or a benchmark that does not vary (cash).

    Raises
    ------
    ValueError : when the two differ in length.

    Examples
    --------
    >>> round(beta([0.01, -0.02, 0.015, 0.0], [0.02, -0.03, 0.02, -0.01]), 6)
    0.611111
    """
    both = pair(returns, benchmark, max(min_obs, 2))
    if both is None:
        return None
    own, other = both[0] - both[0].mean(), both[1] - both[1].mean()
    variance = float(other @ other) / len(other)
    if variance <= NO_SPREAD * NO_SPREAD:
        return None
    return float(own @ other) / len(other) / variance
