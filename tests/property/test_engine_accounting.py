"""Money on random markets: an independent fold of the fills gives the engine's own figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import pytest

from bot.engine import layout as at
from bot.engine.reasons import NAMES
from tests.support.random_market import Case, recorded

SEEDS = range(40)
UNIT = Decimal("1e-8")


def test_the_markets_reach_every_reason_code_of_the_engine() -> None:
    reached = {NAMES[code] for seed in SEEDS for code in recorded(seed)[1].records[:, at.R_REASON]}
    # What passes is not recorded, and a lawless bar never comes in.
    assert set(NAMES) - reached == {"OK", "BAR_IMPOSSIBLE"}


@dataclass
class Holding:
    """A position in decimals: quantity, cost without fees, entry fees not yet released."""

    qty: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)


@dataclass
class Book:
    """F10 folded over fills, in decimals and without the engine's arithmetic."""

    cash: Decimal
    realised: Decimal = Decimal(0)
    held: dict[int, Holding] = field(default_factory=dict)

    def buy(self, token: int, qty: Decimal, price: Decimal, fee: Decimal) -> None:
        holding = self.held.setdefault(token, Holding())
        holding.qty += qty
        holding.cost += qty * price
        holding.fees += fee
        self.cash -= qty * price + fee

    def sell(self, token: int, qty: Decimal, price: Decimal, fee: Decimal) -> None:
        holding = self.held[token]
        cost, fees = holding.cost, holding.fees
        if qty < holding.qty:
            cost = (cost * qty / holding.qty).quantize(UNIT, ROUND_FLOOR)
            fees = (fees * qty / holding.qty).quantize(UNIT, ROUND_FLOOR)
        holding.qty -= qty
        holding.cost -= cost
        holding.fees -= fees
        assert holding.qty >= 0
        self.cash += qty * price - fee
        self.realised += qty * price - cost - fee - fees


def tick_of(case: Case, token: int) -> Decimal:
    return Decimal(int(case.inputs.insts[token, at.I_TICK])).scaleb(-case.decimals[token])


def lot_of(case: Case, token: int) -> Decimal:
    unit = Decimal(int(case.inputs.insts[token, at.I_UNIT])) * UNIT
    return unit / tick_of(case, token)


def book_fill(book: Book, case: Case, row: object) -> None:
    token = int(row[at.R_TOKEN])  # type: ignore[index]
    price = int(row[at.R_PRICE]) * tick_of(case, token)  # type: ignore[index]
    qty = int(row[at.R_QTY]) * lot_of(case, token)  # type: ignore[index]
    action = row[at.R_ACTION]  # type: ignore[index]
    rate = Decimal("0.0005") if action == at.ACT_TARGET else Decimal("0.001")
    fee = (qty * price * rate).quantize(UNIT, ROUND_CEILING)
    (book.buy if action == at.ACT_ENTRY else book.sell)(token, qty, price, fee)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_fold_over_the_fills_reproduces_cash_cost_and_profit(seed: int) -> None:
    case, ledger = recorded(seed)
    book = Book(Decimal(case.cash) * UNIT)
    done = 0
    assert len(ledger.marks) == len(case.inputs.slots)
    for slot, mark in enumerate(ledger.marks):
        for row in ledger.records[done : mark[at.M_RECORDS]]:
            if row[at.R_KIND] == at.FILL:
                book_fill(book, case, row)
                assert book.cash == int(row[at.R_C]) * UNIT
                assert book.cash >= 0
        check_mark(book, case, slot, mark)
        done = mark[at.M_RECORDS]
    assert not (ledger.records[done:, at.R_KIND] == at.FILL).any()


def check_mark(book: Book, case: Case, slot: int, mark: object) -> None:
    """Cash, value, equity, realised and unrealised of one mark against the fold."""
    value, costs = Decimal(0), Decimal(0)
    for token, holding in book.held.items():
        if holding.qty > 0:
            close = case.inputs.bars[case.inputs.newest[slot, token], at.B_CLOSE]
            price = int(close) // int(case.inputs.insts[token, at.I_TICK]) * tick_of(case, token)
            value += holding.qty * price
            costs += holding.cost + holding.fees
    named = (at.M_CASH, at.M_VALUE, at.M_EQUITY, at.M_REALISED, at.M_UNREALISED)
    shown = [int(mark[n]) * UNIT for n in named]  # type: ignore[index]
    assert shown == [book.cash, value, book.cash + value, book.realised, value - costs]
    # The identity of F10: equity = start + realised + unrealised.
    assert shown[2] == Decimal(case.cash) * UNIT + shown[3] + shown[4]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_closed_trade_repeats_the_sum_of_its_fills(seed: int) -> None:
    _, ledger = recorded(seed)
    sums: dict[int, list[int]] = {}
    for row in ledger.records:
        token = int(row[at.R_TOKEN])
        if row[at.R_KIND] == at.FILL:
            total = sums.setdefault(token, [0, 0, 0, 0, 0])
            side = 0 if row[at.R_ACTION] == at.ACT_ENTRY else 1
            total[0] += int(row[at.R_QTY]) * (1 - side)
            total[1 + side] += int(row[at.R_NOTIONAL])
            total[3] += int(row[at.R_FEE])
            total[4] += int(row[at.R_D])
        elif row[at.R_KIND] == at.CLOSED:
            shown = [int(row[n]) for n in (at.R_QTY, at.R_B, at.R_C, at.R_FEE, at.R_D)]
            assert shown == sums.pop(token)
            assert shown[4] == shown[2] - shown[1] - shown[3]
