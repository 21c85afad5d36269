"""A record as the provider would show it at an instant: rows, and from when each is visible."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

from bot.domain.errors import DataError
from bot.domain.instants import DAY, HOUR, MINUTE, SECOND, floor_day
from bot.domain.values import Bar, Grade, Metrics, Record, Signal, Token
from bot.simulator.daily import daily_candles
from bot.simulator.shapes import signal_number

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lags:
    """How long after the end of its period a row without a seen time appears, in milliseconds."""

    bar_ms: int = 20 * SECOND
    hourly_signal_ms: int = 60 * SECOND
    daily_ms: int = 6 * HOUR


PROVIDER_LAGS = Lags()

INTERVALS = {"1m": MINUTE, "5m": 5 * MINUTE, "1h": HOUR, "1d": DAY}


class Series(Generic[Row]):
    """One token's rows of one kind, several versions of a time included."""

    __slots__ = ("_seen", "_times", "rows")

    def __init__(self, rows: Iterable[tuple[int, int, Row]]) -> None:
        """Rows as (valid_time, visible_from, row), in any order."""
        ordered = sorted(rows, key=lambda row: row[:2])
        self._times = [row[0] for row in ordered]
        self._seen = [row[1] for row in ordered]
        self.rows = [row[2] for row in ordered]

    def newest_first(self, now: int, start: int, end: int) -> Iterator[tuple[int, int]]:
        """(valid_time, index) in [start, end), each time's newest version that `now` can see."""
        times, seen = self._times, self._seen
        shown = None
        for index in range(bisect_left(times, end) - 1, bisect_left(times, start) - 1, -1):
            if seen[index] <= now and times[index] != shown:
                shown = times[index]
                yield shown, index

    def latest(self, now: int, end: int | None = None) -> int | None:
        """Index of the newest visible row with a time before `end`, or None.

        Without `end` a row may be dated up to a day ahead, as a day's row is.
        """
        limit = now + DAY if end is None else end
        return next((index for _, index in self.newest_first(now, 0, limit)), None)

    def at(self, time: int) -> int | None:
        """Index of the first row of a time, visible or not, or None."""
        index = bisect_left(self._times, time)
        return index if index < len(self._times) and self._times[index] == time else None

    def seen_from(self, index: int) -> int:
        """When a row became visible."""
        return self._seen[index]


def visible_from(row: Bar | Signal | Metrics | Grade, lags: Lags) -> int:
    """When the provider shows a row: its seen time, but no bar or signal before its period ends.

    Without a seen time: the end of the period plus the lag of its kind.
    """
    match row:
        case Bar():
            if row.interval not in INTERVALS:
                raise DataError(f"a bar of {row.interval!r}: known are {', '.join(INTERVALS)}")
            end, lag = row.open_time + INTERVALS[row.interval], lags.bar_ms
        case Signal(source="hourly"):
            end, lag = row.valid_time + HOUR, lags.hourly_signal_ms
        case _:
            end, lag = floor_day(row.valid_time) + DAY, lags.daily_ms
    if row.available_at is None:
        return end + lag
    return max(row.available_at, end) if isinstance(row, Bar | Signal) else row.available_at


class MarketSource:
    """Everything a record holds, per token and kind, ready to be asked as of an instant."""

    def __init__(self, record: Record, lags: Lags = PROVIDER_LAGS) -> None:
        self._lags = lags
        self._tokens = _token_versions(record.tokens)
        hourly = [bar for bar in record.bars if bar.interval == "1h"]
        daily = [bar for bar in record.bars if bar.interval == "1d"]
        self.hourly_bars = self._dated(hourly)
        self.daily_bars = self._dated(daily) | self._made_daily({bar.token_id for bar in daily})
        self.hourly_signals = self._dated(s for s in record.signals if s.source == "hourly")
        self.daily_signals = self._dated(s for s in record.signals if s.source == "daily")
        self.metrics = self._dated(record.metrics)
        self.grades = self._dated(record.grades)
        self.levels = _by_token((r.token_id, r.seen_at, r.seen_at, r) for r in record.levels)
        self.hourly_trends = {key: _trends(s.rows) for key, s in self.hourly_signals.items()}
        self.daily_trends = {key: _trends(s.rows) for key, s in self.daily_signals.items()}

    def tokens(self, now: int) -> list[Token]:
        """Every token by id, each in the newest version that `now` can see."""
        return [_current(versions, now) for versions in self._tokens.values()]

    def _dated(self, rows: Iterable[_Dated]) -> dict[int, Series[_Dated]]:
        return _by_token((r.token_id, _time(r), visible_from(r, self._lags), r) for r in rows)

    def _made_daily(self, given: set[int]) -> dict[int, Series[Bar]]:
        made: list[Bar] = []
        for token_id, series in self.hourly_bars.items():
            if token_id not in given:
                made += daily_candles(_last_versions(series.rows))
        return self._dated(made)


_Dated = TypeVar("_Dated", Bar, Signal, Metrics, Grade)


def _time(row: Bar | Signal | Metrics | Grade) -> int:
    return row.open_time if isinstance(row, Bar) else row.valid_time


def _by_token(rows: Iterable[tuple[int, int, int, Row]]) -> dict[int, Series[Row]]:
    groups: dict[int, list[tuple[int, int, Row]]] = defaultdict(list)
    for token_id, time, seen, row in rows:
        groups[token_id].append((time, seen, row))
    return {token_id: Series(group) for token_id, group in groups.items()}


def _last_versions(bars: list[Bar]) -> list[Bar]:
    kept = [bar for bar, after in pairwise(bars) if after.open_time != bar.open_time]
    return kept + bars[-1:]


def _trends(signals: list[Signal]) -> list[int]:
    """The last signal that was not 0, at each row; 0 before the first."""
    trend, trends = 0, []
    for signal in signals:
        trend = signal_number(signal.signal) or trend
        trends.append(trend)
    return trends


def _token_versions(tokens: list[Token]) -> dict[int, list[Token]]:
    groups: dict[int, list[Token]] = defaultdict(list)
    for token in sorted(tokens, key=lambda token: (token.token_id, token.available_at or 0)):
        groups[token.token_id].append(token)
    return dict(groups)


def _current(versions: list[Token], now: int) -> Token:
    seen = [version for version in versions if (version.available_at or 0) <= now]
    return seen[-1] if seen else versions[0]
