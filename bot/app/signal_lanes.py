"""Single tokens over the slots of a run, for the engine to look at apart from any account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from bot.app.machine import Machine
from bot.app.strategy_files import LoadedStrategy
from bot.app.sweep import LEAST_REACH
from bot.domain.bar_table import History
from bot.domain.values import Slot
from bot.engine import layout as at
from bot.engine.params import Params
from bot.engine.tables import Buffers, Inputs, Rules, Runner, State, new_buffers
from bot.engine.types import IntArray
from bot.market.bulk.market import BulkMarket
from bot.market.column_names import Column
from bot.market.inputs import MarketSlice
from bot.market.rules import ColumnPlan, build_rules
from bot.market.strategy import Strategy, Universe

RECORDS = 8_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the run's slots; `first` is the number of its first slot in the run."""

    made: MarketSlice
    first: int

    @property
    def slots(self) -> IntArray:
        """The slots themselves."""
        return self.made.inputs.slots[:, at.S_SLOT]

    def lane(self, token: int, universe: Literal[0, 1] = 0) -> Inputs:
        """The inputs of one token; without a universe no edge becomes a candidate.

        Nothing that an operator asked, a missed slot or a pause comes through.
        """
        inputs = self.made.inputs
        count = len(inputs.slots)
        slots = np.zeros((count, at.SLOT_COLS), dtype=np.int64)
        slots[:, at.S_SLOT] = inputs.slots[:, at.S_SLOT]
        cells = np.ascontiguousarray(inputs.cells[:, token : token + 1])
        cells[:, :, at.C_UNIVERSE] = universe
        cells[:, :, at.C_OPERATOR] = 0
        rows, start = self.signals(token)
        return inputs._replace(
            slots=slots,
            newest=np.ascontiguousarray(inputs.newest[:, token : token + 1]),
            cells=cells,
            values=np.ascontiguousarray(inputs.values[:, token : token + 1]),
            covariance=np.zeros((1, 0, 0)),
            signals=rows,
            sig_start=start,
            look=np.zeros(0, dtype=np.int64),
            look_start=np.zeros(count + 1, dtype=np.int64),
            insts=np.ascontiguousarray(inputs.insts[token : token + 1]),
            bar_start=inputs.bar_start[token : token + 2],
        )

    def signals(self, token: int) -> tuple[IntArray, IntArray]:
        """A token's signal rows, as token 0, and where each slot's begin."""
        inputs = self.made.inputs
        places = np.flatnonzero(inputs.signals[:, at.G_TOKEN] == token)
        rows = inputs.signals[places]
        rows[:, at.G_TOKEN] = 0
        return rows, np.searchsorted(places, inputs.sig_start).astype(np.int64)


class LaneMarket:
    """A run's slots in pieces, with no column but those that are asked for."""

    def __init__(
        self, strategy: Strategy, history: History, slots: list[Slot], machine: Machine,
        columns: tuple[Column, ...] = (),
    ) -> None:  # fmt: skip
        self.slots = slots
        rest = replace(history.rest, metrics=[], commands=[], slots=[])
        self._market = BulkMarket(
            strategy, ColumnPlan(columns=columns), History(tables=history.tables, rest=rest), slots,
            machine.loops, machine.spread,
        )  # fmt: skip

    def pieces(self, oldest: list[int] | None = None) -> Iterator[Piece]:
        """All slots in order; `oldest` is filled by the caller with what still waits for bars.

        It holds the open times of the hours that orders have yet to meet.
        """
        first = 0
        for slots in self._market.stretches(self.slots):
            waiting = slots[0].slot - min(oldest or [slots[0].slot])
            yield Piece(self._market.build(slots, max(LEAST_REACH, waiting)), first)
            first += len(slots)


def signals_alone(strategy: Strategy) -> Strategy:
    """The strategy with its signals, times, costs and exits, and no column to compute."""
    return replace(
        strategy, levels="provider", **_OFF, universe=Universe(), atr="column:none",
        adv="column:none", sigma="quantmetrics",
    )  # fmt: skip


def signals_and_levels(strategy: Strategy) -> Strategy:
    """The same with its level books; a provider's list gets no strengths from local touches."""
    return replace(signals_alone(strategy), levels=strategy.levels)


_OFF: dict[str, Any] = {
    "gates": (), "min_adv": None, "sharpe_min": None, "sharpe_leave": None, "sortino_min": None,
    "sortino_leave": None, "mdd_max": None, "mdd_leave": None, "volatility_max": None,
    "volatility_leave": None, "grade_min": None, "grade_leave": None, "gate_on": "value",
    "strong": None, "stop_min_strength": 0, "target_min_strength": 0, "portfolio_vol": None,
    "rank_by": "sortino",
}  # fmt: skip


def bare_rules(loaded: LoadedStrategy) -> Rules:
    """The strategy's rules without a gate or a rank, for one token alone."""
    rules, _ = build_rules(loaded.strategy)
    params = rules.params._replace(
        domain_column=-1, sortino_column=-1, rank_composite=1, top_n=-1, use_quant=0, use_grade=0,
        use_atr=0, use_levels_age=0, portfolio_vol=float("nan"), while_bullish=0,
    )  # fmt: skip
    return Rules(
        params=params,
        gates=np.zeros((0, at.GATE_INT_COLS), dtype=np.int64),
        limits=np.zeros((0, at.GATE_FLOAT_COLS)),
        ranks=np.zeros((0, at.RANK_COLS), dtype=np.int64),
        weights=np.zeros(0),
    )


def with_params(rules: Rules, **changed: int) -> Rules:
    """The rules with other scalars."""
    params: Params = rules.params._replace(**changed)
    return rules._replace(params=params)


class LaneRunner:
    """The engine's own loop over one token, any number of slots at a time."""

    def __init__(self, runner: Runner, inputs: Inputs, rules: Rules) -> None:
        self._runner = runner
        self.inputs = inputs
        self._buffers: Buffers = new_buffers(inputs, rules, RECORDS)

    def run(self, rules: Rules, state: State, start: int, stop: int) -> IntArray:
        """Step slots [start, stop) and move `state`; returns all that was written."""
        parts = []
        while start < stop:
            reached, output = self._runner(self.inputs, rules, state, self._buffers, start, stop)
            parts.append(output.records.copy())
            if reached == start:
                self._buffers = new_buffers(self.inputs, rules, 4 * len(self._buffers.rec))
            start = reached
        return np.concatenate(parts) if parts else np.zeros((0, at.RECORD_COLS), dtype=np.int64)

    @property
    def buffers(self) -> Buffers:
        """Scratch that fits these inputs."""
        return self._buffers
