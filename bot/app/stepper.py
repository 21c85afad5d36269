"""One strategy over a market: the account between slots, and slots stepped one or many."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bot.app.decode import Decoder
from bot.app.strategy_files import LoadedStrategy
from bot.domain.errors import LedgerError
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
class Account:
    """The account after a slot: its own numbers and one row per token that has any."""

    numbers: tuple[int, ...]
    tokens: dict[int, tuple[int, ...]]

    @property
    def slot(self) -> int:
        """The last slot stepped, 0 for none."""
        return self.numbers[at.A_SLOT]

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        body = {"account": self.numbers, "tokens": {str(i): row for i, row in self.tokens.items()}}
        return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, body: bytes) -> Account:
        """The account that `to_bytes` wrote; LedgerError where it is something else."""
        try:
            found = json.loads(body)
            numbers = tuple(int(n) for n in found["account"])
            tokens = {int(i): tuple(map(int, row)) for i, row in found["tokens"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LedgerError(f"the stored account cannot be read: {error}") from None
        if len(numbers) != at.ACCOUNT_COLS or any(
            len(row) != at.TOKEN_COLS for row in tokens.values()
        ):
            raise LedgerError("the stored account has another shape: another version wrote it")
        return cls(numbers, tokens)

    @classmethod
    def opened(cls, cash: int) -> Account:
        """An account with nothing but cash."""
        return cls(tuple(new_state(0, cash).account.tolist()), {})

    def to_state(self, token_ids: list[int]) -> State:
        """The engine's arrays with the tokens in the given order."""
        state = new_state(len(token_ids), 0)
        state.account[:] = self.numbers
        places = {token_id: i for i, token_id in enumerate(token_ids)}
        for token_id, row in self.tokens.items():
            state.tokens[places[token_id]] = row
        return state

    @classmethod
    def from_state(cls, state: State, token_ids: list[int]) -> Account:
        """The account of the engine's arrays; tokens with nothing to remember are left out."""
        tokens = state.tokens.copy()
        tokens[:, at.T_BAR_ROW] = 0  # a place in the arrays of this call
        rows = {
            token_id: tuple(tokens[i].tolist())
            for i, token_id in enumerate(token_ids)
            if np.any(tokens[i])
        }
        return cls(tuple(state.account.tolist()), rows)

    def oldest_unmatched(self) -> int | None:
        """Open time of the oldest hour that working orders still have to meet."""
        cursors = [
            row[at.T_CURSOR]
            for row in self.tokens.values()
            if row[at.T_QTY] > 0 or row[at.T_REST] > 0
        ]
        return min(cursors, default=None)


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
        return Account.opened(self.loaded.strategy.cash)

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
        state = account.to_state(made.token_ids)
        records = [
            slot
            for output in outputs(made.inputs, self.rules, state, self._runner)
            for slot in self._decoder.slots(output, made)
        ]
        return Stepped(records, Account.from_state(state, made.token_ids), made, made.new_bars)

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


class LedgerHash:
    """SHA-256 over the canonical lines of one strategy's slots, in order."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(self, lines: str) -> None:
        """Take the lines of the next slot."""
        self._digest.update(lines.encode())

    def text(self) -> str:
        """The hash so far."""
        return self._digest.hexdigest()
