"""What one row of an answer says, before it is put into either version's words."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bot.domain.instants import DAY, HOUR
from bot.domain.values import Bar, Grade
from bot.simulator.daily import cumulative_returns
from bot.simulator.shapes import finite, signal_number
from bot.simulator.source import MarketSource


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyCall:
    """An hourly signal: its hour, the number as text, the position it leads to, the close."""

    time: int
    signal: str
    position: int
    close: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyCall:
    """A daily signal with the trend it leaves and what has been earned; returns are fractions."""

    time: int
    signal: int
    trend: int
    following: float | None
    holding: float | None
    grade: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeNow:
    """The current grade of 0 to 100, its change in points and in percent since a day before."""

    grade: float | None
    change: float | None
    change_percent: float | None


class Facts:
    """Answers about single rows of a source; the same question has the same answer for ever."""

    def __init__(self, source: MarketSource) -> None:
        self._source = source
        self._returns: dict[int, dict[int, tuple[float, float]]] = {}

    def hourly_call(self, token_id: int, index: int) -> HourlyCall:
        """A signal with the close that was known when it was published."""
        series = self._source.hourly_signals[token_id]
        row = series.rows[index]
        number = signal_number(row.signal)
        return HourlyCall(
            time=row.valid_time,
            signal=row.signal if number is None else str(number),
            position=self._source.hourly_trends[token_id][index],
            close=self.last_close(token_id, series.seen_from(index), row.valid_time + 1),
        )

    def daily_call(self, token_id: int, index: int) -> DailyCall:
        """A daily signal; a text that is none of bullish, bearish and neutral counts as 0."""
        row = self._source.daily_signals[token_id].rows[index]
        following, holding = self._returns_of(token_id).get(row.valid_time, (None, None))
        return DailyCall(
            time=row.valid_time,
            signal=signal_number(row.signal) or 0,
            trend=self._source.daily_trends[token_id][index],
            following=following,
            holding=holding,
            grade=self._grade_on(token_id, row.valid_time),
        )

    def grade_now(self, token_id: int, index: int) -> GradeNow:
        """A grade and how far it is from the one of the day before."""
        rows = self._source.grades[token_id].rows
        now, before = _value(rows[index]), None
        if index and rows[index].valid_time - rows[index - 1].valid_time <= DAY:
            before = _value(rows[index - 1])
        if now is None or before is None:
            return GradeNow(grade=now, change=None, change_percent=None)
        change = round(now - before, 2)
        percent = round(100 * change / before, 2) if before else None
        return GradeNow(grade=now, change=change, change_percent=percent)

    def last_close(self, token_id: int, now: int, before: int | None = None) -> Decimal | None:
        """The newest close that `now` can see, of a bar that opened before `before`."""
        series = self._source.hourly_bars.get(token_id)
        index = series.latest(now, before) if series else None
        return None if series is None or index is None else series.rows[index].close

    def _grade_on(self, token_id: int, day: int) -> float | None:
        series = self._source.grades.get(token_id)
        index = series.latest(day + 2 * DAY, day + 1) if series else None
        return None if series is None or index is None else _value(series.rows[index])

    def _returns_of(self, token_id: int) -> dict[int, tuple[float, float]]:
        if token_id not in self._returns:
            bars = self._source.daily_bars.get(token_id)
            signals = self._source.daily_signals[token_id]
            days = (signal.valid_time for signal in signals.rows)
            trends = dict(zip(days, self._source.daily_trends[token_id], strict=True))
            self._returns[token_id] = cumulative_returns(bars.rows if bars else [], trends)
        return self._returns[token_id]


def _value(grade: Grade) -> float | None:
    return finite(grade.tm_grade)


def unfinished_bar(whole: Bar, now: int) -> Bar:
    """An hour's bar as far as `now` has come in it, made from its finished form.

    A straight path from open to close: enough to be told apart from the finished bar, and always
    inside it.
    """
    done = Decimal(now - whole.open_time) / HOUR
    price = (whole.open + (whole.close - whole.open) * done).quantize(whole.close)
    return Bar(
        token_id=whole.token_id,
        open_time=whole.open_time,
        open=whole.open,
        high=max(whole.open, price),
        low=min(whole.open, price),
        close=price,
        volume=None if whole.volume is None else (whole.volume * done).quantize(whole.volume),
    )
