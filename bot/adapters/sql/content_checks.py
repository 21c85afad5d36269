"""Whether texts and packed bodies still have the hashes beside them; SQLite keeps no checksums."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

FAULTS_MAX = 8  # told of a kind; one is enough to refuse a file
_PIECE = 1 << 16  # bytes of a packed body taken at a time
_PLAIN_PIECE = 1 << 20  # and of what they unpack to


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """Where contents stand: a table, the column of the hash, that of the content, and a name."""

    table: str
    digest: str
    content: str
    name: str  # SQL that names a row
    packed: bool = True

    def query(self) -> str:
        """Every row: its number, its hash, its name, and the content where it is plain text."""
        text = "NULL" if self.packed else self.content
        return f'SELECT rowid, {self.digest}, {self.name}, {text} FROM "{self.table}"'  # noqa: S608


_DAY = "strftime('%Y-%m-%dT%H:%M:%SZ', {} / 1000, 'unixepoch')"
_AT_SLOT = "'the inputs of ' || strategy || ' at ' || " + _DAY.format("slot")
# What decisions are made of, or were.
_READ_AGAIN = (
    _Column(table="account", digest="state_sha256", content="state",
            name="'the account of ' || strategy"),
    _Column(table="slot_input", digest="sha256", content="body", name=_AT_SLOT),
    _Column(table="content", digest="sha256", content="body",
            name="'content ' || substr(sha256, 1, 12)", packed=False),
    _Column(table="config_version", digest="config_sha256", content="body",
            name="'the configuration of ' || strategy", packed=False),
)  # fmt: skip
# What the provider answered. No decision reads it, the audit does.
_ANSWERS = (
    _Column(table="raw_body", digest="sha256", content="body",
            name="'the body of ' || coalesce((SELECT 'raw response ' || min(r.id) || ' (' || "
                 "r.endpoint || ')' FROM raw_response r WHERE r.sha256 = raw_body.sha256), "
                 "'no raw response')"),
    _Column(table="raw_response", digest="sha256", content="body",  # of the first schema
            name="'the body of raw response ' || id || ' (' || endpoint || ')'"),
)  # fmt: skip


def content_faults(connection: sqlite3.Connection) -> list[str]:
    """What no longer has its hash of that which slots are stepped from; some of them, in words."""
    return list(islice(_faults(connection, _READ_AGAIN), FAULTS_MAX))


def answer_faults(connection: sqlite3.Connection) -> list[str]:
    """Which of the provider's answers no longer has its hash; some of them, in words.

    One piece of one body is in memory at a time, whatever it unpacks to.
    """
    return list(islice(_faults(connection, _ANSWERS), FAULTS_MAX))


def _faults(connection: sqlite3.Connection, columns: tuple[_Column, ...]) -> Iterator[str]:
    for column in columns:
        names = {row[1] for row in connection.execute(f'PRAGMA table_info("{column.table}")')}
        if not {column.digest, column.content} <= names:  # another schema
            continue
        for row_id, digest, name, text in connection.execute(column.query()):
            if column.packed:
                found = _packed_sha256(connection, column, row_id)
            else:
                found = hashlib.sha256(str(text).encode()).hexdigest()
            if found != digest:
                yield f"{name} no longer has its hash"


def _packed_sha256(connection: sqlite3.Connection, column: _Column, row_id: int) -> str:
    """The hash of what a packed body unpacks to; empty for one that does not, or not to its end."""
    digest, unpacker = hashlib.sha256(), zlib.decompressobj()
    with connection.blobopen(column.table, column.content, row_id, readonly=True) as body:
        piece = body.read(_PIECE)
        while piece and not unpacker.eof:
            try:
                digest.update(unpacker.decompress(piece, _PLAIN_PIECE))
            except zlib.error:
                return ""
            piece = unpacker.unconsumed_tail or body.read(_PIECE)
    return digest.hexdigest() if unpacker.eof and not unpacker.unused_data else ""
