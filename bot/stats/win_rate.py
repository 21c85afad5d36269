"""Which share of the trades earned something, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

from bot.stats.samples import Numbers, sample
from bot.stats.wilson_interval import wilson_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class WinRate:
    """Wins among n trades with the 95 % interval of their rate (Wilson)."""

    n: int
    wins: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """Share of the trades that won."""
        return self.wins / self.n


def win_rate(results: Numbers) -> WinRate | None:
    """Share of results above 0; a trade that broke even is no win.

    Parameters
    ----------
    results : net result of every closed trade, in money or in R.

    Returns
    -------
    Rates in [0, 1], not annualised. None without a trade or with a missing number.

    Examples
    --------
    >>> found = win_rate([1.8, -1, -1.1, 0.9, 2.4, -1])
    >>> found.wins, found.n, found.rate, round(found.low, 4), round(found.high, 4)
    (3, 6, 0.5, 0.1876, 0.8124)
    """
    rows = sample(results, 1)
    if rows is None:
        return None
    wins = int((rows > 0.0).sum())
    low, high = wilson_interval(wins, len(rows))
    return WinRate(n=len(rows), wins=wins, low=low, high=high)
