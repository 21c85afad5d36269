"""Keeping the raw answers within the bounds of the settings, a little at a time between slots."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from bot.adapters.sql.engine import Database
from bot.adapters.sql.raw_retention import Pruning, body_bytes, prune_excess, prune_old
from bot.domain.errors import LedgerError
from bot.domain.instants import DAY, format_instant

BATCHES = 50  # at most in one go: the first one over years of answers is spread over days
YOUNGEST = DAY  # what a size limit never takes
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSettings:
    """Days that raw bodies are kept and megabytes that they may take; 0: no bound."""

    keep_days: int
    max_mb: int


class Retention:
    """Lets raw bodies go once a day, in transactions of their own."""

    def __init__(
        self, database: Database, settings: RetentionSettings, stop: threading.Event
    ) -> None:
        self._database = database
        self._settings = settings
        self._stop = stop
        self._next = 0
        self._log = structlog.get_logger()

    def run(self, now: int) -> int:
        """What is due by now, the daemon's clock; returns how many bodies were let go."""
        if now < self._next:
            return 0
        self._next = now + DAY
        pruned = 0
        if self._settings.keep_days:
            until = now - self._settings.keep_days * DAY
            pruned += self._batches(lambda connection: prune_old(connection, until, now))
        if self._settings.max_mb:
            pruned += self._shrink(now)
        return pruned

    def _shrink(self, now: int) -> int:
        with self._database.transaction() as connection:
            excess = body_bytes(connection) - self._settings.max_mb * MEGABYTE
        pruned = 0

        def batch(connection: Connection) -> Pruning | None:
            nonlocal excess
            if excess <= 0:
                return None
            done = prune_excess(connection, excess, now - YOUNGEST, now)
            excess -= done.bytes if done is not None else 0
            return done

        pruned = self._batches(batch)
        if excess > 0 and not self._stop.is_set():
            self._log.warning("raw.above_limit", megabytes_above=-(-excess // MEGABYTE))
        return pruned

    def _batches(self, batch: Callable[[Connection], Pruning | None]) -> int:
        pruned = 0
        for _ in range(BATCHES):
            if self._stop.is_set():
                break
            try:
                with self._database.transaction() as connection:
                    done = batch(connection)
            except LedgerError as error:
                # Its slots stand, so this is for the audit and a person to look into.
                self._log.error("raw.damaged", cause=str(error))
                break
            if done is None:
                break
            pruned += done.responses
            self._log.info(
                "raw.pruned",
                responses=done.responses,
                bytes=done.bytes,
                reason=done.reason,
                fetched_until=format_instant(done.fetched_until),
            )
        return pruned
