"""Messages in the database: written with what they tell, then tried, sent or set aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, func, literal, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from bot.adapters.sql.evidence import MESSAGES, chain_rows
from bot.adapters.sql.ledger_rows import OutboxRow
from bot.adapters.sql.schema_ledger import lease
from bot.adapters.sql.schema_outbox import outbox, outbox_delivery, outbox_sink, outbox_start
from bot.domain.errors import AlreadyRunningError
from bot.domain.instants import MINUTE, SECOND

WAITING, SENT, POISON = "WAITING", "SENT", "POISON"
_OPEN = insert(outbox_start).on_conflict_do_nothing()
WAIT_LEAST, WAIT_MAX = 15 * SECOND, 30 * MINUTE  # between two tries


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A message in hand for one receiver; `attempt` counts this try."""

    id: int
    attempt: int
    message: OutboxRow


def wait_after(attempt: int) -> int:
    """How long a try that failed is waited out: doubled each time, up to half an hour; ms."""
    return int(min(WAIT_LEAST << min(attempt - 1, 20), WAIT_MAX))


def post(connection: Connection, row: OutboxRow, now_ms: int) -> None:
    """Write a message inside the transaction of what it tells; the same one twice is one."""
    values = {
        "dedup": row.dedup, "topic": row.topic, "strategy": row.strategy, "slot": row.slot,
        "event_time": row.event_time, "late": int(row.late), "body": row.body,
        "written_at": now_ms,
    }  # fmt: skip
    connection.execute(insert(outbox).values(values).on_conflict_do_nothing())
    chain_rows(connection, MESSAGES)


def open_outbox(connection: Connection, strategy: str, slot: int) -> None:
    """Note the first slot whose events have messages; only the first call counts."""
    connection.execute(_OPEN, {"strategy": strategy, "slot": slot})


def register(connection: Connection, sinks: tuple[str, ...]) -> None:
    """Make these the receivers; one that is new or comes back starts with the next message."""
    newest = connection.execute(select(func.max(outbox.c.id))).scalar() or 0
    known = {row.sink: row for row in connection.execute(select(outbox_sink))}
    for sink in sinks:
        if sink not in known:
            values = {"sink": sink, "active": 1, "since_id": newest}
            connection.execute(insert(outbox_sink).values(values))
        elif not known[sink].active:
            _set_sink(connection, sink, active=1, since_id=newest)
    for sink in known.keys() - set(sinks):
        _set_sink(connection, sink, active=0)


def hush(connection: Connection, slot: int) -> int:
    """Spare every receiver what is in the outbox now and what tells of slots up to `slot`.

    For a database that was put back to an earlier state: what it holds, and what it will find
    again, may have been sent already. Returns how many messages were still waiting.
    """
    newest = connection.execute(select(func.max(outbox.c.id))).scalar() or 0
    waiting = sum(count_waiting(connection, sink) for sink in sinks(connection))
    connection.execute(update(outbox_sink).values(since_id=newest, quiet_until=slot))
    return waiting


def sinks(connection: Connection) -> list[str]:
    """The receivers in use, by name."""
    query = select(outbox_sink.c.sink).where(outbox_sink.c.active == 1)
    return list(connection.execute(query.order_by(outbox_sink.c.sink)).scalars())


def claim(connection: Connection, sink: str, epoch: int, now_ms: int) -> Claimed | None:
    """The oldest message that is due, counted as tried; None where there is none.

    Raises AlreadyRunningError where the lease was lost: its new holder delivers.
    """
    if connection.execute(select(lease.c.epoch).where(lease.c.id == 1)).scalar() != epoch:
        raise AlreadyRunningError("the database was taken over by another process")
    row = _due(connection, sink, now_ms)
    if row is None:
        return None
    attempt = int(row.attempts or 0) + 1
    # Should we die with it in hand, the next process tries again after the usual wait.
    again = now_ms + wait_after(attempt)
    cells = {"state": WAITING, "attempts": attempt, "next_attempt": again}
    statement = insert(outbox_delivery).values(sink=sink, outbox_id=row.id, **cells)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["sink", "outbox_id"], set_=cells)
    )
    return Claimed(id=row.id, attempt=attempt, message=row_of(row))


def mark_sent(connection: Connection, sink: str, outbox_id: int, now_ms: int) -> None:
    """A receiver took a message."""
    _set_delivery(connection, sink, outbox_id, state=SENT, sent_at=now_ms, last_error=None)


def mark_failed(
    connection: Connection, sink: str, outbox_id: int, error: str, again_at: int | None
) -> None:
    """A try failed: wait until `again_at`, or with None set the message aside."""
    state = {"state": POISON} if again_at is None else {"next_attempt": again_at}
    _set_delivery(connection, sink, outbox_id, last_error=error, **state)


def retry(connection: Connection, sink: str | None, now_ms: int) -> int:
    """Try what was set aside once more from the start; returns how many messages."""
    columns = outbox_delivery.c
    statement = update(outbox_delivery).where(columns.state == POISON)
    if sink is not None:
        statement = statement.where(columns.sink == sink)
    values = {"state": WAITING, "attempts": 0, "next_attempt": now_ms}
    return connection.execute(statement.values(values)).rowcount


def count_waiting(connection: Connection, sink: str) -> int:
    """Messages that a receiver has yet to get."""
    queries = (select(func.count()).select_from(part) for part in _open(connection, sink))
    return sum(int(connection.execute(query).scalar_one()) for query in queries)


def oldest_waiting(connection: Connection, sink: str) -> int | None:
    """When the oldest message that a receiver has yet to get was written; the daemon's clock."""
    queries = (select(func.min(part.c.written_at)) for part in _open(connection, sink))
    found = [connection.execute(query).scalar() for query in queries]
    return min((int(at) for at in found if at is not None), default=None)


def messages(connection: Connection) -> list[OutboxRow]:
    """Every message, in the order in which they were written."""
    return [row_of(row) for row in connection.execute(select(outbox).order_by(outbox.c.id))]


def row_of(row: Any) -> OutboxRow:
    """A message from its row."""
    return OutboxRow(
        dedup=row.dedup, topic=row.topic, strategy=row.strategy, slot=row.slot,
        event_time=row.event_time, late=bool(row.late), body=row.body,
    )  # fmt: skip


def _due(connection: Connection, sink: str, now_ms: int) -> Any:
    """The older one of what waits for its next try and what was never tried."""
    tried, fresh = _open(connection, sink)
    # A clock that was set back must not keep a message for years.
    later = tried.c.next_attempt
    due = or_(later <= now_ms, later > now_ms + 2 * WAIT_MAX)
    queries = (select(tried).where(due).order_by(tried.c.id), select(fresh).order_by(fresh.c.id))
    found = [connection.execute(query.limit(1)).first() for query in queries]
    return min((row for row in found if row is not None), key=lambda row: row.id, default=None)


def _open(connection: Connection, sink: str) -> tuple[Subquery, Subquery]:
    """The messages that a receiver has yet to get: those tried before, and those never tried.

    Messages are first tried in their order, so the latter are all beyond the newest one tried.
    """
    row = connection.execute(select(outbox_sink).where(outbox_sink.c.sink == sink)).first()
    columns = outbox_delivery.c
    if row is None or not row.active:
        meant: list[ColumnElement[bool]] = [literal(0) == 1]
    else:
        meant = [outbox.c.id > row.since_id]
        if row.quiet_until is not None:
            meant.append(or_(outbox.c.slot.is_(None), outbox.c.slot > row.quiet_until))
    tried = (
        select(outbox, columns.attempts, columns.next_attempt)
        .join(outbox_delivery, columns.outbox_id == outbox.c.id)
        .where(columns.sink == sink, columns.state == WAITING, *meant)
    )
    newest = select(func.coalesce(func.max(columns.outbox_id), 0)).where(columns.sink == sink)
    fresh = select(outbox, literal(0).label("attempts"))
    fresh = fresh.where(outbox.c.id > newest.scalar_subquery(), *meant)
    return tried.subquery(), fresh.subquery()


def _set_sink(connection: Connection, sink: str, **cells: int) -> None:
    connection.execute(update(outbox_sink).where(outbox_sink.c.sink == sink).values(**cells))


def _set_delivery(connection: Connection, sink: str, outbox_id: int, **cells: Any) -> None:
    columns = outbox_delivery.c
    ours = (columns.sink == sink, columns.outbox_id == outbox_id)
    connection.execute(update(outbox_delivery).where(*ours).values(**cells))
