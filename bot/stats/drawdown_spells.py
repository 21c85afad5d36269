"""How long an account stands below its peak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.stats.drawdowns import drawdowns
from bot.stats.samples import Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawdownSpells:
    """Time under water, in points of the sampling interval (days, for daily equity)."""

    n: int
    under_water: int
    longest: int

    @property
    def share(self) -> float:
        """Share of the points that are below the running peak."""
        return self.under_water / self.n


def drawdown_spells(equity: Numbers) -> DrawdownSpells | None:
    """Points below the running peak, and the longest row of them without a break.

    Parameters
    ----------
    equity : daily points, oldest first; the first is the starting cash, at least two.

    Returns
    -------
    Counts among the n points after the start, which by itself cannot be under water. A spell that
    has not ended counts with the length it has. None where `drawdowns` is.

    Examples
    --------
    >>> spells = drawdown_spells([100.0, 120.0, 90.0, 110.0, 121.0, 120.0])
    >>> spells.under_water, spells.n, spells.longest, spells.share
    (3, 5, 2, 0.6)
    """
    falls = drawdowns(equity)
    if falls is None:
        return None
    below = falls > 0.0
    # The length of a spell is the distance between two points at a peak, less one; a point at a
    # peak after the last one closes a spell that is still open.
    peaks = np.flatnonzero(np.append(~below, True))
    return DrawdownSpells(
        n=len(below) - 1,
        under_water=int(below.sum()),
        longest=int(np.diff(peaks).max()) - 1,
    )
