"""Audit of messages: what each says of its slot is what the slot, stepped again, has to tell."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from sqlalchemy import Connection

from bot.adapters.sql.ledger_rows import OutboxRow
from bot.app.account import Account
from bot.app.audit_file import rows
from bot.app.audit_finding import Code, Finding, unmet
from bot.app.audit_parts import unequal_messages
from bot.app.messages import Told, halts_of, slot_messages
from bot.domain.records import SlotRecords


def check_messages(
    connection: Connection, strategy: str, before: Account, records: SlotRecords
) -> Iterator[Finding]:
    """Topic, instant and words of a slot's messages; which there must be is asked elsewhere (28).

    A token's name is taken as the message has it where the token list ever had it: which row of
    the list had come by the time of writing is not recorded.
    """
    halts = halts_of(before.numbers)
    nameless = Told(strategy=strategy, symbols={}, halts=halts)
    ids = [row.dedup for row in slot_messages(nameless, records)]
    kept = {dedup: row for dedup in ids for row in _message(connection, dedup)}
    symbols = {}
    for kept_row in kept.values():
        said = json.loads(kept_row.body)
        if "token_id" in said and "symbol" in said:
            symbols[int(said["token_id"])] = str(said["symbol"])
    told = Told(strategy=strategy, symbols=symbols, halts=halts)
    for row in slot_messages(told, records):
        if row.dedup in kept:
            where = f"message {row.dedup} ({row.topic})"
            yield from unequal_messages(where, row, kept[row.dedup])
    yield from _check_symbols(connection, strategy, symbols)


def _message(connection: Connection, dedup: str) -> list[OutboxRow]:
    query = "SELECT topic, strategy, slot, event_time, late, body FROM outbox WHERE dedup = ?"
    names = ("topic", "strategy", "slot", "event_time", "late", "body")
    found = rows(connection, query, dedup)[:1]
    return [OutboxRow(dedup=dedup, **dict(zip(names, row, strict=True))) for row in found]


def _check_symbols(
    connection: Connection, strategy: str, symbols: Mapping[int, str]
) -> Iterator[Finding]:
    for token_id, symbol in symbols.items():
        query = "SELECT DISTINCT symbol FROM token_seen WHERE token_id = ?"
        known = [text for (text,) in rows(connection, query, token_id)]
        names = {Told(strategy=strategy, symbols={token_id: text}, halts=frozenset())
                 .symbol(token_id) for text in known} | {str(token_id)}  # fmt: skip
        if symbol not in names:
            where = f"symbol of token {token_id} in the messages of {strategy}"
            yield unmet(Code.OUTBOX, where, f"one of {sorted(names)}", symbol)
