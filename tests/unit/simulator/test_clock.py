from __future__ import annotations

import asyncio

import pytest

from bot.domain.instants import HOUR, parse_instant
from bot.simulator.clock import RunningClock, SteppedClock

START = parse_instant("2025-09-01")


def test_a_running_clock_goes_speed_times_as_fast() -> None:
    seconds = iter([100.0, 100.0, 101.5])
    clock = RunningClock(START, 3600.0, lambda: next(seconds))
    assert clock.now() == START
    assert clock.now() == START + 3 * HOUR // 2


def test_a_running_clock_that_is_past_the_instant_does_not_wait() -> None:
    seconds = iter([0.0, 10.0, 10.0])
    clock = RunningClock(START, 3600.0, lambda: next(seconds))
    assert asyncio.run(clock.advance(START + HOUR)) == START + 10 * HOUR


def test_a_clock_that_stands_still_cannot_run() -> None:
    with pytest.raises(ValueError, match="above 0"):
        RunningClock(START, 0.0, lambda: 0.0)


def test_a_stepped_clock_never_goes_back() -> None:
    clock = SteppedClock(START)
    assert asyncio.run(clock.advance(START + HOUR)) == START + HOUR
    assert asyncio.run(clock.advance(START)) == START + HOUR
    assert clock.now() == START + HOUR
