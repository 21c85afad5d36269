"""When a row could be known (T2) and how old it is (T6)."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.instants import DAY, HOUR, MINUTE, floor_day
from bot.domain.values import Bar, Grade, Metrics, Signal

SPANS = {"1h": HOUR, "5m": 5 * MINUTE, "1m": MINUTE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lags:
    """How long after a period a row without a seen time counts as published, in ms."""

    bar: int
    hourly: int
    daily: int
    label_is_close: bool  # an hourly signal's label names the end of its hour


def span_of(interval: str) -> int:
    """Milliseconds of a bar interval such as 1h, 5m or 20m."""
    if interval in SPANS:
        return SPANS[interval]
    unit = {"m": MINUTE, "h": HOUR, "d": DAY}[interval[-1]]
    return int(interval[:-1]) * unit


def bar_visible(bar: Bar, lags: Lags) -> int:
    """Instant from which a bar may be read; never before its close."""
    close = bar.open_time + span_of(bar.interval)
    return close + lags.bar if bar.available_at is None else max(bar.available_at, close)


def signal_open(signal: Signal, lags: Lags) -> int:
    """Start of the period that a signal describes."""
    if signal.source == "daily":
        return floor_day(signal.valid_time)
    return signal.valid_time - HOUR if lags.label_is_close else signal.valid_time


def signal_visible(signal: Signal, lags: Lags) -> int:
    """Instant from which a signal may be read; never before the end of its period."""
    opened = signal_open(signal, lags)
    end = opened + (DAY if signal.source == "daily" else HOUR)
    if signal.available_at is not None:
        return max(signal.available_at, end)
    return end + (lags.daily if signal.source == "daily" else lags.hourly)


def snapshot_visible(row: Metrics | Grade, lags: Lags) -> int:
    """Instant from which a daily row may be read: when it was seen, else the next morning."""
    if row.available_at is not None:
        return row.available_at
    return floor_day(row.valid_time) + DAY + lags.daily


def snapshot_confirmed(row: Metrics | Grade) -> int:
    """The instant from which a snapshot's age counts: last seen, else the end of its day."""
    if row.available_at is not None:
        return row.available_at
    return floor_day(row.valid_time) + DAY
