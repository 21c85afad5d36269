"""Bars and signals of which the record holds more than one version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

_COUNT = {
    "bars": "SELECT count(*) FROM bar b WHERE available_at >= ? AND EXISTS (SELECT 1 FROM bar o "
    "WHERE o.token_id = b.token_id AND o.interval = b.interval AND o.open_time = b.open_time "
    "AND o.id < b.id)",
    "signals": "SELECT count(*) FROM signal s WHERE available_at >= ? AND EXISTS (SELECT 1 FROM "
    "signal o WHERE o.token_id = s.token_id AND o.source = s.source "
    "AND o.valid_time = s.valid_time AND o.id < s.id)",
}
_ROWS = {
    "bars": "SELECT count(DISTINCT token_id || ' ' || open_time) FROM bar WHERE interval = '1h'",
    "signals": "SELECT count(DISTINCT token_id || ' ' || valid_time) FROM signal "
    "WHERE source = 'hourly'",
}
_VERSIONS = {
    "bars": "SELECT token_id, open_time AS time, available_at, open, high, low, close, volume "
    "FROM bar WHERE interval = '1h' AND (token_id, open_time) IN (SELECT token_id, open_time "
    "FROM bar WHERE interval = '1h' GROUP BY token_id, open_time HAVING count(*) > 1) "
    "ORDER BY token_id, open_time, id",
    "signals": "SELECT token_id, valid_time AS time, available_at, signal FROM signal "
    "WHERE source = 'hourly' AND (token_id, valid_time) IN (SELECT token_id, valid_time "
    "FROM signal WHERE source = 'hourly' GROUP BY token_id, valid_time HAVING count(*) > 1) "
    "ORDER BY token_id, valid_time, id",
}
KINDS = ("bars", "signals")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restated:
    """One row's first and last version: column -> text, and when each became known (UTC ms)."""

    kind: str
    token_id: int
    time: int
    versions: int
    first_known: int | None
    last_known: int | None
    first: dict[str, Any]
    last: dict[str, Any]


def count_since(connection: Connection, since: int) -> dict[str, int]:
    """Later versions that became known at or after an instant, by kind."""
    return {
        kind: int(connection.exec_driver_sql(_COUNT[kind], (since,)).scalar_one())
        for kind in KINDS
    }  # fmt: skip


def first_slot(connection: Connection) -> int:
    """The first slot that was frozen; 0 before there is one."""
    return int(connection.exec_driver_sql("SELECT min(slot) FROM slot").scalar() or 0)


def row_count(connection: Connection, kind: str) -> int:
    """How many hours of tokens the record has a row of, however many versions of each."""
    return int(connection.exec_driver_sql(_ROWS[kind]).scalar_one())


def restated(connection: Connection, kind: str) -> Iterator[Restated]:
    """Every row of a kind with several versions, by token and time."""
    versions: list[dict[str, Any]] = []
    for row in connection.exec_driver_sql(_VERSIONS[kind]).mappings():
        if versions and (row["token_id"], row["time"]) != _key(versions[0]):
            yield _restated(kind, versions)
            versions = []
        versions.append(dict(row))
    if versions:
        yield _restated(kind, versions)


def _key(version: dict[str, Any]) -> tuple[int, int]:
    return version["token_id"], version["time"]


def _restated(kind: str, versions: list[dict[str, Any]]) -> Restated:
    first, last = versions[0], versions[-1]
    fields = [name for name in first if name not in {"token_id", "time", "available_at"}]
    return Restated(
        kind=kind, token_id=first["token_id"], time=first["time"], versions=len(versions),
        first_known=first["available_at"], last_known=last["available_at"],
        first={name: first[name] for name in fields}, last={name: last[name] for name in fields},
    )  # fmt: skip
