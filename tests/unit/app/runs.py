"""Small runs for tests of the summary: daily values as hourly marks, round trips, bars."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from bot.app.benchmark_portfolios import Costs, PricedTokens
from bot.app.performance_equity import Equity
from bot.domain.bar_table import NONE, BarTable
from bot.domain.instants import DAY, HOUR, parse_instant
from bot.domain.records import Fill, Scale, Trade

DAY_0 = parse_instant("2021-03-01")
UNIT = 100_000_000
CASH = 10_000 * UNIT
COSTS = Costs(k=500, taker=1000, maker=500)
FREE = Costs(k=0, taker=0, maker=0)
SCALE = Scale(tick=Decimal("0.01"), lot=Decimal("0.001"))
M = 1000  # money of one lot at one tick
NO_TOKENS = PricedTokens(bars={}, symbols={}, universe=())


def hourly(marks: Sequence[int], first: int = DAY_0 + HOUR, value: int = 0) -> Equity:
    """Equity of consecutive slots."""
    return Equity(
        slot=first + HOUR * np.arange(len(marks)),
        equity=np.array(marks, dtype=np.int64),
        value=np.full(len(marks), value, dtype=np.int64),
        cash=CASH,
    )


def of_days(closes: Sequence[int]) -> Equity:
    """Equity that moves at 00:00 only: the cash on the first day, then these values."""
    marks = np.repeat(np.array([CASH, *closes], dtype=np.int64), 24)[1 : 24 * len(closes) + 1]
    return hourly(marks.tolist())


def of_returns(returns: Sequence[float]) -> Equity:
    """Equity with these daily returns, to the nearest 1e-8."""
    return of_days([round(CASH * x) for x in np.cumprod(1.0 + np.array(returns))])


def zigzag(days: int) -> list[float]:
    """Daily returns that vary, without a pattern that matters."""
    return [0.002 * ((7 * day) % 13 - 5.5) for day in range(days)]


def table(token_id: int, bars: Sequence[tuple[int, int, int, int]], first: int = DAY_0) -> BarTable:
    """Consecutive hourly bars in whole quote units times 100."""
    n = len(bars)
    return BarTable(
        token_id=token_id, decimals=2, volume_decimals=0, open_time=first + HOUR * np.arange(n),
        prices=np.array(bars, dtype=np.int64).reshape(n, 4), volume=np.full(n, NONE),
        available_at=np.full(n, NONE),
    )  # fmt: skip


def flat(token_id: int, prices: Sequence[int], first: int = DAY_0) -> BarTable:
    """Bars that open, run and close at one price each."""
    return table(token_id, [(price,) * 4 for price in prices], first)


def fill(side: str, lots: int, ticks: int, reference: str, **given: Any) -> Fill:
    """A fill at a market's fee unless given; ids and cash do not matter here."""
    notional = lots * ticks * M
    values: dict[str, Any] = {
        "id": "f", "order_id": "o", "slot": DAY_0 + 2 * HOUR, "open_time": DAY_0 + HOUR,
        "token_id": 1, "reference_points": 0, "fee": -(-notional // 1000), "cash": 0,
        "reason": "ENTRY" if side == "BUY" else "STOP",
    }  # fmt: skip
    return Fill(
        side=side, quantity=lots, price=ticks, reference=reference, notional=notional,
        scale=SCALE, **{**values, **given},
    )  # fmt: skip


def trade(entry: Fill, exit_: Fill, risk: int) -> Trade:
    """The round trip of two fills."""
    fees = entry.fee + exit_.fee
    return Trade(
        entry_order_id=entry.order_id, token_id=entry.token_id, decided=entry.open_time,
        opened=entry.open_time, closed=exit_.slot, closed_bar=exit_.open_time,
        quantity=entry.quantity, paid=entry.notional, proceeds=exit_.notional, fees=fees,
        realised=exit_.notional - entry.notional - fees, risk=risk, reason=exit_.reason,
        scale=SCALE,
    )  # fmt: skip


def result(money: int, hours: int = 5, lots: int = 1) -> Trade:
    """A round trip of which only the result matters; its risk is 50 a lot."""
    return Trade(
        entry_order_id="o", token_id=1, decided=DAY_0, opened=DAY_0, closed=DAY_0 + DAY,
        closed_bar=DAY_0 + hours * HOUR, quantity=lots, paid=lots * UNIT, fees=0,
        proceeds=lots * UNIT + money, realised=money, risk=lots * 50 * UNIT, reason="STOP",
        scale=SCALE,
    )  # fmt: skip
