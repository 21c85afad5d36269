"""What a person asks of the database as a whole: newest tokens, counts, polls, latencies, lease."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, func, select

from bot.adapters.sql import ledger_read
from bot.adapters.sql.observations import SERIES
from bot.adapters.sql.schema_ledger import cycle, decision, equity, lease, notice
from bot.adapters.sql.schema_record import meta, raw_response, slot_seen, token_seen
from bot.domain.values import Slot, Token

_GOOD = 200
_NO_ROWS = 404  # the provider's way of saying that there are none


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointTraffic:
    """What the answers of one endpoint were like; latencies in ms, ascending."""

    endpoint: str
    latencies: tuple[int, ...]
    errors: dict[int, int]  # status -> how many; neither 200 nor "no rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who last took the database over, and when it last wrote; the daemon's clock."""

    epoch: int
    holder: str
    started_at: int
    heartbeat: int


def newest_tokens(connection: Connection) -> dict[int, Token]:
    """The row of each token that became known last."""
    series = next(series for series in SERIES if series.name == "tokens")
    last = select(func.max(token_seen.c.id)).group_by(token_seen.c.token_id)
    rows = connection.execute(series.query().where(token_seen.c.id.in_(last)))
    return {row.token_id: series.from_row(row) for row in rows}


def last_slots(connection: Connection, count: int) -> list[Slot]:
    """The newest frozen slots, oldest first."""
    query = select(slot_seen).order_by(slot_seen.c.slot.desc()).limit(count)
    return [
        Slot(slot=row.slot, as_of=row.as_of, missed=bool(row.missed))
        for row in reversed(connection.execute(query).all())
    ]


def slot_span(connection: Connection, strategy: str) -> tuple[int, int, int, int] | None:
    """First slot, last slot, how many are done and how many of them were missed."""
    columns = (
        func.min(cycle.c.slot),
        func.max(cycle.c.slot),
        func.count(),
        func.sum(cycle.c.missed),
    )
    row = connection.execute(select(*columns).where(cycle.c.strategy == strategy)).one()
    return None if not row[2] else (int(row[0]), int(row[1]), int(row[2]), int(row[3]))


def newest_equity(connection: Connection, strategy: str) -> Any:
    """The last row of the equity curve, None before the first."""
    query = select(equity).where(equity.c.strategy == strategy)
    return connection.execute(query.order_by(equity.c.slot.desc()).limit(1)).first()


def notice_counts(connection: Connection, strategy: str, since: int) -> dict[str, int]:
    """Kind -> how many notices the slots from `since` on hold, by name."""
    query = select(notice.c.kind, func.count()).where(
        notice.c.strategy == strategy, notice.c.slot >= since
    )
    rows = connection.execute(query.group_by(notice.c.kind).order_by(notice.c.kind))
    return {kind: int(count) for kind, count in rows}


def decision_slot_beside(
    connection: Connection, strategy: str, token_id: int, slot: int
) -> tuple[int | None, int | None]:
    """The nearest slots before and after `slot` that decided about a token."""
    ours = (decision.c.strategy == strategy, decision.c.token_id == token_id)
    before = select(func.max(decision.c.slot)).where(*ours, decision.c.slot < slot)
    after = select(func.min(decision.c.slot)).where(*ours, decision.c.slot > slot)
    return connection.execute(before).scalar(), connection.execute(after).scalar()


def slot_at(connection: Connection, strategy: str, instant: int | None) -> int | None:
    """The last slot of a strategy at or before an instant; with None the last of all."""
    query = select(func.max(cycle.c.slot)).where(cycle.c.strategy == strategy)
    if instant is not None:
        query = query.where(cycle.c.slot <= instant)
    found = connection.execute(query).scalar()
    return None if found is None else int(found)


def traffic(connection: Connection, since: int) -> list[EndpointTraffic]:
    """Answers fetched at or after an instant, by endpoint."""
    columns = (raw_response.c.endpoint, raw_response.c.status, raw_response.c.latency_ms)
    query = select(*columns).where(raw_response.c.fetched_at >= since)
    latencies: dict[str, list[int]] = {}
    errors: dict[str, dict[int, int]] = {}
    for endpoint, status, latency in connection.execute(query):
        latencies.setdefault(endpoint, []).append(latency)
        if status not in (_GOOD, _NO_ROWS):
            counted = errors.setdefault(endpoint, {})
            counted[status] = counted.get(status, 0) + 1
    return [
        EndpointTraffic(
            endpoint=endpoint,
            latencies=tuple(sorted(found)),
            errors=errors.get(endpoint, {}),
        )
        for endpoint, found in sorted(latencies.items())
    ]


def last_fetch(connection: Connection) -> int | None:
    """When the last answer came, by the daemon's clock."""
    return connection.execute(select(func.max(raw_response.c.fetched_at))).scalar()


def lease_of(connection: Connection) -> Lease | None:
    """The lease as it stands; None before the first daemon."""
    row = connection.execute(select(lease)).first()
    if row is None:
        return None
    return Lease(
        epoch=row.epoch, holder=row.holder, started_at=row.started_at, heartbeat=row.heartbeat
    )


def identity(connection: Connection) -> dict[str, str]:
    """What the database says of itself: `ledger_id`, `created_at` in ms."""
    return {row.key: row.value for row in connection.execute(select(meta))}


def row_counts(connection: Connection) -> dict[str, int]:
    """Rows by table, of the record and of the ledger."""
    tables: Sequence[Table] = (raw_response, *(series.table for series in SERIES), slot_seen)
    counted = {
        table.name: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
        for table in tables
    }
    return counted | ledger_read.counts(connection)
