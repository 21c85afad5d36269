"""The point-in-time record in the database: raw responses, observations and slots.

Every function works inside a transaction that its caller opened (`Database.transaction`), so
that a response and what was read from it are stored together.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.dialects.sqlite import insert

from bot.adapters.sql.command_store import commands, import_commands, newest_id
from bot.adapters.sql.evidence import RAW_CELLS, add_link, seal_imports
from bot.adapters.sql.observations import SERIES, Row, Series, sha256_text
from bot.adapters.sql.packed import unpacked
from bot.adapters.sql.schema_record import bar, content, raw_body, raw_response, slot_seen
from bot.adapters.sql.settled_rows import settled_rows
from bot.domain.errors import LedgerError
from bot.domain.values import Bar, Record, Slot, Token

CHUNK_ROWS = 5000
_NOTHING: Mapping[str, int] = {}
# With the whole beginning of its index given, a maximum is found at once, however long the record.
_NEWEST = {
    "bars": "SELECT value, (SELECT max(open_time) FROM bar WHERE token_id = value "
    "AND interval = '1h') FROM json_each(?)",
    "signals": "SELECT value, (SELECT max(valid_time) FROM signal WHERE token_id = value "
    "AND source = 'hourly') FROM json_each(?)",
}

# Built once: putting a statement together takes longer than SQLite takes to run it.
_ADD_BODY = insert(raw_body).on_conflict_do_nothing()
_ADD_RAW = insert(raw_response).returning(raw_response.c.id)
_ADD_CONTENT = insert(content).on_conflict_do_nothing()
_ADD_SLOT = insert(slot_seen).on_conflict_do_nothing()
_SLOT = select(slot_seen).where(slot_seen.c.slot == bindparam("slot"))
_LAST_FREEZE = select(slot_seen.c.as_of).order_by(slot_seen.c.slot.desc()).limit(1)
_SLOTS_AFTER = select(slot_seen).where(slot_seen.c.slot > bindparam("after"))
_TOPS = select(
    *(select(func.max(series.table.c.id)).scalar_subquery() for series in SERIES),
    select(func.max(slot_seen.c.slot)).scalar_subquery(),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawResponse:
    """One answer of the provider, as it came; `params` is a JSON object without the key."""

    endpoint: str
    params: str
    status: int
    body: bytes
    fetched_at: int
    latency_ms: int
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Marks:
    """How far a reader has come, by table: the row ids (for slots the slot) it has seen."""

    seen: dict[str, int] = field(default_factory=dict)

    def of(self, name: str) -> int:
        """0 before the first row."""
        return self.seen.get(name, 0)


def add_raw(connection: Connection, raw: RawResponse) -> int:
    """Store a response; its id is what observations refer to. A body that is there is not again."""
    digest = hashlib.sha256(raw.body).hexdigest()
    connection.execute(_ADD_BODY, {"sha256": digest, "body": zlib.compress(raw.body)})
    row = {
        "endpoint": raw.endpoint, "params": raw.params, "status": raw.status, "sha256": digest,
        "fetched_at": raw.fetched_at, "latency_ms": raw.latency_ms,
        "request_id": raw.request_id,
    }  # fmt: skip
    raw_id = int(connection.execute(_ADD_RAW, row).scalar_one())
    cells = {**row, "id": raw_id}
    add_link(connection, [cells[name] for name in RAW_CELLS])
    return raw_id


def stored_body(connection: Connection, digest: str) -> bytes:
    """The compressed body of a hash; empty where it is gone."""
    query = select(raw_body.c.body).where(raw_body.c.sha256 == digest)
    return bytes(connection.execute(query).scalar() or b"")


def raw_responses(connection: Connection, after_id: int = 0) -> Iterator[tuple[int, RawResponse]]:
    """Stored responses in the order they came, with their ids.

    Raises LedgerError, naming the row, where a body is gone or no longer has its hash.
    """
    query = select(raw_response).where(raw_response.c.id > after_id).order_by(raw_response.c.id)
    for row in connection.execute(query):
        yield row.id, RawResponse(
            endpoint=row.endpoint, params=row.params, status=row.status,
            body=_plain_body(connection, row), fetched_at=row.fetched_at,
            latency_ms=row.latency_ms, request_id=row.request_id,
        )  # fmt: skip


def add_observations(
    connection: Connection, record: Record, raw_id: int | None = None
) -> dict[str, int]:
    """Store what is new of each table of a record, in its order; returns how many rows by table.

    Bars, signals and tokens that say what their latest row says add nothing. Snapshots (metrics,
    level lists, grades) add a confirmation for each instant at which they were seen.
    """
    return {
        series.name: _add(connection, series, getattr(record, series.name), raw_id)
        for series in SERIES
    }


def add_slot(connection: Connection, slot: Slot) -> Slot:
    """Freeze a slot's inputs once; returns what stands there, which may be an earlier freeze."""
    values = {"slot": slot.slot, "as_of": slot.as_of, "missed": int(slot.missed)}
    connection.execute(_ADD_SLOT, values)
    return frozen_slot(connection, slot.slot)


def frozen_slot(connection: Connection, slot: int) -> Slot:
    """A slot as it was frozen."""
    row = connection.execute(_SLOT, {"slot": slot}).one()
    return Slot(slot=row.slot, as_of=row.as_of, missed=bool(row.missed))


def last_freeze(connection: Connection) -> int:
    """When the newest slot's inputs were frozen; -1 before the first."""
    at = connection.execute(_LAST_FREEZE).scalar_one_or_none()
    return -1 if at is None else int(at)


def import_record(connection: Connection, record: Record) -> dict[str, int]:
    """Store a whole record, its slots included; returns how many rows were new by table.

    Importing it again adds nothing.
    """
    known = _slot_count(connection)
    for slot in record.slots:
        add_slot(connection, slot)
    added = add_observations(connection, record)
    seal_imports(connection)
    told = import_commands(connection, record.commands)
    return {**added, "slots": _slot_count(connection) - known, "commands": told}


def _slot_count(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(slot_seen)).scalar_one())


def load(
    connection: Connection,
    since: Marks | None = None,
    bars_from: int | None = None,
    settled: Mapping[str, int] = _NOTHING,
) -> tuple[Record, Marks]:
    """What became known after `since` (all of it without), and the marks to go on from.

    With `bars_from`, bars that open before it are left out. `settled`: series -> the instant from
    which its reader goes on: rows that then make no difference any more are left out.
    """
    marks, tops = since or Marks(), current_marks(connection)
    record = Record()
    for series in SERIES:
        if tops.of(series.name) == marks.of(series.name):
            continue
        if series.name in settled:
            rows = settled_rows(connection, series, settled[series.name])
            getattr(record, series.name).extend(series.values(rows))
            continue
        query = series.query().where(series.table.c.id > marks.of(series.name))
        if series.table is bar and bars_from is not None:
            query = query.where(bar.c.open_time >= bars_from)
        found = connection.execute(query, execution_options={"yield_per": CHUNK_ROWS})
        getattr(record, series.name).extend(series.values(found))
    slots = _SLOTS_AFTER.order_by(slot_seen.c.slot)
    for row in connection.execute(slots, {"after": marks.of("slots")}):
        record.slots.append(Slot(slot=row.slot, as_of=row.as_of, missed=bool(row.missed)))
    if tops.of("commands") != marks.of("commands"):
        record.commands.extend(commands(connection, marks.of("commands")))
    return record, tops


def load_bars(connection: Connection, bars_from: int) -> Iterator[list[Bar]]:
    """The bars that open at or after an instant, some thousands at a time."""
    series = next(series for series in SERIES if series.name == "bars")
    query = series.query().where(bar.c.open_time >= bars_from)
    rows = connection.execute(query, execution_options={"yield_per": CHUNK_ROWS})
    for part in rows.partitions():
        yield list(map(series.from_row, part))


def known_tokens(connection: Connection) -> list[Token]:
    """Every row of the token list, in the order in which it became known."""
    series = next(series for series in SERIES if series.name == "tokens")
    return list(map(series.from_row, connection.execute(series.query())))


def newest_times(
    connection: Connection, series: Literal["bars", "signals"], token_ids: Sequence[int]
) -> dict[int, int]:
    """The greatest open or valid time of each token that has any hourly row."""
    rows = connection.exec_driver_sql(_NEWEST[series], (json.dumps(list(token_ids)),))
    return {int(token_id): int(newest) for token_id, newest in rows if newest is not None}


def export_record(connection: Connection) -> Record:
    """Everything that is known, in the order in which it became known."""
    return load(connection)[0]


def observations_of(connection: Connection, raw_id: int | None) -> Record:
    """What was stored from one response; with None, what was imported."""
    record = Record()
    for series in SERIES:
        query = series.query().where(series.table.c.raw_id == raw_id)
        getattr(record, series.name).extend(series.values(connection.execute(query)))
    return record


def current_marks(connection: Connection) -> Marks:
    """The marks of a reader who has seen everything."""
    tops = connection.execute(_TOPS).one()
    names = [*(series.name for series in SERIES), "slots"]
    seen = {name: top or 0 for name, top in zip(names, tops, strict=True)}
    return Marks({**seen, "commands": newest_id(connection)})


def _plain_body(connection: Connection, row: Any) -> bytes:
    packed = stored_body(connection, row.sha256)
    if not packed:
        raise LedgerError(f"raw response {row.id}: the body is gone")
    try:
        body = unpacked(packed)
    except zlib.error as error:
        raise LedgerError(f"raw response {row.id}: the body is damaged: {error}") from None
    found = hashlib.sha256(body).hexdigest()
    if found != row.sha256:
        raise LedgerError(f"raw response {row.id}: the body hashes to {found}, not {row.sha256}")
    return body


def _add(connection: Connection, series: Series, values: list[Any], raw_id: int | None) -> int:
    rows = [{**series.to_row(value), "raw_id": raw_id} for value in values]
    if series.body is not None:
        bodies = [series.body(value) for value in values]
        for row, body in zip(rows, bodies, strict=True):
            row["content_sha256"] = sha256_text(body)
        _add_bodies(connection, bodies)
    new = _news(series, rows, _known(connection, series, rows))
    for start in range(0, len(new), CHUNK_ROWS):
        connection.execute(series.table.insert(), new[start : start + CHUNK_ROWS])
    return len(new)


def _add_bodies(connection: Connection, bodies: Sequence[str]) -> None:
    rows = [{"sha256": sha256_text(body), "body": body} for body in dict.fromkeys(bodies)]
    if rows:
        connection.execute(_ADD_CONTENT, rows)


_Known = dict[tuple[Any, ...], list[tuple[Any, ...]]]


def _known(connection: Connection, series: Series, rows: list[Row]) -> _Known:
    """What the database says about the tokens and the span of these rows, oldest first."""
    known: _Known = {}
    query, width = _known_query(series), len(series.key)
    for token_id, times in _spans(series, rows).items():
        span = (token_id,) if series.time is None else (token_id, min(times), max(times))
        for row in connection.exec_driver_sql(query, span):
            cells = tuple(row)
            known.setdefault(cells[:width], []).append(cells[width:])
    return known


def _known_query(series: Series) -> str:
    cells = ", ".join((*series.key, *series.same))
    span = "" if series.time is None else f" AND {series.time} BETWEEN ? AND ?"
    return f"SELECT {cells} FROM {series.table.name} WHERE token_id = ?{span} ORDER BY id"  # noqa: S608  our names


def _spans(series: Series, rows: list[Row]) -> dict[int, list[int]]:
    spans: dict[int, list[int]] = {}
    for row in rows:
        spans.setdefault(row["token_id"], []).append(row[series.time] if series.time else 0)
    return spans


def _news(series: Series, rows: list[Row], known: _Known) -> list[Row]:
    new = []
    for row in rows:
        key = tuple(row[name] for name in series.key)
        says = tuple(row[name] for name in series.same)
        said = known.setdefault(key, [])
        if says in (said if series.is_snapshot else said[-1:]):
            continue
        said.append(says)
        new.append(row)
    return new
