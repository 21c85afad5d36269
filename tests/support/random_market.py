"""Random markets as engine arrays: deterministic from a seed, made to reach every reason code."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import numpy as np

from bot.engine import layout as at
from bot.engine import reasons
from bot.engine.params import Params
from bot.engine.tables import Inputs, Rules, State, new_buffers, new_state, run_slots
from tests.support.engine_market import HOUR, OFF, T0, VECTOR_PARAMS

SHARPE, SORTINO, DRAWDOWN, VOLATILITY, GRADE, TURNOVER, OTHER = range(3, 10)
COLUMNS = 10

# decimals, tick in points, money of a lot at a tick, price in ticks: BTC, SHIB, PEPE, and an
# instrument whose source sends more decimals than its tick has.
KINDS = ((2, 1, 10, 6_700_000), (8, 1, 1, 1300), (10, 1, 1, 11_000), (4, 100, 1000, 250_000))
MONEY = 10**8


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One market under one strategy, and the account that it starts with."""

    inputs: Inputs
    rules: Rules
    decimals: list[int]
    cash: int

    def account(self) -> State:
        return new_state(len(self.decimals), self.cash)


def random_case(seed: int, tokens: int = 8, hours: int = 168) -> Case:
    """A market of `tokens` tokens over `hours` slots."""
    rng = Random(seed)
    parts = rng.choice((0, 0, 12))
    cash = rng.choice((10**2, 10**3, 10**4, 10**6, 10**7, 10**9)) * MONEY
    params = random_params(rng, parts)
    kinds = [KINDS[(i + seed) % len(KINDS)] for i in range(tokens)]
    made = [random_token(rng, kind, hours, parts, cash) for kind in kinds]
    inputs = assemble(rng, made, kinds, hours)
    let_operator_act(Random(-seed), inputs)
    if math.isnan(params.portfolio_vol):
        inputs = inputs._replace(covariance=np.zeros((1, 0, 0)))
    rules = random_rules(rng, params)
    return Case(inputs=inputs, rules=rules, decimals=[kind[0] for kind in kinds], cash=cash)


def random_params(rng: Random, parts: int) -> Params:
    """Every option away from its default in some seed."""
    chance = rng.random
    return VECTOR_PARAMS._replace(
        latency=rng.choice((120_000, 0) if parts else (0, 0, 120_000)),
        bar_span=HOUR // parts if parts else HOUR,
        bar_wait=rng.choice((1, 3)) * HOUR,
        confirm_bars=rng.choice((1, 1, 2)),
        enter_on_first_seen=rng.choice((0, 1)),
        candidate_ttl=rng.choice((1, 3, 5)) * HOUR,
        while_bullish=rng.choice((0, 1)),
        cooldown_stop=rng.choice((3, 6)) * HOUR,
        max_hold=rng.choice((6, 24, 168, 168)) * HOUR,
        use_quant=1, use_grade=rng.choice((0, 1)), use_levels_age=rng.choice((0, 1)),
        domain_column=DRAWDOWN,
        min_history=rng.choice((0, 24 * HOUR)),
        max_open=rng.choice((1, 3, 8)),
        daily_loss_limit=rng.choice((-1, -1, 2000, 30_000)),
        dd_halt=rng.choice((-1, -1, 5000, 200_000)),
        top_n=rng.choice((-1, 2)),
        rank_composite=rng.choice((0, 1)), sortino_column=SORTINO,
        strong=rng.choice((4, 9)) * 10**9,
        veto=rng.choice((0, 2000, 2000, 20_000)),
        stop_min_strength=rng.choice((0, 2)) * 10**9,
        stop_buf=rng.choice((0, 2000)),
        stop_buf_atr=rng.choice((0.0, 0.25)),
        stop_max_atr=rng.choice((0.0, 4.0)),
        atr_fallback=rng.choice((OFF, OFF, 2.0)),
        target_min_strength=rng.choice((0, 3)) * 10**9,
        target_fallback=rng.choice((-1, 2_000_000)),
        min_rr=rng.choice((0, 0, 500_000, 1_500_000)),
        max_drift=rng.choice((3000, 10_000)),
        scope_candidates=rng.choice((0, 1)), waterfill=rng.choice((0, 1)),
        gross=rng.choice((300_000, 900_000)),
        risk=rng.choice((1000, 5000, 30_000)),
        pos_vol=rng.choice((-1, 100_000)),
        position_cap=rng.choice((100_000, 250_000)),
        max_adv_frac=rng.choice((-1.0, 0.01)),
        portfolio_vol=0.2 if chance() < 0.3 else OFF,
        k=rng.choice((0, 500, 3000)),
        impact=1.0 if chance() < 0.3 else OFF,
        limit_touch=rng.choice((0, 1)), limit_gap_open=rng.choice((0, 1)),
        part=rng.choice((5000, 20_000, 100_000, 1_000_000)),
        entry_ttl=rng.choice((1, 2, 4)),
    )  # fmt: skip


def random_rules(rng: Random, params: Params) -> Rules:
    """Gates on every kind of column, with and without a margin, and the ranks."""
    ease = rng.choice((0.1, 0.3, 1.0))
    gates = [
        ([TURNOVER, at.FROM_VOLUME, reasons.LIQUIDITY_LOW, 0], [0.2 * ease, OFF, 0.2 * ease, OFF]),
        ([SHARPE, at.FROM_QUANT, reasons.SHARPE_LOW, 0], [0.3 * ease, OFF, 0.1 * ease, OFF]),
        ([SORTINO, at.FROM_QUANT, reasons.SORTINO_LOW, 0], [0.2 * ease, OFF, 0.2 * ease, OFF]),
        ([DRAWDOWN, at.FROM_QUANT, 0, reasons.DRAWDOWN_HIGH], [OFF, 0.9, OFF, 0.95]),
        ([VOLATILITY, at.FROM_LOCAL, 0, reasons.VOLATILITY_HIGH], [OFF, 1.8, OFF, 1.9]),
        ([GRADE, at.FROM_GRADE, reasons.GRADE_LOW, 0], [0.1 * ease, OFF, 0.1 * ease, OFF]),
        (
            [OTHER, at.FROM_LOCAL, reasons.GATE_LOW, reasons.GATE_HIGH],
            [0.1 * ease, 0.95, 0.1 * ease, 0.97],
        ),
    ]
    kept = [gate for gate in gates if rng.random() < 0.35] or gates[:1]
    ranks = [[SORTINO, 0, at.FROM_QUANT]]
    if params.rank_composite == 1:
        ranks = [[SHARPE, 0, at.FROM_QUANT], [SORTINO, 0, at.FROM_QUANT], [DRAWDOWN, 1, 0]]
    return Rules(
        params,
        np.array([row for row, _ in kept], np.int64),
        np.array([row for _, row in kept], np.float64),
        np.array(ranks, np.int64),
        np.array([1.0 + n for n in range(len(ranks))]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One token's rows before they are laid into the run's arrays."""

    bars: list[list[int]]
    fine: list[list[list[int]]]  # per bar
    signals: list[tuple[int, int, int, int]]  # slot, valid time, value, ambiguous
    newest: list[int]  # per slot, the bar's row within the token
    cells: list[list[int]]  # per slot, the book within the token
    values: list[list[float]]
    prices: list[int]
    strengths: list[float]


def random_token(
    rng: Random, kind: tuple[int, int, int, int], hours: int, parts: int, cash: int
) -> Token:
    bars, fine = random_bars(rng, kind, hours, parts, cash)
    signals = random_signals(rng, hours)
    prices: list[int] = []
    strengths: list[float] = []
    rows: list[int] = []
    cells: list[list[int]] = []
    values: list[list[float]] = []
    for n in range(hours):
        newest = newest_bar(bars, T0 + n * HOUR)
        if n % 24 == 0:
            cell, value = random_day(rng, kind, bars, newest, prices, strengths)
        row = list(cell)
        rows.append(newest)
        row[at.C_HISTORY] = T0 + n * HOUR - bars[0][at.B_OPEN_TIME] if newest >= 0 else -1
        row[at.C_JUMP] = int(rng.random() < 0.0003)
        cells.append(row)
        values.append(list(value))
    return Token(
        bars=bars, fine=fine, signals=signals, newest=rows, cells=cells, values=values,
        prices=prices, strengths=strengths,
    )  # fmt: skip


def newest_bar(bars: list[list[int]], slot: int) -> int:
    newest = -1
    for n, bar in enumerate(bars):
        if bar[at.B_OPEN_TIME] >= slot:
            break
        if bar[at.B_KNOWN] <= slot:
            newest = n
    return newest


def random_bars(
    rng: Random, kind: tuple[int, int, int, int], hours: int, parts: int, cash: int
) -> tuple[list[list[int]], list[list[list[int]]]]:
    """A walk of closes with gaps between bars, holes, empty bars, late bars and revisions."""
    _, tick, unit, ticks = kind
    price = ticks * tick
    bars: list[list[int]] = []
    fine: list[list[list[int]]] = []
    dead_from = rng.randrange(hours // 4, hours)
    for n in range(-2, hours):
        path = [price if rng.random() < 0.7 else moved(rng, price, 0.01)]
        for _ in range((parts or 4) * 4):
            path.append(moved(rng, path[-1], 0.0025))
        price = path[-1]
        if rng.random() < 0.04 or dead_from <= n < dead_from + 60:
            continue
        opened = T0 + n * HOUR
        late = rng.choice((1, 2, 5)) if rng.random() < 0.04 else 0
        lots = max(1, cash // 50 // (price // tick * unit + 1))
        volume = rng.choice((1, 3, 10, 100, 100)) * lots
        if rng.random() < 0.05:
            volume = rng.choice((0, 0, -1))
        row = [opened, path[0], max(path), min(path), price, volume, opened + (1 + late) * HOUR]
        bars.append(row)
        fine.append(inner_bars(rng, path, opened, parts) if parts and rng.random() < 0.8 else [])
        if rng.random() < 0.02:
            bars.append([*row[:4], moved(rng, price, 0.001), row[5], row[6] + HOUR])
            bars[-1][at.B_HIGH] = max(bars[-1][at.B_HIGH], bars[-1][at.B_CLOSE])
            bars[-1][at.B_LOW] = min(bars[-1][at.B_LOW], bars[-1][at.B_CLOSE])
            fine.append([])
    return bars, fine


def moved(rng: Random, price: int, share: float) -> int:
    return max(1000, round(price * (1.0 + rng.gauss(0.0, share))))


def inner_bars(rng: Random, path: list[int], opened: int, parts: int) -> list[list[int]]:
    """Finer bars along the same path as the hour's."""
    rows = []
    for n in range(parts):
        piece = path[4 * n : 4 * n + 5]
        volume = 0 if rng.random() < 0.1 else 5
        rows.append(
            [opened + n * (HOUR // parts), piece[0], max(piece), min(piece), piece[-1], volume]
        )
    return rows


def random_signals(rng: Random, hours: int) -> list[tuple[int, int, int, int]]:
    """Regimes of Bullish and Bearish rows with zeros, gaps, late, revised and unreadable rows."""
    rows = []
    trend = rng.choice((-1, 1))
    for n in range(1, hours):
        if rng.random() < 0.12:
            trend = -trend
        if rng.random() < 0.08:
            continue
        value = trend if rng.random() < 0.85 else 0
        if rng.random() < 0.02:
            value = at.UNREADABLE
        valid = T0 + (n - 1) * HOUR
        slot = n + (rng.choice((1, 2, 4)) if rng.random() < 0.05 else 0)
        rows.append((T0 + slot * HOUR, valid, value, int(rng.random() < 0.02)))
        if rng.random() < 0.05:
            rows.append((T0 + (slot + 1) * HOUR, valid, rng.choice((-1, 0, 1)), 0))
    return rows


def random_day(
    rng: Random, kind: tuple[int, int, int, int], bars: list[list[int]], newest: int,
    prices: list[int], strengths: list[float],
) -> tuple[list[int], list[float]]:  # fmt: skip
    """What stays the same for a day: freshness, metrics, and a level book around the price."""
    cell = [0] * at.CELL_COLS
    cell[at.C_QUANT] = rng.choices((at.FRESH, at.STALE), (19, 1))[0]
    cell[at.C_GRADE] = rng.choices((at.FRESH, at.STALE), (19, 1))[0]
    cell[at.C_LEVELS] = rng.choices((at.FRESH, at.STALE), (19, 1))[0]
    cell[at.C_UNIVERSE] = int(rng.random() < 0.95)
    cell[at.C_BOOK_BUILT] = rng.choice((0, T0 - 24 * HOUR))
    price = bars[newest][at.B_CLOSE] if newest >= 0 else kind[3] * kind[1]
    cell[at.C_BOOK_START] = len(prices)
    for level in sorted(moved(rng, price, 0.03) for _ in range(rng.choice((0, 10, 20, 20, 20)))):
        prices.append(level)
        strengths.append(rng.choice((0.0, 1.0, rng.uniform(0.0, 10.0))))
    cell[at.C_BOOK_END] = len(prices)
    value = [
        rng.uniform(0.1, 1.5),
        rng.uniform(0.002, 0.02) * price,
        rng.uniform(1e4, 1e8),
        *(rng.random() for _ in range(COLUMNS - 3)),
    ]
    value[VOLATILITY] = rng.uniform(0.1, 2.0)
    for column in range(COLUMNS):
        if rng.random() < 0.02:
            value[column] = OFF
    if rng.random() < 0.05:
        value[DRAWDOWN] = 1.2
    return cell, value


def assemble(
    rng: Random, made: list[Token], kinds: list[tuple[int, int, int, int]], hours: int
) -> Inputs:
    """The tokens' rows as one run's arrays, looking at every token in every slot."""
    count = len(made)
    newest = np.zeros((hours, count), np.int64)
    cells = np.zeros((hours, count, at.CELL_COLS), np.int64)
    values = np.zeros((hours, count, COLUMNS))
    bars: list[list[int]] = []
    fine: list[list[int]] = []
    prices: list[int] = []
    strengths: list[float] = []
    bar_start, fine_start = [0], [0]
    for i, token in enumerate(made):
        cells[:, i] = token.cells
        values[:, i] = token.values
        newest[:, i] = [row + len(bars) if row >= 0 else -1 for row in token.newest]
        cells[:, i, at.C_BOOK_START] += len(prices)
        cells[:, i, at.C_BOOK_END] += len(prices)
        bars.extend(token.bars)
        bar_start.append(len(bars))
        for rows in token.fine:
            fine.extend(rows)
            fine_start.append(len(fine))
        prices.extend(token.prices)
        strengths.extend(token.strengths)
    signals, sig_start = lay_signals([token.signals for token in made], hours)
    insts = [
        [i + 1, tick, unit, rng.choice((0, 5 * MONEY)), i % 2, int(rng.random() < 0.8)]
        for i, (_, tick, unit, _) in enumerate(kinds)
    ]
    slots = [
        [T0 + n * HOUR, int(rng.random() < 0.03), int(rng.random() < 0.03), 0, 0]
        for n in range(hours)
    ]
    spread = np.array([[rng.uniform(0.2, 1.0) for _ in range(count)] for _ in range(count)])
    return Inputs(
        slots=np.array(slots, np.int64), newest=newest, cells=cells, values=values,
        covariance=(spread @ spread.T)[None] / count,
        signals=signals, sig_start=sig_start,
        look=np.tile(np.arange(count), hours), look_start=np.arange(hours + 1) * count,
        insts=np.array(insts, np.int64),
        bars=np.array(bars, np.int64), bar_start=np.array(bar_start, np.int64),
        fine=np.array(fine, np.int64).reshape(-1, at.FINE_COLS),
        fine_start=np.array(fine_start, np.int64),
        prices=np.array(prices, np.int64), strengths=np.array(strengths),
    )  # fmt: skip


def let_operator_act(rng: Random, inputs: Inputs) -> None:
    """A few closes and acknowledgements, at any instant and for any token."""
    for s, slot in enumerate(inputs.slots):
        slot[at.S_ACKNOWLEDGED] = int(rng.random() < 0.02)
        for cell in inputs.cells[s]:
            asked = at.ASKED_CLOSE * (rng.random() < 0.01) | at.ASKED_ACK * (rng.random() < 0.02)
            asked |= (at.ASKED_CLOSE | at.ASKED_WRITE_OFF) * (rng.random() < 0.01)
            cell[at.C_OPERATOR] = asked


def lay_signals(per_token: list[list[tuple[int, int, int, int]]], hours: int) -> tuple[Any, Any]:
    """Rows by slot, token and valid time, versions in the order in which they were made."""
    rows: list[list[int]] = []
    start = [0]
    for n in range(hours):
        for i, signals in enumerate(per_token):
            here = sorted((r for r in signals if r[0] == T0 + n * HOUR), key=lambda r: r[1])
            rows.extend([i, valid, value, ambiguous] for _, valid, value, ambiguous in here)
        start.append(len(rows))
    return np.array(rows, np.int64).reshape(-1, at.SIGNAL_COLS), np.array(start, np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """All records of a run, copied out of the buffers; decision rows are counted through."""

    records: Any
    marks: Any
    decisions: Any
    details: Any

    def of_kind(self, kind: int) -> Any:
        return self.records[self.records[:, at.R_KIND] == kind]


def play(
    inputs: Inputs, rules: Rules, state: State, slots: int | None = None, buffer: int = 20_000,
    at_once: int | None = None,
) -> Ledger:  # fmt: skip
    """Run the slots in calls of at most `at_once`, emptying buffers of `buffer` records."""
    last = slots if slots is not None else len(inputs.slots)
    buffers = new_buffers(inputs, rules, buffer)
    records, marks, decisions, details = [], [], [], []
    before, done, count = 0, 0, 0
    while done < last:
        stop = last if at_once is None else min(last, done + at_once)
        with np.errstate(all="raise"):
            moved_to, output = run_slots(inputs, rules, state, buffers, done, stop)
        assert moved_to > done, "a slot does not fit the buffers"
        rows = output.records.copy()
        rows[rows[:, at.R_KIND] == at.DECISION, at.R_A] += before
        entries = (rows[:, at.R_KIND] == at.ORDER) & (rows[:, at.R_ACTION] == at.ACT_ENTRY)
        rows[entries, at.R_H] += before
        records.append(rows)
        marks.append(output.marks.copy())
        marks[-1][:, at.M_RECORDS] += count
        count += len(rows)
        decisions.append(output.decisions.copy())
        details.append(output.details.copy())
        before += len(output.decisions)
        done = moved_to
    return Ledger(
        records=np.concatenate(records),
        marks=np.concatenate(marks),
        decisions=np.concatenate(decisions),
        details=np.concatenate(details),
    )


def same(one: Ledger, other: Ledger) -> bool:
    """Whether two runs wrote the same, number by number."""
    return (
        np.array_equal(one.records, other.records)
        and np.array_equal(one.marks, other.marks)
        and np.array_equal(one.decisions, other.decisions)
        and np.array_equal(one.details, other.details, equal_nan=True)
    )


@cache
def recorded(seed: int) -> tuple[Case, Ledger]:
    """The case of a seed and its ledger in one run, kept for all tests of a session."""
    case = random_case(seed)
    return case, play(case.inputs, case.rules, case.account())
