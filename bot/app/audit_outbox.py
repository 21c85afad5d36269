"""Audit of the outbox: one message for each event that has one, and none for what never was."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from sqlalchemy import Connection

from bot.adapters.sql import outbox_store
from bot.adapters.sql.command_store import commands
from bot.adapters.sql.outbox_events import ANCHOR, COMMAND, CONFLICT, command_of, conflict_of
from bot.app.audit_finding import Code, Finding, unmet
from bot.app.audit_parts import unequal_parts
from bot.app.messages import ENTERED, EXITED, HALT_OFF, HALT_ON, ORDERED, WARNED
from bot.domain.ids import message_id, slot_event
from bot.domain.instants import DAY, HOUR, format_instant

LATE_MESSAGE = HOUR
_HALTS = re.compile(r'"halts":\[([^\]]*)\]')
_OF_SLOTS = (ORDERED, ENTERED, EXITED, HALT_ON, HALT_OFF, ANCHOR, *WARNED.values())

Event = tuple[str, str]  # message id, where


def check_outbox(connection: Connection) -> Iterator[Finding]:
    """Messages and events match one to one, and anchors are in the journal (25, 28)."""
    query = "SELECT dedup, count(*) FROM outbox GROUP BY dedup HAVING count(*) > 1"
    for dedup, count in connection.exec_driver_sql(query).fetchall():
        yield unmet(Code.OUTBOX, f"message {dedup}", "one", count)
    expected = {**dict(_events(connection)), **dict(_conflicts(connection))}
    found = dict(_messages(connection))
    for dedup in sorted(expected.keys() - found.keys()):
        yield unmet(Code.OUTBOX, expected[dedup], f"message {dedup}", "none")
    for dedup in sorted(found.keys() - expected.keys()):
        yield unmet(Code.OUTBOX, f"message {dedup}", "an event that it tells of", found[dedup])
    yield from _commands(connection)
    yield from _anchors(connection)
    yield from _lateness(connection)


def outbox_notes(connection: Connection) -> list[str]:
    """A word where messages have waited for more than an hour, or were set aside."""
    heartbeat = connection.exec_driver_sql("SELECT max(heartbeat) FROM lease").scalar()
    notes = []
    for sink in outbox_store.sinks(connection):
        oldest = outbox_store.oldest_waiting(connection, sink)
        if heartbeat is not None and oldest is not None and oldest < heartbeat - LATE_MESSAGE:
            count = outbox_store.count_waiting(connection, sink)
            waiting = "1 message waits" if count == 1 else f"{count} messages wait"
            notes.append(f"{waiting} for {sink}, the oldest for more than an hour")
        query = "SELECT count(*) FROM outbox_delivery WHERE sink = ? AND state = 'POISON'"
        aside = connection.exec_driver_sql(query, (sink,)).scalar()
        if aside:
            was = "1 message was" if aside == 1 else f"{aside} messages were"
            notes.append(f"{was} set aside for {sink}: see `hourhand outbox`")
    return notes


def _messages(connection: Connection) -> Iterator[Event]:
    """What tells of slots and of second tries at them; other messages belong to no slot."""
    query = "SELECT dedup, topic, strategy, slot FROM outbox WHERE slot IS NOT NULL"
    for dedup, topic, strategy, slot in connection.exec_driver_sql(query):
        if topic in _OF_SLOTS or topic == CONFLICT:
            yield dedup, f"{topic} of {strategy} {_shown(slot)}"


def _events(connection: Connection) -> Iterator[Event]:
    """Everything in the ledger that has a message, from the first slot on that wrote any."""
    starts = connection.exec_driver_sql("SELECT strategy, slot FROM outbox_start").fetchall()
    for strategy, start in starts:
        yield from _orders_and_fills(connection, strategy, start)
        query = "SELECT slot, kind, token_id FROM notice WHERE strategy = ? AND slot >= ?"
        for slot, kind, token_id in connection.exec_driver_sql(query, (strategy, start)):
            if kind in WARNED:
                name = slot_event(strategy, slot, f"{kind}|{token_id}")
                yield message_id(WARNED[kind], name), f"{kind} of {strategy} {_shown(slot)}"
        yield from _of_journal(connection, strategy, start)


def _orders_and_fills(connection: Connection, strategy: str, start: int) -> Iterator[Event]:
    query = "SELECT id FROM \"order\" WHERE strategy = ? AND slot >= ? AND action = 'ENTRY'"
    for (order_id,) in connection.exec_driver_sql(query, (strategy, start)):
        yield message_id(ORDERED, order_id), f"order {order_id}"
    query = "SELECT id, side FROM fill WHERE strategy = ? AND slot >= ?"
    for fill_id, side in connection.exec_driver_sql(query, (strategy, start)):
        yield message_id(ENTERED if side == "BUY" else EXITED, fill_id), f"fill {fill_id}"


def _of_journal(connection: Connection, strategy: str, start: int) -> Iterator[Event]:
    """Halts that began or ended, and each day's anchor."""
    before: frozenset[str] = frozenset()
    query = "SELECT slot, body FROM journal WHERE strategy = ? ORDER BY slot"
    for slot, body in connection.exec_driver_sql(query, (strategy,)):
        listed = _HALTS.findall(body)
        now = frozenset(json.loads(f"[{listed[-1]}]")) if listed else frozenset()
        if slot >= start:
            where = f"{strategy} {_shown(slot)}"
            for topic, names in ((HALT_ON, now - before), (HALT_OFF, before - now)):
                for name in names:
                    event = slot_event(strategy, slot, name)
                    yield message_id(topic, event), f"{name} of {where}"
            if slot % DAY == 0:
                yield message_id(ANCHOR, slot_event(strategy, slot, ANCHOR)), f"anchor of {where}"
        before = now


def _conflicts(connection: Connection) -> Iterator[Event]:
    query = (
        "SELECT strategy, slot, kind, expected, found FROM conflict WHERE slot >= "
        "(SELECT slot FROM outbox_start s WHERE s.strategy = conflict.strategy)"
    )
    for row in connection.exec_driver_sql(query).mappings():
        message = conflict_of(dict(row))
        yield message.dedup, f"conflict of {row['strategy']} {_shown(row['slot'])}"


def _commands(connection: Connection) -> Iterator[Finding]:
    """No message of a command that was never given; imported ones have none."""
    given = {command_of(one).dedup for one in commands(connection)}
    query = "SELECT dedup FROM outbox WHERE topic = ?"
    for (dedup,) in connection.exec_driver_sql(query, (COMMAND,)).fetchall():
        if dedup not in given:
            yield unmet(Code.OUTBOX, f"message {dedup}", "a command that it tells of", "none")


def _anchors(connection: Connection) -> Iterator[Finding]:
    """What was told of the journal is what it says (25)."""
    query = (
        "SELECT o.strategy, o.slot, o.body, j.seq, j.hash FROM outbox o "
        "LEFT JOIN journal j USING (strategy, slot) WHERE o.topic = ?"
    )
    for strategy, slot, body, seq, digest in connection.exec_driver_sql(query, (ANCHOR,)):
        said = json.loads(body)
        where = f"anchor of {strategy} {_shown(slot)}"
        entry = {"number": seq, "hash": digest}
        told = {"number": said.get("seq"), "hash": said.get("hash")}
        yield from unequal_parts(Code.OUTBOX, where, entry, told)


def _lateness(connection: Connection) -> Iterator[Finding]:
    """A message says that it is late where its slot was missed, and nowhere else."""
    query = (
        "SELECT o.dedup, c.missed, o.late FROM outbox o JOIN cycle c USING (strategy, slot) "
        "WHERE o.late <> c.missed AND o.topic <> ?"
    )
    for dedup, missed, late in connection.exec_driver_sql(query, (CONFLICT,)).fetchall():
        yield unmet(Code.OUTBOX, f"late of message {dedup}", str(missed), late)


def _shown(slot: object) -> str:
    return format_instant(slot) if isinstance(slot, int) and slot >= 0 else str(slot)
