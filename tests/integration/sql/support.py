"""Ready-made slots to commit, and processes that die on purpose."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event

from bot.adapters.sql.engine import Database, open_database
from bot.adapters.sql.ledger_rows import (
    ConfigVersion,
    CycleCommit,
    DecisionRow,
    EquityRow,
    FillRow,
    NoticeRow,
    OrderEventRow,
    OrderRow,
    OutboxRow,
    PositionRow,
)
from bot.adapters.sql.ledger_store import Outcome, commit_cycle
from bot.adapters.sql.lock import take_lease
from bot.domain.ids import message_id, order_id
from bot.domain.instants import HOUR, parse_instant

T0 = parse_instant("2025-05-10T13:00:00Z")
CASH = 10_000 * 10**8
NOTIONAL = 1_000 * 10**8
FEE = 10**8
STRATEGY = "core-v1"
_BODY = f"name = '{STRATEGY}'"
CONFIG = ConfigVersion(
    config_sha256=hashlib.sha256(_BODY.encode()).hexdigest(), rules_version=1, strategy=STRATEGY,
    body=_BODY,
)  # fmt: skip


def quiet_slot(number: int, **changes: Any) -> CycleCommit:
    """The slot T0 + number hours, in which nothing happens; slot 0 opens the account."""
    slot = T0 + number * HOUR
    values: dict[str, Any] = {
        "config": CONFIG, "strategy": STRATEGY, "slot": slot, "as_of": slot + 600_000,
        "missed": False, "watermark": slot - HOUR if number else None,
        "state": f"state after {number}".encode(), "slot_input": b"[]",
        "lines": f"slot {number}\n", "opening_cash": 0 if number else CASH,
        "equity": _equity(slot, CASH, 0),
    }  # fmt: skip
    return CycleCommit(**{**values, **changes})


def busy_slot(number: int, cash: int = CASH, **changes: Any) -> CycleCommit:
    """A slot with a row in every table: an order, its fill, a cancel, an open position."""
    slot = T0 + number * HOUR
    entry = order_id(STRATEGY, 1, slot, "ENTRY", 0)
    common: dict[str, Any] = {"strategy": STRATEGY, "slot": slot}
    here: dict[str, Any] = {**common, "token_id": 1}
    values: dict[str, Any] = {
        "decisions": (
            DecisionRow(id=f"d{number}", kind="CANDIDATE", outcome="ENTER", **here),
            DecisionRow(id=f"r{number}", kind="CANDIDATE", outcome="REFUSED",
                        reason="SHARPE_LOW", edge_time=slot, details='{"sharpe":0.1}',
                        **{**here, "token_id": 2}),
        ),
        "orders": (
            OrderRow(id=entry, action="ENTRY", leg=0, quantity_lots=10, eligible_from=slot,
                     request_hash=hashlib.sha256(entry.encode()).hexdigest(), stop_ticks=95,
                     target_ticks=110, cap_ticks=101, decision_id=f"d{number}", **here),
        ),
        "fills": (
            FillRow(id=f"f{number}", order_id=entry, open_time=slot - HOUR, side="BUY",
                    quantity_lots=9, price_ticks=100, notional=NOTIONAL, fee=FEE,
                    reason="ENTRY", ref_points=9995, **here),
        ),
        "order_events": (
            OrderEventRow(id=f"e{number}", order_id=entry, kind="CANCEL", quantity_lots=1,
                          reason="ENTRY_TTL", open_time=slot - HOUR, **here),
        ),
        "positions": (
            PositionRow(id=f"p{number}", strategy=STRATEGY, token_id=1, status="OPEN",
                        opened_slot=slot, quantity_lots=9, cost=NOTIONAL, entry_fee=FEE,
                        realised=0),
        ),
        "notices": (NoticeRow(kind="LATE_ROW", detail="bar", **here),),
        "outbox": (
            OutboxRow(dedup=message_id("entry.ordered", entry), topic="entry.ordered",
                      event_time=slot, late=False, body="{}", **common),
        ),
        "equity": _equity(slot, cash - NOTIONAL - FEE, NOTIONAL),
    }  # fmt: skip
    return quiet_slot(number, **{**values, **changes})


def _equity(slot: int, cash: int, value: int) -> EquityRow:
    return EquityRow(
        strategy=STRATEGY, slot=slot, cash=cash, value=value, equity=cash + value, realised=0,
        unrealised=cash + value - CASH, peak=CASH,
    )  # fmt: skip


def start(path: Path) -> tuple[Database, int]:
    """A new database with a lease taken."""
    database = open_database(path, create=True)
    with database.transaction() as connection:
        epoch = take_lease(connection, T0)
    return database, epoch


def commit(database: Database, epoch: int, what: CycleCommit) -> Outcome:
    """The slot in a transaction of its own."""
    with database.transaction() as connection:
        return commit_cycle(connection, what, epoch, T0)


def die_at(database: Database, statement: int) -> Callable[[], int]:
    """Kill this process before its n-th statement, COMMIT counted; returns the count so far."""
    seen = 0

    def step(*_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database.engine, "before_cursor_execute", step)
    event.listen(database.engine, "commit", step)
    return lambda: seen


def commit_and_die(path: Path, epoch: int, statement: int) -> None:
    """Child process: commit the busy slot 1, killed before the n-th statement."""
    database = open_database(path)
    die_at(database, statement)
    commit(database, epoch, busy_slot(1))
    os.kill(os.getpid(), signal.SIGTERM)  # told apart from the kill: the sweep is over


def commit_all(path: Path, epoch: int, slots: int) -> None:
    """Child process: try every slot in turn, as its rivals do; each is done by one of them."""
    database = open_database(path)
    done = 0
    while done < slots:
        outcome = commit(database, epoch, quiet_slot(done))
        if outcome is Outcome.STALE:
            raise SystemExit(3)
        done += 1
    database.close()


def names(folder: Path) -> set[str]:
    """What lies in a folder, but for the empty logs that a reader of a database leaves."""
    return {
        path.name
        for path in folder.iterdir()
        if not path.name.endswith("-shm")
        and not (path.name.endswith("-wal") and path.stat().st_size == 0)
    }
