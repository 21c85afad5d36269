"""What must not matter: how it is run, in which order inputs lie, in which unit prices are sent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bot.engine import layout as at
from bot.engine.tables import Inputs
from tests.support.random_market import Case, Ledger, play, recorded, same

SEEDS = range(20)


def played(case: Case, inputs: Inputs, **how: int) -> Ledger:
    return play(inputs, case.rules, case.account(), **how)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_call_slot_by_slot_and_tiny_buffers_write_the_same(seed: int) -> None:
    case, whole = recorded(seed)
    assert len(whole.records) > 168
    assert same(whole, played(case, case.inputs, at_once=1))
    assert same(whole, played(case, case.inputs, at_once=7, buffer=900))


@pytest.mark.parametrize("seed", SEEDS)
def test_looking_only_at_tokens_with_something_new_writes_the_same(seed: int) -> None:
    case, whole = recorded(seed)
    look, start = [], [0]
    for n in range(len(case.inputs.slots)):
        look.extend(changed_tokens(case, n))
        start.append(len(look))
    fewer = case.inputs._replace(look=np.array(look, np.int64), look_start=np.array(start))
    assert len(look) < len(case.inputs.look) * 0.99
    assert same(whole, played(case, fewer))


def changed_tokens(case: Case, n: int) -> list[int]:
    """Tokens with a jump, a late bar, a word of the operator, or a gate's number or age changed."""
    inputs = case.inputs
    found = set()
    read = case.rules.gates[:, at.GATE_COLUMN]
    for i in range(len(inputs.insts)):
        cell, values = inputs.cells[n, i], inputs.values[n, i]
        before = inputs.cells[n - 1, i]
        columns = [at.C_QUANT, at.C_GRADE]
        new = n == 0 or not np.array_equal(values[read], inputs.values[n - 1, i][read], True)
        told = cell[[at.C_JUMP, at.C_LATE, at.C_OPERATOR]].any()
        if new or told or not np.array_equal(cell[columns], before[columns]):
            found.add(i)
    return sorted(found)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("cut", [31, 100, 150])
def test_no_record_knows_the_future(seed: int, cut: int) -> None:
    """Everything known after a slot is replaced by nonsense; the records up to it stay."""
    case, whole = recorded(seed)
    slot = int(case.inputs.slots[cut - 1, at.S_SLOT])
    records = played(case, poisoned(case.inputs, cut, slot), slots=cut)
    known = whole.records[:, at.R_SLOT] <= slot
    kept = len(records.decisions)
    assert same(
        records,
        Ledger(
            records=whole.records[known],
            marks=whole.marks[:cut],
            decisions=whole.decisions[:kept],
            details=whole.details[:kept],
        ),
    )


def poisoned(inputs: Inputs, cut: int, slot: int) -> Inputs:
    new = Inputs(*(array.copy() for array in inputs))
    unknown = new.bars[:, at.B_KNOWN] > slot
    new.bars[unknown, at.B_OPEN : at.B_VOLUME] //= 3
    for n in np.flatnonzero(unknown):
        new.fine[new.fine_start[n] : new.fine_start[n + 1], at.F_OPEN : at.F_VOLUME] //= 3
    new.newest[cut:] = 0
    new.cells[cut:] = 0
    new.values[cut:] = 0.001
    new.slots[cut:, at.S_MISSED :] = 1
    new.signals[new.sig_start[cut] :, at.G_VALUE] = -1
    used = int(new.cells[:cut, :, at.C_BOOK_END].max())
    assert (new.prices[used:] >= 0).all()
    for i in range(len(new.insts)):
        end = int(new.cells[:cut, i, at.C_BOOK_END].max())
        stop = int(inputs.cells[:, i, at.C_BOOK_END].max())
        new.prices[end:stop] = 1
    return new


@pytest.mark.parametrize("seed", SEEDS)
def test_a_further_decimal_in_every_price_changes_no_decision(seed: int) -> None:
    """Prices in points and ticks of ten times the points: the same, ten times dearer in tenths."""
    case, whole = recorded(seed)
    ten = played(case, scaled(case.inputs))
    prices = [at.D_CLOSE, at.D_SUPPORT, at.D_RESISTANCE, at.D_STRONG]
    expected = whole.decisions.copy()
    expected[:, prices] *= 10
    assert np.array_equal(ten.decisions, expected)
    records = whole.records.copy()
    records[:, at.R_REF] *= 10
    assert np.array_equal(ten.records, records)
    assert np.array_equal(ten.marks, whole.marks)


def scaled(inputs: Inputs) -> Inputs:
    new = Inputs(*(array.copy() for array in inputs))
    new.bars[:, at.B_OPEN : at.B_VOLUME] *= 10
    new.fine[:, at.F_OPEN : at.F_VOLUME] *= 10
    new.prices[:] *= 10
    new.insts[:, at.I_TICK] *= 10
    new.values[:, :, at.X_ATR] *= 10
    return new


@pytest.mark.parametrize("seed", SEEDS)
def test_the_unit_of_volume_does_not_matter(seed: int) -> None:
    case, whole = recorded(seed)
    new = Inputs(*(array.copy() for array in case.inputs))
    known = new.bars[:, at.B_VOLUME] > 0
    new.bars[known, at.B_VOLUME] *= 1000
    new.insts[:, at.I_LOT_VOLUME] *= 1000
    assert same(whole, played(case, new))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_in_which_tokens_lie_does_not_matter(seed: int) -> None:
    case, whole = recorded(seed)
    count = len(case.decimals)
    order = np.random.default_rng(seed).permutation(count)
    other = played(case, reordered(case.inputs, order))
    assert account_of(whole) == account_of(other)
    assert told_by(whole, np.arange(count)) == told_by(other, order)


def reordered(inputs: Inputs, order: Any) -> Inputs:
    """The same market with token order[j] in place j, its rows and books laid out anew."""
    place = np.argsort(order)
    bars, fine, bar_start, fine_start, moved = [], [], [0], [0], np.zeros(len(inputs.bars), int)
    for i in order:
        for n in range(inputs.bar_start[i], inputs.bar_start[i + 1]):
            moved[n] = len(bars)
            bars.append(inputs.bars[n])
            fine.extend(inputs.fine[inputs.fine_start[n] : inputs.fine_start[n + 1]])
            fine_start.append(len(fine))
        bar_start.append(len(bars))
    cells = inputs.cells[:, order].copy()
    newest = inputs.newest[:, order].copy()
    newest[newest >= 0] = moved[newest[newest >= 0]]
    signals = inputs.signals.copy()
    signals[:, at.G_TOKEN] = place[signals[:, at.G_TOKEN]]
    for n in range(len(inputs.slots)):
        rows = signals[inputs.sig_start[n] : inputs.sig_start[n + 1]]
        rows[:] = rows[np.argsort(rows[:, at.G_TOKEN], kind="stable")]
    covariance = inputs.covariance
    if covariance.shape[1]:
        covariance = np.ascontiguousarray(covariance[:, order][:, :, order])
    return inputs._replace(
        newest=newest, cells=cells, values=np.ascontiguousarray(inputs.values[:, order]),
        signals=signals,        insts=inputs.insts[order].copy(), covariance=covariance,
        bars=np.array(bars), bar_start=np.array(bar_start),
        fine=np.array(fine, np.int64).reshape(-1, at.FINE_COLS), fine_start=np.array(fine_start),
    )  # fmt: skip


def account_of(ledger: Ledger) -> list[list[int]]:
    return ledger.marks.tolist()  # type: ignore[no-any-return]


def told_by(ledger: Ledger, order: Any) -> list[tuple[Any, ...]]:
    """Every record as a row without row numbers and running cash, by token as it was named."""
    told = []
    for row in ledger.records:
        line = row.tolist()
        line[at.R_TOKEN] = int(order[line[at.R_TOKEN]])
        details: list[Any] = []
        if line[at.R_KIND] == at.DECISION:
            details = ledger.decisions[line[at.R_A]].tolist()
            details[at.D_BAR] = 0
            details += [str(x) for x in ledger.details[line[at.R_A]]]
            line[at.R_A] = 0
        elif line[at.R_KIND] == at.FILL:
            line[at.R_C] = 0
        elif line[at.R_KIND] == at.ORDER:
            line[at.R_H] = 0
        told.append((*line, *map(str, details)))
    return sorted(told)
