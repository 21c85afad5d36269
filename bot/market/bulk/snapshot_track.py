"""What a token's signals, metrics, grades and provider levels were at every slot."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bot.domain.bar_table import NONE
from bot.domain.values import Record
from bot.engine.layout import FROM_GRADE, FROM_QUANT, SIGNAL_COLS, STALE, UNKNOWN
from bot.engine.types import FloatArray, IntArray
from bot.market.availability import Lags, signal_visible, snapshot_visible
from bot.market.bulk.known import SlotTimes
from bot.market.local_levels import Book
from bot.market.rules import ColumnPlan
from bot.market.strategy import Strategy
from bot.market.token_view import TokenView

SLOT = 0  # of a signal row: which slot it is new to; token, period, value and mark follow


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotTrack:
    """Changes of what is joined, each from the slot `since` on."""

    since: IntArray  # (changes,) slot indices, rising; the first is 0
    confirmed: IntArray  # (changes, 3) metrics, grade, levels: instant of confirmation, NONE before
    sizes: FloatArray  # (changes, 3) sigma, ATR, ADV where a recorded column gives them
    columns: FloatArray  # (changes, columns of the plan), NaN for local ones
    books: list[Book]
    signals: IntArray  # (rows, 1 + SIGNAL_COLS) in the order in which slots fold them

    def change_at(self, slots: IntArray) -> IntArray:
        """Which change holds at each slot index."""
        return np.searchsorted(self.since, slots, side="right") - 1


def follow(
    view: TokenView, record: Record, times: SlotTimes, lags: Lags, plan: ColumnPlan
) -> SnapshotTrack:
    """Walk a token's own view over the slots that have news for it; `record` is the token's."""
    for row in record.metrics:
        view.push_metrics(row)
    for grade in record.grades:
        view.push_grade(grade)
    for levels in record.levels:
        view.push_levels(levels)
    for signal in record.signals:
        view.push_signal(signal)
    since, confirmed, sizes, columns = [], [], [], []
    books: list[Book] = []
    signals: list[list[int]] = []
    for s in _news(record, times, lags):
        news = view.advance(int(times.slot[s]), int(times.as_of[s]))
        since.append(s)
        confirmed.append(view.confirmations())
        sizes.append(view.recorded_sizes())
        columns.append(_columns(view, plan))
        book = view.recorded_book()
        books.append(books[-1] if books and books[-1] == book else book)
        signals += [[s, 0, row.valid_time, row.value, int(row.ambiguous)] for row in news.signals]
    return SnapshotTrack(
        since=np.array(since, dtype=np.int64),
        confirmed=np.array(confirmed, dtype=np.int64).reshape(-1, 3),
        sizes=np.array(sizes, dtype=np.float64).reshape(-1, 3),
        columns=np.array(columns, dtype=np.float64).reshape(len(since), -1),
        books=books,
        signals=np.array(signals, dtype=np.int64).reshape(-1, 1 + SIGNAL_COLS),
    )


def _news(record: Record, times: SlotTimes, lags: Lags) -> list[int]:
    """Indices of the slots that see something for the first time, and the first slot."""
    visible = [snapshot_visible(row, lags) for row in record.metrics]
    visible += [snapshot_visible(grade, lags) for grade in record.grades]
    visible += [levels.seen_at for levels in record.levels]
    visible += [signal_visible(signal, lags) for signal in record.signals]
    found = np.searchsorted(times.as_of, np.array(sorted(set(visible)), dtype=np.int64))
    slots = {0, *found.tolist()} - {len(times.slot)}
    return sorted(slots)


def _columns(view: TokenView, plan: ColumnPlan) -> list[float]:
    found = []
    for column in plan.columns:
        value = math.nan
        if column.source == FROM_GRADE:
            value = view.grade()
        elif column.source == FROM_QUANT and not column.lower_bound:
            value = view.metric(column.name)
        found.append(value)
    return found


def statuses(confirmed: IntArray, decided: IntArray, strategy: Strategy) -> IntArray:
    """UNKNOWN, FRESH or STALE for metrics, grades and levels; (slots, 3)."""
    limits = np.array(
        [strategy.quant_stale, strategy.grade_stale, strategy.levels_stale], dtype=np.int64
    )
    stale = (decided[:, None] - confirmed > limits).astype(np.int64)
    return np.where(confirmed == NONE, UNKNOWN, STALE - 1 + stale)
