"""When slots are polled and frozen."""

from __future__ import annotations

from dataclasses import dataclass

from bot.market.strategy import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When slots are polled and frozen, in ms; the widest of the loaded strategies."""

    poll_offset: int
    settle: int
    max_slot_delay: int


def timing_of(strategies: list[Strategy]) -> Timing:
    """One timing for all strategies, since the record has one freeze per slot."""
    return Timing(
        poll_offset=min(strategy.poll_offset for strategy in strategies),
        settle=max(strategy.settle for strategy in strategies),
        max_slot_delay=min(strategy.max_slot_delay for strategy in strategies),
    )
