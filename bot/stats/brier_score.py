"""How good probabilities were, and what of it is calibration and what is knowledge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.stats.samples import Floats, Numbers, pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Forecasts in [low, high): how many, their mean, and how often it came true."""

    low: float
    high: float
    n: int
    forecast: float
    observed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BrierScore:
    """Brier score with its skill over the base rate and Murphy's three parts.

    `skill` is None where everything or nothing came true.
    """

    n: int
    score: float
    base: float
    skill: float | None
    reliability: float
    resolution: float
    uncertainty: float
    bins: tuple[Bin, ...]


def brier_score(
    forecasts: Numbers, outcomes: Numbers, edges: Sequence[float] = (0.0, 0.5, 0.7, 1.0)
) -> BrierScore | None:
    """mean (p - y)^2 (Brier 1950); skill 1 - score / (base (1 - base)); parts by bin (Murphy 1973).

    reliability = sum n_k (mean p_k - mean y_k)^2 / n, resolution = sum n_k (mean y_k - base)^2 / n,
    uncertainty = base (1 - base).

    Parameters
    ----------
    forecasts : probabilities, in [0, 1].
    outcomes : 1 where it came true, else 0.
    edges : of the bins, rising from 0 to 1; the last bin holds 1 itself.

    Returns
    -------
    None without a forecast or with a missing number. Empty bins are left out.

    Raises
    ------
    ValueError : for a forecast outside [0, 1], or rows of unlike length.

    Examples
    --------
    >>> p = [.9, .8, .7, .6, .55, .3, .2, .65, .75, .4]
    >>> found = brier_score(p, [1, 1, 0, 1, 0, 0, 0, 1, 1, 1])
    >>> round(found.score, 6), round(found.base, 6), round(found.skill, 6)
    (0.16775, 0.6, 0.301042)
    >>> round(found.reliability, 9), round(found.resolution, 9), round(found.uncertainty, 9)
    (0.002229167, 0.031666667, 0.24)
    """
    both = pair(forecasts, outcomes, 1)
    if both is None:
        return None
    p, y = both
    if (p < 0.0).any() or (p > 1.0).any():
        raise ValueError("a forecast outside [0, 1]")
    n, base = len(p), float(y.mean())
    score = float(((p - y) ** 2).mean())
    uncertainty = base * (1.0 - base)
    bins = _bins(p, y, edges)
    return BrierScore(
        n=n,
        score=score,
        base=base,
        skill=1.0 - score / uncertainty if uncertainty > 0.0 else None,
        reliability=sum(one.n * (one.forecast - one.observed) ** 2 for one in bins) / n,
        resolution=sum(one.n * (one.observed - base) ** 2 for one in bins) / n,
        uncertainty=uncertainty,
        bins=bins,
    )


def _bins(p: Floats, y: Floats, edges: Sequence[float]) -> tuple[Bin, ...]:
    found = []
    place = np.clip(np.searchsorted(edges, p, side="right") - 1, 0, len(edges) - 2)
    for k in range(len(edges) - 1):
        own = place == k
        if own.any():
            found.append(
                Bin(
                    low=edges[k], high=edges[k + 1], n=int(own.sum()),
                    forecast=float(p[own].mean()), observed=float(y[own].mean()),
                )
            )  # fmt: skip
    return tuple(found)
