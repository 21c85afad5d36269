"""Brackets followed to their end beside the account, each alone in an account of its own.

The engine's own loop does it: an order is put to work by the functions that do so for a real one,
and every slot after that is stepped as any other.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

import numpy as np

from bot.app.machine import Machine
from bot.app.signal_lanes import (
    LaneMarket,
    LaneRunner,
    Piece,
    bare_rules,
    signals_alone,
    with_params,
)
from bot.app.strategy_files import LoadedStrategy
from bot.domain.bar_table import History
from bot.domain.values import Slot
from bot.engine import layout as at
from bot.engine.entries import enter
from bot.engine.reasons import NAMES
from bot.engine.sizing import whole_sigma
from bot.engine.tables import Rules, State, new_state
from bot.engine.types import IntArray
from bot.market.instruments import Instrument

FIRST_LOOK = 32  # slots stepped before asking whether it is over; doubled from then on
Fate = Literal["closed", "unfilled", "unsized", "open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """An entry with stop and target as decided in a slot: prices in quote units.

    waive_rr: the decision was refused for its reward:risk, so the fill does not ask again.
    """

    token_id: int
    slot: int
    entry: Decimal
    cap: Decimal
    stop: Decimal
    target: Decimal
    sigma: float
    adv: float
    waive_rr: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a bracket: R net of costs where it closed, else why there is none."""

    fate: Fate
    reason: str = ""
    r: float | None = None
    closed: int | None = None  # slot


@dataclass(slots=True)
class _Following:
    """A bracket that is not over yet."""

    number: int
    state: State
    rules: Rules


@dataclass(slots=True)
class _Token:
    """A token on its way: its signal series, and the brackets that still work."""

    state: State
    waiting: list[tuple[int, Bracket]] = field(default_factory=list)
    open: list[_Following] = field(default_factory=list)


def follow(
    loaded: LoadedStrategy,
    history: History,
    slots: list[Slot],
    brackets: Sequence[Bracket],
    machine: Machine,
) -> list[Outcome]:
    """What each bracket came to under the strategy's own fills, exits and costs.

    Each is sized by the strategy's rules in a new account that holds nothing else, and leaves by
    stop, target, signal or time like any other. Outcomes in the order of the brackets.
    """
    if not brackets:
        return []
    shadows = _Shadows(loaded, brackets, machine)
    market = LaneMarket(signals_alone(loaded.strategy), _only(history, brackets), slots, machine)
    for piece in market.pieces(shadows.oldest):
        shadows.over(piece)
    return shadows.outcomes()


def _only(history: History, brackets: Iterable[Bracket]) -> History:
    """The part of a history that is about the tokens of the brackets."""
    ids = {bracket.token_id for bracket in brackets}
    rest = history.rest
    kept = type(rest)(
        tokens=[row for row in rest.tokens if row.token_id in ids],
        bars=[row for row in rest.bars if row.token_id in ids],
        signals=[row for row in rest.signals if row.token_id in ids],
    )
    tables = [table for table in history.tables if table.token_id in ids]
    return History(tables=tables, rest=kept)


class _Shadows:
    """All brackets of a run, token by token and piece by piece."""

    def __init__(
        self, loaded: LoadedStrategy, brackets: Sequence[Bracket], machine: Machine
    ) -> None:
        self._rules = bare_rules(loaded)
        self._without_rr = with_params(self._rules, min_rr=0)
        self._cash = loaded.strategy.cash
        self._runner = machine.runner
        self._outcomes = [Outcome(fate="open") for _ in brackets]
        self._tokens: dict[int, _Token] = defaultdict(lambda: _Token(new_state(1, self._cash)))
        self.oldest: list[int] = []
        for number, bracket in sorted(enumerate(brackets), key=lambda pair: pair[1].slot):
            self._tokens[bracket.token_id].waiting.append((number, bracket))

    def outcomes(self) -> list[Outcome]:
        """So far; what is not over is open."""
        return self._outcomes

    def over(self, piece: Piece) -> None:
        """Take all tokens through a piece of the slots."""
        self.oldest.clear()
        for place, token_id in enumerate(piece.made.token_ids):
            if token_id in self._tokens:
                self._token(piece, place, self._tokens[token_id])

    def _token(self, piece: Piece, place: int, token: _Token) -> None:
        last = int(piece.slots[-1])
        lane = LaneRunner(self._runner, piece.lane(place), self._rules)
        for following in token.open:
            following.state.tokens[:, at.T_BAR_ROW] = 0  # a place in the arrays of another piece
        still = [one for one in token.open if not self._step(lane, one, 0)]
        done = 0
        while token.waiting and token.waiting[0][1].slot <= last:
            number, bracket = token.waiting.pop(0)
            there = int(np.searchsorted(piece.slots, bracket.slot))
            if there >= len(piece.slots) or piece.slots[there] != bracket.slot:
                continue
            lane.run(self._rules, token.state, done, there + 1)
            done = max(done, there + 1)
            one = self._place(piece, place, (number, bracket), (lane, token.state))
            if one is not None and not self._step(lane, one, there + 1):
                still.append(one)
        lane.run(self._rules, token.state, done, len(piece.slots))
        token.state.tokens[:, at.T_BAR_ROW] = 0
        token.open = still
        self.oldest += [int(one.state.tokens[0, at.T_CURSOR]) for one in still]

    def _place(
        self, piece: Piece, place: int, which: tuple[int, Bracket], where: tuple[LaneRunner, State]
    ) -> _Following | None:
        """Size the bracket and put it to work in the slot that decided it."""
        number, bracket = which
        lane, seen = where
        instrument = piece.made.instruments[place]
        if instrument is None or whole_sigma(bracket.sigma) == 0:
            reason = "BAR_STALE" if instrument is None else "VOL_MISSING"
            self._outcomes[number] = Outcome(fate="unsized", reason=reason)
            return None
        rules = self._without_rr if bracket.waive_rr else self._rules
        state = new_state(1, self._cash)
        state.account[at.A_EQUITY] = self._cash
        state.tokens[:] = seen.tokens
        s = int(np.searchsorted(piece.slots, bracket.slot))
        reason = _enter(lane, rules, state, s, _decision(bracket, instrument, rules))
        if state.tokens[0, at.T_REST] == 0:
            self._outcomes[number] = Outcome(fate="unsized", reason=reason)
            return None
        state.tokens[0, at.T_BUSY] = 1
        return _Following(number, state, rules)

    def _step(self, lane: LaneRunner, one: _Following, start: int) -> bool:
        """Step a bracket until it is over, which is returned, or the piece ends."""
        look, stop = FIRST_LOOK, len(lane.inputs.slots)
        while start < stop:
            end = min(stop, start + look)
            records = lane.run(one.rules, one.state, start, end)
            found = _ending(records, one.state)
            if found is not None:
                self._outcomes[one.number] = found
                return True
            start, look = end, 2 * look
        return False


def _decision(bracket: Bracket, instrument: Instrument, rules: Rules) -> tuple[IntArray, Bracket]:
    d = np.zeros((1, at.DECISION_INT_COLS), dtype=np.int64)
    d[0, at.D_BOUND : at.D_BOUND + 8] = -1
    for column, price in (
        (at.D_STOP, bracket.stop), (at.D_TARGET, bracket.target),
        (at.D_ENTRY, bracket.entry), (at.D_CAP, bracket.cap),
    ):  # fmt: skip
        d[0, column] = int(price / instrument.tick)
    d[0, at.D_K] = rules.params.k
    return d, bracket


def _enter(
    lane: LaneRunner, rules: Rules, state: State, s: int, made: tuple[IntArray, Bracket]
) -> str:
    """Step 9 for one candidate; the reason of the decision that it wrote."""
    inputs, buffers = lane.inputs, lane.buffers
    d, bracket = made
    values = np.array([[bracket.sigma, math.nan, bracket.adv]])
    buffers.out[:] = 0
    buffers.work[:] = 0
    enter(
        state.tokens, inputs.insts, state.account, inputs.slots[s], inputs.newest[s], values,
        inputs.bars, inputs.covariance[0], rules.params, 1, buffers.work, buffers.rec, d,
        buffers.out,
    )  # fmt: skip
    return NAMES[int(buffers.rec[0, at.R_REASON])]


def _ending(records: IntArray, state: State) -> Outcome | None:
    """The end of a bracket, None while anything of it is still open."""
    kinds = records[:, at.R_KIND]
    closed = records[kinds == at.CLOSED]
    if len(closed):
        row = closed[0]
        risk = int(row[at.R_E])
        return Outcome(
            fate="closed", reason=NAMES[int(row[at.R_REASON])],
            r=int(row[at.R_D]) / risk if risk > 0 else None, closed=int(row[at.R_SLOT]),
        )  # fmt: skip
    if state.tokens[0, at.T_QTY] > 0 or state.tokens[0, at.T_REST] > 0:
        return None
    cancelled = records[kinds == at.CANCEL]
    return Outcome(fate="unfilled", reason=NAMES[int(cancelled[0][at.R_REASON])])
