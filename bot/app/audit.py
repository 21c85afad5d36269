"""The audit: the ledger recomputed from the raw responses, and its invariants checked."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.app.bootstrap import database_at, wire_settings
from bot.app.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.app.audit_file import IsSecret
    from bot.app.audit_finding import Finding
    from bot.app.audit_steps import Lane

Progress = Callable[[int, int], None]
RECOMPUTED = (
    "responses", "observations", "slots", "slot_inputs", "decisions", "orders", "fills",
    "order_events", "trades", "instruments", "universes",
)  # fmt: skip


def _silent(_done: int, _total: int) -> None:
    """For callers that show nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedStrategy:
    """One strategy's part: hashes of the ledger as kept and as recomputed, and counts.

    `ledger_sha256` is over the lines that the rows of the tables come to, `replayed_sha256` over
    those that the responses come to; the latter is empty where some slot could not be compared.
    """

    ledger_sha256: str
    replayed_sha256: str
    slots: int
    not_compared: int
    recomputed: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "ledger_sha256": self.ledger_sha256,
            "replayed_sha256": self.replayed_sha256 or None,
            "slots": self.slots,
            "not_compared": self.not_compared,
            "recomputed": self.recomputed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditResult:
    """What the audit found. `more` counts findings of a code beyond those listed."""

    findings: list[Finding]
    more: dict[str, int]
    notes: list[str]
    recomputed: dict[str, int]
    strategies: dict[str, AuditedStrategy]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def ledger_sha256(self) -> str:
        """The one strategy's hash; of several, SHA-256 over their hashes in name order."""
        return combined([one.ledger_sha256 for _, one in sorted(self.strategies.items())])

    @property
    def replayed_sha256(self) -> str:
        """The same over what was recomputed; empty where some slot could not be compared."""
        return combined([one.replayed_sha256 for _, one in sorted(self.strategies.items())])

    def as_dict(self) -> dict[str, Any]:
        """The audit for `--json`."""
        return {
            "ok": self.ok,
            "findings": [finding.as_dict() for finding in self.findings],
            "more": self.more,
            "notes": self.notes,
            "ledger_sha256": self.ledger_sha256,
            "replayed_sha256": self.replayed_sha256 or None,
            "recomputed": self.recomputed,
            "strategies": {name: one.as_dict() for name, one in sorted(self.strategies.items())},
        }


def combined(hashes: list[str]) -> str:
    """One hash is itself, several are hashed together (hex digits, no separator), in order.

    No hash at all gives that of nothing; an empty one among them makes the whole empty.
    """
    if "" in hashes:
        return ""
    if len(hashes) == 1:
        return hashes[0]
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def audit_home(settings: Settings, progress: Progress = _silent) -> AuditResult:
    """Audit the database of a home without writing to it.

    `progress` is called with slots done and slots in all. Raises UsageError where there is no
    database, SchemaError for another version's, StorageError where it cannot be read.
    """
    from bot.adapters.sql.engine import open_readonly

    database = open_readonly(database_at(settings.home, settings))
    try:
        with database.transaction() as connection:
            return _audit(connection, settings, progress)
    finally:
        database.close()


def _audit(connection: Connection, settings: Settings, progress: Progress) -> AuditResult:
    from bot.app.audit_chain import outbox_notes
    from bot.app.audit_file import looks_like_key, version_notes
    from bot.app.audit_finding import capped
    from bot.app.audit_raw import Responses
    from bot.app.audit_steps import Repetition

    def is_secret(text: str) -> bool:
        return looks_like_key(text) or settings.shows_key(text)

    responses = Responses(connection, wire_settings(settings), is_secret)
    repetition = Repetition(connection, responses)
    repetition.run(progress)
    found = [
        *responses.findings, *repetition.findings, *_invariants(connection, is_secret)
    ]  # fmt: skip
    findings, more = capped(found)
    strategies = _strategies(connection, repetition.lanes)
    counts = Counter(responses.counts)
    for one in strategies.values():
        counts.update(one.recomputed)
    notes = version_notes() + outbox_notes(connection) + _not_compared(strategies)
    return AuditResult(
        findings=findings,
        more=more,
        notes=notes,
        recomputed={name: counts[name] for name in RECOMPUTED},
        strategies=strategies,
    )


def _invariants(connection: Connection, is_secret: IsSecret) -> Iterator[Finding]:
    """Everything that must hold, checked without the engine's code."""
    from bot.adapters.sql import ledger_read
    from bot.app import audit_chain as chain
    from bot.app import audit_file as file
    from bot.app.audit_finding import guarded
    from bot.app.audit_orders import check_links

    checks = (
        file.check_file, file.check_rules, file.check_schema, file.check_types, file.check_instants,
        file.check_identity, chain.check_slots, chain.check_future, chain.check_journal,
        chain.check_hashes, chain.check_ordinals, chain.check_content, chain.check_conflicts,
        chain.check_lease, chain.check_outbox, check_links,
    )  # fmt: skip
    for check in checks:
        yield from guarded(check.__name__, check, connection)
    yield from guarded("check_secrets", file.check_secrets, connection, is_secret)
    for strategy in ledger_read.strategies(connection):
        yield from guarded(strategy, _of_strategy, connection, strategy)


def _of_strategy(connection: Connection, strategy: str) -> Iterator[Finding]:
    from bot.app.audit_bars import BarBook
    from bot.app.audit_book import read_book
    from bot.app.audit_exits import check_exits
    from bot.app.audit_fills import check_fills
    from bot.app.audit_finding import guarded
    from bot.app.audit_money import check_legs, check_money
    from bot.app.audit_orders import check_orders
    from bot.app.audit_rows import check_rows

    book = read_book(connection, strategy)
    bars = BarBook(connection)
    yield from guarded(f"money of {strategy}", check_money, book, bars)
    yield from guarded(f"cash entries of {strategy}", check_legs, connection, book)
    yield from guarded(f"fills of {strategy}", check_fills, book, bars)
    yield from guarded(f"exits of {strategy}", check_exits, book, bars)
    yield from guarded(f"orders of {strategy}", check_orders, book)
    yield from guarded(f"rows of {strategy}", check_rows, connection, book)


def _strategies(connection: Connection, lanes: dict[str, Lane]) -> dict[str, AuditedStrategy]:
    from bot.app.audit_lines import ledger_sha256

    found = {}
    for name, lane in lanes.items():
        found[name] = AuditedStrategy(
            ledger_sha256=ledger_sha256(connection, name),
            replayed_sha256=lane.digest.text() if lane.is_comparable else "",
            slots=lane.counts["slots"] + lane.not_compared,
            not_compared=lane.not_compared,
            recomputed={name: lane.counts[name] for name in RECOMPUTED if lane.counts[name]},
        )
    return found


def _not_compared(strategies: dict[str, AuditedStrategy]) -> list[str]:
    from bot.app.stepper import RULES_VERSION

    return [
        f"{name}: {one.not_compared} slots not compared: recorded by other rules than version "
        f"{RULES_VERSION}, or after a slot that was not compared"
        for name, one in sorted(strategies.items())
        if one.not_compared
    ]
