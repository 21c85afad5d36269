"""How far a mean over observations that come in weeks may be from what was seen."""

from __future__ import annotations

import math

import numpy as np

from bot.stats.samples import Floats

DRAWS = 5000
LEVEL = 0.95
LEAST_CLUSTERS = 8  # fewer weeks say nothing about how weeks differ


def cluster_draws(clusters: int, seed: int, draws: int = DRAWS) -> Floats:
    """How often each cluster stands in each draw of as many clusters with replacement.

    Observations of one week, of all tokens, are drawn together: they lean on each other, and an
    interval that takes them one by one is too narrow (Davison and Hinkley 1997, chapter 3.8).

    Parameters
    ----------
    clusters : how many there are, at least 1.
    seed : of the generator (PCG64); the same seed gives the same draws.
    draws : how many.

    Returns
    -------
    (draws, clusters), rows that sum to `clusters`.

    Raises
    ------
    ValueError : for no cluster or no draw.

    Examples
    --------
    >>> cluster_draws(3, seed=1, draws=2).sum(axis=1).tolist()
    [3.0, 3.0]
    """
    if clusters < 1 or draws < 1:
        raise ValueError(f"{draws} draws of {clusters} clusters")
    rng = np.random.Generator(np.random.PCG64(seed))
    picked = rng.integers(clusters, size=(draws, clusters))
    picked += np.arange(draws)[:, None] * clusters
    counts = np.bincount(picked.ravel(), minlength=draws * clusters)
    return counts.reshape(draws, clusters).astype(np.float64)


def ratio_interval(
    draws: Floats, sums: Floats, counts: Floats, level: float = LEVEL
) -> tuple[float, float]:
    """Percentile interval of sum / count over the draws.

    Parameters
    ----------
    draws : what `cluster_draws` gave.
    sums, counts : by cluster, the sum of the observations and how many there are.
    level : share of the draws inside; equal tails are cut off.

    Returns
    -------
    (NaN, NaN) where fewer than 8 clusters hold an observation.

    Examples
    --------
    >>> made = cluster_draws(10, seed=1)
    >>> low, high = ratio_interval(made, np.arange(10.0), np.ones(10))
    >>> 2.5 < low < 4.5 < high < 6.5
    True
    """
    if np.count_nonzero(counts) < LEAST_CLUSTERS:
        return math.nan, math.nan
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(_ratios(draws, sums, counts), [tail, 1.0 - tail])
    return float(low), float(high)


def ratio_p(draws: Floats, sums: Floats, counts: Floats) -> float:
    """Two-sided p of a sum / count of zero: twice the share of draws on the rarer side of it.

    p = 2 (k + 1) / (B + 1), at most 1, with k the draws at or beyond zero on that side and B the
    draws that hold an observation (Davison and Hinkley 1997, chapter 4.2), so that it is never 0.
    The interval of `ratio_interval` leaves zero out where p is at most 1 - level.

    Parameters
    ----------
    draws, sums, counts : as for `ratio_interval`.

    Returns
    -------
    NaN where fewer than 8 clusters hold an observation.

    Examples
    --------
    >>> made = cluster_draws(10, seed=1, draws=999)
    >>> ratio_p(made, np.ones(10), np.ones(10))
    0.002
    """
    if np.count_nonzero(counts) < LEAST_CLUSTERS:
        return math.nan
    ratios = _ratios(draws, sums, counts)
    beyond = min(int((ratios <= 0.0).sum()), int((ratios >= 0.0).sum()))
    return min(1.0, 2.0 * (beyond + 1) / (len(ratios) + 1))


def _ratios(draws: Floats, sums: Floats, counts: Floats) -> Floats:
    """The ratio of every draw that holds an observation."""
    drawn = draws @ np.column_stack([sums, counts])
    held = drawn[:, 1] > 0.0
    ratios: Floats = drawn[held, 0] / drawn[held, 1]
    return ratios
