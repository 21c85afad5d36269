"""Where the journal ended, noted beside the database: it shows when that was put back."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import Connection, func, select

from bot.adapters.sql.schema_ledger import journal
from bot.adapters.sql.schema_record import meta

_BYTES = 400
_BYTES_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last entry of a ledger's journal, and the newest slot in it."""

    ledger_id: str
    seq: int
    hash: str
    slot: int


def head_path(database: Path) -> Path:
    """The file that belongs to a database, whatever path leads to that."""
    real = Path(os.path.realpath(database))
    return real.with_name(f"{real.name}.head")


def read_head(connection: Connection) -> Head | None:
    """The head as the database has it; None before the first slot."""
    query = select(journal.c.seq, journal.c.hash).order_by(journal.c.seq.desc()).limit(1)
    last = connection.execute(query).first()
    if last is None:
        return None
    slot = connection.execute(select(func.max(journal.c.slot))).scalar_one()
    return Head(ledger_id=_ledger_id(connection), seq=last.seq, hash=last.hash, slot=slot)


def note_head(database: Path, head: Head) -> None:
    """Write the file; OSError where it cannot be written.

    Not forced to disk: a file lost with the power is as good as an older one. Written over in one
    call and at one length, so that a kill leaves the old content or the new one; a new file put in
    its place would make every slot wait for the disk.
    """
    content = json.dumps(asdict(head)).encode().ljust(_BYTES)
    descriptor = os.open(head_path(database), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.pwrite(descriptor, content, 0)
        if os.fstat(descriptor).st_size != len(content):
            os.ftruncate(descriptor, len(content))
    finally:
        os.close(descriptor)


def lost_head(database: Path, connection: Connection) -> Head | None:
    """The head that was noted, where this ledger once had it and has it no more; else None.

    That is a database put back to an earlier state: from a backup, or without its log.
    """
    noted = _noted(head_path(database))
    if noted is None or noted.ledger_id != _ledger_id(connection):
        return None
    query = select(journal.c.hash).where(journal.c.seq == noted.seq)
    return None if connection.execute(query).scalar() == noted.hash else noted


def _noted(path: Path) -> Head | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        with path.open("rb") as file:
            found = json.loads(file.read(_BYTES_MAX))
        return Head(
            ledger_id=str(found["ledger_id"]), seq=int(found["seq"]), hash=str(found["hash"]),
            slot=int(found["slot"]),
        )  # fmt: skip
    return None


def _ledger_id(connection: Connection) -> str:
    query = select(meta.c.value).where(meta.c.key == "ledger_id")
    return str(connection.execute(query).scalar())
