"""How many years of data a number of trials needs before their best one means anything."""

from __future__ import annotations

from bot.stats.expected_max_sharpe import expected_max_sharpe


def min_backtest_length(trials: int, target: float = 1.0) -> float | None:
    """MinBTL = (E[max_N] / target)^2 years (Bailey, Borwein, Lopez de Prado, Zhu 2014).

    Parameters
    ----------
    trials : N, the number of configurations ever tried, at least 1.
    target : annual Sharpe ratio that the best of N worthless trials should not be expected to
        reach, above 0.

    Returns
    -------
    Years, whatever the interval of the returns; 0 for one trial. None for no trial or a target not
    above 0.

    Examples
    --------
    >>> [round(min_backtest_length(n), 4) for n in (7, 45, 1000)]
    [1.9231, 4.9981, 10.5958]
    """
    lucky = expected_max_sharpe(1.0, trials)
    if lucky is None or not target > 0.0:
        return None
    return (lucky / target) ** 2
