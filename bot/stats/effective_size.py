"""How many independent observations a row of dependent ones is worth."""

from __future__ import annotations

import numpy as np

from bot.stats.samples import NO_SPREAD, Numbers, sample


def effective_size(values: Numbers) -> float:
    """n / (1 + 2 sum rho_k), rho_k the autocorrelations at lags 1, 2, ...

    The sum ends before the first rho that is not positive (Geyer 1992): later ones are noise.

    Parameters
    ----------
    values : observations in order of time; overlapping ones lean on their neighbours.

    Returns
    -------
    At most n, at least 1; n for fewer than 3 or where they do not vary; 0 for none or where one
    is missing.

    Examples
    --------
    >>> effective_size([1.0, -1.0, 1.0, -1.0])
    4.0
    >>> round(effective_size([1.0, 1.0, 1.0, -1.0, -1.0, -1.0]), 6)
    3.0
    """
    rows = sample(values, 1)
    if rows is None:
        return 0.0
    n = len(rows)
    centred = rows - rows.mean()
    power = float(centred @ centred)
    if n < 3 or power <= NO_SPREAD * n:
        return float(n)
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(centred, size)
    rho = np.fft.irfft(np.abs(spectrum) ** 2, size)[1:n] / power
    ends = np.flatnonzero(rho <= 1e-12)
    total = float(rho[: int(ends[0]) if len(ends) else n - 1].sum())
    return max(n / (1.0 + 2.0 * total), 1.0)
