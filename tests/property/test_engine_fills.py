"""Orders and fills on random markets: prices that the bars had, brackets the right way round."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bot.engine import layout as at
from bot.engine import reasons
from tests.support.engine_market import HOUR
from tests.support.random_market import Case, recorded

SEEDS = range(40)
PPM = 10**6


def bar_of(case: Case, fill: Any) -> tuple[int, int, int]:
    """Open, high and low of the bar that a fill names: the finer one where the hour has finer."""
    token, opened = int(fill[at.R_TOKEN]), int(fill[at.R_BAR])
    inputs = case.inputs
    hour = opened - opened % HOUR
    found = -1
    for n in range(inputs.bar_start[token], inputs.bar_start[token + 1]):
        bar = inputs.bars[n]
        if bar[at.B_OPEN_TIME] == hour and bar[at.B_KNOWN] <= fill[at.R_SLOT]:
            found = n
    assert found >= 0, "a fill in a bar that nobody knew"
    bar = inputs.bars[found]
    rows = inputs.fine[inputs.fine_start[found] : inputs.fine_start[found + 1]]
    inner = rows[rows[:, at.F_OPEN_TIME] == opened]
    if len(rows):
        assert len(inner) == 1
        assert inner[0, at.F_VOLUME] > 0
        return tuple(int(x) for x in inner[0, 1:4])  # type: ignore[return-value]
    assert opened == hour
    assert bar[at.B_VOLUME] != 0
    return int(bar[at.B_OPEN]), int(bar[at.B_HIGH]), int(bar[at.B_LOW])


def check_fill(case: Case, fill: Any, k: int, bracket: Any) -> None:
    """F1 to F4 for one fill under the bracket of its order: stop and target in ticks."""
    opening, high, low = bar_of(case, fill)
    tick = int(case.inputs.insts[fill[at.R_TOKEN], at.I_TICK])
    price, reference = int(fill[at.R_PRICE]), int(fill[at.R_REF])
    stop, target = int(bracket[at.R_B]), int(bracket[at.R_C])
    assert low <= reference <= high
    reason = fill[at.R_REASON]
    if reason == reasons.ENTRY:
        assert reference == opening
        assert price == -(-opening * (PPM + k) // (PPM * tick))
        assert stop * tick < opening < target * tick
        assert price <= bracket[at.R_D]
    elif reason == reasons.TARGET:
        gap_pays_open = opening > target * tick and case.rules.params.limit_gap_open
        assert price == (opening // tick if gap_pays_open else target)
        assert reference == max(opening, target * tick)
    else:
        assert price == reference * (PPM - k) // (PPM * tick)
        if reason == reasons.STOP:
            assert reference == stop * tick
            assert reference < opening or int(fill[at.R_BAR]) % HOUR == 0
        else:
            assert reference == opening
        if reason == reasons.STOP_GAP:
            assert opening <= stop * tick


def is_write_off(fill: Any) -> bool:
    """What nobody quotes any more goes for one tick, without a bar."""
    return bool(fill[at.R_REASON] == reasons.MANUAL and fill[at.R_PRICE] == 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_fill_has_a_price_that_its_bar_and_its_order_allow(seed: int) -> None:
    case, ledger = recorded(seed)
    orders: dict[int, Any] = {}
    for row in ledger.records:
        token = int(row[at.R_TOKEN])
        if row[at.R_KIND] == at.ORDER and row[at.R_ACTION] == at.ACT_ENTRY:
            orders[token] = row
        elif row[at.R_KIND] == at.FILL and not is_write_off(row):
            check_fill(case, row, int(orders[token][at.R_E]), orders[token])


@pytest.mark.parametrize("seed", SEEDS)
def test_an_entry_order_has_its_stop_below_and_its_target_above(seed: int) -> None:
    case, ledger = recorded(seed)
    orders = ledger.of_kind(at.ORDER)
    entries = orders[orders[:, at.R_ACTION] == at.ACT_ENTRY]
    assert (entries[:, at.R_B] >= 1).all()
    assert (entries[:, at.R_B] < entries[:, at.R_PRICE]).all()
    assert (entries[:, at.R_B] < entries[:, at.R_C]).all()
    if np.isnan(case.rules.params.impact):
        assert (entries[:, at.R_PRICE] < entries[:, at.R_C]).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_token_never_sells_more_than_it_bought_nor_buys_more_than_it_ordered(seed: int) -> None:
    _, ledger = recorded(seed)
    held: dict[int, int] = {}
    rest: dict[int, int] = {}
    for row in ledger.records:
        token, qty = int(row[at.R_TOKEN]), int(row[at.R_QTY])
        if row[at.R_KIND] == at.ORDER and row[at.R_ACTION] == at.ACT_ENTRY:
            assert held.get(token, 0) == 0
            assert rest.get(token, 0) == 0
            rest[token] = qty
        elif row[at.R_KIND] == at.RESIZE:
            assert 0 < qty < rest[token]
            rest[token] = qty
        elif row[at.R_KIND] == at.CANCEL:
            assert rest.pop(token) == qty
        elif row[at.R_KIND] == at.FILL:
            assert qty > 0
            side = 1 if row[at.R_ACTION] == at.ACT_ENTRY else -1
            held[token] = held.get(token, 0) + side * qty
            rest[token] = rest.get(token, 0) - (qty if side > 0 else 0)
            assert held[token] >= 0
            assert rest[token] >= 0


@pytest.mark.parametrize("seed", SEEDS)
def test_sizes_keep_to_every_bound_that_was_recorded(seed: int) -> None:
    case, ledger = recorded(seed)
    orders = ledger.of_kind(at.ORDER)
    for order in orders[orders[:, at.R_ACTION] == at.ACT_ENTRY]:
        details = ledger.decisions[order[at.R_H]]
        unit = int(case.inputs.insts[order[at.R_TOKEN], at.I_UNIT])
        notional = int(order[at.R_QTY]) * int(order[at.R_PRICE]) * unit
        bounds = [int(details[at.D_BOUND + n]) for n in range(8)]
        lawful = [bound for bound in bounds if bound >= 0]
        assert notional <= min(lawful)
        assert bounds.index(min(lawful)) == details[at.D_BINDING]
        # One lot more would have broken the binding bound (or the cash reserve at the cap).
        assert notional + int(order[at.R_PRICE]) * unit > min(lawful) - 1
