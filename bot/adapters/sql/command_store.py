"""Commands in the record: appended with an instant that no frozen slot can see, and read back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.sqlite import insert

from bot.adapters.sql.evidence import COMMANDS, chain_rows
from bot.adapters.sql.outbox_events import command_of
from bot.adapters.sql.outbox_store import post
from bot.adapters.sql.schema_command import command
from bot.adapters.sql.schema_record import slot_seen
from bot.domain.values import Command

_CONFLICT = "conflict "
_PUT_BACK = "put-back "
_DIGITS = 16  # of a hash, enough to tell one from another
_NEWEST = select(func.max(command.c.id))


def conflict_source(number: int) -> str:
    """The source under which a conflict holds its strategy's entries back."""
    return f"{_CONFLICT}{number}"


def conflict_number(source: str) -> int | None:
    """The conflict that a command speaks of; None where it is about something else."""
    number = source.removeprefix(_CONFLICT)
    return int(number) if source.startswith(_CONFLICT) and number.isdecimal() else None


def put_back_source(digest: str) -> str:
    """The source of the word that a lost entry of this hash was looked at; it holds nothing."""
    return f"{_PUT_BACK}{digest[:_DIGITS]}"


def put_back_digest(source: str) -> str | None:
    """How the hash of the lost entry begins; None where a command is about something else."""
    digest = source.removeprefix(_PUT_BACK)
    is_digest = len(digest) == _DIGITS and set(digest) <= set("0123456789abcdef")
    return digest if source.startswith(_PUT_BACK) and is_digest else None


def add_command(connection: Connection, wanted: Command) -> Command:
    """Append a command; returns it with the instant under which it stands.

    That is its own, or the first after every frozen slot's `as_of` and after the command ahead
    of it, where a clock went back or something else fell into the same millisecond. The caller's
    transaction holds the write lock, so that no slot is frozen in between.
    """
    others = (func.max(slot_seen.c.as_of), func.max(command.c.at))
    passed = [connection.execute(select(newest)).scalar() for newest in others]
    dated = replace(wanted, at=max([wanted.at, *(1 + at for at in passed if at is not None)]))
    connection.execute(insert(command).values(_cells(dated)))
    chain_rows(connection, COMMANDS)
    post(connection, command_of(dated), dated.at)
    return dated


def commands(connection: Connection, after_id: int = 0) -> list[Command]:
    """Every command behind a row, in the order in which they were given."""
    query = select(command).where(command.c.id > after_id).order_by(command.c.id)
    return [_command(row) for row in connection.execute(query)]


def newest_id(connection: Connection) -> int:
    """The row of the newest command, 0 before the first."""
    return int(connection.execute(_NEWEST).scalar() or 0)


def import_commands(connection: Connection, given: Sequence[Command]) -> int:
    """Store a record's commands as they are; those that stand there already add nothing."""
    known = set(commands(connection))
    new = [one for one in dict.fromkeys(given) if one not in known]
    _insert(connection, new)
    return len(new)


def _insert(connection: Connection, rows: Iterable[Command]) -> None:
    cells = [_cells(one) for one in rows]
    if cells:
        connection.execute(command.insert(), cells)
        chain_rows(connection, COMMANDS)


def _cells(one: Command) -> dict[str, Any]:
    return {
        "at": one.at, "kind": one.kind, "source": one.source, "strategy": one.strategy or None,
        "token_id": one.token_id, "note": one.note,
    }  # fmt: skip


def _command(row: Any) -> Command:
    return Command(
        at=row.at, kind=row.kind, source=row.source, strategy=row.strategy or "",
        token_id=row.token_id, note=row.note,
    )  # fmt: skip
