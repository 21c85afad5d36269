"""Audit of the database file: SQLite's own checks, schema, types, instants, secrets, identity."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from sqlalchemy import CheckConstraint, Column, Connection, Table, create_engine

from bot.adapters.sql.schema import TRIGGERS, metadata
from bot.app.audit_finding import Code, Finding, unequal, unmet
from bot.domain.instants import EARLIEST, HOUR, LATEST

WAL_RESET = ((3, 7, 0), (3, 51, 2))
KEY_LEAST = 16  # characters; shorter texts are numbers and names, millions of them
KEY_LIKE = re.compile(r"tm-[A-Za-z0-9][A-Za-z0-9-]{15,}")
_FOREIGN = ("sqlite_", "alembic_version", "_litestream_")
_SLOTS = frozenset({"slot", "opened_slot", "closed_slot", "derived_at"})
_INSTANTS = _SLOTS | {
    "as_of", "fetched_at", "available_at", "valid_time", "open_time", "seen_at", "eligible_from",
    "edge_time", "day", "started_at", "heartbeat", "sent_at", "last_success",
}  # fmt: skip
_TYPES = {"INTEGER": "integer", "TEXT": "text", "BLOB": "blob"}
_WITHIN = 8  # problems of one kind that SQLite is asked for

Found = list[tuple[Any, ...]]
IsSecret = Callable[[str], bool]


def rows(connection: Connection, query: str, *parameters: object) -> Found:
    """The rows of a plain SQL query."""
    return [tuple(row) for row in connection.exec_driver_sql(query, parameters).fetchall()]


def check_file(connection: Connection) -> Iterator[Finding]:
    """Pages, constraints, foreign keys and the way the file is written (invariant 1)."""
    for (message,) in rows(connection, f"PRAGMA integrity_check({_WITHIN})"):
        if message != "ok":
            yield unmet(Code.INTEGRITY, "integrity_check", "ok", message)
    for table, rowid, parent, _ in rows(connection, "PRAGMA foreign_key_check")[:_WITHIN]:
        yield unmet(Code.ORPHAN, f"{table} row {rowid}", f"a row of {parent}", "none")
    mode = rows(connection, "PRAGMA journal_mode")[0][0]
    yield from unequal(Code.INTEGRITY, "journal_mode", "wal", mode)


def check_rules(connection: Connection) -> Iterator[Finding]:
    """The schema's own rules row by row: SQLite forgets them in a database opened read-only."""
    for table in metadata.sorted_tables:
        rules = [rule for rule in table.constraints if isinstance(rule, CheckConstraint)]
        if rules:
            broken = ", ".join(f"sum(NOT ({rule.sqltext}))" for rule in rules)
            counts = rows(connection, f'SELECT {broken} FROM "{table.name}"')[0]  # noqa: S608  ours
            for rule, count in zip(rules, counts, strict=True):
                if count:
                    where = f"{count} rows of {table.name}"
                    yield unmet(Code.INTEGRITY, where, str(rule.sqltext), "another value")


def version_notes() -> list[str]:
    """A warning where this SQLite may damage a database that two connections write."""
    low, high = WAL_RESET
    if not low <= sqlite3.sqlite_version_info <= high:
        return []
    return [
        f"SQLite {sqlite3.sqlite_version} has the WAL-reset bug (fixed in 3.51.3): let no second "
        f"program write to this database"
    ]


def check_schema(connection: Connection) -> Iterator[Finding]:
    """Tables, indexes, triggers and their text as this version makes them (invariant 2)."""
    expected, found = _expected_schema(), _schema(connection)
    for name in sorted(expected.keys() | found.keys()):
        where = " ".join(name)
        if name not in found:
            yield unmet(Code.SCHEMA, where, "to be there", "nothing")
        elif name not in expected:
            yield unmet(Code.SCHEMA, where, "nothing", found[name])
        else:
            yield from unequal(Code.SCHEMA, where, expected[name], found[name])


@cache
def _expected_schema() -> dict[tuple[str, str], str]:
    engine = create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            metadata.create_all(connection)
            for trigger in TRIGGERS:
                connection.exec_driver_sql(trigger)
            return _schema(connection)
    finally:
        engine.dispose()


def _schema(connection: Connection) -> dict[tuple[str, str], str]:
    found = rows(connection, "SELECT type, name, coalesce(sql, '') FROM sqlite_master")
    return {
        (kind, name): re.sub(r"[\s\"]+", " ", sql).replace(" ,", ",").strip()
        for kind, name, sql in found
        if not name.startswith(_FOREIGN)
    }


def check_types(connection: Connection) -> Iterator[Finding]:
    """Every value of its column's type, none absent that must be there (invariant 31)."""
    for table in metadata.sorted_tables:
        columns = list(table.columns)
        counts = ", ".join(f"sum({_is_wrong(column)})" for column in columns)
        wrong = rows(connection, f'SELECT {counts} FROM "{table.name}"')[0]  # noqa: S608  our names
        for column, count in zip(columns, wrong, strict=True):
            if count:
                kind = str(column.type).upper()
                found = f"{count} other values"
                yield unmet(Code.TYPE, f"{table.name}.{column.name}", kind, found)


def _is_wrong(column: Column[Any]) -> str:
    lawful = [_TYPES[str(column.type).upper()]] + (["null"] if column.nullable else [])
    return f'typeof("{column.name}") NOT IN ({", ".join(repr(kind) for kind in lawful)})'


def check_instants(connection: Connection) -> Iterator[Finding]:
    """UTC milliseconds of this century, slots on the hour (invariant 30)."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if column.name in _INSTANTS:
                yield from _instants_of(connection, table, column.name)


def _instants_of(connection: Connection, table: Table, name: str) -> Iterator[Finding]:
    rule = f'"{name}" NOT BETWEEN {EARLIEST} AND {LATEST}'
    if name in _SLOTS:
        rule += f' OR "{name}" % {HOUR} <> 0'
    query = f'SELECT "{name}" FROM "{table.name}" WHERE {rule} LIMIT {_WITHIN}'  # noqa: S608  ours
    wanted = "a whole hour" if name in _SLOTS else "an instant"
    for (value,) in rows(connection, query):
        yield unmet(Code.TIMESTAMP, f"{table.name}.{name}", f"{wanted} of 2000 to 2100", value)


def check_secrets(connection: Connection, is_secret: IsSecret) -> Iterator[Finding]:
    """No text that is the key or looks like one (invariant 32); raw bodies are read elsewhere."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if str(column.type).upper() == "TEXT":
                query = (
                    f'SELECT "{column.name}" FROM "{table.name}" '  # noqa: S608  our names
                    f'WHERE length("{column.name}") >= {KEY_LEAST}'
                )
                if any(is_secret(str(text)) for (text,) in connection.exec_driver_sql(query)):
                    where = f"{table.name}.{column.name}"
                    yield unmet(Code.SECRET, where, "no key", "one, or what looks like one")


def looks_like_key(text: str) -> bool:
    """Whether a text holds something of the form of the provider's keys."""
    return KEY_LIKE.search(text) is not None


def check_identity(connection: Connection) -> Iterator[Finding]:
    """One ledger, one identity (invariant 34)."""
    found = rows(connection, "SELECT value FROM meta WHERE key = 'ledger_id'")
    if len(found) != 1 or not re.fullmatch(r"[0-9a-f]{32}", str(found[0][0])):
        shown = [str(value) for (value,) in found]
        yield unmet(Code.META, "meta.ledger_id", "one identity of 32 hex digits", shown)
