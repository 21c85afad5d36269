"""Columns computed from real candles: the kernel on exactly the last bars, whatever was before."""

from __future__ import annotations

import gzip
import math
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from bot.app.account import Account
from bot.app.stepper import Stepper
from bot.domain.instants import DAY, HOUR, parse_instant
from bot.domain.values import Bar, Level, LevelList, Record, Slot, Token
from bot.engine import layout as at
from bot.market.column_names import named_column
from bot.market.inputs import Market, MarketSlice, slots_between
from bot.market.instruments import Instrument
from bot.market.kernels import returns
from bot.market.kernels.atr import atr
from bot.market.kernels.liquidity import median_volume
from bot.market.kernels.trend import trend
from bot.market.kernels.volatility import (
    ewma_volatility,
    parkinson,
    rogers_satchell,
    yang_zhang,
)
from tests.support.records import load

CANDLES = Path(__file__).resolve().parents[3] / "shared" / "data" / "usdt"
PAIRS = ("BTC", "DOGE", "SOL")
UNITS = ((Decimal(1), Decimal("1e-8")), (Decimal("1e-7"), Decimal("0.1")),
         (Decimal("0.0001"), Decimal("0.0001")))  # fmt: skip
FIRST = parse_instant("2021-01-01T00:00:00Z")
BEGIN = FIRST + 230 * DAY
END = BEGIN + 5 * DAY - HOUR
STRATEGY = """
name = "candles"
signals = "local"
levels = "local"
sharpe_column = "sharpe_90d"
sharpe_min = 0
mdd_column = "mdd_90d"
mdd_max = 0.9
sortino_column = "sortino_30d"
volatility_column = "volatility_30d"
volatility_max = 5
stop_min_strength = 0
target_min_strength = 0
strong = "off"
stop_max_pct = 0.3
stop_max_atr = 30
target_fallback = 1
min_rr = 0.1
[[gates]]
column = "cagr_90d"
min = -100
"""

pytestmark = pytest.mark.skipif(
    not CANDLES.is_dir(), reason=f"no real candles: {CANDLES.parent.name}/{CANDLES.name} is absent"
)


@cache
def candles() -> Record:
    """Three tokens, 235 days, and a few hours taken out so that rows are not hours."""
    bars: list[Bar] = []
    for token_id, pair in enumerate(PAIRS, start=1):
        with gzip.open(CANDLES / f"{pair}-USDT-1h.csv.gz", "rt") as file:
            next(file)
            for n, line in enumerate(file):
                time, *cells = line.rstrip("\n").split(",")
                if not "2021-01-01" <= time < "2021-08-25" or n % 701 == token_id:
                    continue
                o, h, low, c, volume = map(Decimal, cells)
                bars.append(
                    Bar(
                        token_id=token_id, open_time=parse_instant(time), open=o, high=h,
                        low=low, close=c, volume=volume,
                    )
                )  # fmt: skip
    tokens = [Token(token_id=n, symbol=pair) for n, pair in enumerate(PAIRS, start=1)]
    return Record(tokens=tokens, bars=bars)


def slots() -> list[Slot]:
    return slots_between(BEGIN, END, 600_000)


@cache
def built(extra: str) -> tuple[Stepper, MarketSlice]:
    stepper = Stepper(load(extra + STRATEGY))
    market = Market(stepper.loaded.strategy, stepper.plan)
    market.push(candles())
    return stepper, market.build(slots(), 3 * HOUR)


def known(token_id: int, slot: int) -> list[Bar]:
    return [
        row for row in candles().bars if row.token_id == token_id and row.open_time + HOUR <= slot
    ]


def floats(rows: list[Bar], name: str) -> list[float]:
    return [float(getattr(row, name)) for row in rows]


def same(one: float, two: float) -> bool:
    return one == two or (math.isnan(one) and math.isnan(two))


@pytest.mark.parametrize("s", [0, 1, 30, 71, 119])
@pytest.mark.parametrize("token", range(3))
def test_every_column_is_its_kernel_on_exactly_the_last_bars(s: int, token: int) -> None:
    stepper, made = built("")
    slot = slots()[s].slot
    rows = known(token + 1, slot)
    day_closes = [float(row.close) for row in rows if (row.open_time + HOUR) % DAY == 0]
    values = made.inputs.values[s, token].tolist()
    expected = {
        "sharpe_90d": returns.sharpe(day_closes[-91:], 0.0, 30),
        "mdd_90d": returns.max_drawdown(day_closes[-91:], 30),
        "cagr_90d": returns.cagr(day_closes[-91:], 30),
        "sortino_30d": returns.sortino(day_closes[-31:], 0.0, 30),
        "volatility_30d": returns.volatility(day_closes[-31:], 30),
    }
    for name, value in expected.items():
        assert same(values[stepper.plan.place(named_column(name))], value), name
        assert math.isfinite(value)
    last = rows[-720:]
    high, low, close = (floats(last, name) for name in ("high", "low", "close"))
    assert values[at.X_SIGMA] == max(ewma_volatility(close), 0.1)
    assert values[at.X_ATR] == atr(high, low, close) * 10.0 ** made.prices[token].decimals
    assert values[at.X_ADV] == median_volume(day_volumes(rows, slot))


def day_volumes(rows: list[Bar], slot: int) -> list[float]:
    today = (rows[-1].open_time + HOUR) // DAY * DAY
    totals = []
    for day in range(today - 7 * DAY, today, DAY):
        inside = [row for row in rows if day <= row.open_time < day + DAY]
        newest_first = reversed(inside)
        totals.append(sum(float(row.volume or 0) * float(row.close) for row in newest_first))
    return totals


@pytest.mark.parametrize("kind", ["parkinson", "rogers_satchell", "yang_zhang"])
def test_range_volatilities_are_annual_and_of_the_last_720_bars(kind: str) -> None:
    _, made = built(f'sigma = "{kind}"\n')
    for s in (0, 60):
        last = known(1, slots()[s].slot)[-720:]
        o, h, low, c = (floats(last, name) for name in ("open", "high", "low", "close"))
        hourly = {
            "parkinson": parkinson(h, low),
            "rogers_satchell": rogers_satchell(o, h, low, c),
            "yang_zhang": yang_zhang(o, h, low, c),
        }[kind]
        assert made.inputs.values[s, 0, at.X_SIGMA] == pytest.approx(
            hourly * math.sqrt(8760), rel=1e-9
        )


def test_each_new_bar_says_the_trend_of_the_last_384() -> None:
    _, made = built("")
    inputs = made.inputs
    for s in range(1, len(slots()), 7):
        rows = inputs.signals[inputs.sig_start[s] : inputs.sig_start[s + 1]].tolist()
        for token in range(3):
            bars = known(token + 1, slots()[s].slot)
            told = [row[at.G_VALUE] for row in rows if row[at.G_TOKEN] == token]
            newest = bars[-1].open_time + HOUR == slots()[s].slot
            assert len(told) == int(newest)
            last = bars[-384:]
            high, low, close = (floats(last, name) for name in ("high", "low", "close"))
            assert told in ([], [trend(high, low, close)])


def test_the_book_of_a_slot_does_not_depend_on_where_the_history_begins() -> None:
    """213 days of bars give what 230 days do: 4,320 for the pivots and 720 for their ranges."""
    stepper, made = built("")
    market = Market(stepper.loaded.strategy, stepper.plan)
    late = BEGIN - 213 * DAY
    record = candles()
    market.push(
        Record(tokens=record.tokens, bars=[row for row in record.bars if row.open_time >= late])
    )
    other = market.build(slots(), 3 * HOUR)
    for s in (0, 50, 119):
        for token in range(3):
            assert book(made, s, token)[0]
            assert book(other, s, token) == book(made, s, token)


def book(made: MarketSlice, s: int, token: int) -> tuple[list[int], list[float], int]:
    start, end, when_built = made.inputs.cells[s, token, at.C_BOOK_START : at.C_BOOK_BUILT + 1]
    inputs = made.inputs
    return inputs.prices[start:end].tolist(), inputs.strengths[start:end].tolist(), int(when_built)


def test_too_little_history_is_missing_and_no_shorter_window_is_taken() -> None:
    stepper = Stepper(load(STRATEGY))
    market = Market(stepper.loaded.strategy, stepper.plan)
    record = candles()
    market.push(
        Record(bars=[row for row in record.bars if BEGIN - 29 * DAY <= row.open_time < BEGIN])
    )
    made = market.build(slots()[:1], 3 * HOUR)
    values = made.inputs.values[0, 0].tolist()
    assert all(math.isnan(value) for n, value in enumerate(values) if n != at.X_ADV)
    assert math.isfinite(values[at.X_ADV])
    assert book(made, 0, 0) == ([], [], 0)


PROVIDER_LEVELS = """
levels = "provider"
levels_stale = "30d"
stop_min_strength = 0.01
target_min_strength = 0.01
portfolio_vol = 0.3
"""


def untidy() -> Record:
    """The candles with corrections of old bars that arrive in the slots, and a list of levels."""
    record = candles()
    late = [
        replace(row, high=row.high * 2, low=row.low / 2, available_at=BEGIN + n * 9 * HOUR + 1)
        for n in range(1, 13)
        for row in known(1 + n % 3, BEGIN - (5 + 11 * n) * DAY)[-1:]
    ]
    lists = [
        LevelList(
            token_id=token_id,
            seen_at=BEGIN - HOUR,
            levels=tuple(
                Level(price=row.close) for row in known(token_id, BEGIN)[-2000::100]
            ),
        )
        for token_id in (1, 2, 3)
    ]  # fmt: skip
    return replace(record, bars=[*record.bars, *late], levels=lists)


@pytest.mark.parametrize("extra", ["", PROVIDER_LEVELS])
def test_a_restart_gives_the_same_lines_and_the_same_books(extra: str) -> None:
    kept = [line for line in STRATEGY.splitlines() if line.split("=")[0] not in extra]
    stepper = Stepper(load(extra + "\n".join(kept)))
    record = untidy()
    market = Market(stepper.loaded.strategy, stepper.plan)
    market.push(record)
    whole = stepper.step(market, stepper.open_account(), slots())
    assert sum(len(slot.orders) for slot in whole.records) > 3
    account = stepper.open_account()
    lines: list[str] = []
    for first in range(0, len(slots()), 30):
        market = reopened(stepper, record, slots()[max(first - 1, 0)], first > 0)
        stepped = stepper.step(market, account, slots()[first : first + 30])
        account = Account.from_bytes(stepped.account.to_bytes())
        lines += [slot.lines for slot in stepped.records]
        for s in (0, 13, 29):
            for token in range(3):
                strengths = book(stepped.market, s, token)
                assert any(strengths[1])
                assert strengths == book(whole.market, first + s, token)
    assert lines == [slot.lines for slot in whole.records]
    assert account == whole.account


def reopened(stepper: Stepper, record: Record, before: Slot, started: bool) -> Market:  # noqa: FBT001
    """The market as a daemon opens it: as much history as the windows need, and some more."""
    units = {
        n: Instrument(token_id=n, tick=tick, lot=lot, min_notional=Decimal(5))
        for n, (tick, lot) in enumerate(UNITS, start=1)
    }
    universe = frozenset({1, 2, 3})
    market = Market(stepper.loaded.strategy, stepper.plan, units, universe)
    oldest = before.slot - 5040 * HOUR - 20 * DAY if started else 0
    market.push(replace(record, bars=[]))
    market.push(Record(bars=[row for row in record.bars if row.open_time >= oldest]))
    if started:
        market.absorb(before)
        market.skip_to(before)
    return market
