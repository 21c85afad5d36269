"""Ways to damage a ledger that its own triggers and constraints would refuse."""

# ruff: noqa: S608  the statements name tables of the schema only
from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.adapters.sql.schema import GENESIS, TRIGGERS

Damage = Callable[[sqlite3.Connection], None]


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The database without foreign keys, checks and triggers; the triggers come back at the end."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("PRAGMA legacy_alter_table = ON")
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            connection.execute(f'DROP TRIGGER "{name}"')
        yield connection
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        for trigger in TRIGGERS:
            if trigger.split('ON "')[1].split('"')[0] in tables:
                connection.execute(trigger)
    finally:
        connection.close()


def sql(*statements: str) -> Damage:
    """Statements of which each must change something, or the fault would not be there."""

    def damage(connection: sqlite3.Connection) -> None:
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, statement

    return damage


def tamper(path: Path, *statements: str) -> None:
    """Change rows of the file as a person with a tool would."""
    with opened(path) as connection:
        sql(*statements)(connection)


def run(statement: str) -> Damage:
    """A statement that changes no rows but the schema or the file."""

    def damage(connection: sqlite3.Connection) -> None:
        connection.execute(statement)

    return damage


def details(decision: str, change: Callable[[dict[str, Any]], None]) -> Damage:
    """A change in the details of the decision that a subquery names."""

    def damage(connection: sqlite3.Connection) -> None:
        query = f"SELECT id, details FROM decision WHERE id = {decision}"
        identity, text = connection.execute(query).fetchone()
        found = json.loads(text)
        change(found)
        query = "UPDATE decision SET details = ? WHERE id = ?"
        connection.execute(query, (json.dumps(found), identity))

    return damage


def both(*parts: Damage) -> Damage:
    """One damage after another."""

    def damage(connection: sqlite3.Connection) -> None:
        for part in parts:
            part(connection)

    return damage


def loosened(table: str) -> Damage:
    """The table anew with its rows, but without types, keys and constraints."""

    def damage(connection: sqlite3.Connection) -> None:
        found = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
        columns = ", ".join(f'"{column[1]}"' for column in found)
        connection.execute(f"CREATE TABLE loose ({columns})")
        connection.execute(f'INSERT INTO loose SELECT {columns} FROM "{table}"')
        connection.execute(f'DROP TABLE "{table}"')
        connection.execute(f'ALTER TABLE loose RENAME TO "{table}"')

    return damage


def packed(table: str, column: str, change: Callable[[bytes], bytes]) -> Damage:
    """A change inside the compressed content of the first row that it changes."""

    def damage(connection: sqlite3.Connection) -> None:
        rows = connection.execute(f'SELECT rowid, "{column}" FROM "{table}" ORDER BY rowid')
        for rowid, body in rows.fetchall():
            plain = zlib.decompress(body)
            changed = change(plain)
            if changed != plain:
                query = f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?'
                connection.execute(query, (zlib.compress(changed), rowid))
                return
        raise AssertionError(f"nothing to change in {table}.{column}")

    return damage


def rehashed(table: str, column: str, digest: str) -> Damage:
    """The hashes of compressed content made good, as a careful forger would."""

    def damage(connection: sqlite3.Connection) -> None:
        for rowid, body in connection.execute(
            f'SELECT rowid, "{column}" FROM "{table}"'
        ).fetchall():
            found = hashlib.sha256(zlib.decompress(body)).hexdigest()
            query = f'UPDATE "{table}" SET "{digest}" = ? WHERE rowid = ?'
            connection.execute(query, (found, rowid))

    return damage


def rehashed_bodies() -> Damage:
    """The hashes of raw bodies made good, with those of the responses that refer to them."""

    def damage(connection: sqlite3.Connection) -> None:
        for digest, body in connection.execute("SELECT sha256, body FROM raw_body").fetchall():
            found = hashlib.sha256(zlib.decompress(body)).hexdigest()
            for table in ("raw_response", "raw_body"):
                query = f"UPDATE {table} SET sha256 = ? WHERE sha256 = ?"
                connection.execute(query, (found, digest))

    return damage


def journal_lines(change: Callable[[dict[str, object]], bool]) -> Damage:
    """The first line that `change` takes, with the chain and the lines' hash made good."""

    def damage(connection: sqlite3.Connection) -> None:
        for seq, body in connection.execute(
            "SELECT seq, body FROM journal ORDER BY seq"
        ).fetchall():
            lines = [json.loads(text) for text in body.splitlines()]
            if any(change(line) for line in lines):
                texts = [json.dumps(line, sort_keys=True, separators=(",", ":")) for line in lines]
                whole = "".join(f"{text}\n" for text in texts)
                connection.execute("UPDATE journal SET body = ? WHERE seq = ?", (whole, seq))
                _rechain(connection)
                return
        raise AssertionError("no line to change")

    return damage


def _rechain(connection: sqlite3.Connection) -> None:
    before = GENESIS
    query = "SELECT seq, kind, strategy, slot, body FROM journal ORDER BY seq"
    for seq, kind, strategy, slot, body in connection.execute(query).fetchall():
        text = f"{seq}|{kind}|{strategy}|{slot}|{before}\n{body}"
        digest = hashlib.sha256(text.encode()).hexdigest()
        connection.execute(
            "UPDATE journal SET prev_hash = ?, hash = ? WHERE seq = ?", (before, digest, seq)
        )
        lines = hashlib.sha256(body.encode()).hexdigest()
        connection.execute(
            "UPDATE cycle SET lines_sha256 = ? WHERE strategy = ? AND slot = ?",
            (lines, strategy, slot),
        )
        before = digest
