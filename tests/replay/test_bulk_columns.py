"""Columns of years at once against the daemon's single slot, to the bit, at every bar looked at."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random

import numpy as np
import pytest

from bot.adapters.files.candles import read_candle_history
from bot.domain.bar_table import History, history_of
from bot.domain.instants import HOUR, parse_instant
from bot.domain.values import Bar, Record, Token
from bot.engine import layout as at
from bot.market.bulk.market import BulkMarket
from bot.market.bulk.row_columns import Loops
from bot.market.inputs import Market, slots_between
from bot.market.rules import build_rules
from bot.market.strategy import Strategy
from tests.support.records import load

CANDLES = Path(__file__).resolve().parents[3] / "shared" / "data" / "usdt"
BEGIN = parse_instant("2021-01-01T00:00:00Z")
ROWS = 4_600  # so that books, which look 4,320 bars back, are there at the end
LAST = 60  # slots compared: each costs the slow way some milliseconds a token
TEXT = """
name = "columns"
signals = "local"
levels = "local"
pivot_k = 12
sharpe_column = "sharpe_90d"
sharpe_min = 0
gate_on = "lower_bound"
mdd_column = "mdd_90d"
mdd_max = 0.9
sortino_column = "sortino_30d"
volatility_column = "volatility_30d"
volatility_max = 5
sigma = "{sigma}"
[[gates]]
column = "cagr_90d"
min = -100
"""


def strategy_of(sigma: str) -> Strategy:
    return load(TEXT.format(sigma=sigma)).strategy


def walk(seed: int) -> Record:
    """Two random tokens with holes, jumps, flat stretches, empty hours and hours without volume."""
    rng = Random(seed)
    record = Record(tokens=[Token(token_id=i, symbol=f"T{i}") for i in (1, 2)])
    for token_id, start in ((1, 40_000.0), (2, 0.00012)):
        price = start
        for hour in range(ROWS):
            if rng.random() < 0.01:
                continue
            spread = 0.0 if rng.random() < 0.02 else abs(rng.gauss(0, 0.01))
            close = price * math.exp(rng.gauss(0, 0.3 if rng.random() < 0.002 else 0.012))
            record.bars.append(hourly(token_id, BEGIN + hour * HOUR, price, close, spread, rng))
            price = close
    return record


def hourly(
    token_id: int, opened: int, first: float, last: float, spread: float, rng: Random
) -> Bar:
    def text(value: float) -> Decimal:
        return Decimal(f"{value:.6g}")

    volume = rng.choice((None, Decimal(0), Decimal(rng.randrange(1, 10**6)) / 1000))
    if rng.random() < 0.97:
        volume = Decimal(rng.randrange(1, 10**6)) / 1000
    return Bar(
        token_id=token_id, open_time=opened, open=text(first), close=text(last), volume=volume,
        high=max(text(first), text(last), text(max(first, last) * (1 + spread))),
        low=min(text(first), text(last), text(min(first, last) * (1 - spread))),
    )  # fmt: skip


def assert_same_columns(strategy: Strategy, history: History, loops: Loops, end: int) -> None:
    """The last slots as the bulk way and as the single slot see them."""
    plan = build_rules(strategy)[1]
    slots = slots_between(end - LAST * HOUR, end, strategy.settle)
    bulk = BulkMarket(strategy, plan, history, slots, loops)
    assert bulk.slot_by_slot == []
    plain = Market(strategy, plan)
    plain.push(replace(history.rest))
    for table in history.tables:
        plain.push(Record(bars=table.bars()))
    one, two = bulk.build(slots, 0), plain.build(slots, 0)
    assert one.inputs.values.tobytes() == two.inputs.values.tobytes()
    assert np.array_equal(one.inputs.signals, two.inputs.signals)
    assert [book_at(one.inputs, s) for s in range(len(slots))] == [
        book_at(two.inputs, s) for s in range(len(slots))
    ]
    assert np.isfinite(one.inputs.values[-1, :, : at.X_ADV]).all()
    assert all(prices for prices, _ in book_at(one.inputs, len(slots) - 1))


def book_at(inputs: object, s: int) -> list[tuple[list[int], list[float]]]:
    cells = inputs.cells[s]  # type: ignore[attr-defined]
    return [
        (inputs.prices[low:high].tolist(), inputs.strengths[low:high].tolist())  # type: ignore[attr-defined]
        for low, high in cells[:, at.C_BOOK_START : at.C_BOOK_END + 1].tolist()
    ]


@pytest.mark.parametrize("sigma", ["ewma", "parkinson", "rogers_satchell", "yang_zhang"])
def test_compiled_columns_of_random_bars_are_those_of_the_single_slot(
    sigma: str, compiled_loops: Loops
) -> None:
    history = history_of(walk(seed=len(sigma)))
    assert_same_columns(strategy_of(sigma), history, compiled_loops, BEGIN + ROWS * HOUR)


def test_compiled_columns_of_real_candles_are_those_of_the_single_slot(
    compiled_loops: Loops,
) -> None:
    if not CANDLES.is_dir():
        pytest.skip("the folder of real candles is not here")
    history, _ = read_candle_history(CANDLES, BEGIN, BEGIN + ROWS * HOUR)
    assert_same_columns(strategy_of("ewma"), history, compiled_loops, BEGIN + ROWS * HOUR)


def test_interpreted_columns_are_the_compiled_ones(compiled_loops: Loops) -> None:
    record = walk(seed=9)
    record.bars = [bar for bar in record.bars if bar.open_time < BEGIN + 1_500 * HOUR]
    strategy = strategy_of("ewma")
    plan = build_rules(strategy)[1]
    slots = slots_between(BEGIN + HOUR, BEGIN + 1_500 * HOUR, strategy.settle)
    history = history_of(record)
    found = [
        BulkMarket(strategy, plan, history, slots, loops).build(slots, 0).inputs.values.tobytes()
        for loops in (Loops(), compiled_loops)
    ]
    assert found[0] == found[1]
