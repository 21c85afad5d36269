"""Audit of rows against the journal: each slot's rows, written again as lines, are its entry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from bot.adapters.sql import ledger_read
from bot.adapters.sql.ledger_read import Span
from bot.adapters.sql.ledger_rows import DecisionRow, EquityRow, FillRow, OrderEventRow, OrderRow
from bot.app.audit_book import Book, body_of
from bot.app.audit_chain import named
from bot.app.audit_decisions import check_decisions
from bot.app.audit_finding import Code, Finding, unequal, unmet
from bot.domain.decimals import money_text
from bot.domain.instants import HOUR, format_instant

Line = dict[str, Any]
_EVENTS = ("cancel", "resize", "trigger")
_KINDS = ("slot", "decision", "order", "fill", *_EVENTS, "equity", "notice")
_MONEY = ("cash", "value", "equity", "realised", "unrealised", "peak")
_DECIMALS = range(13)


def check_rows(connection: Connection, book: Book) -> Iterator[Finding]:
    """Every slot's rows are what its journal entry says (26, 27), its decisions sound (20, 21)."""
    query = "SELECT slot, body FROM journal WHERE strategy = ? ORDER BY slot"
    marks = {row.slot: row for row in book.equity}
    orders = _orders_by_slot(book)
    for slot, body in connection.exec_driver_sql(query, (book.strategy,)):
        span = Span(strategy=book.strategy, start=slot, end=slot + HOUR)
        decisions = ledger_read.decisions(connection, span)
        expected = {
            "slot": _header(book, slot),
            "decision": [_decision(row) for row in decisions],
            "order": [_order(book, row) for row in orders.get(slot, [])],
            "fill": [_fill(book, row) for row in book.fills_by_slot.get(slot, [])],
            "equity": [_mark(marks[slot])] if slot in marks else [],
            "notice": [
                {"token_id": row.token_id, "kind": row.kind, "valid_time": row.detail}
                for row in ledger_read.notices(connection, span)
            ],
            **_events(book, slot),
        }
        yield from _compare(named(book.strategy, slot), _sorted_lines(body), expected)
        yield from check_decisions(book, slot, decisions, orders.get(slot, []))


def _orders_by_slot(book: Book) -> dict[int, list[OrderRow]]:
    found: dict[int, list[OrderRow]] = {}
    for order in book.orders.values():
        found.setdefault(order.slot, []).append(order)
    return found


def _sorted_lines(body: str) -> dict[str, list[Line]]:
    """A slot's lines by kind, in their order."""
    found: dict[str, list[Line]] = {kind: [] for kind in _KINDS}
    for text in body.splitlines():
        line = json.loads(text)
        found.setdefault(line.pop("record"), []).append(line)
    return found


def _compare(
    where: str, lines: dict[str, list[Line]], rows: dict[str, list[Line]]
) -> Iterator[Finding]:
    for kind in sorted(lines.keys() | rows.keys()):
        said, kept = lines.get(kind, []), rows.get(kind, [])
        if len(said) != len(kept):
            place = f"{kind} rows of {where}"
            yield unmet(Code.JOURNAL_ROWS, place, f"{len(said)} by the journal", len(kept))
        for line, row in zip(said, kept, strict=False):
            yield from _differences(f"{kind} {line.get('id') or line.get('order_id') or ''} "
                                    f"of {where}", line, row)  # fmt: skip


def _differences(where: str, line: Line, row: Line) -> Iterator[Finding]:
    """A row's own columns against the line's; what only the line has is recomputed elsewhere."""
    points = row.pop("reference_points", None)
    for name, cell in row.items():
        yield from unequal(Code.JOURNAL_ROWS, f"{name} of {where}", line.get(name), cell)
    if points is not None:
        reference = Decimal(str(line.get("reference")))
        if not any(reference.scaleb(d) == points for d in _DECIMALS):
            yield unmet(Code.JOURNAL_ROWS, f"reference of {where}", str(reference), points)


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


def _events(book: Book, slot: int) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {kind: [] for kind in _EVENTS}
    for row in book.events_by_slot.get(slot, []):
        found[row.kind.lower()].append(_event(book, row))
    return found


def _event(book: Book, row: OrderEventRow) -> Line:
    return {
        "order_id": row.order_id,
        "open_time": format_instant(row.open_time or 0),
        "token_id": row.token_id,
        "quantity": book.quantity(row.token_id, row.quantity_lots),
        "reason": row.reason,
    }


def _mark(row: EquityRow) -> Line:
    return {name: money_text(getattr(row, name)) for name in _MONEY}
