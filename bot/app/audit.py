"""The audit: the ledger recomputed from the raw responses, and its invariants checked."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.app.bootstrap import database_at, wire_settings
from bot.app.settings import Settings
from bot.domain.errors import DamageError
from bot.domain.plurals import counted

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.app.audit_evidence import Anchor
    from bot.app.audit_finding import Finding
    from bot.app.audit_raw import Responses
    from bot.app.audit_steps import Lane

Progress = Callable[[int, int], None]
RECOMPUTED = (
    "responses", "pruned", "links", "observations", "imported", "slots", "slot_inputs", "bars",
    "signals", "levels", "metrics", "decisions", "gates", "brackets", "sizes", "orders", "fills",
    "order_events", "trades", "instruments", "universes", "anchors",
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

    def by_invariant(self) -> list[dict[str, Any]]:
        """Every invariant with the number of its findings, those not listed included."""
        from bot.app.audit_codes import INVARIANTS

        found = Counter(str(finding.code) for finding in self.findings) + Counter(self.more)
        return [
            {
                "number": one.number,
                "text": one.text,
                "codes": [str(code) for code in one.codes],
                "findings": sum(found[str(code)] for code in one.codes),
            }
            for one in INVARIANTS
        ]

    def as_dict(self) -> dict[str, Any]:
        """The audit for `--json`."""
        return {
            "ok": self.ok,
            "findings": [finding.as_dict() for finding in self.findings],
            "invariants": self.by_invariant(),
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


def audit_home(
    settings: Settings, progress: Progress = _silent, anchors: Sequence[Anchor] = ()
) -> AuditResult:
    """Audit the database of a home without writing to it.

    `progress` is called with slots done and slots in all; `anchors` are entries of the journal
    as they were told outside, which it must hold. Raises UsageError where there is no database,
    SchemaError for another version's, StorageError where it cannot be opened.
    """
    from bot.adapters.sql.engine import open_readonly
    from bot.app.audit_finding import guarded
    from bot.app.put_back import check_put_backs

    database = open_readonly(database_at(settings.home, settings))
    found: list[AuditResult] = []
    try:
        with database.transaction() as connection:
            lost = list(guarded("head file", check_put_backs, database.path, connection))
            found.append(_audit(connection, settings, progress, anchors, lost))
    except DamageError:
        if not found:
            raise
        # A reader that only ends its view: what was found of the damage says more.
    finally:
        database.close()
    return found[0]


def _audit(
    connection: Connection, settings: Settings, progress: Progress, anchors: Sequence[Anchor],
    lost: list[Finding],
) -> AuditResult:  # fmt: skip
    from bot.app.audit_checks import invariants
    from bot.app.audit_file import version_notes
    from bot.app.audit_finding import capped, guarded
    from bot.app.audit_outbox import outbox_notes
    from bot.app.audit_pruned import pruning_notes
    from bot.app.audit_raw import Responses
    from bot.app.secret_forms import looks_like_key

    counts: Counter[str] = Counter()
    strategies: dict[str, AuditedStrategy] = {}

    def is_secret(text: str) -> bool:
        return looks_like_key(text) or settings.shows_key(text)

    read = partial(Responses, connection, wire_settings(settings), is_secret)
    found = list(guarded("slots", _repeated, connection, read, progress, counts, strategies))
    found += invariants(connection, is_secret, anchors, counts)
    notes = version_notes() + _not_compared(strategies)
    found += guarded("messages", _noted, notes, outbox_notes, connection)
    found += guarded("retention", _noted, notes, pruning_notes, connection)
    findings, more = capped([*lost, *found])
    return AuditResult(
        findings=findings,
        more=more,
        notes=notes,
        recomputed={name: counts[name] for name in RECOMPUTED},
        strategies=strategies,
    )


def _repeated(
    connection: Connection, read: Callable[[], Responses], progress: Progress,
    counts: Counter[str], strategies: dict[str, AuditedStrategy],
) -> Iterator[Finding]:  # fmt: skip
    """Every response read and every slot stepped again; fills in what came of it."""
    from bot.app.audit_finding import guarded
    from bot.app.audit_steps import Repetition

    responses = read()
    repetition = Repetition(connection, responses)
    yield from guarded("slots", repetition.steps, progress)
    yield from responses.findings
    yield from repetition.findings
    counts.update(responses.counts)
    strategies.update(_strategies(connection, repetition.lanes))
    for one in strategies.values():
        counts.update(one.recomputed)


def _noted(
    notes: list[str], told: Callable[[Connection], list[str]], connection: Connection
) -> Iterator[Finding]:
    notes += told(connection)
    yield from ()


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
        f"{name}: {counted(one.not_compared, 'slot')} not compared: recorded by other rules "
        f"than version {RULES_VERSION}, or after a slot that was not compared"
        for name, one in sorted(strategies.items())
        if one.not_compared
    ]
