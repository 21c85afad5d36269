"""How many days in a row a bootstrap has to keep together."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bot.stats.samples import NO_SPREAD, Floats, Numbers, sample

MIN_OBS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockLength:
    """Best mean block of the stationary and best fixed block of the circular bootstrap."""

    stationary: float
    circular: float


def block_length(values: Numbers, min_obs: int = MIN_OBS) -> BlockLength | None:
    """Automatic block length (Politis and White 2004; corrected by Patton, Politis, White 2009).

    b = (2 G^2 / D)^(1/3) n^(1/3), with R(k) the autocovariances over n, lambda the flat-top window,
    G = sum_k lambda(k/M) |k| R(k), g = sum_k lambda(k/M) R(k), D = 2 g^2 (stationary) or 4/3 g^2
    (circular), sums over k from -M to M. M is twice the first lag that begins K correlations in a
    row below 2 sqrt(log10(n) / n), K = max(5, floor(log10 n)).

    Parameters
    ----------
    values : simple returns of even intervals, oldest first.
    min_obs : fewest values that are enough.

    Returns
    -------
    Lengths in intervals, at most min(3 sqrt(n), n / 3) rounded up. Below 1 where the values hardly
    depend on each other: then single days may be drawn. None for fewer than `min_obs` values, a
    missing one, or values that do not vary.

    Examples
    --------
    >>> series, x = [0.0], 12345
    >>> for _ in range(400):
    ...     x = (1664525 * x + 1013904223) % 2**32
    ...     series.append(0.5 * series[-1] + x / 2**32 - 0.5)
    >>> found = block_length(series[1:])
    >>> round(found.stationary, 6), round(found.circular, 6)
    (8.704131, 9.963742)
    """
    rows = sample(values, max(min_obs, MIN_OBS))
    if rows is None or float(rows.std()) <= NO_SPREAD:
        return None
    n = len(rows)
    run = max(5, int(math.log10(n)))
    covariances = _autocovariances(rows, math.ceil(math.sqrt(n)) + run)
    weighted, total = _spectral_sums(covariances, _bandwidth(covariances, n, run))
    if total == 0.0:
        return None
    longest = float(math.ceil(min(3.0 * math.sqrt(n), n / 3.0)))
    core = 2.0 * n * (weighted / total) ** 2
    return BlockLength(
        stationary=min(math.cbrt(core / 2.0), longest),
        circular=min(math.cbrt(core * 0.75), longest),
    )


def _autocovariances(rows: Floats, lags: int) -> Floats:
    n = len(rows)
    centred = rows - rows.mean()
    return np.array([float(centred[k:] @ centred[: n - k]) / n for k in range(lags + 1)])


def _bandwidth(covariances: Floats, n: int, run: int) -> int:
    """M; all lags there are, where no run of small correlations ends among them."""
    limit = 2.0 * math.sqrt(math.log10(n) / n)
    lags = len(covariances) - 1
    small = np.abs(covariances / covariances[0]) < limit
    for first in range(1, lags - run + 1):
        if small[first : first + run].all():
            return min(2 * first, lags)
    return lags


def _spectral_sums(covariances: Floats, bandwidth: int) -> tuple[float, float]:
    """G and g, each from the lags on both sides of 0."""
    lags = np.arange(1, bandwidth + 1)
    window = np.minimum(1.0, 2.0 * (1.0 - lags / bandwidth))
    damped = 2.0 * window * covariances[1 : bandwidth + 1]
    return float((damped * lags).sum()), float(covariances[0] + damped.sum())
