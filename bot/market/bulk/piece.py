"""The cells of some tokens for a stretch of slots, gathered from what was computed by bar."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bot.domain.instants import HOUR
from bot.engine import layout as at
from bot.engine.types import FloatArray, IntArray
from bot.market.bulk.known import Flags, SlotTimes
from bot.market.bulk.snapshot_track import statuses
from bot.market.bulk.token_track import TokenTrack
from bot.market.needs import needs_of
from bot.market.strategy import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Slot indices [first, stop) of a run."""

    first: int
    stop: int

    @property
    def indices(self) -> IntArray:
        """All of them."""
        return np.arange(self.first, self.stop, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a token's rows stand in the arrays that all tokens share."""

    bars: int
    levels: IntArray  # first level of each book: one entry for local ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Which bars of a token a stretch of slots knows; a row is -1 before the first."""

    newest: IntArray
    before: IntArray  # rows known by the slot before
    known: IntArray

    @classmethod
    def of(cls, track: TokenTrack, span: Span) -> Rows:
        """The rows known in each slot and in the one before it."""
        known = track.counts[span.first : span.stop].astype(np.int64)
        earlier = track.counts[span.first - 1] if span.first > 0 else 0
        before = np.concatenate([[earlier], known[:-1]])
        return cls(newest=known - 1, before=before, known=known)

    def gather(self, values: FloatArray) -> FloatArray:
        """By slot what stands by bar, NaN before the first bar."""
        padded = np.append(values, np.nan)  # row -1 is the last
        found: FloatArray = padded[self.newest]
        return found


def newest_of(track: TokenTrack, span: Span, places: Places) -> IntArray:
    """By slot the row of a token's newest bar, -1 before the first."""
    rows = Rows.of(track, span)
    found: IntArray = np.where(rows.known > 0, places.bars + rows.newest, -1)
    return found


def cells_of(
    track: TokenTrack, span: Span, times: SlotTimes, places: Places, strategy: Strategy
) -> IntArray:
    """The integer cells of a token, C_UNIVERSE apart; (slots, CELL_COLS)."""
    rows = Rows.of(track, span)
    slots = times.slot[span.first : span.stop]
    cells = np.zeros((len(slots), at.CELL_COLS), dtype=np.int64)
    has = rows.known > 0
    changes = track.snapshots.change_at(span.indices)
    decided = slots + strategy.latency
    cells[:, at.C_QUANT : at.C_LEVELS + 1] = statuses(
        track.snapshots.confirmed[changes], decided, strategy
    )
    cells[:, at.C_HISTORY] = -1
    if len(track.bars):
        times_of_bars = track.bars[:, at.B_OPEN_TIME]
        cells[:, at.C_HISTORY] = np.where(has, slots - times_of_bars[0], -1)
        cells[:, at.C_JUMP] = _jumped(track, rows)
        first = times_of_bars[np.minimum(rows.before, len(track.bars) - 1)]
        late = (rows.known > rows.before) & (first + HOUR < slots)
        cells[:, at.C_LATE] = np.where(late, first, 0)
        _put_books(cells, track, rows, changes, places)
    return cells


def _jumped(track: TokenTrack, rows: Rows) -> IntArray:
    """Whether a bar new to the slot jumped; at first sight only the newest one is looked at."""
    counted = np.concatenate([[0], np.cumsum(track.jumps)])
    new = counted[rows.known] - counted[rows.before] > 0
    newest = track.jumps[rows.newest] & (rows.known > 0)
    found: IntArray = np.where(rows.before > 0, new, newest).astype(np.int64)
    return found


def _put_books(
    cells: IntArray, track: TokenTrack, rows: Rows, changes: IntArray, places: Places
) -> None:
    has = rows.known > 0
    if track.books is not None:
        if not len(track.books.bounds):
            return
        book = np.where(has, track.books.of_row[rows.newest], -1)
        bounds = track.books.bounds[book]
        there = (book >= 0)[:, None]
        base = np.array([places.levels[0], places.levels[0], 0], dtype=np.int64)
        found = np.where(there, bounds + base, 0)
        cells[:, at.C_BOOK_START : at.C_BOOK_BUILT + 1] = found
        return
    book = track.snapshots.book[changes]
    seen = has & (track.snapshots.confirmed[changes, 2] >= 0)
    cells[:, at.C_BOOK_START] = np.where(seen, places.levels[book], 0)
    cells[:, at.C_BOOK_END] = np.where(seen, places.levels[book + 1], 0)


def values_of(track: TokenTrack, span: Span, stale: Flags, strategy: Strategy) -> FloatArray:
    """The float cells of a token; (slots, X_FIRST + columns).

    What the provider's metrics say is missing where they are `stale` (T6).
    """
    rows = Rows.of(track, span)
    changes = track.snapshots.change_at(span.indices)
    recorded = track.snapshots.sizes[changes].copy()
    recorded[stale] = math.nan
    values = np.empty((span.stop - span.first, at.X_FIRST + len(track.ratios)))
    factor = 10.0**track.prices.decimals if rows.known[-1] > 0 else 1.0
    reach = rows.gather(track.atr) if strategy.atr == "local" else recorded[:, 1]
    values[:, at.X_SIGMA] = (
        rows.gather(track.sigma) if needs_of(strategy).local_sigma else recorded[:, 0]
    )
    values[:, at.X_ATR] = reach * factor
    values[:, at.X_ADV] = track.adv_at(rows.newest) if strategy.adv == "local" else recorded[:, 2]
    counted = np.append(track.ratio_rows, 0)[rows.newest]
    for c, ratio in enumerate(track.ratios):
        column = track.snapshots.columns[changes, c]
        if len(ratio):
            column = np.where(rows.known > 0, ratio[counted], np.nan)
        values[:, at.X_FIRST + c] = column
    return values


def signals_of(track: TokenTrack, span: Span, token: int) -> IntArray:
    """Signal rows new to each slot: the slot's place in the span, then SIGNAL_COLS."""
    given = track.snapshots.signals
    chosen = given[(given[:, 0] >= span.first) & (given[:, 0] < span.stop)].copy()
    chosen[:, 0] -= span.first
    if len(track.trend):
        chosen = _local_signals(track, span)
    chosen[:, 1 + at.G_TOKEN] = token
    return chosen


def _local_signals(track: TokenTrack, span: Span) -> IntArray:
    """The trend of every bar, in the slot that knows it first; at first sight the newest alone."""
    begin = int(track.counts[span.first - 1]) if span.first > 0 else 0
    rows = np.arange(begin, track.counts[span.stop - 1], dtype=np.int64)
    slots = np.searchsorted(track.counts, rows, side="right")
    sight = int(np.searchsorted(track.counts, 0, side="right"))  # the first slot that knows a bar
    newest = int(track.counts[sight]) - 1 if sight < len(track.counts) else -1
    kept = (slots > sight) | (rows == newest)
    rows, slots = rows[kept], slots[kept]
    found = np.zeros((len(rows), 1 + at.SIGNAL_COLS), dtype=np.int64)
    found[:, 0] = slots - span.first
    found[:, 1 + at.G_VALID] = track.bars[rows, at.B_OPEN_TIME]
    found[:, 1 + at.G_VALUE] = track.trend[rows]
    return found
