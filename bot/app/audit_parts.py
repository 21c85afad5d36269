"""Findings about things of several parts: a readable line for each part that differs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bot.adapters.sql.ledger_rows import OutboxRow
from bot.app.audit_finding import Code, Finding, unequal
from bot.domain.instants import EARLIEST, LATEST, format_instant

ABSENT = "none"
_TEXT = "the body's text"


def unequal_parts(
    code: Code, where: str, expected: Mapping[str, object], found: Mapping[str, object]
) -> Iterator[Finding]:
    """A finding for each part, by name, in which two things differ."""
    for name in dict.fromkeys([*expected, *found]):
        wanted, there = expected.get(name, ABSENT), found.get(name, ABSENT)
        yield from unequal(code, f"{where}: {name}", wanted, there)


def message_parts(row: OutboxRow) -> dict[str, Any]:
    """A message in parts; where the body is no object of JSON, it is one part itself."""
    parts = {
        "topic": row.topic, "strategy": row.strategy, "slot": _instant(row.slot),
        "event time": _instant(row.event_time), "late": int(row.late),
    }  # fmt: skip
    try:
        said = json.loads(row.body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        return {**parts, _TEXT: row.body}
    return {**parts, **{f"body, {name}": value for name, value in said.items()}}


def unequal_messages(where: str, expected: OutboxRow, found: OutboxRow) -> Iterator[Finding]:
    """What one message says other than another; at least a finding where they differ at all."""
    findings = list(
        unequal_parts(Code.OUTBOX, where, message_parts(expected), message_parts(found))
    )
    if not findings:  # the same in other words, such as other blanks
        findings += unequal(Code.OUTBOX, f"{where}: {_TEXT}", expected.body, found.body)
    yield from findings


def _instant(at: object) -> str:
    """An instant as text; whatever else stands in its place, as it stands."""
    return format_instant(at) if isinstance(at, int) and EARLIEST <= at <= LATEST else str(at)
