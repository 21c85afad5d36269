"""What must not matter to a daemon's ledger: order in a page, restarts, pieces, units, ids."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.instants import HOUR
from bot.domain.values import Record
from bot.simulator import FaultKind
from tests.simulation.facts import Ledger
from tests.simulation.markets import START, market
from tests.simulation.plan import IDS, Plan, quiet_plan
from tests.simulation.seeds import check_audit, ledgers
from tests.simulation.sim_clock import Event
from tests.simulation.weather import Spell
from tests.simulation.world import Outcome, World, make_template

HOURS = 30
NUMBERS = (6,)
TEN = Decimal(10)
SEVEN = 7


class Bench:
    """Runs plans in folders of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = make_template(folder)
        self._runs = 0

    def outcome(
        self, plan: Plan, record: Record | None = None, stops: Sequence[int] = ()
    ) -> Outcome:
        """A run, audited."""
        self._runs += 1
        home = self._folder / str(self._runs)
        home.mkdir()
        world = World(plan, home, self._template, record)
        outcome = world.run(stops)
        check_audit(outcome)
        world.checker.close()
        return outcome

    def ledger(self, plan: Plan, stops: Sequence[int] = ()) -> Ledger:
        """The ledger of the plan's first strategy."""
        return ledgers(self.outcome(plan, stops=stops))["easy"]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def booked(outcome: Outcome, times: int = 1) -> list[tuple[object, ...]]:
    """Orders, fills and equity in lots, ticks and money, token ids divided by `times`."""
    connection = sqlite3.connect(outcome.settings.database_path)
    queries = (
        "SELECT slot, token_id, action, quantity_lots, stop_ticks, target_ticks, cap_ticks "
        'FROM "order" ORDER BY slot, ordinal',
        "SELECT slot, token_id, side, reason, quantity_lots, price_ticks, notional, fee "
        "FROM fill ORDER BY slot, ordinal",
        "SELECT slot, token_id, kind, outcome, reason FROM decision ORDER BY slot, ordinal",
        "SELECT slot, 0, cash, value FROM equity ORDER BY slot",
    )
    found = [
        (slot, token_id // times, *rest)
        for query in queries
        for slot, token_id, *rest in connection.execute(query)
    ]
    connection.close()
    assert any(row[2] == "BUY" for row in found)
    return found


@pytest.mark.parametrize("number", NUMBERS)
def test_the_order_of_rows_in_a_page_and_repeated_rows_do_not_matter(
    bench: Bench, number: int
) -> None:
    plan = quiet_plan(number, HOURS)
    kinds = (str(FaultKind.SHUFFLED), str(FaultKind.DUPLICATED))
    always = Spell(start=0, end=plan.until + HOUR, share=1, kinds=kinds)
    found = bench.ledger(replace(plan, spells=(always,)))
    assert found.lines == bench.ledger(plan).lines


@pytest.mark.parametrize("number", NUMBERS)
def test_a_catch_up_in_pieces_is_the_catch_up_at_once(bench: Bench, number: int) -> None:
    away = Event(at=START + 5 * HOUR + HOUR // 2, suspend=12 * HOUR)
    plan = replace(quiet_plan(number, HOURS), events=(away,))
    pieces = [START + hour * HOUR for hour in (7, 8, 12, 15)]
    found = bench.ledger(plan, stops=pieces)
    assert found.lines == bench.ledger(plan).lines
    assert sum(1 for facts in found.slots if facts.known[0]) == 11


@pytest.mark.parametrize("number", NUMBERS)
def test_a_restart_between_any_two_slots_changes_nothing(bench: Bench, number: int) -> None:
    plan = quiet_plan(number, HOURS)
    found = bench.ledger(plan, stops=[START + hour * HOUR for hour in range(HOURS)])
    assert found.lines == bench.ledger(plan).lines


@pytest.mark.parametrize("number", NUMBERS)
def test_ten_times_the_prices_and_a_tenth_of_the_quantities_are_the_same_trades(
    bench: Bench, number: int
) -> None:
    plan = quiet_plan(number, HOURS)
    made = market(number, HOURS)
    record = replace(
        made,
        bars=[
            replace(
                bar, open=bar.open * TEN, high=bar.high * TEN, low=bar.low * TEN,
                close=bar.close * TEN, volume=None if bar.volume is None else bar.volume / TEN,
            )
            for bar in made.bars
        ],
        levels=[
            replace(row, levels=tuple(replace(x, price=x.price * TEN) for x in row.levels))
            for row in made.levels
        ],
    )  # fmt: skip
    assert booked(bench.outcome(plan, record)) == booked(bench.outcome(plan))


@pytest.mark.parametrize("number", NUMBERS)
def test_other_token_ids_in_the_same_order_are_the_same_trades(bench: Bench, number: int) -> None:
    plan = quiet_plan(number, HOURS)
    made = market(number, HOURS)
    tables = [field.name for field in fields(Record) if field.name != "slots"]
    record = Record(
        **{
            name: [replace(row, token_id=SEVEN * row.token_id) for row in getattr(made, name)]
            for name in tables
        }
    )
    renamed = "[universe]\ntoken_ids = [63007, 63014]\n"
    lines = {name: text.replace(IDS, renamed) for name, text in plan.strategies.items()}
    found = bench.outcome(replace(plan, strategies=lines), record)
    assert booked(found, SEVEN) == booked(bench.outcome(plan))
