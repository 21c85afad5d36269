"""What an account holds and what still works, slot by slot, counted from the rows alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bot.adapters.sql.ledger_rows import FillRow, OrderEventRow, OrderRow
from bot.app.audit_book import PPM, Book, body_of

_FIRST, _LAST = 0, 2  # a resize stands before the fill it allows, a cancel after what it ends


@dataclass(slots=True)
class Working:
    """Lots held by token and the unfilled rests of entries by order, after some slot."""

    book: Book
    lots: Counter[int] = field(default_factory=Counter)
    rest: dict[str, int] = field(default_factory=dict)
    cash: int = 0

    def move(self, slot: int) -> None:
        """Take a slot's resizes, fills and cancels, bar by bar."""
        events = self.book.events_by_slot.get(slot, [])
        fills = self.book.fills_by_slot.get(slot, [])
        rows: list[tuple[int, int, OrderEventRow | FillRow]] = [
            (event.open_time or slot, _LAST if event.kind == "CANCEL" else _FIRST, event)
            for event in events
        ]
        rows += [(fill.open_time, 1, fill) for fill in fills]
        for _, _, row in sorted(rows, key=lambda found: found[:2]):
            if isinstance(row, FillRow):
                self._fill(row)
            elif row.kind == "CANCEL":
                self.rest.pop(row.order_id, None)
            elif row.kind == "RESIZE" and row.order_id in self.rest:
                self.rest[row.order_id] = row.quantity_lots

    def _fill(self, fill: FillRow) -> None:
        bought = fill.side == "BUY"
        self.lots[fill.token_id] += fill.quantity_lots if bought else -fill.quantity_lots
        self.cash += (-fill.notional if bought else fill.notional) - fill.fee
        if fill.order_id in self.rest:
            self.rest[fill.order_id] -= fill.quantity_lots

    def place(self, order: OrderRow) -> None:
        """Put an entry to work."""
        self.rest[order.id] = order.quantity_lots

    @property
    def held(self) -> set[int]:
        """Tokens with a position or an entry that may still fill."""
        held = {token_id for token_id, lots in self.lots.items() if lots > 0}
        orders = self.book.orders
        return held | {orders[i].token_id for i, lots in self.rest.items() if lots > 0}

    def open_values(self, closes: Mapping[int, Decimal]) -> dict[int, int]:
        """Money by token: positions at the mark, rests of entries at their decision's price."""
        found: Counter[int] = Counter()
        for token_id, lots in self.lots.items():
            if lots > 0 and token_id in closes:
                ticks = int(closes[token_id] / self.book.units[token_id].tick)
                found[token_id] += ticks * lots * self.book.lot_value(token_id)
        for identity, lots in self.rest.items():
            order = self.book.orders[identity]
            if lots > 0:
                found[order.token_id] += order_value(self.book, order, lots)
        return dict(found)

    def free_cash(self, taker: int) -> int:
        """Cash less what working entries may still cost at their caps, fee included."""
        free = self.cash
        for identity, lots in self.rest.items():
            order = self.book.orders[identity]
            notional = max(lots, 0) * (order.cap_ticks or 0) * self.book.lot_value(order.token_id)
            free -= notional - (-notional * taker // PPM)
        return free


def order_value(book: Book, order: OrderRow, lots: int) -> int:
    """Money of a number of lots at the price that the order's decision reckoned with."""
    terms: dict[str, Any] = body_of(order)
    return int(terms["price_ticks"]) * lots * book.lot_value(order.token_id)
