"""The alarm rings at once, on the hour, on demand, and when the wall clock was moved."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import time_machine

from bot.app.alarm import Alarm
from bot.domain.instants import MINUTE, SECOND

NOON = datetime(2025, 5, 10, 12, 20, 0, tzinfo=UTC)


class Bell:
    """Counts its calls; may be made to hold on, or to break."""

    def __init__(self) -> None:
        self.calls = 0
        self.act: Callable[[], None] = lambda: None
        self._changed = threading.Condition()

    def __call__(self) -> None:
        with self._changed:
            self.calls += 1
            self._changed.notify_all()
        self.act()

    def wait_for(self, calls: int) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self.calls >= calls, timeout=10)


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def traveller() -> Iterator[time_machine.Coordinates]:
    """The wall clock stands at twenty past noon and goes on; the monotonic one is real."""
    with time_machine.travel(NOON, tick=True) as found:
        yield found


@pytest.fixture
def alarm(bell: Bell, traveller: time_machine.Coordinates) -> Iterator[Alarm]:
    made = Alarm(bell, 65 * SECOND, pulse_s=0.5)
    made.start()
    assert bell.wait_for(1)
    yield made
    made.stop()


def test_a_moment_without_a_jump_rings_nothing(alarm: Alarm, bell: Bell) -> None:
    alarm.tend()
    time.sleep(0.1)
    assert bell.calls == 1
    assert alarm.is_alive()


def test_it_rings_on_demand_and_only_the_last_demand_counts(alarm: Alarm, bell: Bell) -> None:
    alarm.ring_in(3600.0)
    alarm.ring_in(0.05)
    alarm.ring_in(0.05)
    assert bell.wait_for(2)
    time.sleep(0.3)
    assert bell.calls == 2


def test_a_call_may_ask_for_the_next_one(alarm: Alarm, bell: Bell) -> None:
    bell.act = lambda: alarm.ring_in(0.02) if bell.calls < 5 else None
    alarm.ring_in(0.0)
    assert bell.wait_for(5)
    time.sleep(0.2)
    assert bell.calls == 5


def test_it_rings_at_the_hours_offset(
    alarm: Alarm, bell: Bell, traveller: time_machine.Coordinates
) -> None:
    traveller.move_to(datetime(2025, 5, 10, 13, 1, 4, 500_000, tzinfo=UTC))
    alarm.tend()  # rings for the jump
    assert bell.wait_for(2)
    assert bell.wait_for(3)  # half a second later: 13:01:05
    assert datetime.now(UTC) >= datetime(2025, 5, 10, 13, 1, 5, tzinfo=UTC)


def test_after_a_sleep_of_hours_it_rings_at_once(
    alarm: Alarm, bell: Bell, traveller: time_machine.Coordinates
) -> None:
    traveller.shift(5 * 3600)
    alarm.tend()
    assert bell.wait_for(2)


def test_after_the_clock_was_set_back_the_next_hour_is_not_waited_for_in_the_old_time(
    alarm: Alarm, bell: Bell, traveller: time_machine.Coordinates
) -> None:
    # Planned for 13:01:05; three hours back, the next one is at 10:01:05, half a second away.
    traveller.move_to(datetime(2025, 5, 10, 10, 1, 4, 500_000, tzinfo=UTC))
    alarm.tend()
    assert bell.wait_for(2)
    assert bell.wait_for(3)
    assert alarm.is_alive()


def test_a_job_that_breaks_is_called_again(alarm: Alarm, bell: Bell) -> None:
    def break_() -> None:
        raise ValueError("broken")

    bell.act = break_
    alarm.ring_in(0.0)
    assert bell.wait_for(2)
    alarm.ring_in(0.0)
    assert bell.wait_for(3)


def test_it_is_alive_while_the_job_takes_long_and_dead_when_the_scheduler_is(
    bell: Bell,
) -> None:
    alarm = Alarm(bell, MINUTE, pulse_s=0.25)  # alive for a second after a pulse
    hold = threading.Event()
    bell.act = lambda: hold.wait(10) and None
    alarm.start()
    assert bell.wait_for(1)
    time.sleep(1.5)
    assert alarm.is_alive()
    hold.set()
    alarm.stop()
    time.sleep(1.1)
    assert not alarm.is_alive()
