"""The long-running process: one instance, one path, signals, and faults that pass or do not."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType

import structlog

from bot.adapters.clock import StoppedError, SystemClock
from bot.adapters.sql.lock import acquire, take_lease
from bot.adapters.sql.opened_file import OpenedFile, opened_file
from bot.adapters.systemd import Supervisor, find_supervisor
from bot.app.alarm import Alarm
from bot.app.bootstrap import Daemon, build_daemon
from bot.app.health import HealthNotes
from bot.app.lineup import REMOVED, hold_entries
from bot.app.settings import Settings
from bot.domain.errors import (
    AlreadyRunningError,
    AuthError,
    ClockError,
    ConfigError,
    DamageError,
    HourhandError,
    LedgerError,
    ProviderError,
    SchemaError,
    StorageError,
)
from bot.domain.instants import EARLIEST, HOUR, LATEST, SECOND, format_instant

FORCED_EXIT = 130
DRAIN_S = 20.0  # for the last messages of a run that ends by itself
HUNG_S = 2 * HOUR / SECOND  # without a wake that came to its end
RETRY_S = (15.0, 30.0, 60.0, 120.0, 240.0, 480.0, 900.0)
# Trying again would not help: a broken ledger or file, a lost lease, another schema, a wrong key.
# (A key that was good until now is another matter, and the poller's: see there.)
_FATAL = (LedgerError, DamageError, AlreadyRunningError, SchemaError, AuthError)


def run_daemon(settings: Settings, until: int | None = None) -> int:
    """Run until stopped, or until a slot is done; returns how many slots were done.

    Raises AlreadyRunningError where another process holds the database, AuthError for a wrong
    key. SIGTERM and SIGINT end after the transaction in hand; a second one ends at once.
    """
    stop = threading.Event()
    _listen(stop)
    settings.database_path.parent.mkdir(parents=True, exist_ok=True)
    with acquire(settings.database_path):
        return serve(build_daemon(settings, stop), stop, until)


def serve(daemon: Daemon, stop: threading.Event, until: int | None = None) -> int:
    """Run a daemon that was put together; the caller holds the database's lock. Closes it."""
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
            runner.fetch_history()
            done = runner.wake()
            daemon.courier.drain(DRAIN_S)
            return done
        finally:
            daemon.close()


def is_well(scheduler_is_alive: bool, since_last_wake_s: float) -> bool:  # noqa: FBT001
    """Whether the daemon works: it is woken, and no wake hangs.

    One that fails counts as one that came to its end: a new start would not do better.

    >>> is_well(True, 3600.0), is_well(True, 3 * 3600.0), is_well(False, 0.0)
    (True, False, False)
    """
    return scheduler_is_alive and since_last_wake_s < HUNG_S


def _listen(stop: threading.Event) -> None:
    seen: list[int] = []  # not `stop`: a daemon that ends by itself sets that too

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if seen:
            os._exit(FORCED_EXIT)
        seen.append(number)
        stop.set()

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, on_signal)
        signal.signal(signal.SIGINT, on_signal)
        # A closed terminal ends nothing, and a rotated log file is noticed without being told.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


class _Runner:
    """Wakes the cycle; a failure of one wake is told, and tried again after a while."""

    def __init__(self, daemon: Daemon, stop: threading.Event, until: int | None) -> None:
        self._daemon = daemon
        self._stop = stop
        self._until = until
        self._file: OpenedFile = opened_file(daemon.database.path)
        self._health = HealthNotes(daemon.database)
        self._epoch = 0
        self._slots = 0
        self._failure: BaseException | None = None
        self._failures = 0  # in a row
        self._ended = time.monotonic()  # the last wake that came to its end
        self._finished = False
        self._is_fresh = True
        self._log = structlog.get_logger()

    def begin(self) -> None:
        """Take the lease: from here on an older process can no longer write."""
        # By the daemon's clock, like every later sign of life: the two are shown side by side.
        now = self._now()
        with self._daemon.database.transaction() as connection:
            self._epoch = take_lease(connection, now)
            for name in self._daemon.lineup.ended:
                hold_entries(connection, name, now, REMOVED)
        self._log.info(
            "daemon.start",
            epoch=self._epoch,
            strategies=[post.name for post in self._daemon.lineup.posts],
            now=format_instant(now),
        )
        self._daemon.courier.start(self._epoch)

    def fetch_history(self) -> None:
        """Ask for tokens and missing bars. Raises AuthError for a wrong key."""
        try:
            self._daemon.polls.poll_tokens(self._daemon.clock.now())
            self._daemon.polls.backfill(self._daemon.clock.now())
        except (AuthError, DamageError):
            raise
        except (ProviderError, StorageError) as error:
            # Not a reason to stay down: the next wake asks again.
            self._log.warning("start.without_history", cause=str(error))
        self._is_fresh = False

    def wake(self) -> int:
        """Everything that is due now, and what became due meanwhile."""
        self._file.check()
        self._now()
        cycle = self._daemon.cycle
        self._daemon.polls.check_clock(cycle.late_slots(self._until))
        done = 0
        while part := cycle.run_due(self._epoch, self._until, self._stop):
            done += part
            self._slots += part
            self._ended = time.monotonic()
            self._file.check()
        self._daemon.courier.after_wake()
        self._daemon.retention.run(self._daemon.clock.now())
        if not self._daemon.polls.wants_history:
            self._daemon.look_back.run(self._daemon.clock.now())
        return done

    def _now(self) -> int:
        """The instant; ClockError where it is out of all bounds, as on a board without battery."""
        now = self._daemon.clock.now()
        if not EARLIEST <= now <= LATEST:
            raise ClockError("this machine's clock is years off: set it")
        return now

    def run(self) -> int:
        """Until stopped: by the scheduler on the machine's clock, by steps on a shared one."""
        supervisor = find_supervisor()
        try:
            self.begin()
            supervisor.ready()
            if isinstance(self._daemon.clock, SystemClock):
                self._run_scheduled(supervisor)
            else:
                self._run_stepped()
        except StoppedError:
            pass  # while the history was fetched; nothing was half done
        supervisor.stopping()
        if self._failure is not None:
            raise self._failure
        if self._finished:
            self._daemon.courier.drain(DRAIN_S)
        self._log.info("daemon.stop", slots=self._slots)
        return self._slots

    def _run_stepped(self) -> None:
        clock = self._daemon.clock
        while True:
            # Read before: an hour that ends while the wake is at its end is due at once, not next.
            wake = self._daemon.cycle.next_wake(clock.now())
            self._guarded()
            if self._stop.is_set():
                return
            if self._failures:
                wake = min(wake, clock.now() + int(self._retry_s() * SECOND))
            clock.wait_until(wake)

    def _run_scheduled(self, supervisor: Supervisor) -> None:
        alarm = Alarm(lambda: self._ring(alarm), self._daemon.cycle.poll_offset)
        alarm.start()
        told = time.monotonic()
        try:
            while not self._stop.wait(1.0):
                alarm.tend()
                now = time.monotonic()
                if not is_well(alarm.is_alive(), now - self._ended):
                    continue  # so that a watchdog starts the daemon anew
                if supervisor.alive_every_s and now - told >= supervisor.alive_every_s:
                    supervisor.alive()
                    told = now
        finally:
            alarm.stop()

    def _ring(self, alarm: Alarm) -> None:
        self._guarded()
        if self._failures and not self._stop.is_set():
            alarm.ring_in(self._retry_s())

    def _retry_s(self) -> float:
        return RETRY_S[min(self._failures, len(RETRY_S)) - 1]

    def _guarded(self) -> None:
        """One wake: what may pass is told and tried again, anything else ends the daemon."""
        try:
            if self._is_fresh:
                # Not before the loop begins: it may take minutes, and a watchdog waits for life.
                self.fetch_history()
            self.wake()
            if self._daemon.polls.wants_history:
                self._daemon.polls.backfill(self._daemon.clock.now())
            self._finished = self._is_finished()
        except StoppedError:
            return
        except HourhandError as error:
            self._failed(error)
        except AssertionError as error:
            self._end(error)
        except Exception as error:
            self._log.exception("wake.crashed")
            self._failed(error)
        except BaseException as error:  # such as SystemExit: the scheduler would swallow it
            self._end(error)
        else:
            self._failures = 0
            self._health.well(self._daemon.clock.now(), self._daemon.polls.trouble())
            self._health.log_size()
        self._ended = time.monotonic()
        if self._finished:
            self._stop.set()

    def _failed(self, error: Exception) -> None:
        """Tell of a wake that failed, and end the daemon where another would not do better."""
        self._failures += 1
        self._log.error(
            "wake.failed", cause=str(error), kind=type(error).__name__, in_a_row=self._failures
        )
        untried = self._slots == 0 and self._failures == 1
        if isinstance(error, _FATAL) or (untried and isinstance(error, ConfigError)):
            self._failure = error
            self._stop.set()
            return
        self._health.failed(self._daemon.clock.now(), error)

    def _end(self, error: BaseException) -> None:
        """A fault of the program itself: nothing more may be written."""
        self._log.error("wake.broke", cause=str(error), kind=type(error).__name__, exc_info=error)
        self._failure = LedgerError(f"{type(error).__name__}: {error}")
        self._stop.set()

    def _is_finished(self) -> bool:
        if self._daemon.cycle.is_idle:
            return True  # the last strategy without a file has nothing open any more
        if self._until is None:
            return False
        marks = self._daemon.cycle.watermarks()
        return all(mark is not None and mark >= self._until for mark in marks)
