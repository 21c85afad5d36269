"""How sure a Sharpe ratio is, given how many configurations were tried to find it."""

from __future__ import annotations

from bot.stats.expected_max_sharpe import expected_max_sharpe
from bot.stats.probabilistic_sharpe import probabilistic_sharpe


def deflated_sharpe(
    sharpe: float, n: int, skew: float, kurt: float, trial_variance: float, trials: int
) -> float | None:
    """DSR = PSR(s0), with s0 the ratio expected from the best of N trials without any skill.

    Parameters
    ----------
    sharpe : ratio of ONE interval of the chosen configuration, not annualised.
    n : number of its returns, at least 2.
    skew, kurt : their population skewness and kurtosis (3 for a normal distribution).
    trial_variance : sample variance of the ratios of all trials, of the same interval.
    trials : number of configurations EVER tried, at least 1.

    Returns
    -------
    A probability in [0, 1]. None where s0 or the probabilistic ratio is.

    Examples
    --------
    >>> round(deflated_sharpe(2.5 / 250**0.5, 1250, -3.0, 10.0, 0.5 / 250, 100), 6)
    0.900397
    """
    lucky = expected_max_sharpe(trial_variance, trials)
    return None if lucky is None else probabilistic_sharpe(sharpe, n, skew, kurt, lucky)
