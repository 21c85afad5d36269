"""Rank correlation across tokens, slot by slot: the information coefficient."""

from __future__ import annotations

import math

import numpy as np

from bot.stats.samples import Floats

_CELLS = 20_000_000  # comparisons held at once


def spearman(first: Floats, second: Floats, least: int = 3) -> Floats:
    """Spearman's coefficient of every row, ties at their average rank (Spearman 1904).

    Parameters
    ----------
    first, second : (rows, columns); a column with a NaN on either side is left out of its row.
    least : fewest columns of a row that are enough.

    Returns
    -------
    By row, -1 to 1; NaN for too few columns or where one side does not vary.

    Raises
    ------
    ValueError : when the two differ in shape.

    Examples
    --------
    >>> signal = np.array([[.8, .1, -.5, .4, -.2, .6, -.9, .3]])
    >>> later = np.array([[.02, -.01, -.015, .03, .004, .01, -.02, -.005]])
    >>> round(float(spearman(signal, later)[0]), 6)
    0.857143
    """
    if first.shape != second.shape or first.ndim != 2:
        raise ValueError(f"{first.shape} and {second.shape} are not the same rows and columns")
    rows, columns = first.shape
    found = np.full(rows, math.nan)
    step = max(1, _CELLS // max(1, columns * columns))
    for start in range(0, rows, step):
        part = slice(start, start + step)
        found[part] = _rows(first[part], second[part], least)
    return found


def _rows(first: Floats, second: Floats, least: int) -> Floats:
    there = np.isfinite(first) & np.isfinite(second)
    left, right = _centred_ranks(first, there), _centred_ranks(second, there)
    power = np.sqrt((left * left).sum(axis=1) * (right * right).sum(axis=1))
    usable = (there.sum(axis=1) >= least) & (power > 0.0)
    found = np.full(len(first), math.nan)
    found[usable] = (left * right).sum(axis=1)[usable] / power[usable]
    return found


def _centred_ranks(
    values: Floats, there: np.ndarray[tuple[int, int], np.dtype[np.bool_]]
) -> Floats:
    """Twice the ranks less their mean: whole numbers, so that no spread gives exactly 0."""
    held = np.where(there, values, math.nan)
    below = (held[:, None, :] < held[:, :, None]).sum(axis=2)
    above = (held[:, None, :] > held[:, :, None]).sum(axis=2)
    ranks: Floats = np.where(there, below - above, 0).astype(np.float64)
    return ranks
