"""Small markets as engine arrays, for tests that look at single rules."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from bot.engine import layout as at
from bot.engine.params import Params
from bot.engine.reasons import NAMES
from bot.engine.tables import Inputs, Output, Rules, State, new_buffers, new_state, run_slots

HOUR = 3_600_000
DAY_HOURS = 24
T0 = 1_746_792_000_000  # 2025-05-09T12:00:00Z
OFF = math.nan

VECTOR_PARAMS = Params(
    target_first=0,
    latency=0, bar_span=HOUR, bar_wait=3 * HOUR, stale_bars=2 * HOUR, signal_period=HOUR,
    stale_signal=2 * HOUR, max_signal_gap=3 * HOUR, confirm_bars=1, enter_on_first_seen=0,
    candidate_ttl=3 * HOUR, while_bullish=0, cooldown_stop=6 * HOUR, cooldown_other=2 * HOUR,
    max_hold=168 * HOUR, use_quant=0, use_grade=0, use_levels_age=0, use_atr=1, domain_column=-1,
    min_history=0, max_open=8, daily_loss_limit=-1, dd_halt=-1, top_n=-1, rank_composite=0,
    sortino_column=-1, merge=2500, strong=4 * 10**9, veto=2000, stop_min_strength=2 * 10**9,
    stop_buf=2000, stop_buf_atr=0.25, stop_min_pct=5000, stop_min_atr=0.75, stop_max_pct=80000,
    stop_max_atr=4.0, atr_fallback=OFF, target_min_strength=3 * 10**9, target_buf=1000,
    target_fallback=-1, min_rr=0, max_drift=10000, scope_candidates=0, waterfill=0,
    gross=900_000, risk=5000, pos_vol=100_000, position_cap=250_000, sector_cap=500_000,
    max_adv_frac=-1.0, portfolio_vol=OFF, k=500, impact=OFF, taker=1000, maker=500,
    limit_touch=0, limit_gap_open=0, part=1_000_000, entry_ttl=1,
)  # fmt: skip


def points(value: str | float, decimals: int) -> int:
    """A decimal text as points."""
    scaled = Decimal(str(value)).scaleb(decimals)
    assert scaled == int(scaled), value
    return int(scaled)


@dataclass
class OneToken:
    """A market of one token: tick .01, lot .001, prices with `decimals`, volume in units."""

    decimals: int = 2
    tick: int = 1  # points
    unit: int = 1000  # money of one lot at one tick: .01 x .001 x 1e8
    min_notional: int = 0
    bars: list[tuple[int, list[str], str]] = field(default_factory=list)  # hour, o h l c, volume
    fine: dict[int, list[tuple[list[str], str]]] = field(default_factory=dict)
    signals: list[tuple[int, int, int]] = field(default_factory=list)  # slot, valid, value
    values: list[float] = field(default_factory=lambda: [0.5, 120.0, math.nan])
    levels: list[tuple[str, float]] = field(default_factory=list)
    params: Params = VECTOR_PARAMS
    gates: Any = None
    limits: Any = None
    ranks: Any = None

    def rules(self) -> Rules:
        gates = np.zeros((0, at.GATE_INT_COLS), np.int64) if self.gates is None else self.gates
        limits = (
            np.zeros((0, at.GATE_FLOAT_COLS), np.float64) if self.limits is None else self.limits
        )
        ranks = np.array([[at.X_SIGMA, 0, at.FROM_LOCAL]], np.int64)
        return Rules(self.params, gates, limits, ranks, np.ones(1))

    def inputs(self, slots: list[int], missed: frozenset[int] = frozenset()) -> Inputs:
        bars, fine, fine_start = self._bars()
        newest = np.zeros((len(slots), 1), np.int64)
        cells = np.zeros((len(slots), 1, at.CELL_COLS), np.int64)
        levels = sorted(self.levels, key=lambda row: Decimal(row[0]))
        for s, slot in enumerate(slots):
            known = [n for n, bar in enumerate(bars) if bar[at.B_KNOWN] <= slot]
            newest[s, 0] = known[-1] if known else -1
            cells[s, 0, at.C_QUANT] = cells[s, 0, at.C_GRADE] = at.FRESH
            cells[s, 0, at.C_LEVELS] = at.FRESH
            cells[s, 0, at.C_BOOK_END] = len(levels)
            cells[s, 0, at.C_UNIVERSE] = 1
            cells[s, 0, at.C_HISTORY] = 10**12
        rows, start = self._signals(slots)
        return Inputs(
            slots=np.array([[s, int(s in missed), 0, 0, 0] for s in slots], np.int64),
            newest=newest,
            cells=cells,
            values=np.array([[self.values]] * len(slots), np.float64),
            covariance=np.zeros((1, 0, 0)),
            signals=rows,
            sig_start=start,
            look=np.zeros(len(slots), np.int64),
            look_start=np.arange(len(slots) + 1),
            insts=np.array([[1, self.tick, self.unit, self.min_notional, 0, 1]], np.int64),
            bars=bars,
            bar_start=np.array([0, len(bars)]),
            fine=fine,
            fine_start=fine_start,
            prices=np.array([points(price, self.decimals) for price, _ in levels], np.int64),
            strengths=np.array([strength for _, strength in levels], np.float64),
        )

    def _bars(self) -> tuple[Any, Any, Any]:
        rows, fine, fine_start = [], [], [0]
        for hour, prices, volume in self.bars:
            opened = T0 + hour * HOUR
            ohlc = [points(price, self.decimals) for price in prices]
            # volume in lots of .001
            rows.append([opened, *ohlc, points(volume, 3), opened + HOUR])
            parts = self.fine.get(hour, [])
            for n, (part, part_volume) in enumerate(parts):
                span = HOUR // len(parts)
                inner = [points(price, self.decimals) for price in part]
                fine.append([opened + n * span, *inner, points(part_volume, 3)])
            fine_start.append(len(fine))
        return (
            np.array(rows, np.int64).reshape(-1, at.BAR_COLS),
            np.array(fine, np.int64).reshape(-1, at.FINE_COLS),
            np.array(fine_start, np.int64),
        )

    def _signals(self, slots: list[int]) -> tuple[Any, Any]:
        rows, start = [], [0]
        for slot in slots:
            here = sorted((v, x) for s, v, x in self.signals if s == slot)
            rows.extend([0, valid, value, 0] for valid, value in here)
            start.append(len(rows))
        return np.array(rows, np.int64).reshape(-1, at.SIGNAL_COLS), np.array(start, np.int64)

    def run(
        self,
        slots: list[int],
        state: State,
        missed: frozenset[int] = frozenset(),
    ) -> Output:
        inputs = self.inputs(slots, missed)
        rules = self.rules()
        buffers = new_buffers(inputs, rules, 4000)
        with np.errstate(all="raise"):
            done, output = run_slots(inputs, rules, state, buffers, 0, len(slots))
        assert done == len(slots)
        return output


def account(cash: str) -> State:
    """A fresh one-token account."""
    return new_state(1, points(cash, 8))


@dataclass
class Coin:
    """One token of a market; hours count from T0, and slot n knows the bar of hour n - 1."""

    decimals: int = 2
    tick: int = 1
    unit: int = 1000
    min_notional: int = 0
    sector: int = 0
    lot_volume: int = 1
    bars: dict[int, tuple[str, str]] = field(default_factory=dict)  # hour: "o h l c", volume
    known: dict[int, int] = field(default_factory=dict)  # hour: first slot, where not the next
    fine: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    signals: list[tuple[int, int, int]] = field(default_factory=list)  # slot, valid hour, value
    levels: list[tuple[str, float]] = field(default_factory=list)
    values: list[float] = field(default_factory=lambda: [0.5, 120.0, math.nan])
    values_at: dict[int, list[float]] = field(default_factory=dict)  # from that slot on
    cells_at: dict[int, dict[int, int]] = field(default_factory=dict)  # from that slot on

    def flat(self, start: int, stop: int, ohlc: str, volume: str = "1000") -> Coin:
        """The same bar in every hour of [start, stop)."""
        self.bars.update(dict.fromkeys(range(start, stop), (ohlc, volume)))
        return self

    def bar_rows(self) -> list[list[int]]:
        rows = []
        for hour in sorted(self.bars):
            ohlc, volume = self.bars[hour]
            prices = [points(price, self.decimals) for price in ohlc.split()]
            lots = -1 if volume == "unknown" else points(volume, 3)
            known = T0 + self.known.get(hour, hour + 1) * HOUR
            rows.append([T0 + hour * HOUR, *prices, lots, known])
        return rows

    def fine_rows(self, hour: int) -> list[list[int]]:
        parts = self.fine.get(hour, [])
        rows = []
        for n, (ohlc, volume) in enumerate(parts):
            prices = [points(price, self.decimals) for price in ohlc.split()]
            rows.append([T0 + hour * HOUR + n * (HOUR // len(parts)), *prices, points(volume, 3)])
        return rows

    def newest(self, slot: int, rows: list[list[int]], first_row: int) -> int:
        known = [n for n, row in enumerate(rows) if row[at.B_KNOWN] <= T0 + slot * HOUR]
        return first_row + known[-1] if known else -1

    def cell(self, slot: int) -> list[int]:
        cell = [0] * at.CELL_COLS
        cell[at.C_QUANT] = cell[at.C_GRADE] = cell[at.C_LEVELS] = at.FRESH
        cell[at.C_UNIVERSE] = 1
        cell[at.C_HISTORY] = 10**12
        for since in sorted(self.cells_at):
            if since <= slot:
                for column, value in self.cells_at[since].items():
                    cell[column] = value
        return cell

    def values_in(self, slot: int) -> list[float]:
        since = [n for n in self.values_at if n <= slot]
        return self.values_at[max(since)] if since else self.values


@dataclass
class Market:
    """Several coins as the engine's arrays; every token is looked at in every slot."""

    coins: list[Coin]
    params: Params = VECTOR_PARAMS
    gates: list[tuple[list[int], list[float]]] = field(default_factory=list)
    ranks: list[tuple[int, int, int]] = field(
        default_factory=lambda: [(at.X_SIGMA, 0, at.FROM_LOCAL)]
    )
    covariance: Any = None
    missed: frozenset[int] = frozenset()
    paused: frozenset[int] = frozenset()
    acknowledged: frozenset[int] = frozenset()

    def rules(self) -> Rules:
        ints = np.array([row for row, _ in self.gates], np.int64)
        floats = np.array([row for _, row in self.gates], np.float64)
        return Rules(
            self.params,
            ints.reshape(-1, at.GATE_INT_COLS),
            floats.reshape(-1, at.GATE_FLOAT_COLS),
            np.array(self.ranks, np.int64),
            np.ones(len(self.ranks)),
        )

    def inputs(self, first: int, last: int) -> Inputs:
        """The slots [first, last] as arrays."""
        slots = range(first, last + 1)
        bars: list[list[int]] = []
        fine: list[list[int]] = []
        bar_start, fine_start = [0], [0]
        prices: list[int] = []
        strengths: list[float] = []
        newest = np.zeros((len(slots), len(self.coins)), np.int64)
        cells = np.zeros((len(slots), len(self.coins), at.CELL_COLS), np.int64)
        for i, coin in enumerate(self.coins):
            rows = coin.bar_rows()
            for s, slot in enumerate(slots):
                newest[s, i] = coin.newest(slot, rows, len(bars))
                cells[s, i] = coin.cell(slot)
            for hour in sorted(coin.bars):
                fine.extend(coin.fine_rows(hour))
                fine_start.append(len(fine))
            bars.extend(rows)
            bar_start.append(len(bars))
            cells[:, i, at.C_BOOK_START] = len(prices)
            for price, strength in sorted(coin.levels, key=lambda row: Decimal(row[0])):
                prices.append(points(price, coin.decimals))
                strengths.append(strength)
            cells[:, i, at.C_BOOK_END] = len(prices)
        signals, sig_start = self._signals(slots)
        count = len(self.coins)
        return Inputs(
            slots=np.array(
                [
                    [T0 + n * HOUR, n in self.missed, n in self.paused, 0, n in self.acknowledged]
                    for n in slots
                ],
                np.int64,
            ),
            newest=newest,
            cells=cells,
            values=np.array([[coin.values_in(n) for coin in self.coins] for n in slots]),
            covariance=np.zeros((1, 0, 0)) if self.covariance is None else self.covariance,
            signals=signals,
            sig_start=sig_start,
            look=np.tile(np.arange(count), len(slots)),
            look_start=np.arange(len(slots) + 1) * count,
            insts=np.array(
                [
                    [i + 1, coin.tick, coin.unit, coin.min_notional, coin.sector, coin.lot_volume]
                    for i, coin in enumerate(self.coins)
                ],
                np.int64,
            ),
            bars=np.array(bars, np.int64).reshape(-1, at.BAR_COLS),
            bar_start=np.array(bar_start, np.int64),
            fine=np.array(fine, np.int64).reshape(-1, at.FINE_COLS),
            fine_start=np.array(fine_start, np.int64),
            prices=np.array(prices, np.int64),
            strengths=np.array(strengths, np.float64),
        )

    def _signals(self, slots: range) -> tuple[Any, Any]:
        rows: list[list[int]] = []
        start = [0]
        for slot in slots:
            for i, coin in enumerate(self.coins):
                # A stable sort: two versions of one valid time keep the order they came in.
                here = sorted((row for row in coin.signals if row[0] == slot), key=lambda r: r[1])
                rows.extend([i, T0 + valid * HOUR, value, 0] for _, valid, value in here)
            start.append(len(rows))
        return np.array(rows, np.int64).reshape(-1, at.SIGNAL_COLS), np.array(start, np.int64)

    def account(self, cash: str = "100000") -> State:
        """A fresh account for these coins."""
        return new_state(len(self.coins), points(cash, 8))

    def run(self, first: int, last: int, state: State | None = None) -> Output:
        """Step the slots [first, last] and return all records."""
        inputs = self.inputs(first, last)
        rules = self.rules()
        buffers = new_buffers(inputs, rules, 4000)
        with np.errstate(all="raise"):
            done, output = run_slots(
                inputs, rules, state or self.account(), buffers, 0, last - first + 1
            )
        assert done == last - first + 1
        return output


def hold(state: State, i: int, lots: int, ticks: int, unit: int, opened: int) -> None:
    """Give token i a position bought at `ticks` without a fee, out of the account's cash."""
    token = state.tokens[i]
    token[at.T_QTY] = token[at.T_BOUGHT] = lots
    token[at.T_COST] = token[at.T_PAID] = lots * ticks * unit
    token[at.T_ENTRY_OPEN] = T0 + opened * HOUR
    token[at.T_CURSOR] = T0 + (opened + 1) * HOUR
    token[at.T_STOP], token[at.T_TARGET], token[at.T_K] = 1, 10**9, 500
    token[at.T_BUSY] = 1
    state.account[at.A_CASH] -= lots * ticks * unit


def decisions_of(output: Output, i: int = 0) -> list[tuple[int, str, Any, Any]]:
    """(slot hour, reason, details, float details) of one token's decisions, in order."""
    return [
        (
            int(row[at.R_SLOT] - T0) // HOUR,
            NAMES[row[at.R_REASON]],
            output.decisions[row[at.R_A]],
            output.details[row[at.R_A]],
        )
        for row in output.records
        if row[at.R_KIND] == at.DECISION and row[at.R_TOKEN] == i
    ]


def story(output: Output, i: int = 0) -> list[str]:
    """One token's records as lines "slot what": refusals by reason, orders and fills by word."""
    words = {at.CANCEL: "CANCEL ", at.RESIZE: "RESIZE ", at.TRIGGER: "TRIGGER ", at.NOTICE: "! "}
    lines = []
    for row in output.records:
        kind, reason = int(row[at.R_KIND]), NAMES[row[at.R_REASON]]
        if row[at.R_TOKEN] != i or kind == at.CLOSED:
            continue
        if kind == at.DECISION:
            what = reason
        elif kind == at.ORDER:
            if row[at.R_ACTION] == at.ACT_ENTRY:
                continue
            what = f"EXIT ORDER {reason}"
        elif kind == at.FILL:
            what = "BUY" if row[at.R_ACTION] == at.ACT_ENTRY else f"SELL {reason}"
        else:
            what = words[kind] + reason
        lines.append(f"{(row[at.R_SLOT] - T0) // HOUR} {what}")
    return lines


def fills_of(output: Output, i: int = 0) -> list[tuple[str, int, int, int]]:
    """(reason, minutes from T0 to the bar, lots, ticks) of one token's fills."""
    return [
        (NAMES[r[at.R_REASON]], int(r[at.R_BAR] - T0) // 60_000, int(r[at.R_QTY]),
         int(r[at.R_PRICE]))
        for r in output.records
        if r[at.R_KIND] == at.FILL and r[at.R_TOKEN] == i
    ]  # fmt: skip


BASE_LEVELS = [("97.5", 4.0), ("95", 6.0), ("101", 2.0), ("104", 5.0)]
CALM = "100 100.5 99.5 100"


def calm_coin(stop: int = 40, **kwargs: Any) -> Coin:
    """A coin at 100 within half a unit, with the base levels of the bracket vectors."""
    coin = Coin(levels=list(BASE_LEVELS), **kwargs)
    return coin.flat(0, stop, CALM)


def bullish_from(coin: Coin, edge: int, stop: int) -> Coin:
    """Bearish in the slot before `edge`, then Bullish in every slot up to `stop`."""
    coin.signals.append((edge - 1, edge - 2, -1))
    coin.signals.extend((slot, slot - 1, 1) for slot in range(edge, stop))
    return coin
