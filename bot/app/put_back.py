"""What the ledger once had and has no more: by the note beside the database, and as it was told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from bot.adapters.sql.command_store import commands, put_back_digest
from bot.adapters.sql.engine import open_readonly
from bot.adapters.sql.head_file import Head, lost_head
from bot.adapters.sql.outbox_events import PUT_BACK
from bot.adapters.sql.schema_outbox import outbox
from bot.app.audit_finding import Code, Finding
from bot.domain.instants import format_instant

_NEW_ADVICE = (
    "restore a backup that has it, if there is one (`hourhand db restore`); else start the daemon, "
    "which does the hours again as missed, then `hourhand ack put-back`"
)
_TOLD_ADVICE = "see what else is missing since then, and say so: `hourhand ack put-back`"


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """An entry of the journal that is gone; `since` when a start told of it, None before that."""

    seq: int
    hash: str
    found: str
    since: int | None

    @property
    def advice(self) -> str:
        """What the operator can do."""
        return _NEW_ADVICE if self.since is None else _TOLD_ADVICE


def open_put_backs(database: Path, connection: Connection) -> list[PutBack]:
    """Every loss that nobody has acknowledged, oldest first; the last one may be untold yet."""
    told = list(_told(connection))
    lost = _lost_for_good(database, connection)
    seen = {put_back_digest(one.source) for one in commands(connection) if one.kind == "RESUME"}
    open_ = {one.hash: one for one in told if not _is_seen(one.hash, seen)}
    if lost is not None and lost.hash not in {one.hash for one in told}:
        open_[lost.hash] = _of_note(lost)
    return list(open_.values())


def check_put_backs(database: Path, connection: Connection) -> Iterator[Finding]:
    """The journal has every entry that it was noted to have, outside the database too (25)."""
    for one in open_put_backs(database, connection):
        yield Finding(
            code=Code.JOURNAL_HEAD,
            where=f"journal {one.seq}",
            expected=f"the entry of hash {one.hash[:12]}",
            found=f"{one.found}: {one.advice}",
        )


def _is_seen(digest: str, seen: set[str | None]) -> bool:
    return any(part is not None and digest.startswith(part) for part in seen)


def _of_note(lost: Head) -> PutBack:
    found = (
        f"entry {lost.seq} of the journal, with slots up to {format_instant(lost.slot)}, is gone: "
        f"the database was put back, or its write-ahead log was lost or damaged"
    )
    return PutBack(seq=lost.seq, hash=lost.hash, found=found, since=None)


def _lost_for_good(database: Path, connection: Connection) -> Head | None:
    """The noted head that is gone; looked up again in a new view before that is said.

    A daemon may have done a slot and noted it after the caller's view began.
    """
    if lost_head(database, connection) is None:
        return None
    fresh = open_readonly(database)
    try:
        with fresh.transaction() as view:
            return lost_head(database, view)
    finally:
        fresh.close()


def _told(connection: Connection) -> Iterator[PutBack]:
    """The messages about it; one that does not read is a finding of the audit by itself."""
    query = select(outbox).where(outbox.c.topic == PUT_BACK).order_by(outbox.c.id)
    for row in connection.execute(query):
        with suppress(ValueError, KeyError, TypeError):
            said = json.loads(row.body)
            yield PutBack(
                seq=int(said["lost_seq"]), hash=str(said["lost_hash"]), found=str(said["text"]),
                since=row.event_time,
            )  # fmt: skip
