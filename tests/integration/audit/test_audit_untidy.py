"""Untidy markets under every kind of strategy: the audit's own arithmetic agrees with the engine.

Late, doubled, corrected, contradictory and impossible rows, finer bars, impact, hysteresis, sector
caps, pauses and closes by hand: on a ledger that the daemon's own steps made of them, everything
that is worked out again must come to the same, to the last unit.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.sql.engine import open_database
from bot.adapters.sql.lock import take_lease
from bot.adapters.sql.record_store import import_record
from bot.app.audit import audit_home
from bot.app.desk import Desk
from bot.app.settings import load_settings
from bot.app.stepper import Stepper
from bot.domain.values import Command
from tests.support.random_records import Case, case

SEEDS = (0, 1, 2, 3)  # each variant of the strategy


def write_ledger(home: Path, of: Case) -> None:
    """The daemon's way: every slot in a transaction of its own."""
    database = open_database(home / "hourhand.db", create=True)
    with database.transaction() as connection:
        commands = sorted((lawful(one) for one in of.record.commands), key=lambda one: one.at)
        import_record(connection, replace(of.record, slots=of.slots, commands=commands))
        epoch = take_lease(connection, of.slots[0].as_of)
    desk = Desk(database, Stepper(of.loaded))
    for slot in of.slots:
        desk.run(slot, epoch, slot.as_of)
    database.close()


def lawful(command: Command) -> Command:
    """A command as it can be given: a pause is of no token."""
    return replace(command, token_id=None) if command.kind in ("PAUSE", "RESUME") else command


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_found_in_a_ledger_of_an_untidy_market(tmp_path: Path, seed: int) -> None:
    write_ledger(tmp_path, case(seed))
    result = audit_home(load_settings(tmp_path))
    assert [finding.text() for finding in result.findings] == []
    assert result.ledger_sha256 == result.replayed_sha256
    counts = Counter(result.recomputed)
    for name in ("bars", "signals", "levels", "metrics", "gates", "brackets", "sizes", "imported"):
        assert counts[name] > 0, name


def test_a_reversal_before_anything_has_filled_is_an_exit_of_nothing_and_is_stored(
    tmp_path: Path,
) -> None:
    write_ledger(tmp_path, case(1))
    with closing(sqlite3.connect(tmp_path / "hourhand.db")) as connection:
        query = 'SELECT action FROM "order" WHERE quantity_lots = 0'
        empty = connection.execute(query).fetchall()
        query = "SELECT reason FROM order_event WHERE kind = 'CANCEL' AND reason = 'SIGNAL_EXIT'"
        cancelled = connection.execute(query).fetchall()
    assert empty
    assert set(empty) == {("EXIT",)}
    assert cancelled
