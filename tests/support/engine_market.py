"""Small markets as engine arrays, for tests that look at single rules."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from bot.engine import layout as at
from bot.engine.params import Params
from bot.engine.tables import Inputs, Output, Rules, State, new_buffers, new_state, run_slots

HOUR = 3_600_000
T0 = 1_746_792_000_000  # 2025-05-09T12:00:00Z
OFF = math.nan

VECTOR_PARAMS = Params(
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
        cells = np.zeros((len(slots), 1, at.CELL_COLS), np.int64)
        levels = sorted(self.levels, key=lambda row: Decimal(row[0]))
        for s, slot in enumerate(slots):
            known = [n for n, bar in enumerate(bars) if bar[at.B_KNOWN] <= slot]
            cells[s, 0, at.C_BAR] = known[-1] if known else -1
            cells[s, 0, at.C_QUANT] = cells[s, 0, at.C_GRADE] = at.FRESH
            cells[s, 0, at.C_LEVELS] = at.FRESH
            cells[s, 0, at.C_BOOK_END] = len(levels)
            cells[s, 0, at.C_UNIVERSE] = 1
            cells[s, 0, at.C_HISTORY] = 10**12
        rows, start = self._signals(slots)
        return Inputs(
            slots=np.array([[s, int(s in missed), 0] for s in slots], np.int64),
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
