"""The order among candidates: percentile composite or Sortino, and Top-N (G9)."""

from __future__ import annotations

import math

from bot.engine.candidates import in_pool
from bot.engine.layout import RANK_COLUMN, RANK_REVERSED, W_PICKED
from bot.engine.numbers import round10
from bot.engine.params import Params
from bot.engine.types import Floats, Ints, Row


def percentile(values: Floats, pool: Row, column: int, i: int) -> float:
    """(average rank - 1) / (n - 1) of token i among the pool, 0.5 where it is alone."""
    own = values[i, column]
    less = 0
    equal = 0
    count = 0
    for j in range(values.shape[0]):
        if pool[j] == 0:
            continue
        count += 1
        if values[j, column] < own:
            less += 1
        elif values[j, column] == own:
            equal += 1
    if count <= 1:
        return 0.5
    return (float(less) + (float(equal) - 1.0) / 2.0) / float(count - 1)


def score(values: Floats, pool: Row, ranks: Ints, weights: Row, i: int, p: Params) -> float:
    """What token i is ranked by: the weighted percentiles, or the one rank column."""
    if p.rank_composite == 0:
        return values[i, ranks[0, RANK_COLUMN]]  # type: ignore[no-any-return]
    total = 0.0
    weight = 0.0
    for r in range(ranks.shape[0]):
        part = percentile(values, pool, ranks[r, RANK_COLUMN], i)
        if ranks[r, RANK_REVERSED] == 1:
            part = 1.0 - part
        total += weights[r] * part
        weight += weights[r]
    return round10(total / weight) if weight > 0.0 else math.nan


def ahead(scores: Row, values: Floats, p: Params, a: int, b: int) -> bool:
    """Whether token a ranks before b: score, then Sortino, then token id."""
    if scores[a] != scores[b]:
        return bool(scores[a] > scores[b])
    if p.rank_composite == 1 and p.sortino_column >= 0:
        one = values[a, p.sortino_column]
        two = values[b, p.sortino_column]
        if math.isnan(one) != math.isnan(two):
            return bool(math.isnan(two))
        if not math.isnan(one) and one != two:
            return bool(one > two)
    return a < b


def build_pool(
    newest: Row, cells: Ints, values: Floats, bars: Ints, ranks: Ints, weights: Row, slot: int,
    p: Params, pool: Row, scores: Row,
) -> None:  # fmt: skip
    """Mark the pool and score every token in it."""
    for i in range(cells.shape[0]):
        member = in_pool(newest[i], cells[i], values[i], bars, ranks, slot, p)
        pool[i] = 1 if member else 0
    for i in range(cells.shape[0]):
        scores[i] = score(values, pool, ranks, weights, i, p) if pool[i] == 1 else math.nan


def place_in_pool(pool: Row, scores: Row, values: Floats, p: Params, i: int) -> int:
    """How many tokens of the pool rank before token i."""
    before = 0
    for j in range(values.shape[0]):
        if pool[j] == 1 and j != i and ahead(scores, values, p, j, i):
            before += 1
    return before


def sort_picked(work: Ints, count: int, scores: Row, values: Floats, p: Params) -> None:
    """Order the picked tokens by rank; a handful at most, so an insertion sort."""
    for n in range(1, count):
        token = work[n, W_PICKED]
        m = n
        while m > 0 and ahead(scores, values, p, token, work[m - 1, W_PICKED]):
            work[m, W_PICKED] = work[m - 1, W_PICKED]
            m -= 1
        work[m, W_PICKED] = token
