"""What must not matter to a ledger: the order of rows, the future, restarts, pieces."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from bot.domain.values import Record
from tests.support.random_records import Walk, case, known_by, shuffled
from tests.support.replays import Replayed

SEEDS = range(8)
TEN = Decimal(10)


def dearer(record: Record) -> Record:
    """The record of a quote currency worth a tenth: prices times ten, lots a tenth."""
    return Record(
        tokens=[
            replace(row, tick=row.tick and row.tick * TEN, lot=row.lot and row.lot / TEN)
            for row in record.tokens
        ],
        bars=[
            replace(
                row, open=row.open * TEN, high=row.high * TEN, low=row.low * TEN,
                close=row.close * TEN,
            )
            for row in record.bars
        ],
        signals=record.signals,
        metrics=[
            replace(row, values=tuple((n, v * (10 if n == "reach" else 1)) for n, v in row.values))
            for row in record.metrics
        ],
        levels=[
            replace(row, levels=tuple(replace(x, price=x.price * TEN) for x in row.levels))
            for row in record.levels
        ],
        grades=record.grades,
        commands=record.commands,
    )  # fmt: skip


def renamed(record: Record) -> Record:
    """Every token id three times as large."""
    tables = ("tokens", "bars", "signals", "metrics", "levels", "grades", "commands")
    return Record(**{
        table: [replace(row, token_id=3 * row.token_id) for row in getattr(record, table)]
        for table in tables
    })  # fmt: skip


def traded(found: Replayed, times: int) -> list[object]:
    """What was decided and booked, in lots, ticks and money, with token ids times a factor."""
    rows: list[object] = []
    for slot in found.records:
        rows.append(slot.mark)
        rows += [(x.token_id * times, x.kind, x.edge_time, x.reason) for x in slot.decisions]
        rows += [
            (x.token_id * times, x.action, x.quantity, x.price, x.stop, x.target, x.cap)
            for x in slot.orders
        ]
        rows += [
            (x.token_id * times, x.open_time, x.side, x.quantity, x.price, x.notional, x.fee)
            for x in slot.fills
        ]
        rows += [(x.token_id * times, x.open_time, x.kind, x.quantity) for x in slot.events]
        rows += [(x.token_id * times, x.kind, x.valid_time) for x in slot.notices]
    return rows


def test_the_records_of_these_tests_give_the_engine_something_to_do() -> None:
    found = [case(seed).replay() for seed in SEEDS]
    slots = [slot for one in found for slot in one.records]
    fills = [fill for slot in slots for fill in slot.fills]
    assert len(fills) > 200
    assert {"ENTRY", "STOP", "TARGET", "SIGNAL_EXIT", "TIME_STOP"} <= {row.reason for row in fills}
    assert len({reason for one in found for reason in one.bulk.refusals()}) > 12
    kinds = {row.kind for slot in slots for row in slot.notices}
    assert {"LATE_ROW", "SIGNAL_AMBIGUOUS", "SIGNAL_UNKNOWN"} <= kinds
    assert all(one.impossible for one in found)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_the_rows_does_not_matter(seed: int) -> None:
    one = case(seed)
    assert one.replay(shuffled(one.record, seed)).ledger_sha256 == one.replay().ledger_sha256


@pytest.mark.parametrize("seed", range(4))
def test_what_came_later_changes_nothing_that_was_written(seed: int) -> None:
    one = case(seed)
    whole = one.replay().records
    for cut in Random(seed).sample(range(1, len(one.slots)), 20):
        known = known_by(one.record, one.slots[cut - 1].as_of, one.lags)
        found = one.replay(known, one.slots[:cut]).records
        assert [row.lines for row in found] == [row.lines for row in whole[:cut]]


@pytest.mark.parametrize("seed", SEEDS)
def test_slot_by_slot_with_restarts_gives_what_one_call_gives(seed: int) -> None:
    one = case(seed)
    whole = one.replay()
    rng = Random(seed)
    walk = Walk.begin(one)
    lines: list[str] = []
    while walk.done < len(one.slots):
        count = min(rng.choice((1, 1, 1, 1, 5, 30)), len(one.slots) - walk.done)
        lines += [row.lines for row in walk.step(count)]
        if rng.random() < 0.3:
            walk.forget()
    assert lines == [row.lines for row in whole.records]
    assert walk.account is not None
    assert walk.account.to_bytes() == whole.account.to_bytes()


@pytest.mark.parametrize("seed", range(4))
def test_ten_times_the_prices_and_tenths_of_the_lots_are_the_same_trades(seed: int) -> None:
    one = case(seed)
    assert traded(one.replay(dearer(one.record)), 1) == traded(one.replay(), 1)


@pytest.mark.parametrize("seed", range(4))
def test_other_token_ids_in_the_same_order_are_the_same_trades(seed: int) -> None:
    one = case(seed)
    assert traded(one.replay(renamed(one.record)), 1) == traded(one.replay(), 3)
