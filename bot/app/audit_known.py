"""Audit of knowledge: whatever a slot saw had been there for it to see, by the rows' own clocks."""

from __future__ import annotations

import json
from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from bot.app.audit_book import Book
from bot.app.audit_chain import named
from bot.app.audit_finding import Code, Finding, unmet
from bot.app.audit_seen import Seen
from bot.domain.instants import DAY, HOUR, format_instant, parse_instant
from bot.market.column_names import named_column
from bot.market.strategy import Strategy

_KEPT = 300  # newest bars and signals of a token that are remembered
_TRENDS = {
    "bullish": 1, "1": 1, "long": 1, "bearish": -1, "-1": -1, "short": -1,
    "neutral": 0, "0": 0, "no signal": 0,
}  # fmt: skip
_QUANT = named_column("column:x").source

Row = tuple[Any, ...]


@dataclass(slots=True)
class Rows:
    """Rows of one table by when they could be had, handed out up to an instant."""

    coming: Iterator[Row]  # (visible, token_id, ...)
    ahead: Row | None = None

    def until(self, instant: int) -> Iterator[Row]:
        """What could newly be had by an instant."""
        while True:
            row = self.ahead or next(self.coming, None)
            self.ahead = None
            if row is None:
                return
            if row[0] > instant:
                self.ahead = row
                return
            yield row


@dataclass(slots=True)
class Newest:
    """What was known of one token in one series: versions by the time that they describe."""

    versions: dict[int, list[Any]] = field(default_factory=dict)
    times: list[int] = field(default_factory=list)

    def add(self, at: int, value: Any) -> None:
        """A further version; the oldest times are forgotten."""
        if at not in self.versions:
            insort(self.times, at)
            self.versions[at] = []
        self.versions[at].append(value)
        if len(self.times) > 2 * _KEPT:
            for old in self.times[:_KEPT]:
                del self.versions[old]
            del self.times[:_KEPT]

    @property
    def forgotten_before(self) -> int:
        """Times before this may have been known and are not remembered."""
        return self.times[0] if len(self.times) >= _KEPT else 0


class Known:
    """What one strategy could know, moved forwards slot by slot."""

    def __init__(self, connection: Connection, strategy: Strategy) -> None:
        self._strategy = strategy
        self._bars: dict[int, Newest] = defaultdict(Newest)
        self._signals: dict[int, Newest] = defaultdict(Newest)
        self._snapshots: dict[str, dict[int, list[Row]]] = {
            name: {} for name in ("quantmetrics", "grade", "levels")
        }
        self._queries = _queries(strategy)
        self._rows = {
            name: Rows(iter(connection.exec_driver_sql(query, values)))
            for name, (query, values) in self._queries.items()
        }
        self.counts: Counter[str] = Counter()

    def move(self, as_of: int) -> None:
        """Take in what could be had by an instant."""
        for _, token_id, opened, *prices in self._rows["bars"].until(as_of):
            self._bars[token_id].add(opened, tuple(map(Decimal, prices)))
        for _, token_id, opened, text in self._rows["signals"].until(as_of):
            self._signals[token_id].add(opened, _TRENDS.get(" ".join(text.lower().split())))
        for name, kept in self._snapshots.items():
            for row in self._rows[name].until(as_of):
                before = kept.get(row[1], [])
                order, newest = row[2], before[0][2] if before else -1
                # Rows of one time that came later replace it; of one instant either may hold.
                if order > newest or (order == newest and row[0] > before[0][0]):
                    kept[row[1]] = [row]
                elif order == newest and row[0] == before[0][0]:
                    before.append(row)

    def check(self, where: str, seen: Seen) -> Iterator[Finding]:
        """Every bar, signal, level and number of a slot's inputs (12)."""
        for token_id, entry in seen.tokens.items():
            place = f"token {token_id} in {where}"
            yield from self._check_bar(f"bar of {place}", token_id, entry, seen.slot)
            if self._strategy.signals != "local":
                yield from self._check_signals(f"signal of {place}", token_id, entry)
            yield from self._check_book(f"levels of {place}", token_id, entry, seen.slot)
            yield from self._check_columns(place, token_id, entry)

    def _check_bar(
        self, where: str, token_id: int, entry: dict[str, Any], slot: int
    ) -> Iterator[Finding]:
        if "bar" not in entry:
            return
        self.counts["bars"] += 1
        bar = entry["bar"]
        opened = parse_instant(bar["open_time"])
        if opened + HOUR > slot:
            yield unmet(Code.LOOK_AHEAD, where, "a bar that had closed", bar["open_time"])
        prices = tuple(Decimal(bar[name]) for name in ("open", "high", "low", "close"))
        known = self._bars[token_id]
        if opened >= known.forgotten_before and prices not in known.versions.get(opened, []):
            yield unmet(Code.LOOK_AHEAD, where, "a row that could be had by then", bar)

    def _check_signals(self, where: str, token_id: int, entry: dict[str, Any]) -> Iterator[Finding]:
        known = self._signals[token_id]
        for text, value in entry["signals"]:
            self.counts["signals"] += 1
            opened = parse_instant(text)
            values = known.versions.get(opened, [])
            unreadable = value not in (-1, 0, 1) and None in values
            if opened >= known.forgotten_before and value not in values and not unreadable:
                yield unmet(Code.LOOK_AHEAD, where, "a row that could be had by then", text)

    def _check_book(
        self, where: str, token_id: int, entry: dict[str, Any], slot: int
    ) -> Iterator[Finding]:
        built = entry.get("book_built")
        if built is not None and parse_instant(built) > slot:
            yield unmet(Code.LOOK_AHEAD, where, f"built by {format_instant(slot)}", built)
        if self._strategy.levels == "local" or not entry["book"]:
            return
        self.counts["levels"] += len(entry["book"])
        prices = {text for text, _ in entry["book"]}
        lists = [
            {level[0] for level in json.loads(row[3])}
            for row in self._snapshots["levels"].get(token_id, [])
        ]
        if not any(prices <= levels for levels in lists):
            yield unmet(Code.LOOK_AHEAD, where, "a list that had been seen by then", "another")

    def _check_columns(self, place: str, token_id: int, entry: dict[str, Any]) -> Iterator[Finding]:
        metrics = [json.loads(row[3]) for row in self._snapshots["quantmetrics"].get(token_id, [])]
        grades = [row[3] for row in self._snapshots["grade"].get(token_id, [])]
        for name, value in entry["columns"].items():
            column = _column(self._strategy, name)
            if column == "grade":
                texts = {_ten(float(text)) for text in grades if text is not None}
            elif column == "quantmetrics":
                texts = {_ten(row[name]) for row in metrics if name in row}
            else:
                continue
            self.counts["metrics"] += 1
            if _ten(value) not in texts:
                where = f"{name} of {place}"
                yield unmet(Code.LOOK_AHEAD, where, f"one of {sorted(texts)}", _ten(value))

    def take_counts(self) -> Counter[str]:
        """How many of each kind were checked since it was last asked."""
        taken, self.counts = self.counts, Counter()
        return taken

    def check_ages(self, where: str, seen: Seen) -> Iterator[Finding]:
        """Whether what a slot calls fresh was, by the instants of its rows (20)."""
        strategy = self._strategy
        limits = {
            "quantmetrics": strategy.quant_stale,
            "grade": strategy.grade_stale,
            "levels": strategy.levels_stale,
        }
        decided = seen.slot + strategy.latency
        for token_id, entry in seen.tokens.items():
            for name, limit in limits.items():
                rows = self._snapshots[name].get(token_id, [])
                status = "unknown"
                if rows:
                    status = "fresh" if decided - max(row[4] for row in rows) <= limit else "stale"
                if entry[name] != status:
                    place = f"{name} of token {token_id} in {where}"
                    yield unmet(Code.GATE_EVIDENCE, place, status, entry[name])


def check_known(book: Book, known: Known, seen: Seen) -> Iterator[Finding]:
    """What one slot saw, against what could be had at its freeze."""
    known.move(book.cycles[seen.slot].as_of)
    where = named(book.strategy, seen.slot)
    yield from known.check(where, seen)
    yield from known.check_ages(where, seen)


def _column(strategy: Strategy, name: str) -> str:
    """Where a column of the inputs comes from: quantmetrics, grade, or candles ("")."""
    if name == "grade":
        return "grade"
    texts = [name, f"column:{name}"]
    used = {
        strategy.sharpe_column, strategy.sortino_column, strategy.mdd_column,
        strategy.volatility_column, *(gate.column for gate in strategy.gates),
        *(column for column, _ in strategy.composite),
    }  # fmt: skip
    sources = {named_column(text).source for text in texts if text in used}
    return "quantmetrics" if sources == {_QUANT} else ""


def _ten(value: float) -> str:
    return f"{value:.10g}"


Query = tuple[str, tuple[Any, ...]]


def _queries(strategy: Strategy) -> dict[str, Query]:
    """Rows of each table with the instant from which they could be had (T2), in that order."""
    label = HOUR if strategy.signal_label == "close" and strategy.signals == "hourly" else 0
    span = DAY if strategy.signals == "daily" else HOUR
    lag = strategy.publish_lag_daily if span == DAY else strategy.publish_lag_hourly
    opened = f"(valid_time - valid_time % {DAY})" if span == DAY else f"(valid_time - {label})"
    day_end = f"(valid_time - valid_time % {DAY} + {DAY})"
    daily = f"coalesce(available_at, {day_end} + {strategy.publish_lag_daily})"
    confirmed = f"coalesce(available_at, {day_end})"
    return {
        "bars": (
            "SELECT CASE WHEN available_at IS NULL THEN open_time + ? "  # noqa: S608  our numbers
            f"ELSE max(available_at, open_time + {HOUR}) END AS visible, token_id, open_time, "
            "open, high, low, close FROM bar WHERE interval = '1h' ORDER BY visible, id",
            (HOUR + strategy.bar_lag,),
        ),
        "signals": (
            f"SELECT CASE WHEN available_at IS NULL THEN {opened} + {span} + {lag} "  # noqa: S608
            f"ELSE max(available_at, {opened} + {span}) END AS visible, token_id, "
            f"{opened}, signal FROM signal WHERE source = ? ORDER BY visible, id",
            (strategy.signals,),
        ),
        "quantmetrics": (
            f"SELECT {daily} AS visible, token_id, valid_time, body, {confirmed} FROM metric "  # noqa: S608
            "JOIN content ON content.sha256 = content_sha256 ORDER BY visible, metric.id",
            (),
        ),
        "grade": (
            f"SELECT {daily} AS visible, token_id, valid_time, tm_grade, {confirmed} "  # noqa: S608
            "FROM grade ORDER BY visible, id",
            (),
        ),
        "levels": (
            "SELECT seen_at, token_id, seen_at, body, seen_at FROM level_list "
            "JOIN content ON content.sha256 = content_sha256 ORDER BY seen_at, level_list.id",
            (),
        ),
    }  # fmt: skip
