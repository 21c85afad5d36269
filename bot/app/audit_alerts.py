"""Audit of alerts: what a slot's inputs have to tell by the rules that held is what was told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from bot.adapters.sql.alert_store import alert_states
from bot.adapters.sql.ledger_rows import OutboxRow
from bot.app.account import Account
from bot.app.alerts import PREFIX, RULES, slot_alerts
from bot.app.audit_file import rows
from bot.app.audit_finding import Code, Finding, unmet
from bot.app.audit_parts import ABSENT, unequal_messages, unequal_parts
from bot.app.stepper import Stepped
from bot.app.strategy_files import alert_from_text
from bot.domain.instants import format_instant
from bot.domain.values import Slot
from bot.market.alert_rules import Alert
from bot.market.inputs import Market
from bot.market.strategy import Strategy

_CELLS = "dedup, topic, strategy, slot, event_time, late, body"


@dataclass(slots=True)
class AlertLane:
    """One strategy's alerts while its slots are stepped again; no memory: it never had any."""

    rules: tuple[Alert, ...] = ()
    memory: str | None = None
    slot: int = 0


def check_alerts(
    connection: Connection, lane: AlertLane, strategy: Strategy, market: Market,
    accounts: tuple[Account, Stepped], slot: Slot,
) -> Iterator[Finding]:  # fmt: skip
    """Step the alerts of a slot again and compare every message, both ways.

    Which rules hold is what the newest message of them says: they are no part of the configuration.
    """
    kept = _kept(connection, strategy.name, slot.slot)
    for row in kept.values():
        if row.topic == RULES:
            lane.rules = tuple(
                alert_from_text(text) for text in json.loads(row.body)["rules"].values()
            )
    before, stepped = accounts
    made = slot_alerts(
        replace(strategy, alert=lane.rules), market, (before, stepped.account), stepped, slot,
        lane.memory,
    )  # fmt: skip
    if made.memory is not None:
        lane.memory, lane.slot = made.memory, slot.slot
    expected = {row.dedup: row for row in made.messages}
    where = f"of {strategy.name} {format_instant(slot.slot)}"
    for dedup in sorted(expected.keys() | kept.keys()):
        row = expected.get(dedup) or kept[dedup]
        name = f"message {dedup} ({row.topic}) {where}"
        if dedup not in kept:
            yield unmet(Code.OUTBOX, name, "a message", ABSENT)
        elif dedup not in expected:
            yield unmet(Code.OUTBOX, name, ABSENT, "a message")
        else:
            yield from unequal_messages(name, expected[dedup], kept[dedup])


def check_alert_states(
    connection: Connection, lanes: dict[str, AlertLane], others: set[str]
) -> Iterator[Finding]:
    """What the alerts remember at the end; `others` are strategies that were not stepped again."""
    kept = alert_states(connection)
    for strategy in sorted((lanes.keys() | kept.keys()) - others):
        lane, found = lanes.get(strategy, AlertLane()), kept.get(strategy)
        expected = {} if lane.memory is None else _memory_parts(lane.slot, lane.memory)
        kept_parts = {} if found is None else _memory_parts(found.slot, found.body)
        yield from unequal_parts(Code.ALERTS, f"alert_state of {strategy}", expected, kept_parts)


def _memory_parts(slot: int, body: str) -> dict[str, object]:
    """What the alerts remember, in parts."""
    return {"slot": format_instant(slot), "text": body}


def _kept(connection: Connection, strategy: str, slot: int) -> dict[str, OutboxRow]:
    query = f"SELECT {_CELLS} FROM outbox WHERE strategy = ? AND slot = ? AND topic LIKE ?"  # noqa: S608  our own names
    found = {}
    for dedup, topic, name, at, event_time, late, body in rows(
        connection, query, strategy, slot, f"{PREFIX}%"
    ):
        found[dedup] = OutboxRow(
            dedup=dedup, topic=topic, strategy=name, slot=at, event_time=event_time,
            late=bool(late), body=body,
        )  # fmt: skip
    return found
