"""Letting old raw bodies go: their hash and all else about the response stay, with a note of it."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, and_, delete, exists, func, not_, or_, select

from bot.adapters.sql.packed import unpacked
from bot.adapters.sql.record_store import stored_body
from bot.adapters.sql.schema_evidence import OBSERVED
from bot.adapters.sql.schema_record import raw_body, raw_response
from bot.adapters.sql.schema_retention import pruning
from bot.domain.errors import LedgerError
from bot.domain.instants import DAY, LATEST

BATCH = 200  # responses in one transaction


class DamagedBodyError(LedgerError):
    """A body is not what its hash says: no trace of a change may be let go."""

    def __init__(self, raw_id: int) -> None:
        super().__init__(f"raw response {raw_id}: the body no longer has its hash")
        self.raw_id = raw_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """Responses whose bodies were let go together: how many, and the hash over them.

    A body goes with the last response that refers to it; `bytes` is what that freed.

    `observed_sha256` is over the rows that were read from them.
    """

    pruned_at: int
    reason: Literal["AGE", "SIZE"]
    first_id: int
    last_id: int
    responses: int
    bytes: int
    fetched_until: int
    sha256: str
    observed_sha256: str

    @property
    def is_short(self) -> bool:
        """Whether the bound on the size has left less than a day of bodies."""
        return self.reason == "SIZE" and self.fetched_until > self.pruned_at - DAY


def prune_old(connection: Connection, until: int, now_ms: int) -> Pruning | None:
    """Empty the oldest bodies that were fetched by `until`, one batch of them; None: none left.

    Raises DamagedBodyError at a body that no longer has its hash: it and what follows it stay.
    """
    return _prune(connection, list(_oldest(connection, until=until)), now_ms, "AGE")


def prune_excess(connection: Connection, excess: int, after: int, now_ms: int) -> Pruning | None:
    """Empty the oldest bodies of responses beyond `after` until so many bytes are free.

    At most one batch; None where there is nothing to empty. Raises DamagedBodyError as
    `prune_old` does: to go on behind it is to pass its id as `after`.
    """
    chosen, freed = [], 0
    for row in _oldest(connection, after=after):
        if freed >= excess:
            break
        chosen.append(row)
        freed += row.size or 0
    return _prune(connection, chosen, now_ms, "SIZE")


def body_bytes(connection: Connection, after: int = 0) -> int:
    """The size of raw bodies as they are kept, compressed: of those with ids beyond `after`."""
    body = raw_body.c
    query = select(func.coalesce(func.sum(func.length(body.body)), 0)).where(body.id > after)
    return int(connection.execute(query).scalar_one())


def newest_body(connection: Connection) -> int:
    """The greatest id of a raw body, 0 where there is none."""
    return int(connection.execute(select(func.coalesce(func.max(raw_body.c.id), 0))).scalar_one())


def prunings(connection: Connection) -> list[Pruning]:
    """Everything that was let go, oldest first."""
    rows = connection.execute(select(pruning).order_by(pruning.c.id)).mappings()
    return [Pruning(**{name: row[name] for name in Pruning.__slots__}) for row in rows]


def last_pruning(connection: Connection) -> Pruning | None:
    """What was let go last."""
    query = select(pruning).order_by(pruning.c.id.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return None if row is None else Pruning(**{name: row[name] for name in Pruning.__slots__})


def pruned_sha256(rows: Iterable[tuple[int, str]]) -> str:
    """The hash over the ids and body hashes of responses, in the order of ids."""
    digest = hashlib.sha256()
    for raw_id, body_sha256 in rows:
        digest.update(f"{raw_id}|{body_sha256}\n".encode())
    return digest.hexdigest()


def observed_sha256(connection: Connection, first_id: int, last_id: int, until: int) -> str:
    """The hash over the rows read from the responses of a span that were fetched by `until`."""
    digest = hashlib.sha256()
    for name in OBSERVED:
        query = (
            f"SELECT t.* FROM {name} t JOIN raw_response r ON r.id = t.raw_id "  # noqa: S608  ours
            "WHERE t.raw_id BETWEEN ? AND ? AND r.fetched_at <= ? ORDER BY t.id"
        )
        for row in connection.exec_driver_sql(query, (first_id, last_id, until)):
            digest.update(f"{name}|{json.dumps(list(row), separators=(',', ':'))}\n".encode())
    return digest.hexdigest()


def _oldest(connection: Connection, until: int = LATEST, after: int = 0) -> Iterator[Any]:
    """The next responses after those that were let go before, as far as their bodies are sound."""
    raw = raw_response.c
    reached = select(func.coalesce(func.max(pruning.c.last_id), 0)).scalar_subquery()
    query = (
        select(raw.id, raw.sha256, raw.fetched_at, func.length(raw_body.c.body).label("size"))
        .outerjoin(raw_body, raw_body.c.sha256 == raw.sha256)
        .where(raw.id > reached, raw.id > after, raw.fetched_at <= until)
        .order_by(raw.id)
        .limit(BATCH)
    )
    for number, row in enumerate(connection.execute(query).all()):
        # One body at a time: they may be large.
        if not _is_sound(stored_body(connection, row.sha256), row.sha256):
            if number == 0:
                raise DamagedBodyError(row.id)
            return
        yield row


def _is_sound(body: bytes, digest: str) -> bool:
    """Whether a body is what its hash says: no trace of a change may be let go."""
    try:
        return hashlib.sha256(unpacked(body)).hexdigest() == digest
    except zlib.error:
        return False


def _prune(
    connection: Connection, rows: list[Any], now_ms: int, reason: Literal["AGE", "SIZE"]
) -> Pruning | None:
    if not rows:
        return None
    first, last, until = rows[0].id, rows[-1].id, max(row.fetched_at for row in rows)
    going = _not_needed(connection, {row.sha256 for row in rows}, (first, last, until))
    done = Pruning(
        pruned_at=now_ms, reason=reason, first_id=first, last_id=last, responses=len(rows),
        bytes=sum(going.values()), fetched_until=until,
        sha256=pruned_sha256((row.id, row.sha256) for row in rows),
        observed_sha256=observed_sha256(connection, first, last, until),
    )  # fmt: skip
    cells = {name: getattr(done, name) for name in Pruning.__slots__}
    connection.execute(pruning.insert(), [cells])
    connection.execute(delete(raw_body).where(raw_body.c.id.in_(going)))
    return done


def _not_needed(
    connection: Connection, digests: set[str], span: tuple[int, int, int]
) -> dict[int, int]:
    """The bodies of these hashes, id -> bytes, that only responses let go now or before refer to.

    `span` is what is being let go: first and last id, and the instant of the youngest.
    """
    raw, (first, last, until) = raw_response.c, span
    noted = exists().where(
        raw.id.between(pruning.c.first_id, pruning.c.last_id),
        raw.fetched_at <= pruning.c.fetched_until,
    )
    let_go = or_(noted, and_(raw.id.between(first, last), raw.fetched_at <= until))
    kept = select(raw.sha256).where(raw.sha256.in_(digests), not_(let_go))
    needed = set(connection.execute(kept).scalars())
    body = raw_body.c
    query = select(body.id, func.length(body.body)).where(body.sha256.in_(digests - needed))
    return {row[0]: row[1] for row in connection.execute(query)}
