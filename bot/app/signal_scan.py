"""Edges and trends of every token as the engine sees them, apart from what an account does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bot.app.judged_run import JudgedRun
from bot.app.signal_lanes import (
    LaneMarket,
    LaneRunner,
    Piece,
    bare_rules,
    signals_and_levels,
    with_params,
)
from bot.domain.instants import HOUR
from bot.engine import layout as at
from bot.engine.reasons import NAMES, PAUSED
from bot.engine.tables import Inputs, Rules, State, new_state
from bot.engine.types import FloatArray, IntArray
from bot.market.column_names import GRADE, named_column

BULLISH, BEARISH = 1, -1
Signs = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A turn of a token's trend: the slot that knew it first, and the time of its row."""

    token: int  # place among the tokens
    slot: int
    edge_time: int
    direction: int


@dataclass(slots=True, kw_only=True)
class Scan:
    """What a run's slots knew, by slot and token."""

    token_ids: list[int]
    slots: IntArray
    trends: Signs  # +1, -1, and 0 where none is known or the last signal is stale
    grades: FloatArray | None  # 0 to 100, NaN where none is fresh; None where none is recorded
    edges: list[Edge] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Series:
    """One token's signal series on its way through the pieces."""

    states: dict[tuple[int, int], State] = field(default_factory=dict)
    trend: int = 0
    newest: int = 0

    def state(self, direction: int, confirm: int) -> State:
        """The engine's state of a scan in one direction."""
        return self.states.setdefault((direction, confirm), new_state(1, 1))


def scan_signals(run: JudgedRun, see: Callable[[Piece], None]) -> Scan:
    """Take the signals of a run through the engine; `see` is shown every piece besides.

    The engine runs paused, so that every edge is evaluated and none entered; once over the signals
    and once over their opposites, whose edges are the turns to Bearish.
    """
    strategy = run.loaded.strategy
    columns = (named_column(GRADE),) if run.history.rest.grades else ()
    market = LaneMarket(
        signals_and_levels(strategy), run.history, run.slots, run.machine, columns
    )  # fmt: skip
    rules = with_params(bare_rules(run.loaded), candidate_ttl=HOUR)
    scan: Scan | None = None
    series: dict[int, _Series] = {}
    for piece in market.pieces():
        if scan is None:
            scan = _empty(run, piece)
        for token in range(len(scan.token_ids)):
            one = series.setdefault(token, _Series())
            _scan_piece(scan, piece, token, one, rules, LaneRunner(
                run.machine.runner, _paused(piece, token), rules))  # fmt: skip
        if scan.grades is not None:
            _put_grades(scan.grades, piece)
        see(piece)
    assert scan is not None, "a run has a slot"
    scan.edges.sort(key=lambda edge: (edge.slot, edge.token))
    return scan


def _empty(run: JudgedRun, piece: Piece) -> Scan:
    shape = len(run.slots), len(piece.made.token_ids)
    return Scan(
        token_ids=piece.made.token_ids,
        slots=np.array([slot.slot for slot in run.slots], dtype=np.int64),
        trends=np.zeros(shape, dtype=np.int8),
        grades=np.full(shape, np.nan) if run.history.rest.grades else None,
    )


def _paused(piece: Piece, token: int) -> Inputs:
    inputs = piece.lane(token, universe=1)
    inputs.slots[:, at.S_PAUSED] = 1
    return inputs


def _put_grades(grades: FloatArray, piece: Piece) -> None:
    inputs = piece.made.inputs
    fresh = inputs.cells[:, :, at.C_GRADE] == at.FRESH
    rows = slice(piece.first, piece.first + len(inputs.slots))
    grades[rows] = np.where(fresh, inputs.values[:, :, at.X_FIRST], np.nan)


def _scan_piece(
    scan: Scan, piece: Piece, token: int, series: _Series, rules: Rules, lane: LaneRunner
) -> None:
    flips: list[tuple[int, int, int]] = []
    for direction in (BULLISH, BEARISH):
        if direction == BEARISH:
            signals = lane.inputs.signals
            calls = np.abs(signals[:, at.G_VALUE]) == 1
            signals[calls, at.G_VALUE] *= -1
        found = _decided(lane, with_params(rules, confirm_bars=1), series.state(direction, 1))
        flips += [(int(row[at.R_B]), int(row[at.R_SLOT]), direction) for row in found]
        confirm = rules.params.confirm_bars
        if confirm > 1:
            found = _decided(lane, rules, series.state(direction, confirm))
        for row in found:
            _take(scan, token, direction, row)
    _put_trend(scan, piece, token, series, sorted(flips), rules)


def _decided(lane: LaneRunner, rules: Rules, state: State) -> IntArray:
    """The first decision of every edge in the piece."""
    state.tokens[:, at.T_BAR_ROW] = 0
    records = lane.run(rules, state, 0, len(lane.inputs.slots))
    rows = records[records[:, at.R_KIND] == at.DECISION]
    _, first = np.unique(rows[:, at.R_B], return_index=True)
    rows = rows[np.sort(first)]
    kept: IntArray = rows[~np.isin(rows[:, at.R_REASON], _LAST)]
    return kept


_LAST = [NAMES.index("CANDIDATE_EXPIRED"), NAMES.index("SIGNAL_REVERSED")]
_STALE = 1 << NAMES.index("SIGNAL_STALE")


def _take(scan: Scan, token: int, direction: int, row: IntArray) -> None:
    reason = int(row[at.R_REASON])
    if reason != PAUSED or int(row[at.R_D]) & _STALE:
        scan.left_out[NAMES[reason] if reason != PAUSED else "SIGNAL_STALE"] += 1
        return
    scan.edges.append(
        Edge(
            token=token, slot=int(row[at.R_SLOT]), edge_time=int(row[at.R_B]), direction=direction
        )
    )  # fmt: skip


def _put_trend(
    scan: Scan, piece: Piece, token: int, series: _Series, flips: list[tuple[int, int, int]],
    rules: Rules,
) -> None:  # fmt: skip
    """The trend by slot from its turns; unknown where the newest signal is too old."""
    slots = piece.slots
    trend = np.zeros(len(slots), dtype=np.int8)
    trend[:] = series.trend
    for _, slot, direction in flips:
        trend[int(np.searchsorted(slots, slot)) :] = direction
        series.trend = direction
    inputs = piece.made.inputs
    places = np.flatnonzero(inputs.signals[:, at.G_TOKEN] == token)
    newest = np.zeros(len(slots), dtype=np.int64)
    at_slot = np.searchsorted(inputs.sig_start, places, side="right") - 1
    np.maximum.at(newest, at_slot, inputs.signals[places, at.G_VALID])
    newest[0] = max(int(newest[0]), series.newest)
    newest = np.maximum.accumulate(newest)
    series.newest = int(newest[-1])
    p = rules.params
    stale = slots + p.latency - (newest + p.signal_period) > p.stale_signal
    trend[stale] = 0
    scan.trends[piece.first : piece.first + len(slots), token] = trend
