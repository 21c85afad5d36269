"""The ledger: one slot, whole or not at all, once; read back as it was written."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from bot.adapters.sql import ledger_read, outbox_store, slot_store
from bot.adapters.sql.command_store import commands
from bot.adapters.sql.engine import Database
from bot.adapters.sql.ledger_read import Span
from bot.adapters.sql.ledger_store import Outcome, commit_cycle, entry_hash
from bot.adapters.sql.schema import GENESIS
from bot.domain.errors import LedgerError
from bot.domain.instants import HOUR
from tests.integration.sql.support import (
    CASH,
    CONFIG,
    FEE,
    NOTIONAL,
    STRATEGY,
    T0,
    busy_slot,
    commit,
    quiet_slot,
    start,
)

Store = tuple[Database, int]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return start(tmp_path / "a.db")


def test_a_slot_is_read_back_as_it_was_written(store: Store) -> None:
    slot = busy_slot(0)
    assert commit(*store, slot) is Outcome.DONE
    with store[0].transaction() as connection:
        assert ledger_read.cycles(connection) == [slot.cycle_row()]
        assert tuple(ledger_read.decisions(connection)) == slot.decisions
        assert tuple(ledger_read.orders(connection)) == slot.orders
        assert tuple(ledger_read.fills(connection)) == slot.fills
        assert tuple(ledger_read.order_events(connection)) == slot.order_events
        assert tuple(ledger_read.positions(connection)) == slot.positions
        assert tuple(ledger_read.notices(connection)) == slot.notices
        assert ledger_read.equity(connection) == [slot.equity]
        assert outbox_store.messages(connection) == list(slot.outbox)
        assert ledger_read.configs(connection) == {(CONFIG.config_sha256, 1): CONFIG}
        state = ledger_read.account(connection, STRATEGY)
        assert state is not None
        assert (state.slot, state.state) == (slot.slot, slot.state)
        assert ledger_read.watermark(connection, STRATEGY) == slot.slot
        assert ledger_read.strategies(connection) == [STRATEGY]
        assert slot_store.load_slot_input(connection, STRATEGY, slot.slot) == slot.slot_input
        assert list(ledger_read.journal_bodies(connection, STRATEGY)) == [slot.lines]
        assert ledger_read.counts(connection) == {
            "cycle": 1, "decision": 2, "order": 1, "fill": 1, "order_event": 1, "position": 1,
            "journal": 1,
        }  # fmt: skip


def test_running_a_cycle_twice_adds_nothing(store: Store) -> None:
    assert commit(*store, busy_slot(0)) is Outcome.DONE
    with store[0].transaction() as connection:
        before = ledger_read.counts(connection)
    assert commit(*store, busy_slot(0)) is Outcome.ALREADY_DONE
    with store[0].transaction() as connection:
        assert ledger_read.counts(connection) == before
        assert ledger_read.conflicts(connection) == []


def test_a_second_try_with_another_result_is_noted_and_the_first_stands(store: Store) -> None:
    commit(*store, quiet_slot(0))
    for _ in range(2):  # noted once
        assert commit(*store, quiet_slot(0, lines="other\n")) is Outcome.CONFLICT
    with store[0].transaction() as connection:
        (found,) = ledger_read.conflicts(connection)
        assert list(ledger_read.journal_bodies(connection, STRATEGY)) == ["slot 0\n"]
    assert (found["slot"], found["expected"].split("=")[0]) == (T0, "lines_sha256")


def test_a_conflict_holds_the_strategys_entries_back_and_is_told(store: Store) -> None:
    commit(*store, busy_slot(0))
    changed = dataclasses.replace(busy_slot(0).orders[0], request_hash="f" * 64)
    commit(*store, busy_slot(0, orders=(changed,), lines="other\n"))
    with store[0].transaction() as connection:
        (found,) = ledger_read.conflicts(connection)
        (pause,) = commands(connection)
        topics = [row.topic for row in outbox_store.messages(connection)]
    assert f"order {changed.id}={changed.request_hash}" in found["found"]
    assert (pause.kind, pause.strategy) == ("PAUSE", STRATEGY)
    assert pause.source == f"conflict {found['id']}"
    assert "conflict" in topics


def test_a_slot_computed_from_an_old_account_is_not_written(store: Store) -> None:
    commit(*store, quiet_slot(0))
    assert commit(*store, quiet_slot(2)) is Outcome.STALE
    assert commit(*store, quiet_slot(1)) is Outcome.DONE
    assert commit(*store, quiet_slot(2)) is Outcome.DONE
    with store[0].transaction() as connection:
        assert [row.slot for row in ledger_read.cycles(connection)] == [
            T0, T0 + HOUR, T0 + 2 * HOUR,
        ]  # fmt: skip


def test_a_position_moves_from_open_to_closed_and_the_money_adds_up(store: Store) -> None:
    database, _ = store
    commit(*store, busy_slot(0))
    opened, bought = busy_slot(0).positions[0], busy_slot(0).fills[0]
    slot = T0 + HOUR
    proceeds = NOTIONAL + 5 * 10**8
    closed = dataclasses.replace(
        opened, status="CLOSED", closed_slot=slot, quantity_lots=0, cost=0, entry_fee=0,
        realised=5 * 10**8 - 2 * FEE,
    )  # fmt: skip
    sold = dataclasses.replace(
        bought, id="f-exit", slot=slot, open_time=T0, side="SELL", notional=proceeds,
        reason="TARGET",
    )  # fmt: skip
    cash = CASH - NOTIONAL - FEE + proceeds - FEE
    end = dataclasses.replace(quiet_slot(1).equity, cash=cash, equity=cash)
    again = dataclasses.replace(opened, id="p-again", opened_slot=slot)
    done = quiet_slot(1, positions=(again, closed), fills=(sold,), equity=end)
    assert commit(*store, done) is Outcome.DONE
    with database.transaction() as connection:
        assert ledger_read.positions(connection) == [closed, again]
        legs = ledger_read.cash_entries(connection)
    assert sum(leg.amount for leg in legs) == 0
    assert sum(leg.amount for leg in legs if leg.account == "CASH") == cash
    assert sum(leg.amount for leg in legs if leg.account == "FEE") == 2 * FEE


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"equity": dataclasses.replace(busy_slot(0).equity, cash=CASH, equity=CASH + NOTIONAL)},
         "cash by the fills is"),
        ({"positions": (*busy_slot(0).positions,
                        dataclasses.replace(busy_slot(0).positions[0], id="second"))},
         "position.strategy, position.token_id"),
        ({"orders": ()}, "FOREIGN KEY constraint failed"),
        ({"equity": dataclasses.replace(busy_slot(0).equity, equity=0)}, "ck_equity_identity"),
    ],
)  # fmt: skip
def test_a_slot_that_breaks_an_invariant_leaves_nothing(
    store: Store, change: dict[str, object], rule: str
) -> None:
    with pytest.raises(LedgerError, match=rule):
        commit(*store, dataclasses.replace(busy_slot(0), **change))  # type: ignore[arg-type]
    with store[0].transaction() as connection:
        assert set(ledger_read.counts(connection).values()) == {0}
        assert ledger_read.account(connection, STRATEGY) is None
    assert commit(*store, busy_slot(0)) is Outcome.DONE


def test_the_journal_is_one_chain_over_all_strategies(store: Store) -> None:
    config = dataclasses.replace(CONFIG, strategy="second")
    second = quiet_slot(0, strategy="second", config=config)
    second = dataclasses.replace(
        second, equity=dataclasses.replace(second.equity, strategy="second")
    )
    for slot in (quiet_slot(0), second, quiet_slot(1)):
        assert commit(*store, slot) is Outcome.DONE
    with store[0].transaction() as connection:
        entries = list(ledger_read.journal(connection))
        bodies = list(ledger_read.journal_bodies(connection, STRATEGY))
    assert [(entry.seq, entry.strategy) for entry in entries] == [
        (1, STRATEGY), (2, "second"), (3, STRATEGY),
    ]  # fmt: skip
    assert [entry.prev_hash for entry in entries] == [
        GENESIS, entries[0].hash, entries[1].hash,
    ]  # fmt: skip
    assert all(entry.hash == entry_hash(entry) for entry in entries)
    assert bodies == ["slot 0\n", "slot 1\n"]


def test_rows_are_found_by_token_and_span_in_recorded_order(store: Store) -> None:
    commit(*store, busy_slot(0))
    with store[0].transaction() as connection:
        assert [row.id for row in ledger_read.decisions(connection)] == ["d0", "r0"]
        assert [row.id for row in ledger_read.decisions(connection, Span(token_id=2))] == ["r0"]
        assert ledger_read.fills(connection, Span(start=T0 + HOUR)) == []
        assert ledger_read.fills(connection, Span(end=T0)) == []
        assert len(ledger_read.fills(connection, Span(start=T0, end=T0 + 1))) == 1
        assert ledger_read.cycles(connection, Span(strategy="another")) == []


def test_a_message_is_queued_once(store: Store) -> None:
    database, _ = store
    commit(*store, busy_slot(0))
    again = quiet_slot(1, watermark=T0, outbox=(
        dataclasses.replace(busy_slot(0).outbox[0], slot=T0 + HOUR),
    ), equity=dataclasses.replace(busy_slot(0).equity, slot=T0 + HOUR))  # fmt: skip
    assert commit(*store, again) is Outcome.DONE
    with database.transaction() as connection:
        assert outbox_store.messages(connection) == list(busy_slot(0).outbox)


def test_several_slots_may_share_a_transaction(store: Store) -> None:
    database, epoch = store
    with database.transaction() as connection:
        done = [commit_cycle(connection, quiet_slot(number), epoch, T0) for number in range(5)]
    assert done == [Outcome.DONE] * 5


def test_a_damaged_account_state_is_refused(store: Store) -> None:
    commit(*store, quiet_slot(0))
    with store[0].transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE account SET slot = slot + 3600000, state_sha256 = ?", ("0" * 64,)
        )
    with store[0].transaction() as connection, pytest.raises(LedgerError, match="its hash"):
        ledger_read.account(connection, STRATEGY)
