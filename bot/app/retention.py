"""Keeping the raw answers within the bounds of the settings: at each answer, and between slots."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from bot.adapters.sql.engine import Database
from bot.adapters.sql.raw_retention import (
    DamagedBodyError,
    Pruning,
    body_bytes,
    newest_body,
    prune_excess,
    prune_old,
)
from bot.domain.instants import DAY, format_instant

BATCHES = 50  # at most in one go: the first one over years of answers is spread over many
BATCH_BYTES = 64_000_000  # each body is unpacked and hashed before it goes
MEGABYTE = 1_000_000
_PACKING = 64  # bytes that packing may add, beside a thousandth
_SLACK = 20  # a twentieth more goes than must, so that not every answer makes a note of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSettings:
    """Days that raw bodies are kept and megabytes that they may take; 0: no bound."""

    keep_days: int
    max_mb: int


class Retention:
    """Lets raw bodies go, in transactions of their own: by age once a day, by size at once."""

    def __init__(
        self, database: Database, settings: RetentionSettings, stop: threading.Event
    ) -> None:
        self._database = database
        self._keep_days = settings.keep_days
        self._bytes_max = settings.max_mb * MEGABYTE
        self._stop = stop
        self._next = 0
        self._size = 0  # of the bodies with ids up to `_seen`
        self._seen = 0
        self._unseen: int | None = None  # what has come since at most; None before the first look
        self._after = 0  # a response whose body is damaged, and stays
        self._told = 0  # until when it need not be said again that less than a day is kept
        self._log = structlog.get_logger()

    def run(self, now: int) -> int:
        """What is due by now, the daemon's clock; returns how many bodies were let go."""
        pruned = 0
        self._measure()
        if self._keep_days and now >= self._next:
            self._next = now + DAY
            until = now - self._keep_days * DAY
            pruned += self._batches(lambda connection: prune_old(connection, until, now), BATCHES)
        pruned += self._shrink(now, BATCHES)
        excess = self._excess()
        if excess > 0 and not self._stop.is_set():
            self._log.warning("raw.above_limit", megabytes_above=-(-excess // MEGABYTE))
        return pruned

    def make_room(self, now: int, stored: int) -> None:
        """Hold the size after an answer was stored: a poll of many large ones may not exceed it.

        `stored` are its bytes before they were packed; nothing is asked while all fits as it came.
        """
        if self._unseen is not None:
            self._unseen += stored + stored // 1000 + _PACKING
            if self._size + self._unseen <= self._bytes_max:
                return
        self._shrink(now, 1)

    def _shrink(self, now: int, batches: int) -> int:
        self._measure()
        if self._excess() <= 0:
            return 0
        goal = self._bytes_max - self._bytes_max // _SLACK

        def batch(connection: Connection) -> Pruning | None:
            excess = min(self._size - goal, BATCH_BYTES)
            return self._prune_excess(connection, excess, now) if excess > 0 else None

        return self._batches(batch, batches)

    def _prune_excess(self, connection: Connection, excess: int, now: int) -> Pruning | None:
        """One batch, behind every damaged body: those stay for a person and the audit to see."""
        while True:
            try:
                return prune_excess(connection, excess, self._after, now)
            except DamagedBodyError as error:
                self._log.error("raw.damaged", cause=str(error))
                self._after = error.raw_id

    def _measure(self) -> None:
        """Add what has come since the last time; all of it at the first, which takes a while."""
        if not self._bytes_max:
            return
        with self._database.transaction() as connection:
            self._size += body_bytes(connection, self._seen)
            self._seen = newest_body(connection)
        self._unseen = 0

    def _excess(self) -> int:
        return self._size - self._bytes_max if self._bytes_max else 0

    def _batches(self, batch: Callable[[Connection], Pruning | None], most: int) -> int:
        pruned = 0
        for _ in range(most):
            if self._stop.is_set():
                break
            try:
                with self._database.transaction() as connection:
                    done = batch(connection)
                    newest = newest_body(connection)
            except DamagedBodyError as error:
                self._log.error("raw.damaged", cause=str(error))
                break
            if done is None:
                break
            # The database gives the ids of bodies that went to new ones.
            self._seen = min(self._seen, newest)
            self._size -= done.bytes
            pruned += done.responses
            self._tell(done)
        return pruned

    def _tell(self, done: Pruning) -> None:
        self._log.info(
            "raw.pruned",
            responses=done.responses,
            bytes=done.bytes,
            reason=done.reason,
            fetched_until=format_instant(done.fetched_until),
        )
        if done.is_short and done.pruned_at >= self._told:
            self._told = done.pruned_at + DAY
            self._log.warning(
                "raw.less_than_a_day",
                fetched_until=format_instant(done.fetched_until),
                raw_max_mb=self._bytes_max // MEGABYTE,
            )
