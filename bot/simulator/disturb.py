"""A record whose rows come late, come wrong first and right later, or never come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from bot.domain.instants import HOUR, MINUTE
from bot.domain.values import Bar, Record, Signal
from bot.simulator.faults import draw
from bot.simulator.source import PROVIDER_LAGS, Lags, visible_from

Row = TypeVar("Row", Bar, Signal)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFaults:
    """Shares in parts per million of bars and signals, and how long what is late takes.

    late: visible `late_ms` after its time, so behind newer rows.
    corrected: a wrong row at its time, the right one `correction_ms` later.
    missing: never there.
    """

    late_ppm: int = 0
    corrected_ppm: int = 0
    missing_ppm: int = 0
    late_ms: int = 25 * MINUTE
    correction_ms: int = 3 * HOUR
    seed: int = 0


def disturb(record: Record, faults: DataFaults, lags: Lags = PROVIDER_LAGS) -> Record:
    """The record with faults in its bars and signals, each drawn by seed, token and time.

    What is drawn for a row does not depend on the other rows.
    """
    disturbed = replace(record)
    disturbed.bars = [
        row for bar in record.bars for row in _versions(bar, bar.open_time, faults, lags)
    ]
    disturbed.signals = [
        row
        for signal in record.signals
        for row in _versions(signal, signal.valid_time, faults, lags)
    ]
    return disturbed


def _versions(row: Row, time: int, faults: DataFaults, lags: Lags) -> list[Row]:
    fate = draw(faults.seed, type(row).__name__, row.token_id, time)
    seen = visible_from(row, lags)
    if fate < faults.missing_ppm:
        return []
    fate -= faults.missing_ppm
    if fate < faults.late_ppm:
        return [replace(row, available_at=seen + faults.late_ms)]
    fate -= faults.late_ppm
    if fate < faults.corrected_ppm:
        wrong = replace(_wrong(row), available_at=seen)
        return [wrong, replace(row, available_at=seen + faults.correction_ms)]
    return [row]


def _wrong(row: Row) -> Row:
    if isinstance(row, Bar):
        return replace(row, close=row.open)
    return replace(row, signal="0")
