"""Audit of the evidence: chains with their ends, anchors, seals over imports, and who wrote."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from bot.adapters.sql.evidence import (
    COMMANDS,
    JOURNAL,
    LIVE,
    MESSAGES,
    RAW_CELLS,
    RECORD,
    REPLAY,
    end_of,
    link_hash,
    rows_hash,
    seal_of,
)
from bot.adapters.sql.schema import GENESIS
from bot.adapters.sql.schema_evidence import OBSERVED
from bot.app.audit_chain import named
from bot.app.audit_file import rows
from bot.app.audit_finding import Code, Finding, unequal, unmet
from bot.app.audit_parts import unequal_parts
from bot.domain.plurals import counted

ANCHOR_TOPIC = "journal.anchor"


@dataclass(frozen=True, slots=True)
class Anchor:
    """An entry of the journal as it was told outside the database."""

    seq: int
    hash: str


def check_links(connection: Connection, counts: Counter[str]) -> Iterator[Finding]:
    """Every cell of every raw response but its body, chained up to the noted end (35)."""
    columns = ", ".join(f"r.{name}" for name in RAW_CELLS)
    query = (
        f"SELECT {columns}, l.hash FROM raw_response r "  # noqa: S608  our own names
        "LEFT JOIN raw_link l ON l.raw_id = r.id ORDER BY r.id"
    )
    before, number = GENESIS, 0
    for *cells, digest in connection.exec_driver_sql(query):
        number += 1
        where = f"raw response {cells[0]} ({cells[1]})"
        made = link_hash(before, cells)
        if digest is None:
            yield unmet(Code.RAW_CHAIN, where, "a link", "none")
        elif made != digest:
            rule = f"{', '.join(RAW_CELLS)} and the response before it as linked"
            yield unmet(Code.RAW_CHAIN, where, rule, "another row, or another before it")
        before = digest or made  # so that one change is one finding
    counts["links"] += number
    query = "SELECT raw_id FROM raw_link EXCEPT SELECT id FROM raw_response"
    for (raw_id,) in rows(connection, query):
        yield unmet(Code.RAW_CHAIN, f"raw response {raw_id}", "to be there", "only its link")
    yield from _check_head(connection, RECORD, number, before, Code.RAW_CHAIN)


def check_journal_head(connection: Connection) -> Iterator[Finding]:
    """The journal ends where it was noted to end (25)."""
    found = rows(connection, "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")
    seq, digest = found[0] if found else (0, GENESIS)
    yield from _check_head(connection, JOURNAL, seq, digest, Code.JOURNAL_HEAD)


def _check_head(
    connection: Connection, chain: str, number: int, digest: str, code: Code
) -> Iterator[Finding]:
    where = f"end of the {chain}'s chain"
    yield from unequal_parts(code, where, _end(*end_of(connection, chain)), _end(number, digest))


def _end(number: int, digest: str) -> dict[str, object]:
    return {"number": number, "hash": digest}


def anchors_in(connection: Connection) -> list[Anchor]:
    """The anchors among the messages, whose receivers have them too."""
    query = "SELECT body FROM outbox WHERE topic = ? ORDER BY id"
    found = [json.loads(body) for (body,) in rows(connection, query, ANCHOR_TOPIC)]
    return [Anchor(int(body["seq"]), str(body["hash"])) for body in found]


def check_row_chains(connection: Connection) -> Iterator[Finding]:
    """Commands and messages are those that were written: none changed, gone or put in (27, 28)."""
    for table, code in ((COMMANDS, Code.COMMAND), (MESSAGES, Code.OUTBOX)):
        made = rows_hash(connection, table, 0, GENESIS)
        noted = end_of(connection, table)
        where = f"rows 1 to {noted[0]} of {table}"
        yield from unequal_parts(code, where, _end(*noted), _end(*made))


def check_anchors(
    connection: Connection, given: Sequence[Anchor], counts: Counter[str]
) -> Iterator[Finding]:
    """Every anchor, those of the messages and those given from outside, is in the chain (25)."""
    for anchor in (*anchors_in(connection), *given):
        counts["anchors"] += 1
        found = rows(connection, "SELECT hash FROM journal WHERE seq = ?", anchor.seq)
        where = f"anchor at journal {anchor.seq}"
        digest = found[0][0] if found else "no entry"
        yield from unequal(Code.JOURNAL_HEAD, where, anchor.hash, digest)


def _sealed(first: int, last: int, number: int, digest: str) -> dict[str, object]:
    return {"first row": first, "last row": last, "rows": number, "hash": digest}


def check_imports(connection: Connection, counts: Counter[str]) -> Iterator[Finding]:
    """Imported rows are those of their imports: none changed, gone or put in (35)."""
    query = "SELECT id, observed, first_id, last_id, rows, sha256 FROM import_seal ORDER BY id"
    reached: dict[str, int] = {}
    sealed: Counter[str] = Counter()
    for identity, observed, first, last, number, digest in rows(connection, query):
        where = f"import {identity}: {observed} {first} to {last}"
        if first <= reached.get(observed, 0):
            yield unmet(Code.IMPORT, where, "rows after those of the import before", first)
        reached[observed] = max(last, reached.get(observed, 0))
        sealed[observed] += number
        seal = seal_of(connection, observed, first, last) if observed in OBSERVED else None
        made = {} if seal is None else _sealed(seal.first_id, seal.last_id, seal.rows, seal.sha256)
        yield from unequal_parts(Code.IMPORT, where, _sealed(first, last, number, digest), made)
        counts["imported"] += number
    for observed in OBSERVED:
        query = f"SELECT count(*) FROM {observed} WHERE raw_id IS NULL"  # noqa: S608  our own names
        ((found,),) = rows(connection, query)
        where = f"imported rows of {observed}"
        yield from unequal(Code.IMPORT, where, sealed[observed], found)


def check_tenure(connection: Connection) -> Iterator[Finding]:
    """Slots were written by one holder of the lease after another, never by two at once (29)."""
    lease = rows(connection, "SELECT epoch FROM lease")
    newest = lease[0][0] if lease else 0
    query = (
        "SELECT j.seq, j.strategy, j.slot, t.epoch FROM journal j "
        "LEFT JOIN tenure t ON t.strategy = j.strategy AND t.slot = j.slot ORDER BY j.seq"
    )
    before = 0
    for seq, strategy, slot, epoch in connection.exec_driver_sql(query):
        where = f"writer of journal {seq}, {named(strategy, slot)}"
        if epoch is None:
            yield unmet(Code.LEASE, where, "an epoch", "none")
            continue
        if epoch < before:
            yield unmet(Code.LEASE, where, f"epoch {before} or later", epoch)
        if epoch > newest:
            yield unmet(Code.LEASE, where, f"at most the lease's epoch {newest}", epoch)
        before = max(before, epoch)
    query = "SELECT strategy, slot FROM tenure EXCEPT SELECT strategy, slot FROM journal"
    for strategy, slot in rows(connection, query):
        yield unmet(Code.LEASE, f"writer of {named(strategy, slot)}", "a slot", "none")


def check_identity(connection: Connection) -> Iterator[Finding]:
    """One ledger, one identity, live or replayed and never both (34)."""
    kept: dict[str, str] = dict(rows(connection, "SELECT key, value FROM meta"))
    identity = kept.get("ledger_id", "none")
    if not re.fullmatch(r"[0-9a-f]{32}", str(identity)):
        yield unmet(Code.META, "meta.ledger_id", "one identity of 32 hex digits", identity)
    if not re.fullmatch(r"[0-9]{12,14}", str(kept.get("created_at", ""))):
        yield unmet(Code.META, "meta.created_at", "an instant", kept.get("created_at", "none"))
    mode = kept.get("mode", "none")
    if mode not in (LIVE, REPLAY):
        yield unmet(Code.META, "meta.mode", f"{LIVE} or {REPLAY}", mode)
    (answers,) = rows(connection, "SELECT count(*) FROM raw_response")[0]
    (epoch,) = rows(connection, "SELECT coalesce(max(epoch), 0) FROM lease")[0]
    if mode == REPLAY and (answers or epoch > 1):
        rule = "a replay's ledger, in which no daemon worked"
        yield unmet(Code.META, "meta.mode", rule, f"{counted(answers, 'answer')}, epoch {epoch}")
