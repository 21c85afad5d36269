"""Messages about what the database itself sees: anchors, conflicts, commands, health, restores."""

from __future__ import annotations

import json
from typing import Any

from bot.adapters.sql.head_file import Head
from bot.adapters.sql.health_store import HealthRow
from bot.adapters.sql.ledger_rows import JournalEntry, OutboxRow
from bot.domain.ids import message_id, slot_event
from bot.domain.instants import DAY, format_instant
from bot.domain.values import Command

ANCHOR, CONFLICT, PUT_BACK = "journal.anchor", "conflict", "ledger.put_back"
COMMAND, HEALTH = "command", "health"


def anchor_of(entry: JournalEntry, *, late: bool) -> OutboxRow | None:
    """The day's anchor: the head of the journal, told outside the database; at 00:00 only."""
    if entry.slot % DAY:
        return None
    text = f"{entry.strategy}: the journal stands at entry {entry.seq}, hash {entry.hash}"
    return OutboxRow(
        dedup=message_id(ANCHOR, slot_event(entry.strategy, entry.slot, ANCHOR)), topic=ANCHOR,
        strategy=entry.strategy, slot=entry.slot, event_time=entry.slot, late=late,
        body=_json({"text": text, "seq": entry.seq, "hash": entry.hash}),
    )  # fmt: skip


def conflict_of(row: dict[str, Any]) -> OutboxRow:
    """The message about a slot that was decided twice with two results."""
    strategy, slot = row["strategy"], row["slot"]
    what = f"{slot_event(strategy, slot, row['kind'])}|{row['expected']}|{row['found']}"
    facts = {name: row[name] for name in ("kind", "expected", "found")}
    text = (
        f"{strategy}: a second try at a slot came to something else; the first stands, and there "
        f"are no entries until `hourhand ack conflict`"
    )
    return OutboxRow(
        dedup=message_id(CONFLICT, what), topic=CONFLICT, strategy=strategy, slot=slot,
        event_time=slot, late=False, body=_json({"text": text, **facts}),
    )  # fmt: skip


def put_back_of(lost: Head, now_ms: int) -> OutboxRow:
    """The message that the database was put back to an earlier state; it belongs to no slot."""
    text = (
        f"the database was put back to an earlier state: entry {lost.seq} of its journal is gone. "
        f"Slots up to {format_instant(lost.slot)} are not told of again"
    )
    return OutboxRow(
        dedup=message_id(PUT_BACK, f"{lost.hash}|{format_instant(now_ms)}"), topic=PUT_BACK,
        strategy=None, slot=None, event_time=now_ms, late=False,
        body=_json({"text": text, "lost_seq": lost.seq, "lost_hash": lost.hash}),
    )  # fmt: skip


def command_of(given: Command) -> OutboxRow:
    """The message that something was asked for, by a person or by the bot itself."""
    facts = {
        "kind": given.kind, "source": given.source, "token_id": given.token_id,
        "note": given.note,
    }  # fmt: skip
    about = f" token {given.token_id}" if given.token_id is not None else ""
    note = f": {_printable(given.note)}" if given.note else ""
    text = f"{given.strategy or 'all strategies'}: {given.kind}{about} by {given.source}{note}"
    return OutboxRow(
        dedup=message_id(COMMAND, _json([format_instant(given.at), given.strategy, facts])),
        topic=COMMAND, strategy=given.strategy or None, slot=None, event_time=given.at,
        late=False, body=_json({"text": _printable(text), **facts}),
    )  # fmt: skip


def health_of(row: HealthRow) -> OutboxRow:
    """The message that a part of the daemon's surroundings does better or worse than before."""
    reason = f": {_printable(row.reason)}" if row.reason else ""
    text = f"{row.part}: {row.state} since {format_instant(row.since)}{reason}"
    return OutboxRow(
        dedup=message_id(HEALTH, f"{row.part}|{row.state}|{format_instant(row.since)}"),
        topic=HEALTH, strategy=None, slot=None, event_time=row.since, late=False,
        body=_json({"text": text, "part": row.part, "state": row.state, "reason": row.reason}),
    )  # fmt: skip


def _printable(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())


def _json(facts: Any) -> str:
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))
