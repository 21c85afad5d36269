"""An account's value over time: every slot's mark, and the daily points that statistics read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.domain.bar_table import IntColumn
from bot.domain.instants import DAY, HOUR

FloatColumn = npt.NDArray[np.float64]
MONEY = 1e8  # units of money in one quote unit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Equity:
    """The marks of a run, one a slot; money in 1e-8 of the quote currency.

    slot: instants of the slots, one an hour without a gap. equity: total equity after the slot's
    fills. value: of all positions, at their marks. cash: what the account started with.

    Raises ValueError for no slot, columns of different lengths, a gap, or cash not above 0.
    """

    slot: IntColumn
    equity: IntColumn
    value: IntColumn
    cash: int

    def __post_init__(self) -> None:
        if len(self.slot) == 0 or self.cash <= 0:
            raise ValueError(f"{len(self.slot)} slots and a cash of {self.cash}")
        if not len(self.slot) == len(self.equity) == len(self.value):
            raise ValueError("slot, equity and value are not of the same slots")
        if self.slot[0] % HOUR or (np.diff(self.slot) != HOUR).any():
            raise ValueError("slots are whole hours, one after the other")

    @property
    def n(self) -> int:
        """How many slots."""
        return len(self.slot)

    @property
    def start(self) -> int:
        """The first slot."""
        return int(self.slot[0])

    @property
    def end(self) -> int:
        """The last slot."""
        return int(self.slot[-1])

    @property
    def final(self) -> int:
        """Equity after the last slot, as money."""
        return int(self.equity[-1])

    def points(self) -> FloatColumn:
        """Starting cash and the equity of every slot, in quote units."""
        return np.concatenate(([self.cash], self.equity)) / MONEY

    def daily(self) -> DailyPoints:
        """Starting cash, then the equity of every slot at 00:00 UTC after the first slot.

        The cash stands at 00:00 UTC of the first slot's day: until its first slot an account holds
        nothing else, so a run that begins within a day has a first day that is partly idle. What
        comes after the last 00:00 is not in the daily points.
        """
        midnight = (self.slot % DAY == 0) & (self.slot > self.slot[0])
        first = self.start - self.start % DAY
        return DailyPoints(
            instants=np.concatenate(([first], self.slot[midnight])),
            equity=np.concatenate(([self.cash], self.equity[midnight])) / MONEY,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DailyPoints:
    """Values at 00:00 UTC of every day, in quote units; the first is the starting cash."""

    instants: IntColumn
    equity: FloatColumn

    @property
    def n(self) -> int:
        """How many days, and so how many daily returns."""
        return len(self.instants) - 1
