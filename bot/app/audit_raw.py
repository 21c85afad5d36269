"""Audit of the record: every response is read again, and its rows must be those that stand."""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, or_, select

from bot.adapters.sql.observations import SERIES, Row, Series, sha256_text
from bot.adapters.sql.packed import unpacked
from bot.adapters.sql.record_store import observations_of
from bot.adapters.tokenmetrics.wire_settings import WireSettings
from bot.app.audit_file import rows
from bot.app.audit_finding import Code, Finding, guarded, unequal, unmet
from bot.app.audit_pruned import Prunings
from bot.app.audit_reading import Reader, Said, key_of, same_of
from bot.app.recorder import GOOD, read_observations
from bot.domain.plurals import counted
from bot.domain.values import Record

_REMEMBERED = 200_000  # rows whose last word is kept in memory instead of being looked up

_END = 1 << 62

Cells = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A stored response while it is read."""

    where: str
    raw_id: int
    endpoint: str


@dataclass(slots=True, kw_only=True)
class Compared:
    """One kind of rows of a response, against those that stand under it."""

    series: Series
    kept: int = 0
    findings: list[Finding] = field(default_factory=list)
    words: Said = field(default_factory=dict)
    fresh: list[Row] = field(default_factory=list)


class Responses:
    """Reads the stored responses again, in the order in which they came."""

    def __init__(
        self, connection: Connection, wire: WireSettings, is_secret: Callable[[str], bool]
    ) -> None:
        self._connection = connection
        self._wire = wire
        self._is_secret = is_secret
        order = "SELECT id, fetched_at FROM raw_response ORDER BY fetched_at DESC, id DESC"
        self._waiting: list[tuple[int, int]] = [(i, at) for i, at in rows(connection, order)]
        self._said: Said = {}
        self._reader = Reader(wire, self._said)
        self._pruned = Prunings(connection)
        self._compared: set[tuple[str, int]] = set()
        self.findings: list[Finding] = []
        self.counts: Counter[str] = Counter()

    def until(self, instant: int) -> Record:
        """What the responses newly say that came by an instant and have not been read yet."""
        record = Record()
        while self._waiting and self._waiting[-1][1] <= instant:
            raw_id, _ = self._waiting.pop()
            self.findings += guarded(f"raw response {raw_id}", self._one, raw_id, record)
        return record

    def finish(self) -> None:
        """Read what is left; rows that stand under a response which says nothing of their kind."""
        self.until(_END)
        for series in SERIES:
            query = f"SELECT raw_id, count(*) FROM {series.table.name} GROUP BY raw_id"  # noqa: S608
            for raw_id, count in rows(self._connection, query):
                if raw_id is not None and (series.name, raw_id) not in self._compared:
                    where = f"{series.name} of raw response {raw_id}"
                    self.findings.append(
                        unmet(Code.OBSERVATION, where, "no row", counted(count, "row"))
                    )

    def _one(self, raw_id: int, record: Record) -> Iterator[Finding]:
        yield from ()
        self._read(raw_id, record)

    def _read(self, raw_id: int, record: Record) -> None:
        query = (
            "SELECT endpoint, status, r.sha256, body, fetched_at FROM raw_response r "
            "LEFT JOIN raw_body b ON b.sha256 = r.sha256 WHERE r.id = ?"
        )
        endpoint, status, digest, packed, fetched_at = rows(self._connection, query, raw_id)[0]
        where = f"raw response {raw_id} ({endpoint})"
        if packed is None and self._pruned.covers(raw_id, fetched_at):
            self._take_as_it_stands(raw_id, record)
            return
        self.counts["responses"] += 1
        try:
            body = unpacked(packed)
        except (zlib.error, TypeError) as error:
            self.findings.append(unmet(Code.RAW_BODY, where, "a compressed body", error))
            return
        found = hashlib.sha256(body).hexdigest()
        self.findings += unequal(Code.RAW_BODY, f"body of {where}", digest, found)
        if self._is_secret(body.decode(errors="replace")):
            self.findings.append(unmet(Code.SECRET, where, "no key", "one, or what looks like one"))
        if status != GOOD:
            return
        answer = Answer(where=where, raw_id=raw_id, endpoint=str(endpoint))
        said = self._reader.fresh(answer.endpoint, body, found, fetched_at)
        compared = self._compare_all(answer, said)
        if any(one.findings for one in compared):  # memory never decides
            said = read_observations(answer.endpoint, body, fetched_at, self._wire)
            compared = self._compare_all(answer, said)
        for one in compared:
            self._accept(answer, one, record)

    def _take_as_it_stands(self, raw_id: int, record: Record) -> None:
        """Rows of a response whose body was let go: what stands is all that there is."""
        self.counts["pruned"] += 1
        kept = observations_of(self._connection, raw_id)
        for series in SERIES:
            self._compared.add((series.name, raw_id))
            getattr(record, series.name).extend(getattr(kept, series.name))

    def _compare_all(self, answer: Answer, said: Record) -> list[Compared]:
        compared = []
        for series in SERIES:
            values = getattr(said, series.name)
            if values:
                one = Compared(series=series)
                place = f"{series.name} of {answer.where}"
                one.findings += guarded(place, self._compare, place, answer.raw_id, values, one)
                compared.append(one)
        return compared

    def _accept(self, answer: Answer, one: Compared, record: Record) -> None:
        """Note what was said and is new."""
        self.findings += one.findings
        self.counts["observations"] += one.kept
        self._compared.add((one.series.name, answer.raw_id))
        if len(self._said) > _REMEMBERED:
            self._said.clear()
        self._said.update(one.words)
        getattr(record, one.series.name).extend(
            one.series.from_row(SimpleNamespace(**row)) for row in one.fresh
        )

    def _compare(
        self, where: str, raw_id: int, values: list[Any], one: Compared
    ) -> Iterator[Finding]:
        """Both ways: no stored row that the response does not say, none that it says is absent."""
        series = one.series
        spoken = [_row(series, value) for value in values]
        query = series.query().where(series.table.c.raw_id == raw_id)
        kept = [_row(series, series.from_row(row)) for row in self._connection.execute(query)]
        one.kept = len(kept)
        said, stands = Counter(map(_cells, spoken)), Counter(map(_cells, kept))
        for row in kept:
            if stands[_cells(row)] > said[_cells(row)]:
                yield _not_said(where, series, row, spoken)
        for row in spoken:
            key, same = key_of(series, row), same_of(series, row)
            before = one.words.get(key, self._said.get(key))
            one.words[key] = same
            if _cells(row) not in stands:
                if before == same and not series.is_snapshot:
                    continue
                if self._said_before(series, row, raw_id):
                    continue
                shown = _shown(row.items())
                yield unmet(Code.OBSERVATION_MISSING, where, shown, "no such row")
            one.fresh.append(row)

    def _said_before(self, series: Series, row: Row, raw_id: int) -> bool:
        """Whether the record said so already, which makes a further row needless."""
        columns = series.table.c
        query = (
            select(*(columns[name] for name in series.same))
            .where(*(columns[name] == row[name] for name in series.key))
            .where(or_(columns.raw_id.is_(None), columns.raw_id <= raw_id))
            .order_by(columns.id.desc())
        )
        before = [tuple(found) for found in self._connection.execute(query)]
        return same_of(series, row) in (before if series.is_snapshot else before[:1])


def _row(series: Series, value: Any) -> Row:
    """An observation as its table keeps it, with its text and the text's hash."""
    row = series.to_row(value)
    if series.body is not None:
        row["body"] = series.body(value)
        row["content_sha256"] = sha256_text(row["body"])
    return row


def _cells(row: Row) -> Cells:
    return tuple(row.values())


def _not_said(where: str, series: Series, row: Row, spoken: list[Row]) -> Finding:
    """A stored row that its response does not say, with what that says of the same."""
    same = [said for said in spoken if key_of(series, said) == key_of(series, row)]
    place = f"{where}: {_shown((name, row[name]) for name in series.key)}"
    if not same:
        return unmet(Code.OBSERVATION, place, "nothing", _shown(row.items()))
    said = same[-1]
    names = [name for name in row if row[name] != said[name]]
    expected = _shown((name, said[name]) for name in names) or "one row"
    found = _shown((name, row[name]) for name in names) or "several"
    return unmet(Code.OBSERVATION, place, expected, found)


def _shown(cells: Iterable[tuple[str, Any]]) -> str:
    return ", ".join(f"{name}={value}" for name, value in cells)
