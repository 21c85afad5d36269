"""Reading the ledger: rows as plain values, in the order in which they were recorded."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Select, Table, bindparam, func, select

from bot.adapters.sql import schema_ledger as ledger
from bot.adapters.sql.ledger_rows import (
    AccountState,
    CashEntry,
    ConfigVersion,
    CycleRow,
    DecisionRow,
    EquityRow,
    FillRow,
    JournalEntry,
    NoticeRow,
    OrderEventRow,
    OrderRow,
    PositionRow,
)
from bot.adapters.sql.packed import unpacked
from bot.domain.errors import LedgerError

R = TypeVar("R")
# Asked for several times in a slot, so put together once.
_OURS = ledger.account.c.strategy == bindparam("strategy")
_WATERMARK = select(ledger.account.c.slot).where(_OURS)
_ACCOUNT = select(ledger.account).where(_OURS)
_STRATEGIES = select(ledger.account.c.strategy).order_by(ledger.account.c.strategy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which rows: of one strategy, one token, and of slots in [start, end); None: all."""

    strategy: str | None = None
    token_id: int | None = None
    start: int | None = None
    end: int | None = None


ALL = Span()


def strategies(connection: Connection) -> list[str]:
    """Names of the strategies that have an account."""
    return list(connection.execute(_STRATEGIES).scalars())


def account(connection: Connection, strategy: str) -> AccountState | None:
    """The account after its last slot; None before the first.

    Raises LedgerError where the stored state is damaged or no longer has its hash.
    """
    row = connection.execute(_ACCOUNT, {"strategy": strategy}).first()
    if row is None:
        return None
    try:
        state = unpacked(row.state)
    except zlib.error as error:
        raise LedgerError(f"{strategy}: the stored account is damaged: {error}") from None
    if hashlib.sha256(state).hexdigest() != row.state_sha256:
        raise LedgerError(f"{strategy}: the stored account state does not have its hash")
    return AccountState(strategy=row.strategy, slot=row.slot, state=state)


def watermark(connection: Connection, strategy: str) -> int | None:
    """The last slot that is done; None before the first."""
    found = connection.execute(_WATERMARK, {"strategy": strategy}).scalar()
    return None if found is None else int(found)


def configs(connection: Connection) -> dict[tuple[str, int], ConfigVersion]:
    """(config_sha256, rules_version) -> the configuration that slots name."""
    rows = _read(connection, select(ledger.config_version), ConfigVersion)
    return {(row.config_sha256, row.rules_version): row for row in rows}


def cycles(connection: Connection, span: Span = ALL) -> list[CycleRow]:
    """Processed slots, by strategy and slot."""
    rows = connection.execute(_spanned(ledger.cycle, span)).mappings()
    return [CycleRow(**{**row, "missed": bool(row["missed"])}) for row in rows]


def decisions(connection: Connection, span: Span = ALL) -> list[DecisionRow]:
    """Decisions, refusals included."""
    return _read(connection, _spanned(ledger.decision, span), DecisionRow)


def orders(connection: Connection, span: Span = ALL) -> list[OrderRow]:
    """Orders as decided."""
    return _read(connection, _spanned(ledger.order, span), OrderRow)


def fills(connection: Connection, span: Span = ALL) -> list[FillRow]:
    """Fills by the slot that booked them."""
    return _read(connection, _spanned(ledger.fill, span), FillRow)


def order_events(connection: Connection, span: Span = ALL) -> list[OrderEventRow]:
    """Cancels, resizes and triggers."""
    return _read(connection, _spanned(ledger.order_event, span), OrderEventRow)


def equity(connection: Connection, span: Span = ALL) -> list[EquityRow]:
    """The equity curve."""
    return _read(connection, _spanned(ledger.equity, span), EquityRow)


def notices(connection: Connection, span: Span = ALL) -> list[NoticeRow]:
    """Events of the input."""
    return _read(connection, _spanned(ledger.notice, span), NoticeRow)


def cash_entries(connection: Connection, span: Span = ALL) -> list[CashEntry]:
    """Legs of all movements of money."""
    return _read(connection, _spanned(ledger.cash_entry, span), CashEntry)


def positions(connection: Connection, span: Span = ALL) -> list[PositionRow]:
    """Positions, open and closed, by the slot that opened them."""
    query = _spanned(ledger.position, span, "opened_slot")
    return _read(connection, query, PositionRow)


def conflicts(connection: Connection) -> list[dict[str, Any]]:
    """Second tries at a slot that came to something else; empty in a sound ledger."""
    query = select(ledger.conflict).order_by(ledger.conflict.c.id)
    return [dict(row) for row in connection.execute(query).mappings()]


def journal(connection: Connection) -> Iterator[JournalEntry]:
    """The chain from its first entry on."""
    query = select(ledger.journal).order_by(ledger.journal.c.seq)
    for row in connection.execute(query).mappings():
        yield JournalEntry(**row)


def journal_bodies(connection: Connection, strategy: str) -> Iterator[str]:
    """A strategy's canonical lines, slot by slot: what its ledger hash is over."""
    query = select(ledger.journal.c.body).where(ledger.journal.c.strategy == strategy)
    yield from connection.execute(query.order_by(ledger.journal.c.slot)).scalars()


def journal_bodies_at(connection: Connection, strategy: str, slot: int) -> Iterator[str]:
    """The canonical lines of one slot."""
    columns = ledger.journal.c
    query = select(columns.body).where(columns.strategy == strategy, columns.slot == slot)
    yield from connection.execute(query).scalars()


def counts(connection: Connection) -> dict[str, int]:
    """Rows by table of the ledger."""
    tables = (
        ledger.cycle, ledger.decision, ledger.order, ledger.fill, ledger.order_event,
        ledger.position, ledger.journal,
    )  # fmt: skip
    return {
        table.name: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
        for table in tables
    }


def _spanned(table: Table, span: Span, slot: str = "slot") -> Select[Any]:
    columns = table.c
    ties = [columns[name] for name in ("ordinal", "id") if name in columns][:1]
    query = select(table).order_by(columns.strategy, columns[slot], *ties)
    if span.strategy is not None:
        query = query.where(columns.strategy == span.strategy)
    if span.token_id is not None and "token_id" in columns:
        query = query.where(columns.token_id == span.token_id)
    if span.start is not None:
        query = query.where(columns[slot] >= span.start)
    if span.end is not None:
        query = query.where(columns[slot] < span.end)
    return query


def _read(connection: Connection, query: Select[Any], kind: type[R]) -> list[R]:
    rows = connection.execute(query)
    places = {name: place for place, name in enumerate(rows.keys())}
    wanted = [(field.name, places[field.name]) for field in fields(cast(Any, kind))]
    return [kind(**{name: row[place] for name, place in wanted}) for row in rows]
