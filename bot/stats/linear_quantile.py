"""A quantile of a sample, linear between its two neighbours."""

from __future__ import annotations

import math

import numpy as np

from bot.stats.samples import Numbers


def linear_quantile(values: Numbers, share: float) -> float:
    """The value below which a share of the sample lies.

    Position (n - 1) x share among the sorted values, linear between the two next to it: numpy's
    own definition, without the modules that numpy loads for it at its first use.

    Parameters
    ----------
    values : at least one number
    share : in [0, 1]

    >>> linear_quantile([4.0, 1.0, 2.0], 0.25)
    1.5
    """
    rows = np.sort(np.asarray(values, dtype=np.float64))
    place = (len(rows) - 1) * share
    below = math.floor(place)
    above = min(below + 1, len(rows) - 1)
    return float(rows[below] + (rows[above] - rows[below]) * (place - below))
