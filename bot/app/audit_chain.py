"""Audit of the chain: slots without a hole, journal, hashes, lease, conflicts."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator

from sqlalchemy import Connection

from bot.adapters.sql.packed import unpacked
from bot.adapters.sql.schema import GENESIS
from bot.adapters.sql.schema_evidence import OBSERVED
from bot.app.audit_file import rows
from bot.app.audit_finding import Code, Finding, unequal, unmet
from bot.domain.instants import HOUR, format_instant
from bot.domain.plurals import counted

# Whose rows stay for ever, so that a missing number is a missing row.
NUMBERED = {
    **dict.fromkeys(OBSERVED, Code.OBSERVATION),
    "raw_response": Code.RAW_CHAIN,
    "pruning": Code.RAW_CHAIN,
    "import_seal": Code.IMPORT,
    "cash_entry": Code.CASH_LEGS,
    "outbox": Code.OUTBOX,
    "notice": Code.JOURNAL_COUNT,
    "conflict": Code.CONFLICT,
    "command": Code.COMMAND,
}


def named(strategy: object, slot: object) -> str:
    """A slot of a strategy, for people."""
    shown = format_instant(slot) if isinstance(slot, int) and slot >= 0 else str(slot)
    return f"{strategy} {shown}"


def check_slots(connection: Connection) -> Iterator[Finding]:
    """Every hour from the first cycle to the watermark is there, whole, once (10, 23, 24)."""
    yield from _gaps(connection)
    query = (
        "SELECT strategy, max(c.slot), a.slot FROM cycle c LEFT JOIN account a USING (strategy) "
        "GROUP BY strategy"
    )
    for strategy, last, watermark in rows(connection, query):
        where = f"account of {strategy}"
        yield from unequal(Code.WATERMARK, where, last, watermark)
    query = (
        "SELECT c.strategy, c.slot, c.as_of, c.missed, s.as_of, s.missed FROM cycle c "
        "LEFT JOIN slot s USING (slot) WHERE s.slot IS NULL OR (s.as_of, s.missed) <> "
        "(c.as_of, c.missed) OR c.as_of < c.slot"
    )
    for strategy, slot, as_of, missed, *frozen in rows(connection, query):
        where = named(strategy, slot)
        yield unmet(Code.SLOT, where, f"the slot's freeze {frozen}", [as_of, missed])
    for table in ("equity", "journal", "slot_input"):
        yield from _partners(connection, table)


def _gaps(connection: Connection) -> Iterator[Finding]:
    query = (
        "SELECT strategy, slot, before FROM (SELECT strategy, slot, lag(slot) OVER "
        "(PARTITION BY strategy ORDER BY slot) AS before FROM cycle) "
        "WHERE before IS NOT NULL AND slot <> before + ?"
    )
    for strategy, slot, before in rows(connection, query, HOUR):
        where = named(strategy, slot)
        yield unmet(Code.SLOT_GAP, where, "the hour before it", named("", before))


def _partners(connection: Connection, table: str) -> Iterator[Finding]:
    """One row of the table for each cycle, and no other."""
    for one, two, rule in ((table, "cycle", "a cycle"), ("cycle", table, f"a row of {table}")):
        query = (
            f"SELECT strategy, slot FROM {one} EXCEPT "  # noqa: S608  names from this module
            f"SELECT strategy, slot FROM {two}"
        )
        for strategy, slot in rows(connection, query):
            yield unmet(Code.ORPHAN, f"{one} of {named(strategy, slot)}", rule, "none")


def check_future(connection: Connection) -> Iterator[Finding]:
    """No cycle after the last sign of life of whoever wrote it (24)."""
    query = (
        "SELECT c.strategy, max(c.slot), max(c.as_of), l.heartbeat FROM cycle c, lease l "
        "GROUP BY c.strategy"
    )
    for strategy, slot, as_of, heartbeat in rows(connection, query):
        if as_of > heartbeat:
            where = named(strategy, slot)
            yield unmet(Code.FUTURE, where, f"at most {heartbeat}", as_of)


def check_journal(connection: Connection) -> Iterator[Finding]:
    """Numbers without a gap, each entry holding the hash of the one before it (11, 25)."""
    before, number = GENESIS, 0
    reached: dict[str, int] = {}
    query = "SELECT seq, kind, strategy, slot, body, prev_hash, hash FROM journal ORDER BY seq"
    for seq, kind, strategy, slot, body, previous, digest in connection.exec_driver_sql(query):
        number += 1
        where = f"journal {seq}"
        yield from unequal(Code.JOURNAL_CHAIN, f"{where} number", number, seq)
        yield from unequal(Code.JOURNAL_CHAIN, f"{where} previous hash", before, previous)
        text = f"{seq}|{kind}|{strategy}|{slot}|{previous}\n{body}"
        found = hashlib.sha256(text.encode()).hexdigest()
        yield from unequal(Code.JOURNAL_CHAIN, f"{where} hash", digest, found)
        if slot <= reached.get(strategy, 0):
            yield unmet(Code.JOURNAL_CHAIN, where, "a later slot than before", slot)
        before, number, reached[strategy] = digest, seq, slot


def check_hashes(connection: Connection) -> Iterator[Finding]:
    """Configurations, inputs, lines, texts and accounts have the hashes beside them (27, 32)."""
    query = "SELECT config_sha256, body FROM config_version"
    for digest, body in connection.exec_driver_sql(query):
        yield from _text_hash(Code.CONFIG, f"config_version {digest[:12]}", digest, body)
    query = (
        "SELECT strategy, slot, config_sha256 FROM cycle c WHERE NOT EXISTS (SELECT 1 FROM "
        "config_version v WHERE v.config_sha256 = c.config_sha256 "
        "AND v.rules_version = c.rules_version AND v.strategy = c.strategy)"
    )
    for strategy, slot, digest in rows(connection, query):
        yield unmet(Code.CONFIG, named(strategy, slot), f"configuration {digest[:12]}", "none")
    for digest, body in connection.exec_driver_sql("SELECT sha256, body FROM content"):
        yield from _text_hash(Code.HASH, f"content {digest[:12]}", digest, body)
    query = (
        "SELECT c.strategy, c.slot, c.lines_sha256, j.body FROM cycle c "
        "JOIN journal j USING (strategy, slot)"
    )
    for strategy, slot, digest, body in connection.exec_driver_sql(query):
        yield from _text_hash(Code.HASH, f"lines of {named(strategy, slot)}", digest, body)
    query = (
        "SELECT c.strategy, c.slot, c.input_sha256, i.sha256, i.body FROM cycle c "
        "JOIN slot_input i USING (strategy, slot)"
    )
    for strategy, slot, wanted, digest, body in connection.exec_driver_sql(query):
        where = f"slot_input of {named(strategy, slot)}"
        yield from unequal(Code.HASH, where, wanted, digest)
        yield from _packed_hash(where, digest, body)
    query = "SELECT strategy, state_sha256, state FROM account"
    for strategy, digest, state in connection.exec_driver_sql(query):
        yield from _packed_hash(f"account of {strategy}", digest, state)


def check_ordinals(connection: Connection) -> Iterator[Finding]:
    """A slot's rows are counted from 0 without a gap (26)."""
    for table in ("decision", "order", "fill", "order_event"):
        query = (
            f"SELECT strategy, slot, max(ordinal), count(DISTINCT ordinal), count(*) "  # noqa: S608
            f'FROM "{table}" GROUP BY strategy, slot'
        )
        for strategy, slot, most, distinct, count in rows(connection, query):
            where = f"ordinals of the {table} rows of {named(strategy, slot)}"
            expected = (count - 1, count)
            yield from unequal(Code.JOURNAL_ROWS, where, expected, (most, distinct))


def check_numbers(connection: Connection) -> Iterator[Finding]:
    """Rows that are numbered as they come stand without a gap, in the order of responses (35)."""
    for table, code in NUMBERED.items():
        query = f"SELECT count(*), coalesce(min(id), 1), coalesce(max(id), 0) FROM {table}"  # noqa: S608
        count, least, most = rows(connection, query)[0]
        if (least, most) != (1, count):
            rule = f"1 to {count} for {counted(count, 'row')}"
            yield unmet(code, f"numbers of {table}", rule, f"{least} to {most}")
    for table in OBSERVED:
        query = (
            f"SELECT id, raw_id, before FROM (SELECT id, raw_id, max(raw_id) OVER "  # noqa: S608
            f"(ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before "
            f"FROM {table}) WHERE raw_id < before"
        )
        for number, raw_id, before in rows(connection, query):
            where = f"{table} row {number}"
            yield unmet(Code.OBSERVATION, where, f"response {before} or later", raw_id)


def check_content(connection: Connection) -> Iterator[Finding]:
    """No text that no metric and no level list is made of."""
    query = (
        "SELECT sha256 FROM content EXCEPT SELECT content_sha256 FROM metric "
        "EXCEPT SELECT content_sha256 FROM level_list"
    )
    for (digest,) in rows(connection, query):
        yield unmet(Code.ORPHAN, f"content {digest[:12]}", "a row that refers to it", "none")


def _text_hash(code: Code, where: str, digest: str, body: str) -> Iterator[Finding]:
    yield from unequal(code, where, digest, hashlib.sha256(body.encode()).hexdigest())


def _packed_hash(where: str, digest: str, body: bytes) -> Iterator[Finding]:
    try:
        plain = unpacked(body)
    except zlib.error as error:
        yield unmet(Code.HASH, where, "a compressed body", error)
        return
    yield from unequal(Code.HASH, where, digest, hashlib.sha256(plain).hexdigest())


def check_conflicts(connection: Connection) -> Iterator[Finding]:
    """No slot that was decided twice with two results, but those that the operator knows (33)."""
    query = (
        "SELECT strategy, slot, expected, found, id FROM conflict WHERE NOT EXISTS (SELECT 1 FROM "
        "command WHERE kind = 'RESUME' AND source = 'conflict ' || conflict.id)"
    )
    for strategy, slot, expected, found, number in rows(connection, query):
        where = f"conflict {number}, second try at {named(strategy, slot)}"
        yield Finding(code=Code.CONFLICT, where=where, expected=expected, found=found)


def check_lease(connection: Connection) -> Iterator[Finding]:
    """One lease, taken at least once, where anything was written under it (29)."""
    found = rows(connection, "SELECT id, epoch FROM lease")
    if rows(connection, "SELECT 1 FROM cycle LIMIT 1") and [row[0] for row in found] != [1]:
        yield unmet(Code.LEASE, "lease", "one row", found)
    for _, epoch in found:
        if not (isinstance(epoch, int) and epoch >= 1):
            yield unmet(Code.LEASE, "lease", "an epoch of 1 or more", epoch)
