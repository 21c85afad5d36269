"""Audit of commands: exits by hand were asked for, and nothing entered while it was held back."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from bot.app.audit_book import Book, body_of
from bot.app.audit_file import rows
from bot.app.audit_finding import Code, Finding, unmet
from bot.app.holds import holds

_CLOSES = ("CLOSE", "WRITE_OFF")


def check_commands(connection: Connection, book: Book) -> Iterator[Finding]:
    """Every MANUAL exit follows a command of its slot; PAUSED refuses while a pause holds (20)."""
    for order in book.orders.values():
        if order.action == "EXIT" and body_of(order).get("reason") == "MANUAL":
            asked = book.asked.get(order.slot, ())
            if not any(one.kind in _CLOSES and one.token_id == order.token_id for one in asked):
                where = f"order {order.id}"
                yield unmet(Code.REASON, where, "a command to close its token", "none")
    query = (
        "SELECT id, slot, outcome FROM decision WHERE strategy = ? "
        "AND (outcome = 'ENTER' OR reason = 'PAUSED')"
    )
    for identity, slot, outcome in rows(connection, query, book.strategy):
        cycle = book.cycles.get(slot)
        held = holds(book.commands, book.strategy, cycle.as_of) if cycle is not None else {}
        where = f"decision {identity}"
        if held and outcome == "ENTER":
            yield unmet(Code.REASON, where, f"no entry: held back by {sorted(held)}", outcome)
        if not held and outcome != "ENTER":
            yield unmet(Code.REASON, where, "a pause that holds", "none")
