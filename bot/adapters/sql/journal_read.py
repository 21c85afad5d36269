"""Parts of the journal and of what slots saw, for reports that end at an instant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, select

from bot.adapters.sql.schema_ledger import decision, journal
from bot.adapters.sql.schema_record import slot_input


def bodies_until(connection: Connection, strategy: str, end: int) -> Iterator[str]:
    """The lines of a strategy's slots before `end`, in order."""
    columns = journal.c
    query = select(columns.body).where(columns.strategy == strategy, columns.slot < end)
    yield from connection.execute(query.order_by(columns.slot)).scalars()


def inputs_between(
    connection: Connection, strategy: str, start: int, end: int
) -> Iterator[tuple[int, bytes]]:
    """Slot and packed inputs of the slots in [start, end), in order."""
    columns = slot_input.c
    query = select(columns.slot, columns.body).where(
        columns.strategy == strategy, columns.slot >= start, columns.slot < end
    )
    for row in connection.execute(query.order_by(columns.slot)):
        yield row.slot, row.body


def inputs_before(connection: Connection, strategy: str, slot: int) -> Iterator[tuple[int, bytes]]:
    """Slot and packed inputs of the slots before `slot`, newest first."""
    columns = slot_input.c
    query = select(columns.slot, columns.body).where(
        columns.strategy == strategy, columns.slot < slot
    )
    for row in connection.execute(query.order_by(columns.slot.desc())):
        yield row.slot, row.body


def decisions_before(
    connection: Connection, strategy: str, token_id: int, slot: int
) -> Iterator[Row[Any, Any]]:
    """Slot and details of a token's decisions in the slots before `slot`, newest first."""
    columns = decision.c
    query = select(columns.slot, columns.details).where(
        columns.token_id == token_id, columns.slot < slot, columns.strategy == strategy
    )
    yield from connection.execute(query.order_by(columns.slot.desc(), columns.ordinal.desc()))
