"""Audit of rows against the journal: each slot's rows, written again as lines, are its entry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

from sqlalchemy import Connection

from bot.adapters.sql import ledger_read
from bot.adapters.sql.ledger_read import Span
from bot.app.audit_book import Book
from bot.app.audit_chain import named
from bot.app.audit_decisions import check_decisions
from bot.app.audit_finding import Code, Finding, unequal, unmet
from bot.app.audit_lines import KINDS, Line, mark_cells, row_lines
from bot.domain.instants import HOUR

_DECIMALS = range(13)


def check_rows(connection: Connection, book: Book) -> Iterator[Finding]:
    """Every slot's rows are what its journal entry says (26, 27), its decisions sound (20, 21)."""
    query = "SELECT slot, body FROM journal WHERE strategy = ? ORDER BY slot"
    marks = {row.slot: row for row in book.equity}
    for slot, body in connection.exec_driver_sql(query, (book.strategy,)):
        span = Span(strategy=book.strategy, start=slot, end=slot + HOUR)
        decisions = ledger_read.decisions(connection, span)
        rows = row_lines(book, slot, decisions, ledger_read.notices(connection, span))
        rows["equity"] = [mark_cells(marks[slot])] if slot in marks else []
        yield from _compare(named(book.strategy, slot), _sorted_lines(body), rows)
        yield from check_decisions(book, slot, decisions, book.orders_by_slot.get(slot, []))


def _sorted_lines(body: str) -> dict[str, list[Line]]:
    """A slot's lines by kind, in their order."""
    found: dict[str, list[Line]] = {kind: [] for kind in KINDS}
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
