"""Commands in the record: dated so that no frozen slot can see them, kept, told once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.adapters.sql import command_store, record_store
from bot.adapters.sql.engine import Database
from bot.domain.errors import LedgerError
from bot.domain.instants import HOUR, parse_instant
from bot.domain.values import Command, Record, Slot
from tests.integration.sql.support import start

T0 = parse_instant("2025-05-10T13:00:00Z")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return start(tmp_path / "a.db")[0]


def give(database: Database, at: int, kind: str = "PAUSE", **cells: object) -> Command:
    with database.transaction() as connection:
        return command_store.add_command(connection, Command(at=at, kind=kind, **cells))  # type: ignore[arg-type]


def freeze(database: Database, slot: int, as_of: int) -> None:
    with database.transaction() as connection:
        record_store.add_slot(connection, Slot(slot=slot, as_of=as_of))


def test_a_command_keeps_its_instant_where_nothing_is_frozen_after_it(database: Database) -> None:
    freeze(database, T0, T0 + 5)
    assert give(database, T0 + 6).at == T0 + 6


def test_a_command_counts_after_every_slot_that_is_frozen(database: Database) -> None:
    freeze(database, T0, T0 + 600_000)
    freeze(database, T0 + HOUR, T0 + HOUR + 7)
    assert give(database, T0 + HOUR + 7).at == T0 + HOUR + 8
    assert give(database, T0 - HOUR).at == T0 + HOUR + 9  # a clock that was set back


def test_commands_stand_in_the_order_in_which_they_were_given(database: Database) -> None:
    given = [give(database, at, kind) for at, kind in ((T0, "PAUSE"), (T0, "RESUME"), (5, "ACK"))]
    with database.transaction() as connection:
        assert command_store.commands(connection) == given
    assert [one.at - T0 for one in given] == [0, 1, 2]


def test_a_reader_who_goes_on_is_told_new_commands_only(database: Database) -> None:
    give(database, T0)
    with database.transaction() as connection:
        first, marks = record_store.load(connection)
    second = give(database, T0 + 1, "CLOSE", strategy="mine", token_id=7)
    with database.transaction() as connection:
        then, marks = record_store.load(connection, marks)
        rest, _ = record_store.load(connection, marks)
    assert [len(first.commands), then.commands, rest.commands] == [1, [second], []]


def test_importing_commands_again_adds_nothing(database: Database) -> None:
    record = Record(commands=[Command(at=T0, kind="PAUSE"), Command(at=T0 + 1, kind="RESUME")])
    for new in (2, 0):
        with database.transaction() as connection:
            assert record_store.import_record(connection, record)["commands"] == new
    with database.transaction() as connection:
        assert command_store.commands(connection) == record.commands


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE command SET note = 'another'",
        "DELETE FROM command",
        "INSERT INTO command (at, kind, source, note) VALUES (1746882000000, 'CLOSE', 'me', '')",
        "INSERT INTO command (at, kind, source, token_id, note) "
        "VALUES (1746882000000, 'PAUSE', 'me', 1, '')",
        "INSERT INTO command (at, kind, source, note) VALUES (1746882000000, 'BUY', 'me', '')",
    ],
)
def test_the_database_refuses_to_change_commands_or_to_take_unlawful_ones(
    database: Database, statement: str
) -> None:
    give(database, T0)
    with pytest.raises(LedgerError), database.transaction() as connection:
        connection.exec_driver_sql(statement)
