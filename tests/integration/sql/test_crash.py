"""Killed at any statement, raced by any number: every slot is there whole, once."""

from __future__ import annotations

import multiprocessing
import signal
from pathlib import Path

import pytest

from bot.adapters.sql import ledger_read
from bot.adapters.sql.engine import open_database
from bot.adapters.sql.ledger_store import Outcome
from tests.integration.sql.support import (
    STRATEGY,
    T0,
    busy_slot,
    commit,
    commit_all,
    commit_and_die,
    quiet_slot,
    start,
)

# A clean parent, so that a child neither inherits open databases nor imports anew.
context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["tests.integration.sql.support"])
STATEMENTS_MAX = 60


def _run_killed(path: Path, epoch: int, statement: int) -> int | None:
    child = context.Process(target=commit_and_die, args=(path, epoch, statement))
    child.start()
    child.join(timeout=30)
    return child.exitcode


def test_a_kill_before_any_statement_leaves_all_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    database, epoch = start(path)
    commit(database, epoch, quiet_slot(0))
    database.close()
    image = path.read_bytes()
    kept = []
    for statement in range(1, STATEMENTS_MAX):
        path.write_bytes(image)
        code = _run_killed(path, epoch, statement)
        database = open_database(path)
        with database.transaction() as connection:
            counts = ledger_read.counts(connection)
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert counts["order"] == counts["fill"] == counts["position"] == counts["cycle"] - 1
        kept.append(counts["order"])
        outcome = commit(database, epoch, busy_slot(1))
        assert outcome is (Outcome.ALREADY_DONE if counts["order"] else Outcome.DONE)
        with database.transaction() as connection:
            assert ledger_read.counts(connection)["order"] == 1
            assert ledger_read.conflicts(connection) == []
        database.close()
        if code == -signal.SIGTERM:
            break
        assert code == -signal.SIGKILL
    assert code == -signal.SIGTERM, "the sweep did not come to its end"
    assert kept == [0] * (len(kept) - 1) + [1]
    assert len(kept) > 20  # every statement of the transaction was tried


@pytest.mark.parametrize("slots", [12])
def test_four_processes_at_once_leave_every_slot_once(tmp_path: Path, slots: int) -> None:
    path = tmp_path / "a.db"
    database, epoch = start(path)
    rivals = [context.Process(target=commit_all, args=(path, epoch, slots)) for _ in range(4)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join(timeout=60)
    assert [rival.exitcode for rival in rivals] == [0, 0, 0, 0]
    with database.transaction() as connection:
        assert ledger_read.counts(connection)["cycle"] == slots
        assert [entry.seq for entry in ledger_read.journal(connection)] == list(range(1, slots + 1))
        assert ledger_read.watermark(connection, STRATEGY) == T0 + (slots - 1) * 3_600_000
        assert ledger_read.conflicts(connection) == []
