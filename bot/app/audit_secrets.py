"""Audit for secrets: the key itself in any dress, and what has the form or the chance of one."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

from sqlalchemy import Connection, Table

from bot.adapters.sql.packed import unpacked
from bot.app.audit_finding import Code, Finding, unmet
from bot.app.secret_forms import looks_random
from bot.domain.plurals import counted

KEY_LEAST = 16  # characters; shorter texts are numbers and names, millions of them
# Others' words stand here: names, addresses and request ids of any form are lawful.
_FOREIGN = frozenset({
    "raw_response.request_id", "token_seen.symbol", "token_seen.name", "token_seen.sector",
    "token_seen.category", "signal.signal", "content.body", "outbox.body",
})  # fmt: skip
_NAMED = 5  # rows of one column that are named


def check_secrets(
    connection: Connection, table: Table, is_secret: Callable[[str], bool]
) -> Iterator[Finding]:
    """No text and no packed body that is a secret or looks like one; raw bodies are read elsewhere.

    Names the rows, never the secret.
    """
    for column in table.columns:
        kind = str(column.type).upper()
        if kind == "TEXT":
            yield from _check_texts(connection, table, column.name, is_secret)
        elif kind == "BLOB" and table.name != "raw_response":
            yield from _check_blobs(connection, table, column.name, is_secret)


def _check_texts(
    connection: Connection, table: Table, name: str, is_secret: Callable[[str], bool]
) -> Iterator[Finding]:
    place = f"{table.name}.{name}"
    query = (
        f'SELECT rowid, "{name}" FROM "{table.name}" '  # noqa: S608  our names
        f'WHERE length("{name}") >= {KEY_LEAST}'
    )
    is_ours = place not in _FOREIGN
    found = [
        rowid
        for rowid, text in connection.exec_driver_sql(query)
        if is_secret(str(text)) or (is_ours and looks_random(str(text)))
    ]
    yield from _named(place, found)


def _check_blobs(
    connection: Connection, table: Table, name: str, is_secret: Callable[[str], bool]
) -> Iterator[Finding]:
    query = f'SELECT rowid, "{name}" FROM "{table.name}"'  # noqa: S608  our names
    found = []
    for rowid, body in connection.exec_driver_sql(query):
        text = _plain(body)
        if is_secret(text):
            found.append(rowid)
    yield from _named(f"{table.name}.{name}", found)


def _plain(body: object) -> str:
    if not isinstance(body, bytes):
        return str(body)
    try:
        return unpacked(body).decode(errors="replace")
    except zlib.error:  # named by the checks of hashes
        return body.decode(errors="replace")


def _named(place: str, found: list[int]) -> Iterator[Finding]:
    if found:
        shown = ", ".join(map(str, found[:_NAMED])) + (", ..." if len(found) > _NAMED else "")
        rule = "no key and nothing that looks like one"
        yield unmet(
            Code.SECRET, f"{place} row {shown}", rule, counted(len(found), "row") + " with one"
        )
