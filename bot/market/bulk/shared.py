"""The arrays that all slots of a run share: bars and levels, one token behind the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bot.engine import layout as at
from bot.engine.tables import Inputs
from bot.engine.types import FloatArray, IntArray
from bot.market.bulk.piece import Places
from bot.market.bulk.token_track import TokenTrack


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Bars, finer bars and levels by token in id order, and where each token's stand."""

    bars: IntArray
    bar_start: IntArray
    fine: IntArray
    fine_start: IntArray
    prices: IntArray
    strengths: FloatArray
    level_start: list[int]

    def places(self, token: int, track: TokenTrack) -> Places:
        """Where the bars and books of the token at a place in the id order begin."""
        books = track.snapshots.books
        first = self.level_start[token]
        lengths = [len(book.prices) for book in books]
        starts = first + np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return Places(bars=int(self.bar_start[token]), levels=starts)


def share_own(tracks: list[TokenTrack], room: IntArray) -> Shared:
    """As `share` where every token has a track, whose bars stand in `room`, one after the other.

    The gaps between them are closed, and each track in the list becomes a view: no bar and no
    level stands twice in memory, since these arrays are most of a long run.
    """
    bar_start = np.cumsum([0, *(len(track.bars) for track in tracks)], dtype=np.int64)
    level_start = np.cumsum([0, *map(_level_count, tracks)]).tolist()
    bars = room[: bar_start[-1]]
    prices = np.empty(level_start[-1], dtype=np.int64)
    strengths = np.empty(level_start[-1])
    for place, track in enumerate(tracks):
        rows = bars[bar_start[place] : bar_start[place + 1]]
        levels = slice(level_start[place], level_start[place + 1])
        if rows.ctypes.data != track.bars.ctypes.data:
            rows[:] = track.bars
        prices[levels], strengths[levels] = _levels(track)
        books = track.books
        if books is not None:
            books = replace(books, points=prices[levels], strengths=strengths[levels])
        tracks[place] = replace(track, bars=rows, books=books)
    return Shared(
        bars=bars,
        bar_start=bar_start,
        fine=np.zeros((0, at.FINE_COLS), dtype=np.int64),
        fine_start=np.zeros(len(bars) + 1, dtype=np.int64),
        prices=prices,
        strengths=strengths,
        level_start=level_start,
    )


def share(tracks: Sequence[TokenTrack | None], given: Inputs) -> Shared:
    """Put the tokens' arrays one behind the other; where a track is missing, those of `given`.

    `given` are the inputs of the tokens without a track, in the same order.
    """
    bars, fine, fine_start = [], [], []
    prices, strengths = [], []
    other = 0
    fine_count = 0
    for track in tracks:
        if track is not None:
            bars.append(track.bars)
            fine_start.append(np.full(len(track.bars), fine_count, dtype=np.int64))
            points, weights = _levels(track)
            prices.append(points)
            strengths.append(weights)
            continue
        low, high = given.bar_start[other], given.bar_start[other + 1]
        part = given.fine[given.fine_start[low] : given.fine_start[high]]
        fine_start.append(given.fine_start[low:high] - given.fine_start[low] + fine_count)
        fine_count += len(part)
        bars.append(given.bars[low:high])
        fine.append(part)
        prices.append(np.zeros(0, dtype=np.int64))
        strengths.append(np.zeros(0))
        other += 1
    level_start = np.cumsum([0, *map(len, prices)]).tolist()
    prices.append(given.prices)
    strengths.append(given.strengths)
    return Shared(
        bars=_stacked(bars, at.BAR_COLS),
        bar_start=np.cumsum([0, *map(len, bars)], dtype=np.int64),
        fine=_stacked(fine, at.FINE_COLS),
        fine_start=np.concatenate([*fine_start, [fine_count]]).astype(np.int64),
        prices=np.concatenate([*prices, np.zeros(0, np.int64)]).astype(np.int64),
        strengths=np.concatenate([*strengths, np.zeros(0)]),
        level_start=level_start,
    )


def _stacked(parts: list[IntArray], columns: int) -> IntArray:
    return np.concatenate([*parts, np.zeros((0, columns), dtype=np.int64)])


def _level_count(track: TokenTrack) -> int:
    if track.books is not None:
        return len(track.books.points)
    return sum(len(book.prices) for book in track.snapshots.books)


def _levels(track: TokenTrack) -> tuple[IntArray, FloatArray]:
    if track.books is not None:
        return track.books.points, track.books.strengths
    books = track.snapshots.books
    points = [track.prices.points(price) for book in books for price in book.prices]
    weights = [weight for book in books for weight in book.strengths]
    return np.array(points, dtype=np.int64), np.array(weights, dtype=np.float64)
