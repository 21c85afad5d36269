"""What the audit reads of one strategy's ledger, as rows, and the units to read them in."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from bot.adapters.sql import ledger_read
from bot.adapters.sql.command_store import commands
from bot.adapters.sql.ledger_read import Span
from bot.adapters.sql.ledger_rows import (
    CycleRow,
    EquityRow,
    FillRow,
    OrderEventRow,
    OrderRow,
    PositionRow,
)
from bot.adapters.sql.slot_store import InstrumentRow, instruments
from bot.app.strategy_files import strategy_from_canonical
from bot.domain.decimals import plain
from bot.domain.values import Command
from bot.market.strategy import Strategy

MONEY = 10**8
PPM = 10**6


@dataclass(frozen=True)  # no slots: it caches what it derives
class Book:
    """One strategy's orders, fills and marks, with its configurations and the tokens' units.

    Quantities are lots, prices ticks, money 1e-8, as they are stored.
    """

    strategy: str
    cycles: dict[int, CycleRow]
    configs: dict[str, Strategy]
    orders: dict[str, OrderRow]
    fills: list[FillRow]
    events: list[OrderEventRow]
    positions: dict[str, PositionRow]
    equity: list[EquityRow]
    units: dict[int, InstrumentRow]
    commands: list[Command]

    def config(self, slot: int) -> Strategy:
        """The strategy as a slot ran it."""
        return self.configs[self.cycles[slot].config_sha256]

    def lot_value(self, token_id: int) -> int:
        """Money of one lot at one tick."""
        units = self.units[token_id]
        return int(units.tick * units.lot * MONEY)

    def price(self, token_id: int, ticks: int) -> str:
        """A price as canonical text."""
        return plain(self.units[token_id].tick * ticks)

    def quantity(self, token_id: int, lots: int) -> str:
        """A quantity as canonical text."""
        return plain(self.units[token_id].lot * lots)

    @cached_property
    def entries(self) -> dict[str, OrderRow]:
        """Entry orders by the decision that made them."""
        return {o.decision_id or "": o for o in self.orders.values() if o.action == "ENTRY"}

    @cached_property
    def orders_by_slot(self) -> dict[int, list[OrderRow]]:
        """Orders by the slot that placed them, in their order."""
        return _by_slot(list(self.orders.values()))

    @cached_property
    def fills_by_slot(self) -> dict[int, list[FillRow]]:
        """Fills by the slot that booked them, in their order."""
        return _by_slot(self.fills)

    @cached_property
    def events_by_slot(self) -> dict[int, list[OrderEventRow]]:
        """Cancels, resizes and triggers by slot, in their order."""
        return _by_slot(self.events)

    @cached_property
    def asked(self) -> dict[int, list[Command]]:
        """The commands to this strategy by the slot that was the first to know them."""
        slots: dict[int, list[Command]] = defaultdict(list)
        frozen = sorted(self.cycles.items())
        for one in self.commands:
            if one.strategy in ("", self.strategy):
                later = (slot for slot, row in frozen if row.as_of >= one.at)
                slots[next(later, -1)].append(one)
        return slots


def _by_slot(found: list[Any]) -> dict[int, list[Any]]:
    slots: dict[int, list[Any]] = defaultdict(list)
    for row in found:
        slots[row.slot].append(row)
    return slots


def read_book(connection: Connection, strategy: str) -> Book:
    """The rows of a strategy; decisions are read slot by slot, since there are many."""
    span = Span(strategy=strategy)
    configs = ledger_read.configs(connection).values()
    return Book(
        strategy=strategy,
        cycles={row.slot: row for row in ledger_read.cycles(connection, span)},
        configs={
            row.config_sha256: strategy_from_canonical(row.body)
            for row in configs
            if row.strategy == strategy
        },
        orders={row.id: row for row in ledger_read.orders(connection, span)},
        fills=ledger_read.fills(connection, span),
        events=ledger_read.order_events(connection, span),
        positions={row.id: row for row in ledger_read.positions(connection, span)},
        equity=ledger_read.equity(connection, span),
        units={row.token_id: row for row in instruments(connection)},
        commands=commands(connection),
    )


def body_of(row: OrderRow | PositionRow) -> dict[str, Any]:
    """The rest of a row that is kept as JSON."""
    try:
        found = json.loads(row.body)
    except ValueError as error:
        raise ValueError(f"the body of {row.id} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"the body of {row.id} is no JSON object")
    return found
