"""What a token brings to a slot: jumps, freshness, level books."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from bot.domain.bar_table import history_of
from bot.domain.instants import HOUR
from bot.domain.values import Bar, Record, Slot
from bot.engine import layout as at
from bot.market.bulk.market import BulkMarket
from bot.market.bulk.row_columns import Loops
from bot.market.inputs import Market, MarketSlice
from bot.market.rules import build_rules
from bot.market.token_view import is_jump
from tests.support.records import bar, levels, metrics, token, vector_strategy, when

SLOT = Slot(slot=when("12:00"), as_of=when("12:02"))


def market(extra: str = "") -> Market:
    strategy = vector_strategy(extra).strategy
    return Market(strategy, build_rules(strategy)[1])


def history(hours: int, jump_at: int) -> list[Bar]:
    """Bars up to the slot; the one `jump_at` bars ago and all after it are twenty times dearer."""
    return [
        bar(SLOT.slot - n * HOUR, "2000 2000 2000 2000" if n <= jump_at else "100 100 100 100")
        for n in range(hours, 0, -1)
    ]


def jumped(made: MarketSlice) -> bool:
    return bool(made.inputs.cells[0, 0, at.C_JUMP])


@pytest.mark.parametrize(("ago", "found"), [(1, True), (2, False), (700, False)])
@pytest.mark.parametrize("piece", [1200, 500, 111])
def test_in_a_first_slot_only_the_newest_bar_can_jump_however_the_history_came(
    ago: int, found: object, piece: int
) -> None:
    rows = history(1200, ago)
    one = market()
    for first in range(0, len(rows), piece):
        one.push(Record(tokens=[token()] if first == 0 else [], bars=rows[first : first + piece]))
        one.absorb(SLOT)
    assert jumped(one.build([SLOT], 3 * HOUR)) == found


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [("1", "10", True), ("1", "9.99", False), ("10", "1", True), ("10", "1.01", False)],
)
def test_a_jump_is_a_factor_up_or_down(before: str, after: str, found: object) -> None:
    assert is_jump(Decimal(before), Decimal(after), 10) == found


def test_a_jump_is_told_by_the_slot_that_is_the_first_to_know_the_bar() -> None:
    one = market()
    rows = history(30, 2)
    one.push(
        Record(tokens=[token()], bars=[*rows[:-2], replace(rows[-2], available_at=SLOT.as_of)])
    )
    before = replace(SLOT, slot=SLOT.slot - HOUR, as_of=SLOT.as_of - HOUR)
    after = replace(SLOT, slot=SLOT.slot + HOUR, as_of=SLOT.as_of + HOUR)
    made = one.build([before, SLOT, after], 3 * HOUR)
    assert made.inputs.cells[:, 0, at.C_JUMP].tolist() == [0, 1, 0]


def test_a_status_is_unknown_then_fresh_then_stale() -> None:
    one = market('levels_stale = "2h"\nlatency = "0s"')
    one.push(Record(tokens=[token()], levels=[levels(when("12:01"))]))
    slots = [Slot(slot=when(f"{h}:00"), as_of=when(f"{h}:02")) for h in (11, 12, 13, 14, 15)]
    made = one.build(slots, 3 * HOUR)
    assert made.inputs.cells[:, 0, at.C_LEVELS].tolist() == [
        at.UNKNOWN, at.FRESH, at.FRESH, at.FRESH, at.STALE
    ]  # fmt: skip


STALE_SIZES = """sigma = "quantmetrics"
atr = "column:range"
adv = "column:traded"
quant_stale = "48h"
"""


@pytest.mark.parametrize("bulk", [False, True])
def test_a_recorded_size_is_missing_beyond_its_age_whoever_asks(bulk: bool) -> None:  # noqa: FBT001
    """T6: a position that is open does not weigh by it either."""
    strategy = vector_strategy(STALE_SIZES).strategy
    plan = build_rules(strategy)[1]
    seen = when("10 12:01")
    record = Record(
        tokens=[token()],
        bars=history(60, 0),
        metrics=[metrics(when("10 00:00"), seen, volatility=0.5, range=2.0, traded=1e6)],
    )
    slots = [Slot(slot=when(f"{day}:00"), as_of=when(f"{day}:02")) for day in HOURS]
    found: Market | BulkMarket = Market(strategy, plan)
    if bulk:
        found = BulkMarket(strategy, plan, history_of(record), slots, Loops())
    else:
        found.push(record)
    values = found.build(slots, 3 * HOUR).inputs.values[:, 0]
    known = [bool(there) for there in np.isfinite(values[:, at.X_SIGMA])]
    assert known == [False, True, True, False]
    for size in (at.X_ATR, at.X_ADV):
        assert np.isfinite(values[:, size]).tolist() == known


HOURS = ("10 11", "10 12", "12 11", "12 12")


def test_a_token_without_a_bar_has_no_book_and_no_unit() -> None:
    one = market()
    one.push(Record(tokens=[token()], levels=[levels(when("11:01"))]))
    made = one.build([SLOT], 3 * HOUR)
    assert made.inputs.insts[0, at.I_TICK] == 0
    assert made.inputs.newest[0, 0] == -1
    assert made.inputs.cells[0, 0, at.C_BOOK_END] == 0


def test_levels_of_one_price_keep_both_strengths_and_rise_with_the_price() -> None:
    one = market()
    rows = [("101", 2.0), ("95", None), ("101", 1.0), ("97.5", 4.0), ("0", 9.0)]
    one.push(Record(tokens=[token()], bars=history(5, 0), levels=[levels(when("11:01"), rows)]))
    made = one.build([SLOT], 3 * HOUR)
    assert made.inputs.prices.tolist() == [9500, 9750, 10100, 10100]
    assert made.inputs.strengths.tolist() == [0.0, 4.0, 1.0, 2.0]
