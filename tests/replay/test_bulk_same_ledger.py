"""Years at once or slot by slot: the engine reads the same, so the same ledger comes out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.app.account import LedgerHash
from bot.app.stepper import Stepper
from bot.domain.bar_table import history_of
from bot.domain.values import Record, Slot
from bot.engine import layout as at
from bot.engine.types import FloatArray, IntArray
from bot.market.bulk.market import BulkMarket
from bot.market.bulk.row_columns import Loops
from bot.market.inputs import Market, MarketSlice
from bot.market.instruments import Instrument
from tests.support.random_records import Case, case, market


def partly_tidy(of: Case, seed: int, tidy: int) -> Record:
    """The untidy record with the first `tidy` tokens' bars as they were before."""
    source = market(seed)
    chosen = {token.token_id for token in source.tokens[:tidy]}
    kept = [row for row in of.record.bars if row.token_id not in chosen]
    return replace(of.record, bars=kept + [row for row in source.bars if row.token_id in chosen])


def bulk_market(of: Case, record: Record) -> BulkMarket:
    plan = Stepper(of.loaded).plan
    return BulkMarket(of.loaded.strategy, plan, history_of(record), of.slots, Loops())


def ledger(of: Case, found: BulkMarket) -> str:
    stepper = Stepper(of.loaded)
    digest = LedgerHash()
    for slot in stepper.step(found, stepper.open_account(), of.slots).records:
        digest.add(slot.lines)
    return digest.text()


@pytest.mark.parametrize("tidy", [0, 3, 5])
@pytest.mark.parametrize("seed", range(8))
def test_an_untidy_history_in_bulk_gives_the_ledger_of_slot_by_slot(seed: int, tidy: int) -> None:
    given = case(seed)
    record = partly_tidy(given, seed, tidy)
    assert ledger(given, bulk_market(given, record)) == given.replay(record).ledger_sha256


def test_tokens_whose_bars_came_one_after_the_other_go_the_fast_way() -> None:
    given = case(1)
    seen = [len(bulk_market(given, partly_tidy(given, 1, tidy)).slot_by_slot) for tidy in (0, 3)]
    assert seen[0] > seen[1]


def content(found: MarketSlice, slots: list[Slot]) -> tuple[IntArray, FloatArray, list[object]]:
    """What the arrays of a piece say, with rows in the place of row numbers."""
    inputs = found.inputs
    cells = inputs.cells.copy()
    bars = np.where(inputs.newest[:, :, None] >= 0, inputs.bars[inputs.newest], -1)
    books: list[object] = [
        (inputs.prices[low:high].tolist(), inputs.strengths[low:high].tolist())
        for low, high in cells[:, :, at.C_BOOK_START : at.C_BOOK_END + 1].reshape(-1, 2).tolist()
    ]
    cells[:, :, [at.C_BOOK_START, at.C_BOOK_END]] = 0
    return np.concatenate([cells, bars], axis=2), inputs.values, [books, found.universes]


def _by_id(found: MarketSlice) -> list[Instrument]:
    return sorted(found.derived, key=lambda unit: unit.token_id)


def assert_same_inputs(of: Case, record: Record) -> None:
    bulk = bulk_market(of, record)
    plain = Market(of.loaded.strategy, Stepper(of.loaded).plan)
    plain.push(record)
    for slots in bulk.stretches(of.slots):
        one, two = bulk.build(slots, 400 * at.HOUR), plain.build(slots, 400 * at.HOUR)
        first, second = content(one, slots), content(two, slots)
        assert np.array_equal(first[0], second[0])
        assert np.array_equal(first[1], second[1], equal_nan=True)
        assert first[2] == second[2]
        assert np.array_equal(one.inputs.signals, two.inputs.signals)
        assert np.array_equal(one.inputs.sig_start, two.inputs.sig_start)
        assert np.array_equal(one.inputs.insts, two.inputs.insts)
        assert _by_id(one) == _by_id(two)
        assert one.impossible == two.impossible


@pytest.mark.parametrize("seed", range(4))
def test_every_number_that_the_engine_reads_is_the_same_to_the_bit(seed: int) -> None:
    given = case(seed)
    assert_same_inputs(given, partly_tidy(given, seed, 5))
