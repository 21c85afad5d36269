"""Levels judged: every day's book as it stood at 00:00, and what prices then did at each level."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bot.app.judged_run import JudgedRun
from bot.app.level_merge import merged_book, whole_strengths
from bot.app.price_panel import bar_tables
from bot.app.signal_lanes import Piece
from bot.domain.bar_table import BarTable, impossible_rows
from bot.domain.instants import DAY, format_instant
from bot.engine import layout as at
from bot.engine.levels import STRENGTH
from bot.engine.types import FloatArray
from bot.market.strategy import Strategy
from bot.stats.level_episodes import APPROACH, Bars, Episode, first_episode, is_far
from bot.stats.wilson_interval import wilson_interval

Document = dict[str, Any]
_PPM = 1_000_000
BANDS = ((0.0, 2.0, "weak, below 2"), (2.0, 4.0, "strength 2-4"),
         (4.0, float("inf"), "strong, 4 on"))  # fmt: skip
LEAST = 30
PLACEBO = 1.017  # farther than levels reach, nearer than prices move in a day


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A token's merged book at a 00:00 slot, in quote units."""

    slot: int
    prices: FloatArray
    strengths: FloatArray


@dataclass(frozen=True, slots=True)
class Judged:
    """An episode at a level of a snapshot that was there before it began."""

    token_id: int
    opened: int  # open time of the bar that approached
    strength: float
    episode: Episode


class LevelWatch:
    """Keeps the book of every token at every 00:00 slot; prices that stay stand there once."""

    def __init__(self, strategy: Strategy) -> None:
        self._merge = strategy.merge
        self.books: dict[int, list[Snapshot]] = defaultdict(list)
        self.ticks: dict[int, float] = {}

    def see(self, piece: Piece) -> None:
        """Take the books of a piece's slots."""
        days = np.flatnonzero(piece.slots % DAY == 0)
        for token, token_id in enumerate(piece.made.token_ids):
            instrument = piece.made.instruments[token]
            if instrument is None:
                continue
            self.ticks[token_id] = float(instrument.tick)
            for s in days.tolist():
                self._take(piece, token, token_id, s)

    def _take(self, piece: Piece, token: int, token_id: int, s: int) -> None:
        inputs = piece.made.inputs
        cell = inputs.cells[s, token]
        start, end = int(cell[at.C_BOOK_START]), int(cell[at.C_BOOK_END])
        if start == end or cell[at.C_LEVELS] == at.STALE:
            return
        slot, tick = int(piece.slots[s]), int(inputs.insts[token, at.I_TICK])
        prices = inputs.prices[start:end]
        built = int(cell[at.C_BOOK_BUILT])
        weights = whole_strengths(inputs.strengths[start:end], built, slot)
        if (np.diff(prices) * _PPM < self._merge * prices[:-1]).any():
            levels = zip(prices.tolist(), weights, strict=True)
            points, weights = merged_book(levels, self._merge, tick)
            prices = np.array(points, dtype=np.int64)
        strengths = np.array(weights, dtype=np.int64) / STRENGTH
        scale = 10.0 ** -piece.made.prices[token].decimals
        found: FloatArray = prices.astype(np.float64) * scale
        books = self.books[token_id]
        if books and np.array_equal(books[-1].prices, found):
            found = books[-1].prices
        books.append(Snapshot(slot, found, strengths))


def judge_levels(watch: LevelWatch, run: JudgedRun, shift: float = 1.0) -> list[Judged]:
    """All episodes of a run, by token and time; a level is watched while its book holds it.

    shift: what every level is multiplied by; levels moved to where there is nothing show how often
    any price holds.
    """
    found: list[Judged] = []
    tables = bar_tables(run.history)
    for token_id, books in watch.books.items():
        table = tables.get(token_id)
        if table is not None and len(table):
            closed = _closed_by(table, run.slots[-1].slot)
            moved = [replace(book, prices=book.prices * shift) for book in books]
            found += _Watched(token_id, closed, watch.ticks[token_id]).over(moved)
    return found


def _closed_by(table: BarTable, slot: int) -> BarTable:
    """One possible version of each bar that opened before a slot."""
    later = np.append(table.open_time[1:] != table.open_time[:-1], True)
    kept = later & (table.open_time < slot) & ~impossible_rows(table.prices)
    return table.take(np.flatnonzero(kept))


class _Watched:
    """One token's bars, and where each level's last episode ended."""

    def __init__(self, token_id: int, table: BarTable, tick: float) -> None:
        self._token_id, self._tick = token_id, tick
        prices = table.prices * 10.0**-table.decimals
        self._opens = table.open_time
        self._prices = prices
        self._bars = Bars(
            high=prices[:, 1].tolist(), low=prices[:, 2].tolist(), close=prices[:, 3].tolist()
        )  # fmt: skip
        self._ended: dict[float, int] = {}

    def over(self, books: list[Snapshot]) -> list[Judged]:
        """The episodes that began under each of the books, until the next one."""
        found: list[Judged] = []
        ends = [book.slot for book in books[1:]]
        before: set[float] = set()
        for book, following in zip(books, [*ends, books[-1].slot + DAY], strict=True):
            # A day without a book has no levels: none is judged by an older one.
            until = min(following, book.slot + DAY)
            start, stop = np.searchsorted(self._opens, (book.slot, until)).tolist()
            levels = book.prices.tolist()
            if start > 0 and stop > start:
                self._disarm([level for level in levels if level not in before], start)
                for n in self._near(book, start, stop):
                    found += self._level(levels[n], float(book.strengths[n]), start, stop)
            before = set(levels)
        return found

    def _disarm(self, levels: list[float], start: int) -> None:
        """A level that first appears with the price at it waits until the price has left it."""
        close = self._bars.close[start - 1]
        for level in levels:
            if abs(close - level) <= APPROACH * level:
                self._ended.setdefault(level, start - 1)

    def _near(self, book: Snapshot, start: int, stop: int) -> list[int]:
        """Levels that some bar of the day comes near to, as `first_episode` has it."""
        levels = book.prices[:, None]
        below = levels < self._prices[start - 1 : stop - 1, 3]
        down = self._prices[start:stop, 2] <= levels * (1.0 + APPROACH)
        up = self._prices[start:stop, 1] >= levels * (1.0 - APPROACH)
        return np.flatnonzero(np.where(below, down, up).any(axis=1)).tolist()

    def _level(self, level: float, strength: float, start: int, stop: int) -> list[Judged]:
        found = []
        row = start
        while row < stop:
            ended = self._ended.get(level)
            if ended is not None:
                armed = self._armed_after(level, ended, stop)
                if armed is None:
                    break
                row = max(row, armed)
            episode = first_episode(level, self._tick, self._bars, row, stop)
            if episode is None:
                break
            self._ended[level] = row = episode.end
            found.append(
                Judged(self._token_id, int(self._opens[episode.approach]), strength, episode)
            )  # fmt: skip
        return found

    def _armed_after(self, level: float, ended: int, stop: int) -> int | None:
        """The row after the first close far from the level, from the end of its episode on."""
        closes = self._bars.close
        for row in range(ended, stop):
            if is_far(closes[row], level):
                return row + 1
        return None


def level_document(watch: LevelWatch, run: JudgedRun) -> Document:
    """Counts and rates of all episodes, by side and by strength."""
    judged, placebo = judge_levels(watch, run), judge_levels(watch, run, PLACEBO)
    books = [book for each in watch.books.values() for book in each]
    return {
        "snapshots": len(books),
        "levels": sum(len(book.prices) for book in books),
        "from": format_instant(min(book.slot for book in books)) if books else None,
        "placebo_shift": PLACEBO,
        "groups": [
            {"name": name, **_rates(_of(judged, name)), "base_hold_rate": _base(placebo, name)}
            for name in _names(judged)
        ],
    }


def _names(judged: list[Judged]) -> list[str]:
    """All, both sides, and the bands of strength where any level has one."""
    bands = [name for *_, name in BANDS] if any(one.strength > 0.0 for one in judged) else []
    return ["all", "support", "resistance", *bands]


def _of(rows: list[Judged], name: str) -> list[Judged]:
    bands = {band: (low, high) for low, high, band in BANDS}
    if name in bands:
        low, high = bands[name]
        return [one for one in rows if low <= one.strength < high]
    return [one for one in rows if name in ("all", one.episode.side)]


def _base(placebo: list[Judged], name: str) -> float | None:
    found: float | None = _rates(_of(placebo, name))["hold_rate"]["rate"]
    return found


def _rates(rows: list[Judged]) -> Document:
    results = Counter(one.episode.result for one in rows)
    touches = sum(one.episode.touch is not None for one in rows)
    held, broken = results["HOLD"], results["BREAK"]
    return {
        "approaches": len(rows),
        "touches": touches,
        "alert_precision": _rate(touches, len(rows)),
        "holds": held,
        "breaks": broken,
        "timeouts": results["TIMEOUT"],
        "turned": results["TURNED"],
        "open": results["OPEN"],
        "hold_rate": _rate(held, held + broken),
    }


def _rate(hits: int, n: int) -> Document:
    low, high = wilson_interval(hits, n)
    few = n < LEAST
    return {
        "n": n, "rate": hits / n if n else None, "low": low if n else None,
        "high": high if n else None, "verdict": "too few" if few else None,
    }  # fmt: skip
