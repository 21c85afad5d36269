"""When slots are polled and frozen."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.instants import HOUR, floor_hour
from bot.market.strategy import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When slots are polled and frozen, in ms; the widest of the loaded strategies."""

    poll_offset: int
    settle: int
    max_slot_delay: int

    def next_wake(self, after: int) -> int:
        """The first instant after this one at which a slot may be polled."""
        wake = floor_hour(after) + self.poll_offset
        return wake if wake > after else wake + HOUR


def timing_of(strategies: list[Strategy]) -> Timing:
    """One timing for all strategies, since the record has one freeze per slot."""
    return Timing(
        poll_offset=min(strategy.poll_offset for strategy in strategies),
        settle=max(strategy.settle for strategy in strategies),
        max_slot_delay=min(strategy.max_slot_delay for strategy in strategies),
    )
