"""The alarm clock: APScheduler rings once an hour, on demand, and after the clock was changed."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from bot.domain.instants import HOUR, MINUTE, SECOND

PULSE_S = 20.0
JUMP_S = 2.0
_MISSED_PULSES = 4


class Alarm:
    """Calls a job in a thread of its own, one call at a time; it remembers nothing.

    What is due is read from the ledger at every call, so a call too many does no harm and one too
    few is made good by the next. `tend` is to be called about once a second.
    """

    def __init__(self, job: Callable[[], None], offset: int, pulse_s: float = PULSE_S) -> None:
        """`offset` is how long after the full hour the job is due, in ms."""
        self._job = job
        self._offset = offset
        self._pulse_s = pulse_s
        self._pulsed = time.monotonic()
        self._clocks = _Clocks()
        self._scheduler = _scheduler()
        self._numbers = itertools.count()
        self._extra = ""
        self._log = structlog.get_logger()

    def start(self) -> None:
        """Ring at once and from now on."""
        self._scheduler.add_listener(self._heard, _trouble_events())
        self._scheduler.add_job(self._job, trigger=_hourly(self._offset), id="slot", name="slot")
        self._scheduler.add_job(
            self._pulse, "interval", seconds=self._pulse_s, id="pulse", executor="pulse"
        )
        self._scheduler.start()
        self.ring_in(0.0)

    def ring_in(self, seconds: float) -> None:
        """Ring once more, so many seconds from now, instead of any other such call that waits."""
        if self._scheduler.get_job(self._extra) is not None:
            with suppress(LookupError):  # it began in this very instant
                self._scheduler.remove_job(self._extra)
        # A name of its own: of one name only one call may run, and this may come from within it.
        self._extra = f"extra-{next(self._numbers)}"
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        self._scheduler.add_job(self._job, "date", run_date=at, id=self._extra, name="extra")

    def tend(self) -> None:
        """Notice a clock that was changed or stood still: plan anew from now, and ring."""
        if not self._clocks.jumped():
            return
        self._log.warning("clock.jump", seconds=round(self._clocks.seconds, 3))
        # After a jump back the next calls are planned for the time that was wrong: hours away.
        self._scheduler.reschedule_job("slot", trigger=_hourly(self._offset))
        self._scheduler.reschedule_job("pulse", trigger="interval", seconds=self._pulse_s)
        self.ring_in(0.0)

    def is_alive(self) -> bool:
        """Whether the scheduler has done anything lately."""
        return time.monotonic() - self._pulsed < self._pulse_s * _MISSED_PULSES

    def stop(self) -> None:
        """Wait for the call in hand, and ring no more."""
        self._scheduler.shutdown(wait=True)

    def _pulse(self) -> None:
        self._pulsed = time.monotonic()

    def _heard(self, event: Any) -> None:
        """The job catches what it can: an event here is a fault of the alarm itself."""
        cause = getattr(event, "exception", None)
        self._log.warning(
            "alarm.trouble", job=event.job_id, code=event.code, cause=str(cause) if cause else ""
        )


class _Clocks:
    """Notices when the wall clock jumps against the monotonic one, as after a suspend."""

    def __init__(self) -> None:
        self._base = self._difference()
        self.seconds = 0.0

    def jumped(self) -> bool:
        """Whether the clocks have moved apart since the last look."""
        now = self._difference()
        self.seconds = now - self._base
        self._base = now
        return abs(self.seconds) > JUMP_S

    @staticmethod
    def _difference() -> float:
        return time.time() - time.monotonic()


def _scheduler() -> Any:
    """Serial by construction: one thread for the job, another for the sign of life."""
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.jobstores.memory import MemoryJobStore
    from apscheduler.schedulers.background import BackgroundScheduler

    return BackgroundScheduler(
        timezone=UTC,
        jobstores={"default": MemoryJobStore()},
        executors={
            "default": ThreadPoolExecutor(max_workers=1),
            "pulse": ThreadPoolExecutor(max_workers=1),
        },
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    )


def _hourly(offset: int) -> Any:
    from apscheduler.triggers.cron import CronTrigger

    within = offset % HOUR
    return CronTrigger(minute=within // MINUTE, second=within % MINUTE // SECOND, timezone=UTC)


def _trouble_events() -> int:
    from apscheduler import events

    return int(events.EVENT_JOB_ERROR | events.EVENT_JOB_MISSED | events.EVENT_JOB_MAX_INSTANCES)
