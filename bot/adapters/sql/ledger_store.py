"""Writing the ledger: one slot of one strategy, whole or not at all, once."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import fields, replace
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Table, bindparam, case, func, select
from sqlalchemy.dialects.sqlite import insert

from bot.adapters.sql import schema_ledger as ledger
from bot.adapters.sql.alert_store import keep_alerts
from bot.adapters.sql.command_store import add_command, conflict_source
from bot.adapters.sql.evidence import JOURNAL, move_head, note_tenure
from bot.adapters.sql.ledger_read import watermark
from bot.adapters.sql.ledger_rows import CycleCommit, CycleRow, JournalEntry
from bot.adapters.sql.lock import renew_lease
from bot.adapters.sql.outbox_events import anchor_of, conflict_of
from bot.adapters.sql.outbox_store import open_outbox, post
from bot.adapters.sql.schema import GENESIS
from bot.adapters.sql.schema_record import slot_input
from bot.domain.errors import LedgerError
from bot.domain.instants import format_instant
from bot.domain.values import Command

# Built once: putting a statement together takes longer than SQLite takes to run it.
_ADD_CONFIG = insert(ledger.config_version).on_conflict_do_nothing()
_ADD_CYCLE = insert(ledger.cycle).on_conflict_do_nothing().returning(ledger.cycle.c.slot)
_CYCLE = select(ledger.cycle).where(
    ledger.cycle.c.strategy == bindparam("strategy"), ledger.cycle.c.slot == bindparam("slot")
)
_LAST_ENTRY = (
    select(ledger.journal.c.seq, ledger.journal.c.hash)
    .order_by(ledger.journal.c.seq.desc())
    .limit(1)
)
_MOVED = insert(ledger.account)
_MOVE_ACCOUNT = _MOVED.on_conflict_do_update(
    index_elements=["strategy"],
    set_={name: _MOVED.excluded[name] for name in ("slot", "state_sha256", "state")},
)
_LEG = ledger.cash_entry.c
_LEGS = select(
    func.coalesce(func.sum(case((_LEG.account == "CASH", _LEG.amount), else_=0)), 0),
    func.coalesce(func.sum(_LEG.amount), 0),
).where(_LEG.strategy == bindparam("strategy"))


class Outcome(Enum):
    """What a commit found; only DONE wrote the slot's rows."""

    DONE = "done"
    ALREADY_DONE = "already done"  # the slot is recorded, and says the same
    CONFLICT = "conflict"  # the slot is recorded and says something else: the first stands
    STALE = "stale"  # the account has moved on: load it and decide again


def commit_cycle(connection: Connection, commit: CycleCommit, epoch: int, now_ms: int) -> Outcome:
    """Write one slot inside the transaction that the caller opened and will commit.

    Raises AlreadyRunningError where the lease was lost and LedgerError where an invariant or a
    constraint does not hold; the caller's transaction then rolls back and nothing was written.
    """
    renew_lease(connection, epoch, now_ms)
    row = commit.cycle_row()
    stored = _stored_cycle(connection, commit)
    if stored is not None:
        if row == stored:
            return Outcome.ALREADY_DONE
        _note_conflict(connection, commit, stored, now_ms)
        return Outcome.CONFLICT
    if watermark(connection, commit.strategy) != commit.watermark:
        return Outcome.STALE
    connection.execute(_ADD_CONFIG, cells_of(commit.config))
    if connection.execute(_ADD_CYCLE, cycle_cells(row)).scalar_one_or_none() is None:
        raise LedgerError(f"{commit.strategy}: the slot appeared within the transaction")
    _write_rows(connection, commit)
    entry = _append_journal(connection, commit)
    _write_messages(connection, commit, entry, now_ms)
    note_tenure(connection, commit.strategy, commit.slot, epoch)
    _move_account(connection, commit)
    _check_cash(connection, commit)
    return Outcome.DONE


def entry_hash(entry: JournalEntry) -> str:
    """The hash of a journal entry over all its other fields, the hash before it included."""
    head = f"{entry.seq}|{entry.kind}|{entry.strategy}|{entry.slot}|{entry.prev_hash}\n"
    return hashlib.sha256((head + entry.body).encode()).hexdigest()


def cycle_cells(row: CycleRow) -> dict[str, Any]:
    """A cycle as its table has it."""
    return {**cells_of(row), "missed": int(row.missed)}


def slot_rows(commit: CycleCommit) -> list[tuple[Table, list[dict[str, Any]]]]:
    """What a slot appends to each table that hangs on its cycle, tables referred to first.

    Its positions, journal entry, account and messages, which hang on slots before, are apart.
    """
    key = {"strategy": commit.strategy, "slot": commit.slot}
    seen = {"sha256": hashlib.sha256(commit.slot_input).hexdigest(),
            "body": zlib.compress(commit.slot_input)}  # fmt: skip
    return [
        (slot_input, [{**key, **seen}]),
        (ledger.decision, in_order(commit.decisions)),
        (ledger.order, in_order(commit.orders)),
        (ledger.fill, in_order(commit.fills)),
        (ledger.order_event, in_order(commit.order_events)),
        (ledger.cash_entry, [cells_of(row) for row in commit.cash_entries()]),
        (ledger.equity, [cells_of(commit.equity)]),
        (ledger.notice, [cells_of(row) for row in commit.notices]),
    ]


def journal_entry(commit: CycleCommit, seq: int, prev_hash: str) -> JournalEntry:
    """A slot's link of the chain, its hash included."""
    entry = JournalEntry(
        seq=seq, kind="CYCLE", strategy=commit.strategy, slot=commit.slot, body=commit.lines,
        prev_hash=prev_hash, hash="",
    )  # fmt: skip
    return replace(entry, hash=entry_hash(entry))


def account_cells(slot: int, state: bytes) -> dict[str, Any]:
    """The account after a slot as its table has it, the strategy's name apart."""
    return {
        "slot": slot,
        "state_sha256": hashlib.sha256(state).hexdigest(),
        "state": zlib.compress(state),
    }


def cells_of(row: Any) -> dict[str, Any]:
    """A row's cells by column."""
    return {field.name: getattr(row, field.name) for field in fields(row)}


def _stored_cycle(connection: Connection, commit: CycleCommit) -> CycleRow | None:
    key = {"strategy": commit.strategy, "slot": commit.slot}
    found = connection.execute(_CYCLE, key).mappings().first()
    return None if found is None else CycleRow(**{**found, "missed": bool(found["missed"])})


def _note_conflict(
    connection: Connection, commit: CycleCommit, stored: CycleRow, now_ms: int
) -> None:
    """That a second try came to something else is for people to know: no entries until then."""
    ours = commit.cycle_row()
    differing = [
        field.name for field in fields(CycleRow)
        if getattr(ours, field.name) != getattr(stored, field.name)
    ]  # fmt: skip
    pairs = {name: (getattr(stored, name), getattr(ours, name)) for name in differing}
    pairs |= _changed_orders(connection, commit)
    row = {
        "strategy": ours.strategy, "slot": ours.slot, "kind": "CYCLE",
        "expected": " ".join(f"{name}={stands}" for name, (stands, _) in pairs.items()),
        "found": " ".join(f"{name}={wanted}" for name, (_, wanted) in pairs.items()),
    }  # fmt: skip
    same = [ledger.conflict.c[name] == value for name, value in row.items()]
    if connection.execute(select(ledger.conflict.c.id).where(*same)).first() is not None:
        return
    statement = insert(ledger.conflict).values(row).returning(ledger.conflict.c.id)
    number = int(connection.execute(statement).scalar_one())
    note = f"slot {format_instant(ours.slot)} was decided twice with two results"
    pause = Command(
        at=now_ms, kind="PAUSE", source=conflict_source(number), strategy=ours.strategy, note=note
    )
    add_command(connection, pause)
    post(connection, conflict_of(row), now_ms)


def _changed_orders(connection: Connection, commit: CycleCommit) -> dict[str, tuple[str, str]]:
    """Orders of this slot whose ids stand in the ledger with other terms."""
    mine = {row.id: row.request_hash for row in commit.orders}
    columns = ledger.order.c
    query = select(columns.id, columns.request_hash).where(
        columns.strategy == commit.strategy, columns.slot == commit.slot
    )
    return {
        f"order {row.id}": (row.request_hash, mine[row.id])
        for row in connection.execute(query.order_by(columns.ordinal))
        if row.id in mine and mine[row.id] != row.request_hash
    }


def _write_rows(connection: Connection, commit: CycleCommit) -> None:
    for table, rows in slot_rows(commit):
        if rows:
            connection.execute(table.insert(), rows)
    _write_positions(connection, commit)


def _write_messages(
    connection: Connection, commit: CycleCommit, entry: JournalEntry, now_ms: int
) -> None:
    """What the slot has to tell, and at 00:00 where the journal stands."""
    open_outbox(connection, commit.strategy, commit.slot)
    anchor = anchor_of(entry, late=commit.missed)
    for row in (*commit.outbox, *([anchor] if anchor is not None else [])):
        post(connection, row, now_ms)
    if commit.alert_memory is not None:
        keep_alerts(connection, commit.strategy, commit.slot, commit.alert_memory)


def _write_positions(connection: Connection, commit: CycleCommit) -> None:
    """Closed ones first: a token may be sold and bought again in one slot."""
    for row in sorted(commit.positions, key=lambda position: position.status):
        cells = cells_of(row)
        statement = insert(ledger.position).values(cells)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["id"],
                set_={name: cell for name, cell in cells.items() if name != "id"},
            )
        )


def _append_journal(connection: Connection, commit: CycleCommit) -> JournalEntry:
    last = connection.execute(_LAST_ENTRY).first()
    seq, before = (last.seq + 1, last.hash) if last else (1, GENESIS)
    entry = journal_entry(commit, seq, before)
    connection.execute(ledger.journal.insert(), [cells_of(entry)])
    move_head(connection, JOURNAL, seq, entry.hash)
    return entry


def _move_account(connection: Connection, commit: CycleCommit) -> None:
    cells = account_cells(commit.slot, commit.state)
    connection.execute(_MOVE_ACCOUNT, {"strategy": commit.strategy, **cells})


def _check_cash(connection: Connection, commit: CycleCommit) -> None:
    """Cash is what the legs say, to the last unit; checked where it can still be undone."""
    cash, rest = connection.execute(_LEGS, {"strategy": commit.strategy}).one()
    if cash != commit.equity.cash:
        raise LedgerError(
            f"{commit.strategy}: cash by the fills is {cash}, by the engine {commit.equity.cash}"
        )
    if rest != 0:
        raise LedgerError(f"{commit.strategy}: the legs of all movements sum to {rest}, not 0")


def in_order(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """The cells of a slot's rows, numbered in their order."""
    return [{**cells_of(row), "ordinal": ordinal} for ordinal, row in enumerate(rows)]
