"""What a run came to in numbers: the account at every slot, and its closed trades."""

from __future__ import annotations

import numpy as np

from bot.engine import layout as at
from bot.engine.tables import Output
from bot.engine.types import IntArray

(
    SLOT, CASH, VALUE, EQUITY, REALISED, UNREALISED, PEAK, DAY_BASE, OPEN, HALT_DAILY, HALT_DRAWDOWN
) = range(at.M_RECORDS)  # fmt: skip  # as the engine's marks, without their place in a buffer
_CLOSED = (at.R_SLOT, at.R_D, at.R_E)


class Tally:
    """Counts outputs as they come; money in 1e-8."""

    def __init__(self) -> None:
        self._marks: list[IntArray] = []
        self._closed: list[IntArray] = []

    def add(self, output: Output) -> None:
        """Take what a stretch of slots wrote."""
        kinds = output.records[:, at.R_KIND]
        self._marks.append(output.marks[:, : at.M_RECORDS].copy())
        self._closed.append(output.records[kinds == at.CLOSED][:, _CLOSED])

    def marks(self) -> IntArray:
        """The account by slot; columns as named above."""
        return np.concatenate([*self._marks, np.zeros((0, at.M_RECORDS), dtype=np.int64)])

    def closed(self) -> IntArray:
        """Closing slot, net result and money at risk of every closed trade."""
        return np.concatenate([*self._closed, np.zeros((0, len(_CLOSED)), dtype=np.int64)])

    def closed_until(self, slot: int) -> int:
        """How many trades closed by a slot."""
        return int(np.count_nonzero(self.closed()[:, 0] <= slot))
