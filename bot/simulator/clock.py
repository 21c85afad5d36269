"""The simulated now: a clock that daemon and simulator share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from bot.domain.instants import SECOND

# An answer to "wait until then" comes at the latest after so many seconds; the asker asks again.
LONGEST_WAIT_S = 5.0


class Clock(Protocol):
    """Tells the simulated now, and moves or waits towards a later instant."""

    def now(self) -> int:
        """The simulated now in milliseconds."""
        ...

    async def advance(self, to: int) -> int:
        """Go or wait towards `to`; the now after that, which may still be before `to`."""
        ...


class SteppedClock:
    """Stands still until someone asks for a later instant, so that a kill costs no time."""

    def __init__(self, start: int) -> None:
        self._now = start

    def now(self) -> int:
        """The latest instant that was asked for."""
        return self._now

    async def advance(self, to: int) -> int:
        """Jump to `to` at once; never back, and a second time changes nothing."""
        self._now = max(self._now, to)
        return self._now


class RunningClock:
    """Runs on from `start`, `speed` simulated seconds for each second of `seconds()`."""

    def __init__(self, start: int, speed: float, seconds: Callable[[], float]) -> None:
        """`seconds` is a monotonic source, such as time.monotonic; the clock starts now."""
        if speed <= 0:
            raise ValueError(f"a running clock needs a speed above 0, not {speed}")
        self._start = start
        self._speed = speed
        self._seconds = seconds
        self._began = seconds()

    def now(self) -> int:
        """The start plus what has passed, times the speed."""
        return self._start + int((self._seconds() - self._began) * self._speed * SECOND)

    async def advance(self, to: int) -> int:
        """Wait until `to`, but no longer than LONGEST_WAIT_S of real time."""
        left_s = (to - self.now()) / SECOND / self._speed
        if left_s > 0:
            await asyncio.sleep(min(left_s, LONGEST_WAIT_S))
        return self.now()
