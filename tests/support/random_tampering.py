"""Random damage, from a seed: one cell changed or one row deleted, anywhere in a database."""

from __future__ import annotations

import random
import sqlite3
import string
from dataclasses import dataclass

from bot.adapters.sql.schema import metadata


@dataclass(frozen=True, slots=True)
class Tampering:
    """What was done to a database, in words."""

    table: str
    column: str  # "" where the row was deleted
    rowid: int
    before: object
    after: object

    def __str__(self) -> str:
        if not self.column:
            return f"{self.table} row {self.rowid} deleted"
        return f"{self.table}.{self.column} row {self.rowid}: {self.before!r} -> {self.after!r}"


def tables_with_rows(connection: sqlite3.Connection) -> list[str]:
    """The tables of the schema that hold anything."""
    return [
        table.name
        for table in metadata.sorted_tables
        if connection.execute(f'SELECT 1 FROM "{table.name}" LIMIT 1').fetchone()  # noqa: S608
    ]


def tamper(
    connection: sqlite3.Connection, table: str, columns: list[str], chance: random.Random
) -> Tampering:
    """Delete a row now and then, else change a cell of one of the columns to something else."""
    rowids = [rowid for (rowid,) in connection.execute(f'SELECT rowid FROM "{table}"')]  # noqa: S608
    rowid = chance.choice(rowids)
    if chance.random() < 0.2:
        connection.execute(f'DELETE FROM "{table}" WHERE rowid = ?', (rowid,))  # noqa: S608
        return Tampering(table, "", rowid, None, None)
    column = chance.choice(columns)
    query = f'SELECT "{column}" FROM "{table}" WHERE rowid = ?'  # noqa: S608
    (before,) = connection.execute(query, (rowid,)).fetchone()
    kind = str(metadata.tables[table].columns[column].type).upper()
    after = another(before, kind, chance)
    while after == before:
        after = another(before, kind, chance)
    query = f'UPDATE OR IGNORE "{table}" SET "{column}" = ? WHERE rowid = ?'  # noqa: S608
    if connection.execute(query, (after, rowid)).rowcount == 0:  # a key that is there already
        return tamper(connection, table, columns, chance)
    return Tampering(table, column, rowid, _short(before), _short(after))


def another(value: object, kind: str, chance: random.Random) -> object:
    """Another value of the same kind: near, far, or with one sign changed."""
    if kind == "INTEGER":
        number = value if isinstance(value, int) else 0
        return chance.choice(
            [number + 1, number - 1, number + 3_600_000, number * 2 + 1, 0, chance.getrandbits(40)]
        )
    if kind == "BLOB":
        body = bytearray(value if isinstance(value, bytes) else b"\0")
        at = chance.randrange(len(body))
        body[at] ^= 1 << chance.randrange(8)
        return bytes(body)
    text = value if isinstance(value, str) else ""
    if not text or chance.random() < 0.1:
        return text + chance.choice(string.digits)
    at = chance.randrange(len(text))
    signs = string.digits if text[at].isdigit() else string.ascii_letters
    return text[:at] + chance.choice(signs) + text[at + 1 :]


def _short(value: object) -> object:
    return value if not isinstance(value, bytes | str) or len(value) < 80 else value[:80]
