"""Ratios of a window of daily closes: n + 1 closes give n simple returns, a year has 365 days.

Every function gives NaN, never a substitute, where a close is not a positive finite number, where
there are fewer than `min_obs` returns, or where the ratio has no divisor.
"""

from __future__ import annotations

import math

from bot.engine.numbers import round10
from bot.market.kernels.arrays import Floats
from bot.market.kernels.prices import all_prices
from bot.stats.sharpe_standard_error import sharpe_standard_error

DAYS_PER_YEAR = 365.0
MIN_OBS = 30

# A simple return is known to about 2e-16: a smaller spread is rounding, not risk, and dividing by
# it would give a ratio near 1e14 that passes every gate.
_NO_SPREAD = 1e-14
# exp overflows at 709.8: interpreted it raises, compiled it gives infinity.
_EXP_MAX = 700.0


def _usable(closes: Floats, min_obs: int) -> bool:
    n = len(closes) - 1
    return n >= 1 and n >= min_obs and all_prices(closes)


def _mean_return(closes: Floats) -> float:
    n = len(closes) - 1
    total = 0.0
    for i in range(n):
        total += closes[i + 1] / closes[i] - 1.0
    return total / float(n)


def _deviation(closes: Floats, mean: float) -> float:
    n = len(closes) - 1
    total = 0.0
    for i in range(n):
        off = closes[i + 1] / closes[i] - 1.0 - mean
        total += off * off
    return math.sqrt(total / float(n - 1))


def sharpe(closes: Floats, rf: float, min_obs: int) -> float:
    """Annualised Sharpe ratio: mean(r - rf) / sd(r, ddof=1) x sqrt(365).

    `rf` is a rate a day. NaN where the returns do not vary or are fewer than two.
    """
    if not _usable(closes, min_obs) or len(closes) < 3:
        return math.nan
    mean = _mean_return(closes)
    deviation = _deviation(closes, mean)
    if deviation <= _NO_SPREAD:
        return math.nan
    return round10((mean - rf) / deviation * math.sqrt(DAYS_PER_YEAR))


def sharpe_lower_bound(closes: Floats, rf: float, z: float, min_obs: int) -> float:
    """The Sharpe ratio less z of its standard errors (one, by the default of the gates)."""
    ratio = sharpe(closes, rf, min_obs)
    if math.isnan(ratio):
        return math.nan
    error = sharpe_standard_error(ratio, len(closes) - 1, DAYS_PER_YEAR)
    return round10(ratio - z * error)


def sortino(closes: Floats, mar: float, min_obs: int) -> float:
    """Annualised Sortino ratio: mean(r - mar) / sqrt(mean(min(r - mar, 0)^2)) x sqrt(365).

    The downside is averaged over all n returns. `mar` is a rate a day. NaN where none is below it.
    """
    if not _usable(closes, min_obs):
        return math.nan
    n = len(closes) - 1
    below = 0.0
    for i in range(n):
        excess = closes[i + 1] / closes[i] - 1.0 - mar
        if excess < 0.0:
            below += excess * excess
    downside = math.sqrt(below / float(n))
    if downside <= _NO_SPREAD:
        return math.nan
    return round10((_mean_return(closes) - mar) / downside * math.sqrt(DAYS_PER_YEAR))


def volatility(closes: Floats, min_obs: int) -> float:
    """Annual volatility as a fraction: sd(r, ddof=1) x sqrt(365); 0 where nothing moved."""
    if not _usable(closes, min_obs) or len(closes) < 3:
        return math.nan
    deviation = _deviation(closes, _mean_return(closes))
    if deviation <= _NO_SPREAD:
        return 0.0
    return round10(deviation * math.sqrt(DAYS_PER_YEAR))


def max_drawdown(closes: Floats, min_obs: int) -> float:
    """Deepest fall from a running peak, a positive fraction; the first close is the first peak."""
    if not _usable(closes, min_obs):
        return math.nan
    peak = closes[0]
    worst = 0.0
    for i in range(len(closes)):
        if closes[i] > peak:
            peak = closes[i]
        fall = 1.0 - closes[i] / peak
        if fall > worst:
            worst = fall
    return round10(worst)


def cagr(closes: Floats, min_obs: int) -> float:
    """Growth a year as a fraction: (last / first)^(365 / n) - 1; NaN beyond what a float holds."""
    if not _usable(closes, min_obs):
        return math.nan
    n = len(closes) - 1
    # exp(log) instead of a power: the compiler rewrites some powers, and the last bit would differ.
    growth = math.log(closes[n] / closes[0]) * (DAYS_PER_YEAR / float(n))
    if growth > _EXP_MAX:
        return math.nan
    return round10(math.exp(growth) - 1.0)


def calmar(closes: Floats, min_obs: int) -> float:
    """Growth a year over the deepest fall; NaN where there was no fall."""
    fall = max_drawdown(closes, min_obs)
    if math.isnan(fall) or fall <= 0.0:
        return math.nan
    return round10(cagr(closes, min_obs) / fall)
