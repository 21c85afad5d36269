"""The calendar weeks of a run, and intervals of means that draw whole weeks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from bot.domain.instants import MONDAY, WEEK
from bot.domain.values import Slot
from bot.engine.types import IntArray
from bot.stats.cluster_bootstrap import DRAWS, LEVEL, cluster_draws, ratio_interval, ratio_p
from bot.stats.samples import Floats

SEED = 1


class Weeks:
    """Draws of the weeks of a run with replacement, the same for every figure of its tables."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        self._first = (slots[0].slot - MONDAY) // WEEK
        self._count = (slots[-1].slot - MONDAY) // WEEK - self._first + 1
        self._draws = cluster_draws(self._count, SEED)

    def interval(self, at: IntArray, values: Floats) -> tuple[float | None, float | None]:
        """95 % bounds of the mean of values seen in these slots; none over too few weeks."""
        if len(at) == 0:
            return None, None
        low, high = ratio_interval(self._draws, *self._by_week(at, values))
        return (None, None) if math.isnan(low) else (low, high)

    def p_of_zero(self, at: IntArray, values: Floats) -> float | None:
        """The p of a mean of zero over the same draws; none over too few weeks."""
        if len(at) == 0:
            return None
        p = ratio_p(self._draws, *self._by_week(at, values))
        return None if math.isnan(p) else p

    def _by_week(self, at: IntArray, values: Floats) -> tuple[Floats, Floats]:
        """Sum and count of the values of each week."""
        weeks = (at - MONDAY) // WEEK - self._first
        sums = np.bincount(weeks, weights=values, minlength=self._count).astype(np.float64)
        return sums, np.bincount(weeks, minlength=self._count).astype(np.float64)

    @staticmethod
    def document() -> dict[str, object]:
        """How the intervals were made."""
        return {"level": LEVEL, "draws": DRAWS, "seed": SEED, "drawn": "weeks"}
