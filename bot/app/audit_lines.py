"""A slot's rows written again as canonical lines: what the ledger's tables say, as one hash."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from bot.adapters.sql import ledger_read
from bot.adapters.sql.ledger_read import Span
from bot.adapters.sql.ledger_rows import (
    DecisionRow,
    EquityRow,
    FillRow,
    NoticeRow,
    OrderEventRow,
    OrderRow,
)
from bot.app.account import LedgerHash
from bot.app.audit_book import Book, body_of, read_book
from bot.app.audit_finding import BREAKS
from bot.app.stepper import RULES_VERSION
from bot.domain.decimals import money_text, price_of_points
from bot.domain.instants import HOUR, format_instant
from bot.domain.records import line

Line = dict[str, Any]
KINDS = ("slot", "decision", "order", "fill", "cancel", "resize", "trigger", "equity", "notice")
_MONEY = ("cash", "value", "equity", "realised", "unrealised", "peak")
# Cells that no table holds: they are compared with what the slots step to, by their journal.
_OF_JOURNAL = {"equity": ("day_base", "halts")}
_DECIMALS_MAX = 12


def ledger_sha256(connection: Connection, strategy: str) -> str:
    """SHA-256 over the lines that the rows of all tables come to, slot by slot.

    In a sound ledger these are the journal's. Where they are not, the journal's lines are hashed
    as well, so that neither side can be changed without another hash.
    """
    digest = LedgerHash()
    rebuilt = _Rebuilt(connection, strategy)
    for slot, body in _journal(connection, strategy):
        lines = rebuilt.lines(slot, body)
        digest.add(lines)
        if lines != body:
            digest.add(body)
    return digest.text()


def _journal(connection: Connection, strategy: str) -> list[tuple[int, str]]:
    """Slots in order with their entries; a slot without one has no lines."""
    query = (
        "SELECT c.slot, coalesce(j.body, '') FROM (SELECT slot FROM cycle WHERE strategy = ?1 "
        "UNION SELECT slot FROM journal WHERE strategy = ?1) c "
        "LEFT JOIN journal j ON j.strategy = ?1 AND j.slot = c.slot ORDER BY c.slot"
    )
    return [(slot, body) for slot, body in connection.exec_driver_sql(query, (strategy,))]


class _Rebuilt:
    """One strategy's lines from its rows; slots must be asked for in order."""

    def __init__(self, connection: Connection, strategy: str) -> None:
        self._connection = connection
        self._purse = _Purse()
        self._book: Book | None = None
        self._marks: dict[int, EquityRow] = {}
        try:
            self._book = read_book(connection, strategy)
            self._marks = {row.slot: row for row in self._book.equity}
            self._purse.cash = self._book.config(min(self._book.cycles)).cash
        except BREAKS:
            self._book = None  # named by the checks of the rows

    def lines(self, slot: int, body: str) -> str:
        """A slot's lines; those of the journal where other rules wrote them."""
        if self._book is None:
            return f"unreadable {slot}\n"
        cycle = self._book.cycles.get(slot)
        if cycle is not None and cycle.rules_version != RULES_VERSION:
            return body
        try:
            return "".join(self._lines(self._book, slot, body))
        except BREAKS:
            return f"unreadable {slot}\n"

    def _lines(self, book: Book, slot: int, body: str) -> Iterator[str]:
        """The rows in the order of the journal's lines; those it does not name come last."""
        span = Span(strategy=book.strategy, start=slot, end=slot + HOUR)
        decisions = ledger_read.decisions(self._connection, span)
        notices = ledger_read.notices(self._connection, span)
        rows = row_lines(book, slot, decisions, notices)
        rows["equity"] = [mark_cells(self._marks[slot])] if slot in self._marks else []
        for cells, fill in zip(rows["fill"], book.fills_by_slot.get(slot, []), strict=True):
            cells["reference"] = price_of_points(cells.pop("reference_points"), cells["price"])
            cells |= self._purse.after(fill)
        for text in body.splitlines():
            said = json.loads(text)
            kind = str(said["record"])
            if rows.get(kind):
                others = {name: said.get(name) for name in _OF_JOURNAL.get(kind, ())}
                yield line(kind, **others, **rows[kind].pop(0))
        for kind in KINDS:
            for cells in rows[kind]:
                yield line(kind, **cells)


@dataclass(slots=True)
class _Purse:
    """Cash and open lots after each fill, as its line gives them."""

    cash: int = 0
    held: dict[int, tuple[int, int, int]] = field(default_factory=dict)  # lots, cost, entry fees

    def after(self, fill: FillRow) -> Line:
        """Take a fill; cash after it and what it realised."""
        lots, cost, fees = self.held.get(fill.token_id, (0, 0, 0))
        profit = 0
        if fill.side == "BUY":
            self.cash -= fill.notional + fill.fee
            rest = (lots + fill.quantity_lots, cost + fill.notional, fees + fill.fee)
        else:
            sold = min(fill.quantity_lots, lots)
            cost_out = cost * sold // lots if lots else 0
            fees_out = fees * sold // lots if lots else 0
            self.cash += fill.notional - fill.fee
            profit = fill.notional - cost_out - fees_out - fill.fee
            rest = (lots - sold, cost - cost_out, fees - fees_out)
        self.held[fill.token_id] = rest
        return {"cash": money_text(self.cash), "realised": money_text(profit)}


def row_lines(
    book: Book, slot: int, decisions: list[DecisionRow], notices: list[NoticeRow]
) -> dict[str, list[Line]]:
    """A slot's rows as cells of lines by kind, without the mark.

    A fill has `reference_points` in place of the reference, and neither cash nor realised.
    """
    found: dict[str, list[Line]] = {kind: [] for kind in KINDS}
    found["slot"] = _header(book, slot)
    found["decision"] = [_decision(row) for row in decisions]
    found["order"] = [_order(book, row) for row in book.orders_by_slot.get(slot, [])]
    found["fill"] = [_fill(book, row) for row in book.fills_by_slot.get(slot, [])]
    for row in book.events_by_slot.get(slot, []):
        found[row.kind.lower()].append(_event(book, row))
    found["notice"] = [
        {"token_id": row.token_id, "kind": row.kind, "valid_time": row.detail} for row in notices
    ]
    return found


def _header(book: Book, slot: int) -> list[Line]:
    cycle = book.cycles.get(slot)
    if cycle is None:
        return []
    return [
        {
            "strategy": book.strategy,
            "slot": format_instant(slot),
            "missed": "yes" if cycle.missed else "no",
            "config_sha256": cycle.config_sha256,
        }
    ]


def _decision(row: DecisionRow) -> Line:
    return {
        "id": row.id,
        "token_id": row.token_id,
        "kind": row.kind,
        "edge_time": format_instant(row.edge_time or 0),
        "reason": row.reason,
        "details": json.loads(row.details),
    }


def _order(book: Book, row: OrderRow) -> Line:
    terms = body_of(row)
    prices = (
        ("price", terms.pop("price_ticks", None)), ("stop", row.stop_ticks),
        ("target", row.target_ticks), ("cap", row.cap_ticks),
    )  # fmt: skip
    return {
        "id": row.id,
        "token_id": row.token_id,
        "action": row.action,
        "quantity": book.quantity(row.token_id, row.quantity_lots),
        "eligible_from": format_instant(row.eligible_from),
        **{name: book.price(row.token_id, ticks) for name, ticks in prices if ticks is not None},
        **terms,
    }


def _fill(book: Book, row: FillRow) -> Line:
    return {
        "order_id": row.order_id,
        "open_time": format_instant(row.open_time),
        "token_id": row.token_id,
        "side": row.side,
        "quantity": book.quantity(row.token_id, row.quantity_lots),
        "price": book.price(row.token_id, row.price_ticks),
        "fee": money_text(row.fee),
        "reason": row.reason,
        "reference_points": row.ref_points,
    }


def _event(book: Book, row: OrderEventRow) -> Line:
    return {
        "order_id": row.order_id,
        "open_time": format_instant(row.open_time or 0),
        "token_id": row.token_id,
        "quantity": book.quantity(row.token_id, row.quantity_lots),
        "reason": row.reason,
    }


def mark_cells(row: EquityRow) -> Line:
    """The account's value as cells of its line."""
    return {name: money_text(getattr(row, name)) for name in _MONEY}
