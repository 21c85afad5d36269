"""Audit of rows against the journal: each slot's rows, written again as lines, are its entry."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from sqlalchemy import Connection

from bot.adapters.sql import ledger_read
from bot.adapters.sql.ledger_read import Span
from bot.adapters.sql.ledger_rows import DecisionRow, EquityRow
from bot.app.audit_book import Book
from bot.app.audit_chain import named
from bot.app.audit_decisions import Decisions
from bot.app.audit_file import rows
from bot.app.audit_finding import Code, Finding, guarded, unequal, unmet
from bot.app.audit_lines import KINDS, Line, mark_cells, row_lines
from bot.domain.instants import HOUR

_DECIMALS = range(13)


def check_rows(
    connection: Connection, book: Book, counts: Counter[str] | None = None
) -> Iterator[Finding]:
    """Every slot's rows are what its journal entry says (26, 27), its decisions sound (12 to 21).

    `counts` is told how many of each were worked out again.
    """
    found = rows(connection, "SELECT slot FROM journal WHERE strategy = ?", book.strategy)
    marks = {row.slot: row for row in book.equity}
    decisions = Decisions(connection, book)
    for slot in sorted(book.cycles.keys() | {slot for (slot,) in found}):
        where = named(book.strategy, slot)
        span = Span(strategy=book.strategy, start=slot, end=slot + HOUR)
        made = ledger_read.decisions(connection, span)
        yield from guarded(where, _check_slot, connection, book, span, made, marks.get(slot))
        yield from guarded(where, decisions.check, slot, made)
    if counts is not None:
        counts.update(decisions.counts)


def _check_slot(
    connection: Connection, book: Book, span: Span, decisions: list[DecisionRow],
    mark: EquityRow | None,
) -> Iterator[Finding]:  # fmt: skip
    """One slot's rows against its entry."""
    slot = span.start or 0
    query = "SELECT body FROM journal WHERE strategy = ? AND slot = ?"
    found = rows(connection, query, book.strategy, slot)
    kept = row_lines(book, slot, decisions, ledger_read.notices(connection, span))
    kept["equity"] = [mark_cells(mark)] if mark is not None else []
    body = str(found[0][0]) if found else ""
    yield from _compare(named(book.strategy, slot), _sorted_lines(body), kept)


def _sorted_lines(body: str) -> dict[str, list[Line]]:
    """A slot's lines by kind, in their order."""
    found: dict[str, list[Line]] = {kind: [] for kind in KINDS}
    for text in body.splitlines():
        line = json.loads(text)
        found.setdefault(line.pop("record"), []).append(line)
    return found


def _compare(
    where: str, lines: dict[str, list[Line]], stored: dict[str, list[Line]]
) -> Iterator[Finding]:
    for kind in sorted(lines.keys() | stored.keys()):
        said, kept = lines.get(kind, []), stored.get(kind, [])
        if len(said) != len(kept):
            place = f"{kind} rows of {where}"
            yield unmet(Code.JOURNAL_COUNT, place, f"{len(said)} by the journal", len(kept))
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
