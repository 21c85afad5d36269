"""Due slots, oldest first: strategies do not hold each other up, and a long absence is cut up."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.adapters.sql.engine import open_database
from bot.app.cycle import SLOTS_PER_RUN, Cycle
from bot.app.desk import Desk
from bot.app.timing import Timing
from bot.domain.errors import LedgerError
from bot.domain.instants import HOUR, MINUTE, SECOND, parse_instant

T0 = parse_instant("2025-05-10T00:00:00Z")
TIMING = Timing(poll_offset=65 * SECOND, settle=10 * MINUTE, max_slot_delay=20 * MINUTE)
NOTHING_DONE = SimpleNamespace(
    decisions=(), orders=(), fills=(), mark=SimpleNamespace(open_positions=0, equity=0)
)


@dataclass
class StandInDesk:
    """A strategy that does nothing, and may break at a slot."""

    name: str
    mark: int | None = T0
    breaks_at: int | None = None
    error: Exception = field(default_factory=lambda: ValueError("a bug"))
    done: list[int] = field(default_factory=list)

    def settle(self, _now: int) -> StandInDesk:
        return self

    def watermark(self) -> int | None:
        return self.mark

    def run(self, slot: Any, _epoch: int, _now: int) -> Any:
        if slot.slot == self.breaks_at:
            raise self.error
        assert slot.slot == (self.mark or 0) + HOUR
        self.mark = slot.slot
        self.done.append(slot.slot)
        return SimpleNamespace(stepped=SimpleNamespace(records=[NOTHING_DONE]))


class FullPolls:
    """Everything is in at the first try."""

    def poll(self, _slot: int, _now: int) -> bool:
        return True

    def is_whole(self, _slot: int) -> bool:
        return True

    def brought_nothing(self) -> bool:
        return False

    def backfill(self, _now: int) -> int:
        return 0


class StillClock:
    """An instant that a test sets."""

    def __init__(self, now: int) -> None:
        self.instant = now

    def now(self) -> int:
        return self.instant

    def elapsed(self) -> float:
        return self.instant / SECOND

    def sleep(self, seconds: float) -> None:
        self.instant += int(seconds * SECOND)

    def wait_until(self, instant: int) -> None:
        self.instant = max(self.instant, instant)

    def close(self) -> None:
        """Nothing is open."""


def cycle_of(folder: Path, now: int, *desks: StandInDesk) -> Cycle:
    database = open_database(folder / "a.db", create=True)
    return Cycle(database, cast("list[Desk]", list(desks)), FullPolls(), StillClock(now), TIMING)


def test_a_strategy_that_breaks_does_not_hold_the_others_up(tmp_path: Path) -> None:
    first = StandInDesk("first", breaks_at=T0 + 2 * HOUR)
    second = StandInDesk("second")
    cycle = cycle_of(tmp_path, T0 + 4 * HOUR + 2 * MINUTE, first, second)
    with pytest.raises(ValueError, match="a bug"):
        cycle.run_due(1, None, threading.Event())
    assert first.done == [T0 + HOUR]
    assert second.done == [T0 + number * HOUR for number in (1, 2, 3, 4)]
    # What broke it is gone: it goes on where it was, and the other repeats nothing.
    first.breaks_at = None
    assert cycle.run_due(1, None, threading.Event()) == 3
    assert first.done == second.done


def test_a_strategy_that_has_been_broken_for_weeks_starves_nobody(tmp_path: Path) -> None:
    now = T0 + (3 * SLOTS_PER_RUN) * HOUR
    first = StandInDesk("first", breaks_at=T0 + HOUR)
    second = StandInDesk("second", mark=now - 2 * HOUR)
    cycle = cycle_of(tmp_path, now + 2 * MINUTE, first, second)
    with pytest.raises(ValueError, match="a bug"):
        cycle.run_due(1, None, threading.Event())
    assert second.done == [now - HOUR, now]


@pytest.mark.parametrize("error", [LedgerError("cash"), AssertionError("two and two")])
def test_a_broken_ledger_stops_every_strategy(tmp_path: Path, error: Exception) -> None:
    first = StandInDesk("first", breaks_at=T0 + HOUR, error=error)
    second = StandInDesk("second")
    cycle = cycle_of(tmp_path, T0 + HOUR + 2 * MINUTE, first, second)
    with pytest.raises(type(error)):
        cycle.run_due(1, None, threading.Event())
    assert second.done == []


def test_a_long_absence_is_done_in_parts_oldest_first(tmp_path: Path) -> None:
    hours = 2 * SLOTS_PER_RUN + 5
    desk = StandInDesk("only")
    cycle = cycle_of(tmp_path, T0 + hours * HOUR + 2 * MINUTE, desk)
    parts = []
    while part := cycle.run_due(1, None, threading.Event()):
        parts.append(part)
    assert parts == [SLOTS_PER_RUN, SLOTS_PER_RUN, 5]
    assert desk.done == [T0 + number * HOUR for number in range(1, hours + 1)]


def test_slots_are_late_when_their_time_to_settle_is_over(tmp_path: Path) -> None:
    desk = StandInDesk("only")
    now = T0 + 3 * HOUR
    assert cycle_of(tmp_path, now + 9 * MINUTE, desk).late_slots(None) == 2
    assert cycle_of(tmp_path, now + 11 * MINUTE, desk).late_slots(None) == 3
    assert cycle_of(tmp_path, T0 + HOUR, desk).late_slots(None) == 0
