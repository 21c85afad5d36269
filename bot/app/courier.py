"""Delivery of messages after their commit: one thread for each receiver, none waits for another."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bot.adapters.notify.message import Outgoing, Sink, UndeliveredError
from bot.adapters.sql import outbox_store
from bot.adapters.sql.engine import Database
from bot.adapters.sql.head_file import Head, lost_head, note_head, read_head
from bot.adapters.sql.outbox_events import put_back_of
from bot.adapters.sql.outbox_store import Claimed, wait_after
from bot.domain.errors import AlreadyRunningError, HourhandError
from bot.domain.instants import SECOND, format_instant

LOOK_S = 5.0  # at the outbox, where nobody says that something is in it
TROUBLE_S = 30.0  # until the next look when the database cannot be used
MINUTE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierSettings:
    """`attempts` tries before a message is set aside; `now` is the machine's instant, UTC ms.

    `monotonic` counts seconds that no one can set back.
    """

    attempts: int
    now: Callable[[], int]
    monotonic: Callable[[], float] = time.monotonic


class Courier:
    """Delivers what the outbox holds; the daemon only tells it that there may be something.

    The process has one connection that writes, which is lent for milliseconds at a time and never
    while anything is sent: two connections that write or fold the log at one instant can damage a
    database of the SQLite versions before 3.51.3.
    """

    def __init__(self, database: Database, sinks: list[Sink], settings: CourierSettings) -> None:
        self._database = database
        self._sinks = sinks
        self._settings = settings
        self._routes: list[_Route] = []
        self._log = structlog.get_logger()

    def start(self, epoch: int) -> None:
        """Note the receivers and begin, under the lease of this epoch.

        Where the database was put back to an earlier state, what it holds and what it will find
        again is not sent: it may have been.
        """
        with self._database.transaction() as connection:
            outbox_store.register(connection, tuple(sink.name for sink in self._sinks))
            lost = lost_head(self._database.path, connection)
            if lost is not None:
                self._hush(connection, lost)
        self._routes = [_Route(self._database, sink, self._settings, epoch) for sink in self._sinks]
        for route in self._routes:
            route.start()

    def after_wake(self) -> None:
        """Slots were done: note where the journal stands, and that there may be messages."""
        with self._database.transaction() as connection:
            head = read_head(connection)
        if head is not None:
            try:
                note_head(self._database.path, head)
            except OSError as error:
                self._log.warning("head.not_noted", cause=error.strerror)
        for route in self._routes:
            route.ask()

    def drain(self, seconds: float) -> None:
        """Wait until nothing can be sent any more for now, at most so long."""
        end = time.monotonic() + seconds
        tickets = [(route, route.ask()) for route in self._routes]
        for route, ticket in tickets:
            route.wait_for(ticket, max(0.0, end - time.monotonic()))

    def stop(self, seconds: float) -> None:
        """End the threads; one that is still sending after so long is left to die with us."""
        end = time.monotonic() + seconds
        for route in self._routes:
            route.leave()
        for route in self._routes:
            route.join(max(0.0, end - time.monotonic()))
        self._routes = []

    def _hush(self, connection: Connection, lost: Head) -> None:
        now = self._settings.now()
        waiting = outbox_store.hush(connection, lost.slot)
        outbox_store.post(connection, put_back_of(lost, now), now)
        self._log.warning(
            "ledger.put_back",
            lost_entry=lost.seq,
            lost_hash=lost.hash,
            silent_up_to=format_instant(lost.slot),
            messages_withheld=waiting,
        )


class _Route(threading.Thread):
    """The way to one receiver."""

    def __init__(
        self, database: Database, sink: Sink, settings: CourierSettings, epoch: int
    ) -> None:
        super().__init__(name=f"outbox-{sink.name}", daemon=True)
        self._database = database
        self._sink = sink
        self._settings = settings
        self._epoch = epoch
        self._left = threading.Event()
        self._door = threading.Lock()  # held while the database is used: none of it after leaving
        self._tries: deque[float] = deque()
        self._quiet_until = float("-inf")
        self._log = structlog.get_logger()
        self._wake = threading.Event()
        self._asked = 0
        self._answered = 0
        self._answer = threading.Condition()

    def ask(self) -> int:
        """Have the outbox looked at; the number to wait for."""
        with self._answer:
            self._asked += 1
            asked = self._asked
        self._wake.set()
        return asked

    def wait_for(self, ticket: int, seconds: float) -> None:
        """Return when that look is over, or so much later."""
        with self._answer:
            self._answer.wait_for(lambda: self._answered >= ticket, seconds)

    def leave(self) -> None:
        """Use the database no more, and end."""
        self._left.set()
        self._wake.set()
        with self._door:
            pass

    def run(self) -> None:
        """Deliver what is due, look again, until told to leave."""
        while not self._left.is_set():
            self._wake.clear()
            with self._answer:
                asked = self._asked
            pause = self._pass()
            with self._answer:
                self._answered = asked
                self._answer.notify_all()
            self._wake.wait(pause)

    def _pass(self) -> float:
        """One round; returns how many seconds the next one may wait."""
        try:
            while not self._left.is_set():
                pause = self._pause()
                if pause > 0:
                    return min(pause, LOOK_S)
                if not self._deliver_one():
                    return LOOK_S
        except AlreadyRunningError as error:
            self._log.warning("outbox.taken_over", sink=self._sink.name, cause=str(error))
            self._left.set()
        except (HourhandError, PoolTimeoutError) as error:
            self._log.warning("outbox.trouble", sink=self._sink.name, cause=str(error))
            return TROUBLE_S
        except Exception:
            # A fault of ours must not end the deliveries of months.
            self._log.exception("outbox.crashed", sink=self._sink.name)
            return TROUBLE_S
        return LOOK_S

    def _pause(self) -> float:
        """Seconds until the next try is allowed, by the throttle and by what went wrong last."""
        now = self._settings.monotonic()
        quiet = self._quiet_until - now
        limit = self._sink.per_minute
        while self._tries and self._tries[0] <= now - MINUTE_S:
            self._tries.popleft()
        if limit is None or len(self._tries) < limit:
            return quiet
        return max(quiet, self._tries[0] + MINUTE_S - now)

    def _deliver_one(self) -> bool:
        """Try the oldest message that is due; whether there was one."""
        with self._door:
            if self._left.is_set():
                return False
            with self._database.transaction() as connection:
                claimed = outbox_store.claim(
                    connection, self._sink.name, self._epoch, self._settings.now()
                )
        if claimed is None:
            return False
        self._tries.append(self._settings.monotonic())
        failure = self._send(claimed)
        with self._door:
            # Not noted where we have left meanwhile: the next process sends it again.
            if not self._left.is_set():
                self._note(claimed, failure)
        return True

    def _send(self, claimed: Claimed) -> UndeliveredError | None:
        try:
            self._sink.deliver(outgoing(claimed))
        except UndeliveredError as error:
            return error
        except Exception as error:
            # Whatever a receiver makes of a message, it is one failed try and no more.
            self._log.exception("outbox.sink_crashed", sink=self._sink.name)
            return UndeliveredError(type(error).__name__)
        return None

    def _note(self, claimed: Claimed, failure: UndeliveredError | None) -> None:
        name, now = self._sink.name, self._settings.now()
        if failure is None:
            with self._database.transaction() as connection:
                outbox_store.mark_sent(connection, name, claimed.id, now)
            return
        wait = max(wait_after(claimed.attempt), failure.retry_after_s * SECOND)
        spent = claimed.attempt >= self._settings.attempts
        if not failure.is_refusal:
            self._quiet_until = self._settings.monotonic() + wait / SECOND
        with self._database.transaction() as connection:
            again_at = None if spent else now + wait
            outbox_store.mark_failed(connection, name, claimed.id, str(failure), again_at)
        self._log.warning(
            "outbox.poison" if spent else "outbox.failed",
            sink=name,
            id=claimed.message.dedup,
            attempt=claimed.attempt,
            cause=str(failure),
        )


def outgoing(claimed: Claimed) -> Outgoing:
    """A claimed message as it goes out."""
    row = claimed.message
    return Outgoing(
        id=row.dedup, topic=row.topic, strategy=row.strategy, slot=row.slot,
        event_time=row.event_time, late=row.late, attempt=claimed.attempt,
        facts=json.loads(row.body),
    )  # fmt: skip
