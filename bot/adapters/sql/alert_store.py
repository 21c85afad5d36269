"""What alerts remember, read before a slot and written with it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from bot.adapters.sql.schema_alert import alert_state


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertState:
    """A strategy's memory of its alerts after a slot, canonical JSON."""

    slot: int
    body: str


def alert_states(connection: Connection) -> dict[str, AlertState]:
    """Strategy -> what its alerts remember; strategies that never had any are absent."""
    return {
        row.strategy: AlertState(slot=row.slot, body=row.body)
        for row in connection.execute(select(alert_state).order_by(alert_state.c.strategy))
    }


def load_alerts(connection: Connection, strategy: str) -> str | None:
    """What a strategy's alerts remember; None where it never had any."""
    query = select(alert_state.c.body).where(alert_state.c.strategy == strategy)
    found = connection.execute(query).scalar()
    return None if found is None else str(found)


def keep_alerts(connection: Connection, strategy: str, slot: int, body: str) -> None:
    """Write it, inside the transaction of its slot."""
    values = {"slot": slot, "body": body}
    statement = insert(alert_state).values(strategy=strategy, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["strategy"], set_=values))
