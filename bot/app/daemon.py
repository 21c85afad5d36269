"""The long-running process: APScheduler as alarm clock, signals, one instance, one path."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType
from typing import Any

import structlog

from bot.adapters.clock import StoppedError, SystemClock
from bot.adapters.sql.lock import acquire, take_lease
from bot.app.bootstrap import Daemon, build_daemon
from bot.app.settings import Settings
from bot.domain.errors import AuthError, HourhandError, LedgerError, ProviderError
from bot.domain.instants import HOUR, MINUTE, SECOND, format_instant

FORCED_EXIT = 130
INVARIANT_EXIT = 70


def run_daemon(settings: Settings, until: int | None = None) -> int:
    """Run until stopped, or until a slot is done; returns how many slots were done.

    Raises AlreadyRunningError where another process holds the database, AuthError for a wrong
    key. SIGTERM and SIGINT end after the transaction in hand; a second one ends at once.
    """
    stop = threading.Event()
    _listen(stop)
    settings.database_path.parent.mkdir(parents=True, exist_ok=True)
    with acquire(settings.database_path):
        daemon = build_daemon(settings, stop)
        try:
            return _Runner(daemon, stop, until).run()
        finally:
            daemon.close()


def run_once(settings: Settings) -> int:
    """One catch-up, for cron and timers; returns how many slots were done."""
    stop = threading.Event()
    _listen(stop)
    with acquire(settings.database_path):
        daemon = build_daemon(settings, stop)
        try:
            runner = _Runner(daemon, stop, None)
            runner.begin()
            return runner.wake()
        finally:
            daemon.close()


def _listen(stop: threading.Event) -> None:
    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(FORCED_EXIT)
        stop.set()

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, on_signal)
        signal.signal(signal.SIGINT, on_signal)


class _Runner:
    """Wakes the cycle; a failure of one wake is logged and the next one tries again."""

    def __init__(self, daemon: Daemon, stop: threading.Event, until: int | None) -> None:
        self._daemon = daemon
        self._stop = stop
        self._until = until
        self._epoch = 0
        self._slots = 0
        self._failure: BaseException | None = None
        self._log = structlog.get_logger()

    def begin(self) -> None:
        """Take the lease: from here on an older process can no longer write."""
        # By the daemon's clock, like every later sign of life: the two are shown side by side.
        now = self._daemon.clock.now()
        with self._daemon.database.transaction() as connection:
            self._epoch = take_lease(connection, now)
        self._log.info(
            "daemon.start",
            epoch=self._epoch,
            strategies=[one.strategy.name for one in self._daemon.strategies],
            now=format_instant(now),
        )
        try:
            self._daemon.polls.poll_tokens(self._daemon.clock.now())
            self._daemon.polls.backfill(self._daemon.clock.now())
        except AuthError:
            raise
        except ProviderError as error:
            # Not a reason to stay down: the next wake asks again.
            self._log.warning("start.without_provider", cause=str(error))

    def wake(self) -> int:
        """Everything that is due now."""
        done = self._daemon.cycle.run_due(self._epoch, self._until, self._stop)
        self._slots += done
        return done

    def run(self) -> int:
        """Until stopped: by the scheduler on the machine's clock, by steps on a shared one."""
        try:
            self.begin()
            if isinstance(self._daemon.clock, SystemClock):
                self._run_scheduled()
            else:
                self._run_stepped()
        except StoppedError:
            pass  # while the history was fetched; nothing was half done
        if self._failure is not None:
            raise self._failure
        self._log.info("daemon.stop", slots=self._slots)
        return self._slots

    def _run_stepped(self) -> None:
        while not self._stop.is_set() and not self._finished():
            self._guarded()
            if self._finished() or self._stop.is_set():
                return
            self._daemon.clock.wait_until(self._daemon.cycle.next_wake())

    def _run_scheduled(self) -> None:
        scheduler = _scheduler()
        hourly = _hourly(self._daemon.cycle.poll_offset)
        scheduler.add_job(self._guarded, trigger=hourly, id="slot", name="slot")
        scheduler.add_job(self._guarded, id="catch-up", name="catch-up")
        scheduler.start()
        watch = _Watch()
        try:
            while not self._stop.wait(1.0):
                if watch.jumped():
                    self._log.warning("clock.jump", seconds=round(watch.seconds, 3))
                    scheduler.add_job(self._guarded, id="jump", replace_existing=True)
        finally:
            scheduler.shutdown(wait=True)

    def _finished(self) -> bool:
        if self._until is None:
            return False
        marks = self._daemon.cycle.watermarks()
        return all(mark is not None and mark >= self._until for mark in marks)

    def _guarded(self) -> None:
        """One wake: a broken ledger or a wrong key ends the daemon, anything else is retried."""
        try:
            self.wake()
            if self._daemon.polls.wants_history:
                self._daemon.polls.backfill(self._daemon.clock.now())
        except StoppedError:
            return
        except HourhandError as error:
            self._log.error("wake.failed", cause=str(error), kind=type(error).__name__)
            if error.exit_code in _FATAL:
                self._failure = error
                self._stop.set()
        except Exception as error:
            self._log.exception("wake.crashed")
            self._failure = LedgerError(f"{type(error).__name__}: {error}")
            self._stop.set()
        if self._finished():
            self._stop.set()


# A wrong key, a broken ledger, a lost lease, a foreign schema: trying again would not help.
_FATAL = frozenset({64, INVARIANT_EXIT, 75, 77, 78})


class _Watch:
    """Notices when the wall clock jumps against the monotonic one, as after a suspend."""

    LIMIT_S = 2.0

    def __init__(self) -> None:
        self._base = self._difference()
        self.seconds = 0.0

    def jumped(self) -> bool:
        """Whether the clocks have moved apart since the last look."""
        now = self._difference()
        self.seconds = now - self._base
        self._base = now
        return abs(self.seconds) > self.LIMIT_S

    @staticmethod
    def _difference() -> float:
        return time.time() - time.monotonic()


def _scheduler() -> Any:
    """APScheduler as alarm clock only: what is due is read from the ledger at every wake."""
    from datetime import UTC

    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.jobstores.memory import MemoryJobStore
    from apscheduler.schedulers.background import BackgroundScheduler

    return BackgroundScheduler(
        timezone=UTC,
        jobstores={"default": MemoryJobStore()},
        executors={"default": ThreadPoolExecutor(max_workers=1)},
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    )


def _hourly(offset: int) -> Any:
    from datetime import UTC

    from apscheduler.triggers.cron import CronTrigger

    within = offset % HOUR
    return CronTrigger(minute=within // MINUTE, second=within % MINUTE // SECOND, timezone=UTC)
