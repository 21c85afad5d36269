"""Audit of the database file: SQLite's own checks, schema, types and instants."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import CheckConstraint, Column, Connection, Table, create_engine

from bot.adapters.sql.schema import TRIGGERS, metadata
from bot.app.audit_finding import Code, Finding, unequal, unmet
from bot.domain.instants import EARLIEST, HOUR, LATEST

WAL_RESET = ((3, 7, 0), (3, 51, 2))
_FOREIGN = ("sqlite_", "alembic_version", "_litestream_")
_TYPES = {"INTEGER": "integer", "TEXT": "text", "BLOB": "blob"}
_WITHIN = 8  # problems of one kind that SQLite is asked for

Found = list[tuple[Any, ...]]


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


def check_rules(connection: Connection, table: Table) -> Iterator[Finding]:
    """A table's own rules row by row: SQLite forgets them in a database opened read-only."""
    for rule in _rules(table):
        query = f'SELECT rowid FROM "{table.name}" WHERE NOT ({rule})'  # noqa: S608  our names
        broken = [rowid for (rowid,) in rows(connection, query)]
        if broken:
            where = f"{table.name} row {broken[0]}"
            where += f" and {len(broken) - 1} more" if broken[1:] else ""
            yield unmet(Code.INTEGRITY, where, rule, "another value")


@cache
def _rules(table: Table) -> list[str]:
    return [str(rule.sqltext) for rule in table.constraints if isinstance(rule, CheckConstraint)]


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


def check_types(connection: Connection, table: Table) -> Iterator[Finding]:
    """Every value of its column's type, none absent that must be there (invariant 31)."""
    columns = list(table.columns)
    counts = ", ".join(f"sum({_is_wrong(column)})" for column in columns)
    wrong = rows(connection, f'SELECT {counts} FROM "{table.name}"')[0]  # noqa: S608  our names
    for column, count in zip(columns, wrong, strict=True):
        if count:
            query = f'SELECT rowid FROM "{table.name}" WHERE {_is_wrong(column)} LIMIT 1'  # noqa: S608
            ((rowid,),) = rows(connection, query)
            where = f"{table.name}.{column.name} row {rowid}"
            found = f"{count} other values" if count > 1 else "another value"
            yield unmet(Code.TYPE, where, str(column.type).upper(), found)


def check_finite(connection: Connection, table: Table) -> Iterator[Finding]:
    """No NaN and no infinity among the numbers of JSON texts (invariant 31)."""
    for column in table.columns:
        if str(column.type).upper() == "TEXT":
            query = (
                f'SELECT rowid, "{column.name}" FROM "{table.name}" '  # noqa: S608  our names
                f"WHERE \"{column.name}\" GLOB '[[{{]*' AND "
                f"(\"{column.name}\" GLOB '*NaN*' OR \"{column.name}\" GLOB '*Infinity*')"
            )
            for rowid, text in rows(connection, query):
                if _holds_constant(text):
                    where = f"{table.name}.{column.name} row {rowid}"
                    yield unmet(Code.TYPE, where, "finite numbers", "NaN or Infinity")


def _holds_constant(text: str) -> bool:
    found: list[str] = []
    for line in text.splitlines():
        try:
            json.loads(line, parse_constant=found.append)
        except ValueError:
            continue  # named where it is read
    return bool(found)


def _is_wrong(column: Column[Any]) -> str:
    lawful = [_TYPES[str(column.type).upper()]] + (["null"] if column.nullable else [])
    return f'typeof("{column.name}") NOT IN ({", ".join(repr(kind) for kind in lawful)})'


def check_instants(connection: Connection, table: Table) -> Iterator[Finding]:
    """UTC milliseconds of this century, slots on the hour (invariant 30)."""
    for column, is_slot in _clocks(table).items():
        yield from _instants_of(connection, table, column, is_slot=is_slot)


def _clocks(table: Table) -> dict[str, bool]:
    """The columns of a table that hold instants by their rules, and whether these are slots."""
    form = rf"(\w+) BETWEEN {EARLIEST} AND {LATEST}(.*)"
    ranged = (re.fullmatch(form, rule) for rule in _rules(table))
    return {found[1]: f"% {HOUR}" in found[2] for found in ranged if found is not None}


def _instants_of(
    connection: Connection, table: Table, name: str, *, is_slot: bool
) -> Iterator[Finding]:
    rule = f'"{name}" NOT BETWEEN {EARLIEST} AND {LATEST}'
    if is_slot:
        rule += f' OR "{name}" % {HOUR} <> 0'
    query = f'SELECT rowid, "{name}" FROM "{table.name}" WHERE {rule} LIMIT {_WITHIN}'  # noqa: S608
    wanted = "a whole hour" if is_slot else "an instant"
    for rowid, value in rows(connection, query):
        where = f"{table.name}.{name} row {rowid}"
        yield unmet(Code.TIMESTAMP, where, f"{wanted} of 2000 to 2100", value)
