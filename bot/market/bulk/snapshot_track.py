"""What a token's metrics, grades, provider levels and signals were at every slot."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bot.domain.bar_table import NONE
from bot.domain.values import Record
from bot.engine.layout import FROM_GRADE, FROM_QUANT, STALE, UNKNOWN
from bot.engine.types import FloatArray, IntArray
from bot.market.availability import Lags, snapshot_visible
from bot.market.bulk.known import SlotTimes
from bot.market.bulk.signal_track import signal_track
from bot.market.local_levels import Book
from bot.market.rules import ColumnPlan
from bot.market.strategy import Strategy
from bot.market.token_view import TokenView


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotTrack:
    """Changes of what is joined, each from the slot `since` on."""

    since: IntArray  # (changes,) slot indices, rising; the first is 0
    confirmed: IntArray  # (changes, 3) metrics, grade, levels: instant of confirmation, NONE before
    sizes: FloatArray  # (changes, 3) sigma, ATR, ADV where a recorded column gives them
    columns: FloatArray  # (changes, columns of the plan), NaN for local ones
    book: IntArray  # (changes,) which of `books` holds
    books: list[Book]  # each once, however many changes it lasts
    signals: IntArray  # as `signal_track` gives them

    def change_at(self, slots: IntArray) -> IntArray:
        """Which change holds at each slot index."""
        return np.searchsorted(self.since, slots, side="right") - 1


def follow(
    view: TokenView, record: Record, times: SlotTimes, lags: Lags, plan: ColumnPlan, source: str
) -> SnapshotTrack:
    """Walk a token's own view over the slots with new snapshots; `record` is the token's.

    Signals of `source` come every hour and change nothing of the snapshots: they are no news here.
    """
    for row in record.metrics:
        view.push_metrics(row)
    for grade in record.grades:
        view.push_grade(grade)
    for levels in record.levels:
        view.push_levels(levels)
    since, confirmed, sizes, columns, which = [], [], [], [], []
    books: list[Book] = []
    for s in _news(record, times, lags):
        view.advance(int(times.slot[s]), int(times.as_of[s]))
        since.append(s)
        confirmed.append(view.confirmations())
        sizes.append(view.recorded_sizes())
        columns.append(_columns(view, plan))
        book = view.recorded_book()
        if not books or books[-1] != book:
            books.append(book)
        which.append(len(books) - 1)
    return SnapshotTrack(
        since=np.array(since, dtype=np.int64),
        confirmed=np.array(confirmed, dtype=np.int64).reshape(-1, 3),
        sizes=np.array(sizes, dtype=np.float64).reshape(-1, 3),
        columns=np.array(columns, dtype=np.float64).reshape(len(since), -1),
        book=np.array(which, dtype=np.int64),
        books=books,
        signals=signal_track(record.signals, source, times, lags),
    )


def _news(record: Record, times: SlotTimes, lags: Lags) -> list[int]:
    """Indices of the slots that see a snapshot for the first time, and the first slot."""
    visible = [snapshot_visible(row, lags) for row in record.metrics]
    visible += [snapshot_visible(grade, lags) for grade in record.grades]
    visible += [levels.seen_at for levels in record.levels]
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
