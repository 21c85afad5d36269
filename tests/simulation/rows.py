"""A record as a careless provider serves it: late, missing, corrected, impossible, foreign rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import TypeVar

from bot.domain.instants import HOUR, MINUTE
from bot.domain.values import Bar, LevelList, Metrics, Record, Signal
from bot.simulator.source import PROVIDER_LAGS, visible_from

Row = TypeVar("Row", Bar, Signal, Metrics)
_LATE_MINUTES = (4, 12, 40, 75, 200, 600)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFaults:
    """Shares of rows that are late, missing, corrected later, and of bars and signals unusable.

    `gone`: a token whose rows end at an instant, as one that is delisted. Rows seen before `start`
    are as they should be.
    """

    start: int = 0

    late: float = 0.0
    missing: float = 0.0
    corrected: float = 0.0
    unusable: float = 0.0
    gone: tuple[int, int] | None = None


def disturbed(record: Record, faults: RowFaults, rng: Random, counts: Counter[str]) -> Record:
    """The record with faults in its bars, signals, metrics and level lists; `counts` what and of
    which kind, such as `late bar`."""
    careless = _Careless(faults, rng, counts)
    return Record(
        tokens=list(record.tokens),
        bars=[row for bar in record.bars for row in careless.bar(bar)],
        signals=[row for one in record.signals for row in careless.signal(one)],
        metrics=[row for one in record.metrics for row in careless.snapshot(one, "metrics")],
        levels=[row for one in record.levels for row in careless.level_list(one)],
        grades=list(record.grades),
    )


class _Careless:
    def __init__(self, faults: RowFaults, rng: Random, counts: Counter[str]) -> None:
        self._faults = faults
        self._rng = rng
        self._counts = counts

    def bar(self, bar: Bar) -> list[Bar]:
        if self._is_gone(bar.token_id, bar.open_time):
            return []
        seen = visible_from(bar, PROVIDER_LAGS)
        fate = self._fate("bar", seen)
        if fate == "unusable":
            wrong = replace(bar, high=bar.low, low=bar.high, available_at=seen)
            return [wrong, replace(bar, available_at=self._later(seen))]
        if fate == "corrected":
            wrong = replace(bar, close=self._rng.choice((bar.open, bar.low, bar.high)))
            return [replace(wrong, available_at=seen), replace(bar, available_at=self._later(seen))]
        return self._plain(bar, seen, fate)

    def signal(self, signal: Signal) -> list[Signal]:
        if self._is_gone(signal.token_id, signal.valid_time):
            return []
        seen = visible_from(signal, PROVIDER_LAGS)
        fate = self._fate("signal", seen)
        if fate in {"unusable", "corrected"}:
            other = "7" if fate == "unusable" else str(-int(signal.signal or 0))
            wrong = replace(signal, signal=other, available_at=seen)
            return [wrong, replace(signal, available_at=self._later(seen))]
        return self._plain(signal, seen, fate)

    def snapshot(self, row: Metrics, kind: str) -> list[Metrics]:
        seen = visible_from(row, PROVIDER_LAGS)
        fate = self._fate(kind, seen)
        if fate in {"unusable", "corrected"}:
            wrong = tuple((name, -5 * value) for name, value in row.values)
            corrected = replace(row, available_at=self._later(seen))
            return [replace(row, values=wrong, available_at=seen), corrected]
        return self._plain(row, seen, fate)

    def level_list(self, row: LevelList) -> list[LevelList]:
        fate = self._fate("levels", row.seen_at)
        later = self._later(row.seen_at)
        if fate == "late":
            return [replace(row, seen_at=later)]
        if fate == "missing":
            return []
        if fate in {"unusable", "corrected"}:
            factor = Decimal(3) if fate == "unusable" else Decimal("0.98")
            levels = tuple(replace(x, price=x.price * factor) for x in row.levels)
            return [replace(row, levels=levels), replace(row, seen_at=later)]
        return [row]

    def _plain(self, row: Row, seen: int, fate: str) -> list[Row]:
        if fate == "late":
            return [replace(row, available_at=self._later(seen))]
        return [] if fate == "missing" else [row]

    def _fate(self, kind: str, seen: int) -> str:
        """What happens to a row; nothing, for most."""
        if seen < self._faults.start:
            return ""
        chance = self._rng.random()
        scale = 4 if kind in {"metrics", "levels"} else 1  # there are few of them
        for fate in ("late", "missing", "corrected", "unusable"):
            chance -= scale * getattr(self._faults, fate)
            if chance < 0:
                self._counts[f"{fate} {kind}"] += 1
                return fate
        return ""

    def _later(self, seen: int) -> int:
        return seen + self._rng.choice(_LATE_MINUTES) * MINUTE

    def _is_gone(self, token_id: int, at: int) -> bool:
        gone = self._faults.gone
        if gone is None or token_id != gone[0] or at < gone[1]:
            return False
        self._counts["row of a token that is gone"] += 1
        return True


def draw_row_faults(rng: Random, token_ids: list[int], start: int, hours: int) -> RowFaults:
    """Mostly few faults, sometimes many; sometimes a token goes."""
    scale = rng.choice((0.3, 1, 1, 3))
    gone = None
    if rng.random() < 0.2:
        gone = (rng.choice(token_ids), start + rng.randrange(hours) * HOUR)
    return RowFaults(
        late=0.02 * scale, missing=0.006 * scale, corrected=0.015 * scale, unusable=0.006 * scale,
        gone=gone, start=start,
    )  # fmt: skip
