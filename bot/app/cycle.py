"""Due slots from the ledger's watermark: poll, freeze, step, commit, oldest first."""

from __future__ import annotations

import threading
from typing import Protocol

import structlog
from sqlalchemy import select

from bot.adapters.clock import Clock, StoppedError
from bot.adapters.sql.engine import Database
from bot.adapters.sql.record_store import add_slot
from bot.adapters.sql.schema_record import slot_seen
from bot.app.desk import Desk
from bot.app.timing import Timing
from bot.domain.decimals import money_text
from bot.domain.errors import HourhandError
from bot.domain.instants import HOUR, SECOND, floor_hour, format_instant
from bot.domain.values import Slot

RETRY_S = (15, 30, 60, 120, 120, 120)
SLOTS_PER_RUN = 7 * 24  # of a long absence, so that the caller hears of it in between


class Polls(Protocol):
    """Brings a slot's rows into the record."""

    def poll(self, slot: int, now: int) -> bool:
        """Ask for what is due; whether every expected row is in."""
        ...

    def is_whole(self, slot: int) -> bool:
        """Whether no set of a slot's rows came in part only; says what is missing."""
        ...

    def brought_nothing(self) -> bool:
        """Whether the last poll brought no answer at all."""
        ...

    def backfill(self, now: int) -> int:
        """Fetch some of the missing history; requests still to send."""
        ...


class Cycle:
    """Does every due slot once; starting, recovering and catching up are this one path."""

    def __init__(
        self, database: Database, desks: list[Desk], polls: Polls, clock: Clock, timing: Timing
    ) -> None:
        self._database = database
        self._desks = desks
        self._polls = polls
        self._clock = clock
        self._timing = timing
        self._log = structlog.get_logger()

    def next_wake(self, after: int) -> int:
        """The first instant after this one at which a slot may be polled."""
        return self._timing.next_wake(after)

    @property
    def poll_offset(self) -> int:
        """How long after the hour a slot is polled, in ms."""
        return self._timing.poll_offset

    @property
    def is_idle(self) -> bool:
        """Whether no strategy is left to run."""
        return not self._desks

    def watermarks(self) -> list[int | None]:
        """The last slot of each strategy."""
        return [desk.watermark() for desk in self._desks]

    def run_due(self, epoch: int, until: int | None, stop: threading.Event) -> int:
        """Process what is due now, oldest first; returns how many slots were done.

        Of a long absence only the first part: 0 says that nothing is left. A strategy in whose
        code something breaks stays where it is; the others go on, then the cause is raised.
        """
        done = 0
        broken: dict[str, Exception] = {}
        for slot in self._due(until):
            if stop.is_set() or done == SLOTS_PER_RUN:
                break
            self._settle_desks()
            if self.is_idle:
                break
            done += self._run_desks(self._freeze(slot), epoch, broken)
        for cause in broken.values():
            raise cause
        return done

    def _run_desks(self, slot: Slot, epoch: int, broken: dict[str, Exception]) -> bool:
        """Whether any strategy had the slot still to do; one that breaks joins `broken`."""
        stepped = False
        for desk in self._desks:
            if desk.name in broken:
                continue
            try:
                stepped |= self._run_desk(desk, slot, epoch)
            except (HourhandError, StoppedError, AssertionError):
                raise
            except Exception as error:
                self._log.exception("strategy.broke", strategy=desk.name)
                broken[desk.name] = error
        return stepped

    def late_slots(self, until: int | None) -> int:
        """Due slots that cannot be polled any more, since their time to settle is over."""
        now = self._clock.now()
        return sum(now > slot + self._timing.settle for slot in self._due(until))

    def _due(self, until: int | None) -> list[int]:
        newest = floor_hour(self._clock.now() - self._timing.poll_offset)
        if until is not None:
            newest = min(newest, until)
        marks = self.watermarks()
        known = [mark for mark in marks if mark is not None]
        if not known:
            late = self._clock.now() - newest > self._timing.settle
            return [] if late or (until is not None and newest > until) else [newest]
        first = min(known) + HOUR
        if None in marks and newest in known and self._is_in_time(newest):
            first = min(
                first, newest
            )  # the process ended between two strategies' part in this slot
        return list(range(first, newest + 1, HOUR))

    def _is_in_time(self, slot: int) -> bool:
        return self._clock.now() <= slot + self._timing.settle + self._timing.max_slot_delay

    def _settle_desks(self) -> None:
        """Who runs from here on: strategies whose file changed or went take it up, or end."""
        now = self._clock.now()
        settled = [desk.settle(now) for desk in self._desks]
        self._desks = [desk for desk in settled if desk is not None]

    def _freeze(self, slot: int) -> Slot:
        """The slot's inputs, frozen once: when all expected rows are in, or at H + settle."""
        with self._database.transaction() as connection:
            row = connection.execute(select(slot_seen).where(slot_seen.c.slot == slot)).first()
        if row is not None:
            return Slot(slot=slot, as_of=row.as_of, missed=bool(row.missed))
        as_of, whole = self._poll_until_settled(slot)
        missed = not (whole and self._is_in_time(slot))
        with self._database.transaction() as connection:
            return add_slot(connection, Slot(slot=slot, as_of=as_of, missed=missed))

    def _poll_until_settled(self, slot: int) -> tuple[int, bool]:
        """When the inputs are frozen, and whether no set of them was cut in two by that."""
        deadline = slot + self._timing.settle
        tries = 0
        # Not at the very deadline: what a poll brings then is beyond it, as after a restart there.
        while self._clock.now() < deadline:
            complete = self._polls.poll(slot, self._clock.now())
            now = self._clock.now()
            if complete and now <= deadline:
                return now, self._polls.is_whole(slot)
            if now > deadline and not self._polls.brought_nothing():
                # What it brought before the freeze counts, what it brought after does not.
                self._polls.is_whole(slot)
                return deadline, False
            rest = (deadline - now) / SECOND
            if rest <= 0:
                break
            self._clock.sleep(min(RETRY_S[min(tries, len(RETRY_S) - 1)], rest))
            tries += 1
        return deadline, self._polls.is_whole(slot)

    def _run_desk(self, desk: Desk, slot: Slot, epoch: int) -> bool:
        """Whether the strategy had the slot still to do."""
        mark = desk.watermark()
        if mark is not None and mark >= slot.slot:
            return False
        began = self._clock.elapsed()
        done = desk.run(slot, epoch, self._clock.now())
        records = done.stepped.records[-1]
        refused: dict[str, int] = {}
        for decision in records.decisions:
            if decision.outcome == "REFUSED":
                refused[decision.reason] = refused.get(decision.reason, 0) + 1
        self._log.info(
            "slot",
            strategy=desk.name,
            slot=format_instant(slot.slot),
            as_of=format_instant(slot.as_of),
            missed=slot.missed,
            orders=len(records.orders),
            fills=len(records.fills),
            refused=refused,
            open=records.mark.open_positions,
            equity=money_text(records.mark.equity),
            seconds=round(self._clock.elapsed() - began, 3),
        )
        return True
