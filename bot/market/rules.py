"""From a strategy to what the engine reads: plain numbers, gates, ranks and a plan of columns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from bot.domain.instants import HOUR, MINUTE
from bot.engine.layout import (
    FROM_GRADE,
    FROM_LOCAL,
    FROM_QUANT,
    FROM_VOLUME,
    GATE_FLOAT_COLS,
    GATE_INT_COLS,
    RANK_COLS,
    X_ADV,
    X_FIRST,
)
from bot.engine.params import Params
from bot.engine.reasons import (
    DRAWDOWN_HIGH,
    GATE_HIGH,
    GATE_LOW,
    GRADE_LOW,
    LIQUIDITY_LOW,
    SHARPE_LOW,
    SORTINO_LOW,
    VOLATILITY_HIGH,
)
from bot.engine.tables import Rules
from bot.engine.types import FloatArray, IntArray
from bot.market.column_names import GRADE, Column, named_column
from bot.market.strategy import Strategy
from bot.market.strategy_columns import rank_columns

STRENGTH_UNIT = 1_000_000_000
# More than any sum of strengths: switches the veto off.
NO_STRENGTH = 4_000_000_000_000_000_000
_BAR_SPANS = {"1h": HOUR, "5m": 5 * MINUTE, "1m": MINUTE}
_LOW_REASONS = {"sharpe": SHARPE_LOW, "sortino": SORTINO_LOW, GRADE: GRADE_LOW}
_HIGH_REASONS = {"mdd": DRAWDOWN_HIGH, "volatility": VOLATILITY_HIGH}
_REVERSED = {"mdd", "volatility"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPlan:
    """Which columns the market package must fill, in the order of the engine's float cells.

    `columns[n]` belongs at X_FIRST + n. A Sharpe with `lower_bound` is the value less z standard
    errors; everything else about a column (rf, mar, min_obs) stands in the strategy.
    """

    columns: tuple[Column, ...]

    def place(self, column: Column) -> int:
        """The index of a column in the engine's float cells."""
        return X_FIRST + self.columns.index(column)

    def recorded(self) -> tuple[str, ...]:
        """Names of the columns that come from recorded metrics."""
        return tuple(column.name for column in self.columns if column.source == FROM_QUANT)

    def local(self) -> tuple[str, ...]:
        """Names of the columns that are computed from candles, each once."""
        names = (column.name for column in self.columns if column.source == FROM_LOCAL)
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gate:
    """One gate before it becomes a row; no column: liquidity."""

    column: Column | None
    enter_min: Decimal | None = None
    enter_max: Decimal | None = None
    leave_min: Decimal | None = None
    leave_max: Decimal | None = None


def build_rules(strategy: Strategy) -> tuple[Rules, ColumnPlan]:
    """The strategy as the engine reads it, and the columns that must be there for it."""
    gates = _gates(strategy)
    ranks = [named_column(name) for name in rank_columns(strategy)]
    tie = named_column(strategy.sortino_column)
    used = [gate.column for gate in gates if gate.column is not None] + ranks
    plan = ColumnPlan(columns=tuple(dict.fromkeys([*used, tie])))
    rules = Rules(
        params=_params(strategy, used, plan),
        gates=_gate_rows(gates, plan),
        limits=_limit_rows(gates),
        ranks=_rank_rows(ranks, plan),
        weights=np.array(_weights(strategy), dtype=np.float64),
    )
    return rules, plan


def _gates(s: Strategy) -> list[_Gate]:
    """The gates that are on, in the order of G1, further ones in file order."""
    gates: list[_Gate] = []
    if s.min_adv is not None:
        gates.append(_Gate(column=None, enter_min=s.min_adv, leave_min=s.min_adv))
    if s.sharpe_min is not None:
        column = named_column(s.sharpe_column)
        if s.gate_on == "lower_bound":
            column = Column(column.name, column.source, lower_bound=True)
        gates.append(_Gate(column=column, enter_min=s.sharpe_min, leave_min=s.sharpe_leave))
    if s.sortino_min is not None:
        column = named_column(s.sortino_column)
        gates.append(_Gate(column=column, enter_min=s.sortino_min, leave_min=s.sortino_leave))
    if s.mdd_max is not None:
        column = named_column(s.mdd_column)
        gates.append(_Gate(column=column, enter_max=s.mdd_max, leave_max=s.mdd_leave))
    if s.volatility_max is not None:
        column = named_column(s.volatility_column)
        gates.append(_Gate(column=column, enter_max=s.volatility_max, leave_max=s.volatility_leave))
    if s.grade_min is not None:
        column = named_column(GRADE)
        gates.append(_Gate(column=column, enter_min=s.grade_min, leave_min=s.grade_leave))
    return gates + _further_gates(s)


def _further_gates(s: Strategy) -> list[_Gate]:
    return [
        _Gate(
            column=named_column(gate.column),
            enter_min=gate.min,
            enter_max=gate.max,
            leave_min=gate.min if gate.leave_min is None else gate.leave_min,
            leave_max=gate.max if gate.leave_max is None else gate.leave_max,
        )
        for gate in s.gates
    ]


def _gate_rows(gates: list[_Gate], plan: ColumnPlan) -> IntArray:
    rows = np.zeros((len(gates), GATE_INT_COLS), dtype=np.int64)
    for n, gate in enumerate(gates):
        if gate.column is None:
            rows[n] = (X_ADV, FROM_VOLUME, LIQUIDITY_LOW, GATE_HIGH)
            continue
        family = gate.column.family
        low = _LOW_REASONS.get(family, GATE_LOW)
        high = _HIGH_REASONS.get(family, GATE_HIGH)
        rows[n] = (plan.place(gate.column), gate.column.source, low, high)
    return rows


def _limit_rows(gates: list[_Gate]) -> FloatArray:
    rows = np.zeros((len(gates), GATE_FLOAT_COLS), dtype=np.float64)
    for n, gate in enumerate(gates):
        limits = (gate.enter_min, gate.enter_max, gate.leave_min, gate.leave_max)
        rows[n] = [_or_nan(limit) for limit in limits]
    return rows


def _rank_rows(ranks: list[Column], plan: ColumnPlan) -> IntArray:
    rows = np.zeros((len(ranks), RANK_COLS), dtype=np.int64)
    for n, column in enumerate(ranks):
        rows[n] = (plan.place(column), int(column.family in _REVERSED), column.source)
    return rows


def _weights(s: Strategy) -> list[float]:
    if s.rank_by == "sortino":
        return [1.0]
    return [float(weight) for _, weight in s.composite]


def _uses_quant(s: Strategy, used: list[Column]) -> bool:
    named = s.sigma == "quantmetrics" or any(
        source.startswith("column:") for source in (s.sigma, s.atr, s.adv)
    )
    return named or any(column.source == FROM_QUANT for column in used)


def _uses_atr(s: Strategy) -> bool:
    multiples = (s.stop_buf_atr, s.stop_min_atr, s.stop_max_atr, s.atr_fallback)
    return any(multiple is not None and multiple > 0 for multiple in multiples)


def _domain_column(used: list[Column], plan: ColumnPlan) -> int:
    """The provider's drawdown, which must lie in [0, 1] to count (G4)."""
    column = Column("max_drawdown", FROM_QUANT)
    return plan.place(column) if column in used else -1


def _or_nan(value: Decimal | None) -> float:
    return math.nan if value is None else float(value)


def _or_off(value: int | None) -> int:
    return -1 if value is None else value


def _strength(value: Decimal | None) -> int:
    return NO_STRENGTH if value is None else int(value * STRENGTH_UNIT)


def _params(s: Strategy, used: list[Column], plan: ColumnPlan) -> Params:
    return Params(
        latency=s.latency_ms,
        bar_span=_BAR_SPANS[s.bars],
        bar_wait=s.bar_wait * HOUR,
        stale_bars=s.stale_periods * HOUR,
        signal_period=s.period_ms,
        stale_signal=s.stale_periods * s.period_ms,
        max_signal_gap=s.max_signal_gap * s.period_ms,
        confirm_bars=s.confirm_bars,
        enter_on_first_seen=int(s.enter_on_first_seen),
        candidate_ttl=s.candidate_ttl * HOUR,
        while_bullish=int(s.reentry == "while_bullish"),
        cooldown_stop=s.cooldown_stop * HOUR,
        cooldown_other=s.cooldown_other * HOUR,
        max_hold=s.max_hold * HOUR,
        use_quant=int(_uses_quant(s, used)),
        use_grade=int(any(column.source == FROM_GRADE for column in used)),
        use_levels_age=int(s.levels == "provider"),
        use_atr=int(_uses_atr(s)),
        domain_column=_domain_column(used, plan),
        min_history=s.min_history,
        max_open=s.max_open,
        daily_loss_limit=_or_off(s.daily_loss_limit),
        dd_halt=_or_off(s.dd_halt),
        top_n=_or_off(s.top_n),
        rank_composite=int(s.rank_by == "composite"),
        sortino_column=plan.place(named_column(s.sortino_column)),
        merge=s.merge,
        strong=_strength(s.strong),
        veto=s.veto,
        stop_min_strength=_strength(s.stop_min_strength),
        stop_buf=s.stop_buf,
        stop_buf_atr=float(s.stop_buf_atr),
        stop_min_pct=s.stop_min_pct,
        stop_min_atr=float(s.stop_min_atr),
        stop_max_pct=s.stop_max_pct,
        stop_max_atr=0.0 if s.stop_max_atr is None else float(s.stop_max_atr),
        atr_fallback=_or_nan(s.atr_fallback),
        target_min_strength=_strength(s.target_min_strength),
        target_buf=s.target_buf,
        target_fallback=_or_off(s.target_fallback),
        min_rr=s.min_rr,
        max_drift=s.max_drift,
        scope_candidates=int(s.scope == "candidates"),
        waterfill=int(s.redistribute == "waterfill"),
        gross=s.gross,
        risk=s.risk,
        pos_vol=_or_off(s.pos_vol),
        position_cap=s.position_cap,
        sector_cap=s.sector_cap,
        # Off is a negative number here: the engine tests the sign.
        max_adv_frac=-1.0 if s.max_adv_frac is None else float(s.max_adv_frac),
        portfolio_vol=_or_nan(s.portfolio_vol),
        k=s.k,
        impact=_or_nan(s.impact),
        taker=s.taker,
        maker=s.maker,
        limit_touch=int(s.limit_rule == "touch"),
        limit_gap_open=int(s.limit_gap == "open"),
        part=s.part,
        entry_ttl=s.entry_ttl,
        target_first=0,
    )
