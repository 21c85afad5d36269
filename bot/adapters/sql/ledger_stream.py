"""The tables of a home row by row, in the order of the record: for what may not hold them whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Select, Table, func, or_, select

from bot.adapters.sql.packed import unpacked
from bot.adapters.sql.schema_command import command
from bot.adapters.sql.schema_ledger import (
    cash_entry,
    config_version,
    conflict,
    cycle,
    decision,
    equity,
    fill,
    journal,
    notice,
    order,
    order_event,
    position,
)
from bot.adapters.sql.schema_outbox import outbox, outbox_delivery
from bot.adapters.sql.schema_record import instrument, slot_input, universe
from bot.domain.instants import DAY

Row = Mapping[str, Any]

_ROWS_AT_A_TIME = 1_000
_SLOT_ENTRY = "CYCLE"  # the kind of journal entry that a slot makes
_MARK = '"record":"equity"'
_ORDER: dict[Table, tuple[str, ...]] = {
    cycle: ("strategy", "slot"),
    decision: ("strategy", "slot", "ordinal"),
    order: ("strategy", "slot", "ordinal"),
    order_event: ("strategy", "slot", "ordinal"),
    fill: ("strategy", "slot", "ordinal"),
    position: ("strategy", "opened_slot", "id"),
    equity: ("strategy", "slot"),
    cash_entry: ("id",),
    notice: ("id",),
    conflict: ("id",),
    journal: ("seq",),
    config_version: ("strategy", "config_sha256", "rules_version"),
    command: ("id",),
    outbox: ("id",),
    universe: ("strategy", "day"),
    instrument: ("token_id",),
}
BY_NAME = {table.name: table for table in _ORDER}


def table_rows(connection: Connection, name: str, strategy: str | None) -> Iterator[Row]:
    """All rows of a table, or those of a strategy with those that belong to none."""
    table = BY_NAME[name]
    query = select(table).order_by(*(table.c[each] for each in _ORDER[table]))
    if strategy is not None and "strategy" in table.c:
        query = query.where(or_(table.c.strategy == strategy, table.c.strategy.is_(None)))
    yield from _streamed(connection, query)


def equity_rows(connection: Connection, strategy: str | None) -> Iterator[Row]:
    """The account after each slot, with the halts of the slot's lines and whether it was missed."""
    same_cycle = (cycle.c.strategy == equity.c.strategy) & (cycle.c.slot == equity.c.slot)
    same_entry = (journal.c.strategy == equity.c.strategy) & (journal.c.slot == equity.c.slot)
    query = (
        select(equity, cycle.c.missed, journal.c.body)
        .join(cycle, same_cycle)
        .join(journal, same_entry & (journal.c.kind == _SLOT_ENTRY))
        .order_by(equity.c.strategy, equity.c.slot)
    )
    if strategy is not None:
        query = query.where(equity.c.strategy == strategy)
    for row in _streamed(connection, query):
        rest = {name: cell for name, cell in row.items() if name != "body"}
        yield {**rest, "missed": bool(row["missed"]), "halts": _halts(row["body"])}


def _halts(lines: str) -> list[str]:
    """The halts that the line of the account names."""
    for line in reversed(lines.splitlines()):
        if _MARK in line:
            found: list[str] = json.loads(line)["halts"]
            return found
    return []


def delivery_rows(connection: Connection, strategy: str | None) -> Iterator[Row]:
    """What became of each message at each receiver, by message."""
    key = outbox_delivery.c
    query = select(outbox_delivery).order_by(key.outbox_id, key.sink)
    if strategy is not None:
        kept = or_(outbox.c.strategy == strategy, outbox.c.strategy.is_(None))
        query = query.where(key.outbox_id.in_(select(outbox.c.id).where(kept)))
    yield from _streamed(connection, query)


def input_rows(
    connection: Connection, strategy: str | None
) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Strategy, slot and what the engine saw in it."""
    yield from _inputs(connection, select(slot_input), strategy)


def first_inputs_of_days(
    connection: Connection, strategy: str | None
) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """The same of the first slot in every UTC day."""
    key = slot_input.c
    firsts = select(key.strategy, func.min(key.slot).label("slot"))
    days = firsts.group_by(key.strategy, key.slot - key.slot % DAY)
    first = days.subquery()
    query = select(slot_input).join(
        first, (first.c.strategy == key.strategy) & (first.c.slot == key.slot)
    )
    yield from _inputs(connection, query, strategy)


def _inputs(
    connection: Connection, query: Select[Any], strategy: str | None
) -> Iterator[tuple[str, int, dict[str, Any]]]:
    query = query.order_by(slot_input.c.strategy, slot_input.c.slot)
    if strategy is not None:
        query = query.where(slot_input.c.strategy == strategy)
    for row in _streamed(connection, query):
        yield row["strategy"], row["slot"], json.loads(unpacked(row["body"]))


def _streamed(connection: Connection, query: Select[Any]) -> Iterator[Row]:
    options = {"yield_per": _ROWS_AT_A_TIME}
    for row in connection.execute(query, execution_options=options).mappings():
        yield dict(row)
