"""The daemon's notes about its health, for people who ask while it runs or after it stopped."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from bot.adapters.sql.schema_health import HEALTHY, health

_REASON_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthRow:
    """How a part does, and since when it has done so."""

    part: str
    state: str
    reason: str
    since: int


def note_health(connection: Connection, row: HealthRow) -> bool:
    """Keep a part's state; `since` stays where the state is what it was.

    Returns whether that is news: a part that was never noted is taken to have been healthy.
    """
    found = connection.execute(select(health).where(health.c.part == row.part)).first()
    since = found.since if found is not None and found.state == row.state else row.since
    values = {"state": row.state, "reason": row.reason[:_REASON_MAX], "since": since}
    statement = insert(health).values(part=row.part, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["part"], set_=values))
    return row.state != (found.state if found is not None else HEALTHY)


def health_rows(connection: Connection) -> list[HealthRow]:
    """What was noted, by part."""
    return [
        HealthRow(part=row.part, state=row.state, reason=row.reason, since=row.since)
        for row in connection.execute(select(health).order_by(health.c.part))
    ]
