"""Which slot is the first to know each bar, and whether a token's bars came one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from bot.domain.bar_table import NONE, BarTable, impossible_rows
from bot.domain.instants import HOUR
from bot.domain.values import Slot
from bot.engine.types import IntArray
from bot.market.availability import Lags

FLOAT_EXACT = 1 << 53  # whole numbers up to here are floats too
Flags: TypeAlias = npt.NDArray[np.bool_]
Counts: TypeAlias = npt.NDArray[np.int32]
Signs: TypeAlias = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotTimes:
    """The slots of a run as columns: H, and the instant at which each was frozen."""

    slot: IntArray
    as_of: IntArray

    @classmethod
    def of(cls, slots: Sequence[Slot]) -> SlotTimes:
        """Columns of slots in order."""
        return cls(
            slot=np.array([slot.slot for slot in slots], dtype=np.int64),
            as_of=np.array([slot.as_of for slot in slots], dtype=np.int64),
        )

    def first_knowing(self, closed: IntArray, visible: IntArray) -> IntArray:
        """The index of the first slot that is not before `closed` and not frozen before `visible`.

        The number of slots where none is.
        """
        return np.maximum(
            np.searchsorted(self.slot, closed), np.searchsorted(self.as_of, visible)
        ).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownBars:
    """A token's possible bars that some slot knows, in time order, each known in that order too."""

    table: BarTable
    known: IntArray  # index of the first slot that knows a row; never falls
    impossible: int


def in_order(table: BarTable, lags: Lags, times: SlotTimes) -> KnownBars | None:
    """The bars as the slots come to know them; None where one came late, twice or changed.

    Also None where a float cannot hold a price or a volume exactly: kernels read floats.
    """
    bad = impossible_rows(table.prices)
    keep = ~bad
    opened = table.open_time[keep]
    close = opened + HOUR
    seen = table.available_at[keep]
    visible = np.where(seen == NONE, close + lags.bar, np.maximum(seen, close))
    known = times.first_knowing(close, visible)
    reached = known < len(times.slot)
    known = known[reached]
    rows = np.flatnonzero(keep)[reached]
    chosen = table.take(rows)
    if not _is_plain(chosen, known):
        return None
    return KnownBars(table=chosen, known=known, impossible=int(np.count_nonzero(bad)))


def _is_plain(table: BarTable, known: IntArray) -> bool:
    if len(table) == 0:
        return True
    rising = bool(np.all(np.diff(table.open_time) > 0) and np.all(np.diff(known) >= 0))
    aligned = not np.any(table.open_time % HOUR)
    largest = max(int(table.prices.max()), int(table.volume.max()))
    return rising and aligned and largest < FLOAT_EXACT
