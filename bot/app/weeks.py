"""The calendar weeks of a run, and intervals of means that draw whole weeks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from bot.domain.instants import MONDAY, WEEK
from bot.domain.values import Slot
from bot.engine.types import IntArray
from bot.stats.cluster_bootstrap import DRAWS, LEVEL, cluster_draws, ratio_interval
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
        weeks = (at - MONDAY) // WEEK - self._first
        sums = np.bincount(weeks, weights=values, minlength=self._count).astype(np.float64)
        counts = np.bincount(weeks, minlength=self._count).astype(np.float64)
        low, high = ratio_interval(self._draws, sums, counts)
        return (None, None) if math.isnan(low) else (low, high)

    @staticmethod
    def document() -> dict[str, object]:
        """How the intervals were made."""
        return {"level": LEVEL, "draws": DRAWS, "seed": SEED, "drawn": "weeks"}
