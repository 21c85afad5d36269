"""The whole schema: tables, triggers and the revisions it went through."""

from __future__ import annotations

from bot.adapters.sql import (
    schema_alert,
    schema_command,
    schema_evidence,
    schema_health,
    schema_ledger,
    schema_outbox,
    schema_record,
    schema_retention,
)
from bot.adapters.sql.checks import metadata

__all__ = [
    "APPEND_ONLY", "REVISIONS", "TRIGGERS", "metadata", "schema_alert", "schema_command",
    "schema_evidence", "schema_health", "schema_ledger", "schema_outbox", "schema_record",
    "schema_retention",
]  # fmt: skip

# Oldest first; the last is what this version reads and writes.
REVISIONS = ("0001", "0002")

# Rows of these are facts: a correction is a further row.
APPEND_ONLY = (
    "raw_response", "content", "token_seen", "bar", "signal", "metric", "level_list", "grade",
    "slot", "instrument", "universe", "slot_input", "config_version", "cycle", "decision", "order",
    "fill", "order_event", "cash_entry", "equity", "journal", "conflict", "notice", "raw_link",
    "import_seal", "tenure", "outbox", "outbox_start", "pruning",
    "raw_body", "command",
)  # fmt: skip
# Rows of these follow the facts, and stay.
_KEPT = (
    "meta",
    "position",
    "account",
    "lease",
    "head",
    "outbox_sink",
    "outbox_delivery",
    "alert_state",
)
# Facts whose deletion is refused where this holds; elsewhere always.
_BUT_FOR = {"raw_body": schema_retention.STILL_NEEDED}


GENESIS = "0" * 64  # stands for the hash before the first entry of the journal

_NOT_NEXT_IN_CHAIN = (
    "NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM journal) OR NEW.prev_hash <> "
    "coalesce((SELECT hash FROM journal ORDER BY seq DESC LIMIT 1), "
    "'0000000000000000000000000000000000000000000000000000000000000000')"
)


def _refusal(name: str, event: str, table: str, when: str, message: str) -> str:
    condition = f" WHEN {when}" if when else ""
    return (
        f'CREATE TRIGGER {name} BEFORE {event} ON "{table}"{condition} '
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def _triggers() -> tuple[str, ...]:
    found = []
    for table in APPEND_ONLY:
        message = f"{table} is append-only"
        when = _BUT_FOR.get(table, "")
        found.append(_refusal(f"{table}_no_update", "UPDATE", table, "", message))
        found.append(_refusal(f"{table}_no_delete", "DELETE", table, when, message))
    for table in _KEPT:
        message = f"rows of {table} are kept"
        found.append(_refusal(f"{table}_no_delete", "DELETE", table, "", message))
    found.append(
        _refusal(
            "account_forward", "UPDATE", "account", "NEW.slot <= OLD.slot",
            "the watermark only moves forward",
        )
    )  # fmt: skip
    found.append(
        _refusal(
            "lease_forward", "UPDATE", "lease", "NEW.epoch < OLD.epoch",
            "the epoch of the lease only rises",
        )
    )  # fmt: skip
    found.append(
        _refusal(
            "head_forward", "UPDATE", "head", "NEW.number <= OLD.number",
            "the head of a chain only moves forward",
        )
    )  # fmt: skip
    found.append(
        _refusal(
            "outbox_sink_forward", "UPDATE", "outbox_sink", "NEW.since_id < OLD.since_id",
            "what a receiver was spared stays so",
        )
    )  # fmt: skip
    found.append(
        _refusal(
            "outbox_delivery_final", "UPDATE", "outbox_delivery", "OLD.state = 'SENT'",
            "what was sent stays sent",
        )
    )  # fmt: skip
    found.append(
        _refusal(
            "journal_chain", "INSERT", "journal",
            _NOT_NEXT_IN_CHAIN,
            "the journal is one chain without gaps",
        )
    )  # fmt: skip
    return tuple(found)


TRIGGERS = _triggers()
