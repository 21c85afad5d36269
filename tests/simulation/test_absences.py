"""Hours that are late, slow, failed or slept through: each slot is done once, and in its order."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.instants import DAY, HOUR, MINUTE, SECOND
from bot.domain.values import Record
from bot.simulator.source import PROVIDER_LAGS, visible_from
from tests.simulation.facts import Ledger
from tests.simulation.markets import START, market
from tests.simulation.plan import Asked, Plan, quiet_plan
from tests.simulation.seeds import check_audit, ledgers
from tests.simulation.sim_clock import Event
from tests.simulation.world import Outcome, World, make_template

HOURS = 30
NUMBER = 4
POLL = 65 * SECOND


def live(home: Path, plan: Plan, record: Record | None = None) -> Outcome:
    """A run, audited."""
    home.mkdir()
    world = World(plan, home, make_template(home), record)
    outcome = world.run()
    check_audit(outcome)
    world.checker.close()
    return outcome


def easy(outcome: Outcome) -> Ledger:
    return ledgers(outcome)["easy"]


def rows(outcome: Outcome, query: str, *values: object) -> list[Any]:
    with sqlite3.connect(outcome.settings.database_path) as connection:
        return connection.execute(query, values).fetchall()


def later(record: Record, hours: Iterable[int], delay: int) -> Record:
    """The record with the bars and signals of these hours served that much later."""
    late = {START + hour * HOUR for hour in hours}

    def moved(row: Any, time: int) -> Any:
        seen = visible_from(row, PROVIDER_LAGS)
        return replace(row, available_at=seen + delay) if time in late else row

    return replace(
        record,
        bars=[moved(row, row.open_time) for row in record.bars],
        signals=[moved(row, row.valid_time) for row in record.signals],
    )


@pytest.fixture
def untouched(tmp_path: Path) -> Outcome:
    return live(tmp_path / "untouched", quiet_plan(NUMBER, HOURS))


def test_rows_that_come_some_minutes_after_the_hour_lose_nothing(
    tmp_path: Path, untouched: Outcome
) -> None:
    record = later(market(NUMBER, HOURS), range(3, 24), MINUTE)
    found = live(tmp_path / "late", quiet_plan(NUMBER, HOURS), record)
    assert easy(found).lines == easy(untouched).lines
    waited = "SELECT count(*) FROM slot WHERE as_of - slot > 100000"
    assert rows(found, waited) == [(21,)]


def test_rows_that_come_after_the_freeze_change_no_decision_that_was_made(tmp_path: Path) -> None:
    """The slot is done without them; they are known in the next one, and its audit agrees."""
    record = later(market(NUMBER, HOURS), range(3, 24), 40 * MINUTE)
    found = live(tmp_path / "late", quiet_plan(NUMBER, HOURS), record)
    lag = "SELECT count(*) FROM bar b JOIN slot s ON s.slot = b.open_time + 3600000 "
    assert (
        rows(found, lag + "WHERE b.available_at > s.as_of AND b.open_time >= ?", START)[0][0] > 30
    )
    assert found.checker.seen["slot in time"] == HOURS


def test_a_poll_that_lasts_longer_than_an_hour_costs_no_slot(tmp_path: Path) -> None:
    """The machine stands still in the middle of a request."""
    asleep = Event(at=START + 9 * HOUR + POLL + 20, suspend=75 * MINUTE)
    found = live(tmp_path / "slow", replace(quiet_plan(NUMBER, HOURS), events=(asleep,)))
    assert [one.slot for one in easy(found).slots] == [START + n * HOUR for n in range(HOURS)]
    missed = [one.slot for one in easy(found).slots if one.known[0]]
    assert missed == [START + 9 * HOUR]


def test_failing_wakes_are_tried_again_and_come_to_the_same_ledger(
    tmp_path: Path, untouched: Outcome
) -> None:
    plan = replace(quiet_plan(NUMBER, HOURS), storage_errors=tuple(range(400, 3600, 130)))
    found = live(tmp_path / "failing", plan)
    assert found.log["wake.failed"] > 10
    assert easy(found).lines == easy(untouched).lines


def test_weeks_of_absence_are_done_oldest_first_and_cost_few_requests(tmp_path: Path) -> None:
    away = Event(at=START + 5 * HOUR + HOUR // 2, suspend=15 * DAY)
    plan = replace(quiet_plan(NUMBER, 16 * 24), events=(away,), history_days=30)
    found = live(tmp_path / "away", plan)
    ledger = easy(found)
    assert [one.slot for one in ledger.slots] == [START + n * HOUR for n in range(16 * 24)]
    missed = [one for one in ledger.slots if one.known[0]]
    assert len(missed) == 15 * 24 - 1
    assert not any('"action":"ENTRY"' in one.lines for one in missed)
    asked = "SELECT count(*) FROM raw_response WHERE fetched_at BETWEEN ? AND ?"
    back = START + 15 * DAY + 5 * HOUR
    assert 0 < rows(found, asked, back, back + 2 * HOUR)[0][0] < 40


def test_a_token_that_is_gone_keeps_its_position_and_stops_nothing_else(
    tmp_path: Path, untouched: Outcome
) -> None:
    (opened, token_id), *_ = rows(
        untouched, "SELECT open_time, token_id FROM fill WHERE side = 'BUY' ORDER BY slot"
    )
    made = market(NUMBER, 4 * 24)
    gone = replace(
        made,
        bars=[r for r in made.bars if r.token_id != token_id or r.open_time < opened + HOUR],
        signals=[r for r in made.signals if r.token_id != token_id or r.valid_time < opened + HOUR],
    )
    plan = quiet_plan(NUMBER, 4 * 24)
    asked = Asked(at=opened + 60 * HOUR, kind="WRITE_OFF", token_id=token_id)
    found = live(tmp_path / "gone", replace(plan, asked=(asked,)), gone)
    sold = "SELECT reason, slot - ? FROM fill WHERE token_id = ? AND side = 'SELL' AND slot > ?"
    sales = rows(found, sold, opened, token_id, opened + HOUR)
    assert [reason for reason, _ in sales] == ["MANUAL"]
    assert sales[0][1] >= 60 * HOUR
    others = "SELECT count(*) FROM fill WHERE token_id <> ? AND slot > ?"
    assert rows(found, others, token_id, opened + 2 * HOUR)[0][0] > 0
    assert found.checker.seen["slot in time"] == 4 * 24
