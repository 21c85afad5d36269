"""One strategy over a market: slots stepped, one or many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bot.app.account import Account
from bot.app.decode import Decoder
from bot.app.strategy_files import LoadedStrategy
from bot.domain.instants import HOUR
from bot.domain.records import SlotRecords
from bot.domain.values import Slot
from bot.engine import layout as at
from bot.engine.tables import (
    Inputs,
    Output,
    Rules,
    Runner,
    State,
    new_buffers,
    new_state,
    run_slots,
)
from bot.market.inputs import Market, MarketSlice
from bot.market.rules import build_rules

RULES_VERSION = 1
BUFFER_RECORDS = 8_000


@dataclass(frozen=True, slots=True)
class Stepped:
    """What a stretch of slots came to; `market` is what the last of them saw."""

    records: list[SlotRecords]
    account: Account
    market: MarketSlice
    token_bars: int


class Stepper:
    """Steps one strategy; the same object serves daemon, replay and audit."""

    def __init__(self, loaded: LoadedStrategy, runner: Runner = run_slots) -> None:
        self.loaded = loaded
        self.rules, self.plan = build_rules(loaded.strategy)
        self._runner = runner
        self._decoder = Decoder(loaded.strategy.name, loaded.config_sha256, self.rules, self.plan)

    def open_account(self) -> Account:
        """The account with which the strategy starts."""
        return opened_account(self.loaded.strategy.cash)

    def step(self, market: Market, account: Account, slots: list[Slot]) -> Stepped:
        """Step consecutive slots over what the market sees at each."""
        first, *others = market.stretches(slots)
        stepped = self._stretch(market, account, first)
        for stretch in others:
            more = self._stretch(market, stepped.account, stretch)
            more.market.universes[:0] = stepped.market.universes
            more.market.derived[:0] = stepped.market.derived
            token_bars = stepped.token_bars + more.token_bars
            records = stepped.records + more.records
            stepped = Stepped(records, more.account, more.market, token_bars)
        return stepped

    def _stretch(self, market: Market, account: Account, slots: list[Slot]) -> Stepped:
        oldest = account.oldest_unmatched()
        reach = max(3 * HOUR, slots[0].slot - oldest if oldest is not None else 0)
        made = market.build(slots, reach)
        state = to_state(account, made.token_ids)
        records = [
            slot
            for output in outputs(made.inputs, self.rules, state, self._runner)
            for slot in self._decoder.slots(output, made)
        ]
        return Stepped(records, from_state(state, made.token_ids), made, made.new_bars)

    def walk(self, output: Output, made: MarketSlice) -> Iterator[tuple[str, SlotRecords | None]]:
        """The lines of each slot in an output, with its values unless it was a quiet one."""
        return self._decoder.walk(output, made)

    def records(self, output: Output, made: MarketSlice) -> Iterator[SlotRecords]:
        """The values and lines of every slot in an output."""
        return self._decoder.slots(output, made)


def outputs(inputs: Inputs, rules: Rules, state: State, runner: Runner) -> Iterator[Output]:
    """Step all slots of the inputs; each output is valid until the next one is asked for."""
    buffers = new_buffers(inputs, rules, BUFFER_RECORDS)
    done, count = 0, len(inputs.slots)
    while done < count:
        reached, output = runner(inputs, rules, state, buffers, done, count)
        yield output
        if reached == done:
            buffers = new_buffers(inputs, rules, 4 * buffers.rec.shape[0])
        done = reached


def opened_account(cash: int) -> Account:
    """An account with nothing but cash."""
    return Account(tuple(new_state(0, cash).account.tolist()), {})


def to_state(account: Account, token_ids: list[int]) -> State:
    """The engine's arrays with the tokens in the given order."""
    state = new_state(len(token_ids), 0)
    state.account[:] = account.numbers
    places = {token_id: i for i, token_id in enumerate(token_ids)}
    for token_id, row in account.tokens.items():
        state.tokens[places[token_id]] = row
    return state


def from_state(state: State, token_ids: list[int]) -> Account:
    """The account of the engine's arrays; tokens with nothing to remember are left out."""
    tokens = state.tokens.copy()
    tokens[:, at.T_BAR_ROW] = 0  # a place in the arrays of this call
    rows = {
        token_id: tuple(tokens[i].tolist())
        for i, token_id in enumerate(token_ids)
        if np.any(tokens[i])
    }
    return Account(tuple(state.account.tolist()), rows)
