"""Cases that the simulation found once, each by itself, and the record of a bad week replayed."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app.record_io import export_to
from bot.domain.errors import LedgerError
from bot.domain.instants import HOUR
from bot.domain.values import Record
from tests.simulation.markets import START, market
from tests.simulation.plan import Death, draw_plan, quiet_plan
from tests.simulation.seeds import check_audit, ledgers
from tests.simulation.world import Outcome, World, make_template
from tests.support.command import ask

HOURS = 40
_FIRST_ENTRY = (
    'SELECT o.slot, o.token_id FROM "order" o JOIN fill f ON f.order_id = o.id '
    "WHERE o.action = 'ENTRY' AND f.open_time = o.slot ORDER BY o.slot LIMIT 1"
)
_GUARDS = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'account'"


def run(home: Path, number: int, record: Record | None = None) -> Outcome:
    """A market's quiet run, or a record's."""
    home.mkdir()
    world = World(quiet_plan(number, HOURS), home, make_template(home), record)
    outcome = world.run()
    world.checker.close()
    return outcome


def test_a_signal_that_turns_before_a_late_bar_lets_the_entry_fill_ends_no_daemon(
    tmp_path: Path,
) -> None:
    """The market exit is ordered while nothing is held yet; it once broke the ledger's rules."""
    first = run(tmp_path / "first", 4)
    with sqlite3.connect(first.settings.database_path) as connection:
        slot, token_id = connection.execute(_FIRST_ENTRY).fetchone()
    made = market(4, HOURS)
    changed = replace(
        made,
        bars=[
            replace(row, available_at=slot + 4 * HOUR)
            if (row.token_id, row.open_time) == (token_id, slot) else row
            for row in made.bars
        ],
        signals=[
            replace(row, signal="-1")
            if (row.token_id, row.valid_time, row.source) == (token_id, slot, "hourly") else row
            for row in made.signals
        ],
    )  # fmt: skip
    found = run(tmp_path / "second", 4, changed)
    check_audit(found)
    with sqlite3.connect(found.settings.database_path) as connection:
        query = 'SELECT action FROM "order" WHERE token_id = ? AND slot = ? AND action = ?'
        assert connection.execute(query, (token_id, slot + HOUR, "EXIT")).fetchall()


def test_a_ledger_whose_account_is_behind_its_slots_ends_the_daemon(tmp_path: Path) -> None:
    """It once tried the slot again and again, and found it recorded each time."""
    home = tmp_path / "home"
    home.mkdir()
    world = World(quiet_plan(4, HOURS), home, make_template(tmp_path))
    world.run()
    with sqlite3.connect(home / "hourhand.db") as connection:
        for (name,) in connection.execute(_GUARDS).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        earlier = START + 20 * HOUR
        connection.execute("UPDATE account SET slot = ? WHERE strategy = 'easy'", (earlier,))
    with pytest.raises(LedgerError, match="the account stands before it"):
        world.run()
    world.checker.close()


def test_the_exported_record_of_a_bad_week_replays_to_the_daemons_ledger(tmp_path: Path) -> None:
    deaths = (Death(statement=700), Death(statement=2000, downtime=3 * HOUR))
    plan = replace(draw_plan(12, 60), deaths=deaths, edits_while_open=())
    home = tmp_path / "home"
    home.mkdir()
    world = World(plan, home, make_template(tmp_path))
    outcome = world.run()
    world.checker.close()
    assert outcome.injected["late bar"]
    assert outcome.injected["kill"]
    export_to(home, tmp_path / "record", "csv")
    replayed = ask("replay", home / "strategies" / "easy.toml", "--record", tmp_path / "record")
    lines = "".join(ledgers(outcome)["easy"].lines)
    assert replayed["ledger_sha256"] == hashlib.sha256(lines.encode()).hexdigest()
