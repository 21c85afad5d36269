"""How often the best configuration of one half of the data is a poor one in the other half."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from bot.stats.samples import SUMS_NO_SPREAD, Floats

LONG_SAMPLE = 320
# Keeps memory bounded: 16 blocks have 12,870 splits.
SPLITS_AT_ONCE = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Overfitting:
    """Splits in which the best in sample came out below the median out of sample."""

    splits: int
    below_median: int
    blocks: int

    @property
    def probability(self) -> float:
        """PBO: the share of such splits."""
        return self.below_median / self.splits


def backtest_overfitting(
    returns: Sequence[Sequence[float]] | Floats, blocks: int | None = None
) -> Overfitting | None:
    """Probability of backtest overfitting by combinatorially symmetric cross-validation.

    The days are cut into S even blocks; in each of the C(S, S/2) ways to take half of them, the
    configuration with the best Sharpe ratio there is ranked among all N in the other half. With w =
    (average rank) / (N + 1), a split counts where ln(w / (1 - w)) < 0 (Bailey, Borwein, Lopez de
    Prado, Zhu 2017).

    Parameters
    ----------
    returns : T rows of N simple returns of one interval, oldest first; a column a configuration.
    blocks : S, even and at least 2; None takes 16, or 8 for T below 320. The oldest T mod S rows
        are left out, so that blocks are equal.

    Returns
    -------
    Counts of splits. None for fewer than two configurations or 2 S rows, or with a missing number.
    A configuration whose returns do not vary in a half ranks there with a ratio of 0, like cash;
    of several that are equally good in sample the first column is the best.

    Raises
    ------
    ValueError : for rows of unequal length or an odd number of blocks.

    Examples
    --------
    >>> days = [[0.01 * ((5 * day) % 7 - 3), 0.01 * ((3 * day) % 11 - 5)] for day in range(80)]
    >>> found = backtest_overfitting(days, blocks=4)
    >>> found.below_median, found.splits
    (4, 6)
    """
    table = np.asarray(returns, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"a table of returns is needed, not {table.ndim} dimensions")
    if blocks is None:
        blocks = 16 if len(table) >= LONG_SAMPLE else 8
    if blocks < 2 or blocks % 2:
        raise ValueError(f"{blocks} blocks cannot be halved")
    rows, count = table.shape
    if count < 2 or rows < 2 * blocks or not np.isfinite(table).all():
        return None
    halves = _halves(blocks)
    # The halves are in lexical order, so the other half of the i-th is the i-th from the end.
    others = halves[::-1]
    sums = _BlockSums(table[rows % blocks :], blocks)
    below = 0
    for start in range(0, len(halves), SPLITS_AT_ONCE):
        some = slice(start, start + SPLITS_AT_ONCE)
        ranks = _ranks_of_best(sums.ratios(halves[some]), sums.ratios(others[some]))
        below += int((ranks / (count + 1) < 0.5).sum())
    return Overfitting(splits=len(halves), below_median=below, blocks=blocks)


def _halves(blocks: int) -> npt.NDArray[np.int64]:
    return np.array(list(combinations(range(blocks), blocks // 2)), dtype=np.int64)


class _BlockSums:
    """Sums of every block, added up for a half of them instead of the days themselves."""

    def __init__(self, table: Floats, blocks: int) -> None:
        self.mean = table.mean(axis=0)
        cut = (table - self.mean).reshape(blocks, -1, table.shape[1])
        self.sums = cut.sum(axis=1)
        self.squares = np.square(cut).sum(axis=1)
        self.days = len(table) // 2

    def ratios(self, halves: npt.NDArray[np.int64]) -> Floats:
        """Sharpe ratio of every configuration (column) in each half (row)."""
        member = np.zeros((len(halves), len(self.sums)))
        np.put_along_axis(member, halves, 1.0, axis=1)
        total, squares = member @ self.sums, member @ self.squares
        spread = squares - total * total / self.days
        varies = spread > SUMS_NO_SPREAD * squares
        deviation = np.sqrt(spread / (self.days - 1), out=np.ones_like(spread), where=varies)
        ratios: Floats = np.where(varies, (self.mean + total / self.days) / deviation, 0.0)
        # Equal columns must tie, whatever the order in which a machine adds.
        return ratios.round(10)


def _ranks_of_best(inside: Floats, outside: Floats) -> Floats:
    """Average rank outside, from 1 for the worst, of the configuration that is best inside."""
    best = inside.argmax(axis=1)[:, np.newaxis]
    chosen = np.take_along_axis(outside, best, axis=1)
    lower = (outside < chosen).sum(axis=1)
    equal = (outside == chosen).sum(axis=1)
    ranks: Floats = lower + (equal + 1) / 2.0
    return ranks
