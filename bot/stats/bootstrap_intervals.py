"""How far Sharpe ratio, growth and drawdown of a run may be from what the run shows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.stats.block_length import block_length
from bot.stats.cagr import MIN_DAYS
from bot.stats.linear_quantile import linear_quantile
from bot.stats.samples import DAYS_PER_YEAR, NO_SPREAD, SUMS_NO_SPREAD, Floats, Numbers, sample

MIN_OBS = 60
DRAWS = 5000
LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Bounds between which a statistic lies in `level` of the draws."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapIntervals:
    """Percentile intervals of one run, with all that is needed to draw them again."""

    n: int
    seed: int
    draws: int
    level: float
    block: float
    sharpe: Interval | None
    cagr: Interval | None
    max_drawdown: Interval | None


def bootstrap_intervals(
    returns: Numbers,
    seed: int,
    draws: int = DRAWS,
    level: float = LEVEL,
    block: float | None = None,
) -> BootstrapIntervals | None:
    """Intervals by the stationary bootstrap (Politis and Romano 1994) of daily returns.

    Every draw is a history of n days put together from runs of days of the sample, which wraps
    around at its end; the length of a run is geometric with mean `block`. Of every history: Sharpe
    = mean / sd(ddof=1) x sqrt(365), CAGR = growth^(365/n) - 1, and the deepest fall from the start
    or a later peak.

    Parameters
    ----------
    returns : simple daily returns, oldest first; at least 60.
    seed : of the generator (PCG64); the same seed gives the same intervals.
    draws : number of histories.
    level : share of the draws inside, in (0, 1); the rest is cut off in equal tails.
    block : mean run in days, at least 1; None takes it from `block_length`.

    Returns
    -------
    Annual figures as fractions, drawdown a positive fraction. None for fewer than 60 returns, a
    missing one, one below -1, or returns that do not vary. `cagr` is None for fewer than 90
    returns; each is None where more than a tail of the draws has no such figure (`sharpe`: the
    draw did not vary), the others being left out.

    Raises
    ------
    ValueError : for no draw, a level outside (0, 1) or a block below 1.

    Examples
    --------
    >>> days = [0.004 * ((7 * day) % 13 - 5.5) for day in range(120)]
    >>> found = bootstrap_intervals(days, seed=1, draws=1000)
    >>> found.n, found.seed, found.draws, found.max_drawdown.low < found.max_drawdown.high
    (120, 1, 1000, True)
    """
    if draws < 1 or not 0.0 < level < 1.0 or (block is not None and not block >= 1.0):
        raise ValueError(f"{draws} draws, a level of {level} and blocks of {block} days")
    rows = sample(returns, MIN_OBS)
    if rows is None or (rows < -1.0).any() or float(rows.std()) <= NO_SPREAD:
        return None
    if block is None:
        automatic = block_length(rows)
        if automatic is None:
            return None
        block = max(automatic.stationary, 1.0)
    n = len(rows)
    ratios, growths, falls = _histories(rows, block, draws, seed)
    return BootstrapIntervals(
        n=n,
        seed=seed,
        draws=draws,
        level=level,
        block=block,
        sharpe=_interval(ratios, level),
        cagr=_interval(_annual(growths, n), level) if n >= MIN_DAYS else None,
        max_drawdown=_interval(falls, level),
    )


def _histories(rows: Floats, block: float, draws: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Sharpe ratio, growth and deepest fall of every draw.

    It walks the days and keeps all draws side by side, so that memory does not grow with n.
    """
    n = len(rows)
    rng = np.random.Generator(np.random.PCG64(seed))
    mean = float(rows.mean())
    following = np.roll(np.arange(n), -1)
    day = _from_uniform(rng.random(draws) * n, n)
    total, squares = np.zeros(draws), np.zeros(draws)
    equity, peak, floor = np.ones(draws), np.ones(draws), np.ones(draws)
    chance = 1.0 / block
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(n):
            if step > 0:
                u = rng.random(draws)
                # Below `chance` a run begins anew, and u / chance is then as good as a fresh draw.
                day = np.where(u < chance, _from_uniform(u * (n * block), n), following[day])
            drawn = rows[day]
            off = drawn - mean
            total += off
            squares += off * off
            equity *= 1.0 + drawn
            np.maximum(peak, equity, out=peak)
            np.minimum(floor, equity / peak, out=floor)
    return _ratios(total, squares, n, mean), equity, 1.0 - floor


def _from_uniform(scaled: Floats, n: int) -> npt.NDArray[np.int64]:
    """A day below n; the last one where a number just below n was rounded up to it."""
    return np.minimum(scaled.astype(np.int64), n - 1)


def _ratios(total: Floats, squares: Floats, n: int, mean: float) -> Floats:
    spread = squares - total * total / n
    # What is left of a draw of one and the same day is the rounding of the two sums.
    varies = spread > SUMS_NO_SPREAD * squares
    deviation = np.sqrt(spread / (n - 1), out=np.ones(len(total)), where=varies)
    scaled: Floats = (mean + total / n) / deviation * math.sqrt(DAYS_PER_YEAR)
    scaled[~varies] = np.nan
    return scaled


def _annual(growths: Floats, n: int) -> Floats:
    with np.errstate(over="ignore", invalid="ignore"):
        rates: Floats = growths ** (DAYS_PER_YEAR / n) - 1.0
    return rates


def _interval(figures: Floats, level: float) -> Interval | None:
    tail = (1.0 - level) / 2.0
    known = figures[np.isfinite(figures)]
    if len(known) < (1.0 - tail) * len(figures):
        return None
    low, high = linear_quantile(known, tail), linear_quantile(known, 1.0 - tail)
    return Interval(low=float(low), high=float(high))
