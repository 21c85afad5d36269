"""Audit of decisions: ids, known reasons, and evidence that holds by arithmetic of our own."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from bot.adapters.sql.ledger_rows import DecisionRow, OrderRow
from bot.app.audit_book import Book
from bot.app.audit_brackets import check_bracket
from bot.app.audit_chain import named
from bot.app.audit_file import rows
from bot.app.audit_finding import Code, Finding, guarded, unequal, unmet
from bot.app.audit_gates import Gate, Members, check_fresh, check_gates, gates_of
from bot.app.audit_known import Known, check_known
from bot.app.audit_sectors import Sectors
from bot.app.audit_seen import Seen, read_seen
from bot.app.audit_sizes import check_sizes
from bot.app.audit_working import Working
from bot.app.stepper import RULES_VERSION
from bot.domain.ids import order_id
from bot.engine.reasons import NAMES

_REASONS = frozenset(NAMES[1:])

Details = dict[str, dict[str, Any]]


class Decisions:
    """One strategy's decisions, slot by slot in order; what is carried between slots is kept."""

    def __init__(self, connection: Connection, book: Book) -> None:
        self._connection = connection
        self._book = book
        self._working = Working(book)
        self._members = Members()
        self._sectors = Sectors(connection)
        self._known: Known | None = None
        self._config = ""
        self._gates: list[Gate] = []
        self._marks = {row.slot: row for row in book.equity}
        if book.cycles:
            self._working.cash = book.config(min(book.cycles)).cash
        self.counts: Counter[str] = Counter()

    def check(self, slot: int, decisions: list[DecisionRow]) -> Iterator[Finding]:
        """One slot's decisions, and what it saw (12, 14, 19 to 21)."""
        details = {}
        seen: Counter[int] = Counter()
        for row in decisions:
            where = f"decision {row.id}"
            identity = order_id(
                self._book.strategy, row.token_id, slot, "DECISION", seen[row.token_id]
            )
            seen[row.token_id] += 1
            yield from unequal(Code.IDENTITY, where, identity, row.id)
            found: list[dict[str, Any]] = []
            yield from guarded(where, _check_reason, row, found)
            details[row.id] = found[0] if found else {}
        where = f"inputs of {named(self._book.strategy, slot)}"
        yield from guarded(where, self._check_seen, slot, decisions, details)

    def _check_seen(
        self, slot: int, decisions: list[DecisionRow], details: Details
    ) -> Iterator[Finding]:
        """What the slot saw, and what it made of it."""
        self._working.move(slot)
        entries = [o for o in self._book.orders_by_slot.get(slot, []) if o.action == "ENTRY"]
        seen = self._seen(slot)
        cycle = self._book.cycles.get(slot)
        if seen is None or cycle is None or cycle.rules_version != RULES_VERSION:
            for entry in entries:  # recorded by other rules, or named as missing elsewhere
                self._working.place(entry)
            return
        known = self._use_config(cycle.config_sha256)
        yield from check_known(self._book, known, seen)
        self.counts.update(known.take_counts())
        strategy = self._book.config(slot)
        self._members.move(strategy, self._gates, seen)
        by_decision = {entry.decision_id or "": entry for entry in entries}
        for row in decisions:
            order = by_decision.get(row.id)
            yield from self._check_one(row, details[row.id], seen.tokens.get(row.token_id), order)
        if slot in self._marks:
            sectors = self._sectors.as_of(cycle.as_of)
            self.counts["sizes"] += sum("bounds" in found for found in details.values())
            yield from check_sizes(
                self._working, self._marks[slot], seen, sectors, decisions, details
            )

    def _check_one(
        self, row: DecisionRow, details: dict[str, Any], seen: dict[str, Any] | None,
        entry: OrderRow | None,
    ) -> Iterator[Finding]:  # fmt: skip
        if seen is None:
            if "gates" in details:
                where = f"decision {row.id}"
                yield unmet(Code.GATE_EVIDENCE, where, "its token in the slot's inputs", "nothing")
            return
        strategy = self._book.config(row.slot)
        if "gates" in details:
            self.counts["gates"] += len(self._gates)
            yield from check_gates(strategy, self._gates, self._members, row, details, seen)
        if row.outcome == "ENTER":
            yield from check_fresh(strategy, self._gates, row, seen)
        if "close" in details:
            self.counts["brackets"] += 1
            yield from check_bracket(self._book, row, details, seen, entry)

    def _seen(self, slot: int) -> Seen | None:
        query = "SELECT body FROM slot_input WHERE strategy = ? AND slot = ?"
        found = rows(self._connection, query, self._book.strategy, slot)
        return read_seen(slot, found[0][0]) if found else None

    def _use_config(self, config_sha256: str) -> Known:
        """Gates and clocks of the configuration that a slot ran under."""
        if self._known is None or config_sha256 != self._config:
            # The account keeps its bits by the places of the gates, whatever these become.
            strategy = self._book.configs[config_sha256]
            self._gates, self._config = gates_of(strategy), config_sha256
            self._known = Known(self._connection, strategy)
        return self._known


def _check_reason(row: DecisionRow, found: list[dict[str, Any]]) -> Iterator[Finding]:
    """Reasons of the closed list, the first of what failed; appends the details that were read."""
    where = f"decision {row.id}"
    details = json.loads(row.details)
    found.append(details)
    failed = details.get("failed", [])
    unknown = ({row.reason} | set(failed)) - _REASONS
    if unknown:
        yield unmet(Code.REASON, where, "a known reason", sorted(unknown))
    outcome = "ENTER" if row.reason == "ENTRY" else "REFUSED"
    yield from unequal(Code.REASON, f"outcome of {where}", outcome, row.outcome)
    if outcome == "REFUSED":
        order = [name for name in NAMES if name in failed]
        yield from unequal(Code.REASON, f"first reason of {where}", order[:1], [row.reason])
    elif failed:
        yield unmet(Code.REASON, where, "nothing that failed", failed)
