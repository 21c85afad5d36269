"""Evidence beside the rows: a chain over the raw responses, seals over imports, where chains end.

None of it can stop a person with write access to the file; it makes what was taken away or put in
come out in the audit, even where it was the newest row of all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.dialects.sqlite import insert

from bot.adapters.sql.schema import GENESIS
from bot.adapters.sql.schema_evidence import OBSERVED, head, import_seal, raw_link, tenure
from bot.adapters.sql.schema_record import meta

RAW_CELLS = (
    "id", "endpoint", "params", "status", "sha256", "fetched_at", "latency_ms", "request_id",
)  # fmt: skip
JOURNAL, RECORD = "journal", "record"
COMMANDS, MESSAGES = "command", "outbox"  # chains over all cells of the tables of these names
LIVE, REPLAY = "live", "replay"
# Built once: putting a statement together takes longer than SQLite takes to run it.
_LINK = insert(raw_link)
_HEAD = insert(head)
_MOVE_HEAD = _HEAD.on_conflict_do_update(
    index_elements=["chain"],
    set_={"number": _HEAD.excluded.number, "hash": _HEAD.excluded.hash},
)
_END_OF = select(head.c.number, head.c.hash).where(head.c.chain == bindparam("chain"))
_TENURE = insert(tenure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What one import brought into one table: the span of its rows, their number and hash."""

    observed: str
    first_id: int
    last_id: int
    rows: int
    sha256: str


def link_hash(before: str, cells: Sequence[Any]) -> str:
    """The hash of a raw response's cells (`RAW_CELLS`) on top of the link before it."""
    return hashlib.sha256(_text([before, *cells])).hexdigest()


def add_link(connection: Connection, cells: Sequence[Any]) -> None:
    """Chain a raw response that was just stored; `cells` as in RAW_CELLS."""
    number, before = end_of(connection, RECORD)
    digest = link_hash(before, cells)
    connection.execute(_LINK, {"raw_id": cells[0], "hash": digest})
    move_head(connection, RECORD, number + 1, digest)


def move_head(connection: Connection, chain: str, number: int, digest: str) -> None:
    """Note where a chain ends now."""
    connection.execute(_MOVE_HEAD, {"chain": chain, "number": number, "hash": digest})


def chain_rows(connection: Connection, table: str) -> None:
    """Chain the rows of COMMANDS or MESSAGES that were stored since the noted end."""
    number, digest = end_of(connection, table)
    last, after = rows_hash(connection, table, number, digest)
    if last > number:
        move_head(connection, table, last, after)


def rows_hash(connection: Connection, table: str, after_id: int, before: str) -> tuple[int, str]:
    """The newest row's number, and the hash over those after one number on top of another."""
    query = f"SELECT * FROM {table} WHERE id > ? ORDER BY id"  # noqa: S608  our names
    for row in connection.exec_driver_sql(query, (after_id,)):
        after_id, before = row[0], link_hash(before, list(row))
    return after_id, before


def end_of(connection: Connection, chain: str) -> tuple[int, str]:
    """Where a chain was noted to end."""
    row = connection.execute(_END_OF, {"chain": chain}).first()
    return (int(row.number), str(row.hash)) if row else (0, GENESIS)


def note_tenure(connection: Connection, strategy: str, slot: int, epoch: int) -> None:
    """Note which holder of the lease wrote a slot."""
    connection.execute(_TENURE, {"strategy": strategy, "slot": slot, "epoch": epoch})


def seal_imports(connection: Connection) -> None:
    """Seal the imported rows that no seal covers yet, table by table."""
    for name in OBSERVED:
        query = select(func.max(import_seal.c.last_id)).where(import_seal.c.observed == name)
        after = connection.execute(query).scalar() or 0
        seal = seal_of(connection, name, after + 1, None)
        if seal is not None:
            cells = {field: getattr(seal, field) for field in Seal.__slots__}
            connection.execute(insert(import_seal).values(cells))


def seal_of(connection: Connection, observed: str, first: int, last: int | None) -> Seal | None:
    """The seal that the imported rows from one id to another come to; None where there are none."""
    query = f'SELECT * FROM "{observed}" WHERE raw_id IS NULL AND id >= ?'  # noqa: S608  our names
    query += " AND id <= ?" if last is not None else ""
    limits = (first,) if last is None else (first, last)
    rows = connection.exec_driver_sql(f"{query} ORDER BY id", limits)
    return _sealed(observed, rows)


def set_mode(connection: Connection, mode: str) -> None:
    """Say whether a ledger is a daemon's (LIVE) or was made by a replay (REPLAY)."""
    statement = insert(meta).values(key="mode", value=mode)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["key"], set_={"value": mode})
    )


def _sealed(observed: str, rows: Iterable[Sequence[Any]]) -> Seal | None:
    digest = hashlib.sha256()
    first = last = count = 0
    for row in rows:
        digest.update(_text(list(row)) + b"\n")
        first, last, count = first or row[0], row[0], count + 1
    if not count:
        return None
    return Seal(
        observed=observed, first_id=first, last_id=last, rows=count, sha256=digest.hexdigest()
    )


def _text(cells: list[Any]) -> bytes:
    return json.dumps(cells, separators=(",", ":")).encode()
