"""What an account earned beyond its benchmark."""

from __future__ import annotations

from bot.stats.samples import Numbers
from bot.stats.total_return import total_return


def excess_return(equity: Numbers, benchmark: Numbers) -> float | None:
    """Total return of the account less that of the benchmark.

    Parameters
    ----------
    equity, benchmark : points of the same instants, oldest first, at least two; both start with
        the same cash and pay the same costs.

    Returns
    -------
    A difference of fractions over the whole stretch, not annualised. None where either return is.

    Raises
    ------
    ValueError : when the two differ in length.

    Examples
    --------
    >>> round(excess_return([100.0, 105.0, 112.0], [100.0, 90.0, 104.0]), 6)
    0.08
    """
    if len(equity) != len(benchmark):
        raise ValueError(f"{len(equity)} and {len(benchmark)} points are not of the same days")
    own, other = total_return(equity), total_return(benchmark)
    return None if own is None or other is None else own - other
