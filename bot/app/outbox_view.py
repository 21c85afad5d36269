"""`outbox`: which messages there are, who got them, and what waits, failed or was set aside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bot.adapters.sql import outbox_store
from bot.adapters.sql.engine import open_database
from bot.adapters.sql.outbox_store import POISON, SENT
from bot.adapters.sql.schema_outbox import outbox, outbox_delivery
from bot.app.bootstrap import database_at, wall_ms
from bot.app.reading import Document, Reader, instant_text
from bot.app.settings import load_settings
from bot.app.sinks import sink_places, try_sinks
from bot.domain.errors import UsageError
from bot.domain.instants import format_instant


def outbox_document(reader: Reader, limit: int) -> Document:
    """The receivers, and the newest messages, newest first."""
    query = select(outbox).order_by(outbox.c.id.desc()).limit(limit)
    rows = reader.connection.execute(query).all()
    total = reader.connection.execute(select(func.count()).select_from(outbox)).scalar_one()
    return {
        "sinks": sinks_document(reader),
        "total": total,
        "messages": [_message(reader, row) for row in rows],
    }


def sinks_document(reader: Reader) -> list[Document]:
    """Each receiver that the settings name or that is in use, with what it got and will get."""
    places = sink_places(reader.settings)
    names = sorted(places.keys() | set(outbox_store.sinks(reader.connection)))
    return [_sink(reader, name, places.get(name)) for name in names]


def retry_messages(home: Path, sink: str | None) -> Document:
    """Have messages that were set aside tried again, also while the daemon runs.

    Raises UsageError for a receiver that never got one.
    """
    settings = load_settings(home)
    database = open_database(database_at(home, settings))
    try:
        with database.transaction() as connection:
            known = outbox_store.sinks(connection)
            if sink is not None and sink not in known:
                there = ", ".join(known) or "none yet"
                raise UsageError(f"no receiver {sink!r} in use; there: {there}")
            return {"again": outbox_store.retry(connection, sink, wall_ms())}
    finally:
        database.close()


def try_receivers(home: Path) -> Document:
    """Send every receiver of the settings a test; UsageError where there is none."""
    settings = load_settings(home)
    results = try_sinks(settings, wall_ms)
    if not results:
        raise UsageError("no receiver is set up: see notify_log and webhook_url in the settings")
    places = sink_places(settings)
    return {
        "sinks": [
            {"sink": name, "to": places[name], "ok": result == "sent", "result": result}
            for name, result in results.items()
        ]
    }


def _sink(reader: Reader, name: str, place: str | None) -> Document:
    connection, columns = reader.connection, outbox_delivery.c
    counts = select(columns.state, func.count()).where(columns.sink == name)
    rows = connection.execute(counts.group_by(columns.state))
    found: dict[str, int] = {state: int(count) for state, count in rows}
    sent = select(func.max(columns.sent_at)).where(columns.sink == name)
    failed = (
        select(columns.last_error)
        .where(columns.sink == name, columns.state != SENT, columns.last_error.is_not(None))
        .order_by(columns.outbox_id.desc())
        .limit(1)
    )
    return {
        "sink": name,
        "configured": place is not None,
        "to": place,
        "sent": found.get(SENT, 0),
        "waiting": outbox_store.count_waiting(connection, name),
        "poison": found.get(POISON, 0),
        "oldest_waiting": instant_text(outbox_store.oldest_waiting(connection, name)),
        "last_sent": instant_text(connection.execute(sent).scalar()),
        "last_error": connection.execute(failed).scalar(),
    }


def _message(reader: Reader, row: Any) -> Document:
    query = select(outbox_delivery).where(outbox_delivery.c.outbox_id == row.id)
    facts = json.loads(row.body)
    return {
        "id": row.dedup,
        "topic": row.topic,
        "strategy": row.strategy,
        "slot": instant_text(row.slot),
        "event_time": format_instant(row.event_time),
        "late": bool(row.late),
        "text": facts.get("text", ""),
        "data": facts,
        "deliveries": [
            {
                "sink": tried.sink,
                "state": tried.state.lower(),
                "attempts": tried.attempts,
                "sent_at": instant_text(tried.sent_at),
                "next_attempt": None if tried.sent_at else instant_text(tried.next_attempt),
                "last_error": tried.last_error,
            }
            for tried in reader.connection.execute(query.order_by(outbox_delivery.c.sink))
        ],
    }
