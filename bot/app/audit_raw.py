"""Audit of the record: every response is read again, and its rows must be those that stand."""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, or_, select

from bot.adapters.sql.observations import SERIES, Series, sha256_text
from bot.adapters.sql.record_store import observations_of
from bot.adapters.tokenmetrics.wire_settings import WireSettings
from bot.app.audit_file import holds_secret, rows
from bot.app.audit_finding import Code, Finding, guarded, unequal, unmet
from bot.app.recorder import GOOD, read_observations
from bot.domain.values import Record

_REMEMBERED = 200_000  # rows whose last word is kept in memory instead of being looked up

Cells = tuple[tuple[str, Any], ...]


class Responses:
    """Reads the stored responses again, in the order in which they came."""

    def __init__(self, connection: Connection, wire: WireSettings, key: str | None) -> None:
        self._connection = connection
        self._wire = wire
        self._key = key
        order = "SELECT id, fetched_at FROM raw_response ORDER BY fetched_at DESC, id DESC"
        self._waiting: list[tuple[int, int]] = [(i, at) for i, at in rows(connection, order)]
        self._said: dict[tuple[str, Cells], Cells] = {}
        self.findings: list[Finding] = []
        self.counts: Counter[str] = Counter(responses=0, observations=0)

    @property
    def left(self) -> int:
        """Responses still to read."""
        return len(self._waiting)

    def until(self, instant: int) -> Record:
        """What the responses say that came by an instant and have not been read yet."""
        record = Record()
        while self._waiting and self._waiting[-1][1] <= instant:
            raw_id, _ = self._waiting.pop()
            _extend(record, self._read(raw_id))
        return record

    def _read(self, raw_id: int) -> Record:
        query = (
            "SELECT endpoint, params, status, sha256, body, fetched_at FROM raw_response "
            "WHERE id = ?"
        )
        endpoint, params, status, digest, packed, fetched_at = rows(
            self._connection, query, raw_id
        )[0]
        where = f"raw response {raw_id} ({endpoint})"
        self.counts["responses"] += 1
        try:
            body = zlib.decompress(packed)
        except (zlib.error, TypeError) as error:
            self._found([unmet(Code.RAW_BODY, where, "a compressed body", error)])
            return Record()
        found = hashlib.sha256(body).hexdigest()
        self._found(unequal(Code.RAW_BODY, f"body of {where}", digest, found))
        if holds_secret(f"{params}\n{body.decode(errors='replace')}", self._key):
            self._found(
                [unmet(Code.SECRET, where, "no key", "something that is or looks like one")]
            )
        said = Record()
        if status == GOOD:
            said = _as_kept(read_observations(endpoint, body, fetched_at, self._wire))
        self._found(guarded(where, self._compare, where, raw_id, said))
        return said

    def _found(self, findings: Iterable[Finding]) -> None:
        self.findings.extend(findings)

    def _compare(self, where: str, raw_id: int, said: Record) -> Iterator[Finding]:
        """Both ways: no stored row that the response does not say, none that it says is absent."""
        stored = observations_of(self._connection, raw_id)
        for series in SERIES:
            spoken = [_cells(series, value) for value in getattr(said, series.name)]
            kept = [_cells(series, value) for value in getattr(stored, series.name)]
            self.counts["observations"] += len(kept)
            yield from _not_said(where, series, kept, spoken)
            present = set(kept)
            for cells in spoken:
                if cells not in present and not self._said_before(series, cells, raw_id):
                    place = f"{series.name} of {where}"
                    yield unmet(Code.OBSERVATION_MISSING, place, _shown(cells), "no such row")
                self._remember(series, cells)

    def _said_before(self, series: Series, cells: Cells, raw_id: int) -> bool:
        """Whether the record said so already, which makes a row needless."""
        key, same = _part(cells, series.key), _part(cells, series.same)
        if not series.is_snapshot and self._said.get((series.name, key)) == same:
            return True
        columns = series.table.c
        query = (
            select(*(columns[name] for name in series.same))
            .where(*(columns[name] == value for name, value in key))
            .where(or_(columns.raw_id.is_(None), columns.raw_id <= raw_id))
            .order_by(columns.id.desc())
        )
        wanted = tuple(value for _, value in same)
        before = [tuple(row) for row in self._connection.execute(query)]
        return wanted in (before if series.is_snapshot else before[:1])

    def _remember(self, series: Series, cells: Cells) -> None:
        if len(self._said) > _REMEMBERED:
            self._said.clear()
        self._said[(series.name, _part(cells, series.key))] = _part(cells, series.same)


def _extend(record: Record, more: Record) -> None:
    for series in SERIES:
        getattr(record, series.name).extend(getattr(more, series.name))


def _cells(series: Series, value: Any) -> Cells:
    """An observation as its table's columns, its text by its hash."""
    row = series.to_row(value)
    if series.body is not None:
        row["content_sha256"] = sha256_text(series.body(value))
    return tuple(row.items())


def _part(cells: Cells, names: Iterable[str]) -> Cells:
    found = dict(cells)
    return tuple((name, found[name]) for name in names)


def _as_kept(record: Record) -> Record:
    """What was read, as it comes back from the record: prices cut to what is kept of them."""
    kept = Record()
    for series in SERIES:
        for value in getattr(record, series.name):
            row = SimpleNamespace(**series.to_row(value))
            if series.body is not None:
                row.body = series.body(value)
            getattr(kept, series.name).append(series.from_row(row))
    return kept


def _not_said(
    where: str, series: Series, kept: list[Cells], spoken: list[Cells]
) -> Iterator[Finding]:
    """Stored rows that the response does not say; named with what it says of the same."""
    by_key = {_part(cells, series.key): cells for cells in spoken}
    left = Counter(spoken)
    for cells in kept:
        left[cells] -= 1
        if left[cells] < 0:
            said = by_key.get(_part(cells, series.key))
            differs = [pair for pair in cells if said is None or pair not in said]
            wanted = "nothing" if said is None else _shown([p for p in said if p not in cells])
            place = f"{series.name} {_shown(_part(cells, series.key))} of {where}"
            yield unmet(Code.OBSERVATION, place, wanted or "one row", _shown(differs))


def _shown(cells: Iterable[tuple[str, Any]]) -> str:
    return ", ".join(f"{name}={value}" for name, value in cells)
