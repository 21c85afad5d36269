"""Time of a simulated world: it passes when someone waits, and the machine's clock may be wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.adapters.clock import StoppedError
from bot.domain.instants import SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """At a true instant the machine sleeps for `suspend` ms, or its clock is off by `offset`."""

    at: int
    suspend: int = 0
    offset: int | None = None


class SimClock:
    """The daemon's clock, by the machine; `true` is what the provider and the world go by.

    A wait ends early when the machine was suspended or its clock set, as the daemon's watch on
    the two clocks would end it.
    """

    def __init__(self, start: int, events: tuple[Event, ...] = ()) -> None:
        self.true = start
        self.offset = 0
        self.happened: list[Event] = []
        self.on_wait: Callable[[], None] = lambda: None
        self.on_set: Callable[[], None] = lambda: None
        self._awake = 0
        self._events = sorted(events, key=lambda event: event.at)

    def now(self) -> int:
        """The machine's wall clock."""
        return self.true + self.offset

    def elapsed(self) -> float:
        """Seconds that the machine was awake."""
        return self._awake / SECOND

    def sleep(self, seconds: float) -> None:
        """Let time pass, whatever the wall clock shows meanwhile."""
        self.pass_time(max(0, round(seconds * SECOND)))

    def wait_until(self, instant: int) -> None:
        """Return at the wall clock's instant, or when it jumps; a wake is over when one waits."""
        self.on_wait()
        seen = len(self.happened)
        while self.now() < instant and len(self.happened) == seen:
            self._pass(instant - self.now())

    def close(self) -> None:
        """Nothing is open."""

    def pass_time(self, ms: int) -> None:
        """So much time awake; what is due meanwhile happens."""
        left = ms
        while left > 0:
            left -= self._pass(left)

    def _pass(self, ms: int) -> int:
        """Up to `ms` of awake time, as far as the next event; returns how much it was."""
        due = self._events[0].at if self._events else self.true + ms + 1
        step = min(ms, max(0, due - self.true))
        self.true += step
        self._awake += step
        if self.true >= due:
            self._happen(self._events.pop(0))
        return step

    def _happen(self, event: Event) -> None:
        self.true += event.suspend
        if event.offset is not None:
            self.offset = event.offset
            self.on_set()
        self.happened.append(event)


class WorldClock:
    """The provider's clock: the true time, which no request moves."""

    def __init__(self, world: SimClock) -> None:
        self._world = world

    def now(self) -> int:
        """The true instant."""
        return self._world.true

    async def advance(self, to: int) -> int:
        """Nobody asks the provider to wait here."""
        raise StoppedError(to)
