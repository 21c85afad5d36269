"""What the slots derived from the record and froze: instruments, universes and inputs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, bindparam, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from bot.adapters.sql.packed import unpacked
from bot.adapters.sql.schema_record import credit, instrument, poll_state, slot_input, universe
from bot.domain.decimals import plain
from bot.domain.instants import DAY

# Built once: putting a statement together takes longer than SQLite takes to run it.
_POLL = insert(poll_state)
_NOTE_POLL = _POLL.on_conflict_do_update(
    index_elements=["endpoint"], set_={"last_success": _POLL.excluded.last_success}
)
_FAILED = "failed"  # how the name of a failure begins: it is no endpoint
_IS_FAILURE = poll_state.c.endpoint.startswith(f"{_FAILED} ")
_LAST_POLLS = select(poll_state).where(~_IS_FAILURE)
_CHARGE = (
    insert(credit)
    .values(spent=1)
    .on_conflict_do_update(
        index_elements=["month"],
        set_={"spent": credit.c.spent + 1},
        where=credit.c.spent < bindparam("limit"),
    )
    .returning(credit.c.spent)
)
_SPENT = select(credit.c.spent).where(credit.c.month == bindparam("month"))
NO_LIMIT = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentRow:
    """Units of a token, derived at the first slot that knew it and never changed after."""

    token_id: int
    tick: Decimal
    lot: Decimal
    min_notional: Decimal
    derived_at: int
    notes: str = ""


def add_instrument(connection: Connection, row: InstrumentRow) -> InstrumentRow:
    """Store a token's units once; returns what stands there, which may be earlier units."""
    values = {
        "token_id": row.token_id, "tick": plain(row.tick), "lot": plain(row.lot),
        "min_notional": plain(row.min_notional), "derived_at": row.derived_at,
        "notes": row.notes,
    }  # fmt: skip
    connection.execute(insert(instrument).values(values).on_conflict_do_nothing())
    return instruments(connection, row.token_id)[0]


def instruments(connection: Connection, token_id: int | None = None) -> list[InstrumentRow]:
    """Stored units, by token id; all tokens or one."""
    query = select(instrument).order_by(instrument.c.token_id)
    if token_id is not None:
        query = query.where(instrument.c.token_id == token_id)
    return [
        InstrumentRow(
            token_id=row.token_id, tick=Decimal(row.tick), lot=Decimal(row.lot),
            min_notional=Decimal(row.min_notional), derived_at=row.derived_at, notes=row.notes,
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def add_universe(
    connection: Connection, strategy: str, day: int, token_ids: tuple[int, ...]
) -> tuple[int, ...]:
    """Store the tokens a strategy may trade on a day once; returns what stands there."""
    values = {"strategy": strategy, "day": day, "token_ids": json.dumps(sorted(token_ids))}
    connection.execute(insert(universe).values(values).on_conflict_do_nothing())
    return universes(connection, strategy)[day]


def universes(connection: Connection, strategy: str) -> dict[int, tuple[int, ...]]:
    """Day -> token ids."""
    query = select(universe).where(universe.c.strategy == strategy).order_by(universe.c.day)
    return {row.day: tuple(json.loads(row.token_ids)) for row in connection.execute(query)}


def load_slot_input(connection: Connection, strategy: str, slot: int) -> bytes | None:
    """The inputs the engine saw in a slot, as they were committed."""
    query = select(slot_input.c.body).where(
        slot_input.c.strategy == strategy, slot_input.c.slot == slot
    )
    found = connection.execute(query).scalar()
    return None if found is None else unpacked(found)


def note_poll(connection: Connection, endpoint: str, at: int) -> None:
    """Remember the last success of an endpoint, which steers polling and nothing else."""
    connection.execute(_NOTE_POLL, {"endpoint": endpoint, "last_success": at})


def last_polls(connection: Connection) -> dict[str, int]:
    """Endpoint -> last success."""
    return {row.endpoint: row.last_success for row in connection.execute(_LAST_POLLS)}


def note_failure(connection: Connection, endpoint: str, cause: str, at: int) -> None:
    """Remember for a day that a request brought nothing that is kept, and why: for the status."""
    name = f"{_FAILED} {endpoint} {cause} {at}"
    same = poll_state.c.endpoint.startswith(f"{name} ", autoescape=True)
    number = connection.execute(select(func.count()).where(same)).scalar_one()
    note_poll(connection, f"{name} {number}", at)
    connection.execute(delete(poll_state).where(_IS_FAILURE, poll_state.c.last_success < at - DAY))


def failures(connection: Connection, since: int) -> dict[str, dict[str, int]]:
    """Endpoint -> cause -> how many requests brought nothing that is kept, of the last day."""
    found: dict[str, dict[str, int]] = {}
    query = select(poll_state.c.endpoint).where(_IS_FAILURE, poll_state.c.last_success >= since)
    for name in connection.execute(query).scalars():
        _, endpoint, cause, *_ = name.split(" ")
        counted = found.setdefault(endpoint, {})
        counted[cause] = counted.get(cause, 0) + 1
    return found


def charge_credit(connection: Connection, month: str, limit: int = NO_LIMIT) -> bool:
    """Count one call of a month (`2025-05`), unless `limit` are counted; whether it was."""
    if limit < 1:
        return False
    return connection.execute(_CHARGE, {"month": month, "limit": limit}).scalar() is not None


def credits_spent(connection: Connection, month: str) -> int:
    """Calls counted in a month."""
    found = connection.execute(_SPENT, {"month": month}).scalar()
    return int(found or 0)
