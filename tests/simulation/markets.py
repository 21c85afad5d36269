"""The generated markets of the simulation; some open far from the last close, with alerts on it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cache

from bot.domain.instants import HOUR, parse_instant
from bot.domain.values import Bar, LevelList, Record
from bot.simulator.generated import GeneratedMarket, generate

START = parse_instant("2025-03-07T00:00:00Z")  # summer time begins in New York on the third day
HISTORY_HOURS = 24
MARKETS = 8
WITH_GAPS = (1, 2, 5)
WITH_ALERTS = (1, 2)
GAP, EVERY = Decimal("0.9"), 14  # by how much prices are lower in every second stretch of hours
_ALERTS = """
[[alert]]
name = "moved"
on = "column"
column = "close"
token_ids = [9001]
above = {middle}6
below = {middle}4
throttle = "0s"

[[alert]]
name = "turned"
on = "signal"
throttle = "0s"

[[alert]]
name = "levels"
on = "level"
throttle = "0s"
"""


@cache
def market(number: int, hours: int) -> Record:
    """A generated market with some history before START."""
    made = generate(
        GeneratedMarket(
            seed=100 + number, start=START - HISTORY_HOURS * HOUR,
            hours=HISTORY_HOURS + hours + 1, tokens=3,
        )
    )  # fmt: skip
    return _with_gaps(made) if number in WITH_GAPS else made


@cache
def alerts(number: int) -> str:
    """The alert tables of a market's strategies: each kind, and a limit that is often crossed.

    No close is at a limit or between the two, so that they are one that is crossed or not.
    """
    if number not in WITH_ALERTS:
        return ""
    closes = sorted(bar.close for bar in market(number, 96).bars if bar.token_id == 9001)
    middle = str(closes[len(closes) // 2])
    return _ALERTS.format(middle=middle if "." in middle else f"{middle}.")


def _with_gaps(record: Record) -> Record:
    """The record with all prices lower in every second stretch, as if the night had been bad."""
    return replace(
        record,
        bars=[_bar(row) if _is_low(row.open_time) else row for row in record.bars],
        levels=[_levels(row) if _is_low(row.seen_at) else row for row in record.levels],
    )


def _is_low(at: int) -> bool:
    return at >= START and (at - START) // (EVERY * HOUR) % 2 == 1


def _lower(price: Decimal) -> Decimal:
    return (price * GAP).quantize(price)


def _bar(row: Bar) -> Bar:
    return replace(
        row, open=_lower(row.open), high=_lower(row.high), low=_lower(row.low),
        close=_lower(row.close),
    )  # fmt: skip


def _levels(row: LevelList) -> LevelList:
    return replace(row, levels=tuple(replace(one, price=_lower(one.price)) for one in row.levels))
