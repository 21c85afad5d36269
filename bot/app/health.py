"""Health: what the running daemon notes of itself."""

from __future__ import annotations

import structlog

from bot.adapters.sql.engine import Database
from bot.adapters.sql.health_store import HealthRow, note_health
from bot.adapters.sql.log_size import overgrown_log
from bot.adapters.sql.outbox_events import health_of
from bot.adapters.sql.outbox_store import post
from bot.adapters.sql.schema_health import DEGRADED, FAILING, HEALTHY
from bot.domain.errors import ClockError, HourhandError


class HealthNotes:
    """Notes of a running daemon, written where they change; none of them may stop it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: dict[str, tuple[str, str]] = {}
        self._told_log = False
        self._log = structlog.get_logger()

    def well(self, now: int, trouble: str) -> None:
        """A wake was done; `trouble` is what the provider did not give, empty for nothing."""
        self._note("slots", HEALTHY, "", now)
        self._note("clock", HEALTHY, "", now)
        self._note("provider", DEGRADED if trouble else HEALTHY, trouble, now)

    def log_size(self) -> None:
        """Say once that the database's log grows, until it has been small again."""
        found = overgrown_log(self._database.path)
        if found and not self._told_log:
            self._log.warning("database.log_grows", cause=found)
        self._told_log = bool(found)

    def failed(self, now: int, error: Exception) -> None:
        """A wake failed and will be tried again."""
        if isinstance(error, ClockError):
            self._note("clock", FAILING, str(error), now)
        else:
            self._note("slots", DEGRADED, f"{type(error).__name__}: {error}", now)

    def _note(self, part: str, state: str, reason: str, now: int) -> None:
        if self._noted.get(part) == (state, reason):
            return
        try:
            with self._database.transaction() as connection:
                row = HealthRow(part=part, state=state, reason=reason, since=now)
                if note_health(connection, row):
                    post(connection, health_of(row), now)
        except HourhandError as error:
            self._log.warning("health.not_noted", part=part, cause=str(error))
            return
        self._noted[part] = (state, reason)
