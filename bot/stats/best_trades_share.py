"""How much of the whole profit came from a few lucky trades."""

from __future__ import annotations

import numpy as np

from bot.stats.samples import Numbers, sample

BEST = 5


def best_trades_share(results: Numbers, best: int = BEST) -> float | None:
    """sum of the `best` largest results / sum of all.

    Parameters
    ----------
    results : net result in money of every closed trade.
    best : how many count as the best, at least 1.

    Returns
    -------
    A fraction, above 1 where the other trades together lost; not annualised. None where all
    together earned nothing (there is no profit to share), for no more than `best` trades (all of
    them would be the best), or with a missing number.

    Raises
    ------
    ValueError : when `best` is below 1.

    Examples
    --------
    >>> round(best_trades_share([9, 1, 1, 1, 1, 1, -4]), 6)
    1.3
    """
    if best < 1:
        raise ValueError(f"{best} best trades: at least one is needed")
    rows = sample(results, best + 1)
    if rows is None:
        return None
    total = float(rows.sum())
    return float(np.sort(rows)[-best:].sum()) / total if total > 0.0 else None
